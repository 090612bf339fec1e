"""A till whose cashier has left: a manager counts it, with a reason, and nobody else's does; through its route and its page."""

import json
from typing import Any

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError

from desk.actions.officers import Post, change_roles, disable_officer
from desk.domain.policy import Role
from desk.ports import Work
from desk.store.tables import metadata
from tests.till import Till
from tests.web.console import form_in, seat
from tests.web.front import Front, flaw, problem, yuan
from tests.web.test_day_closes import CLOSES, PAGE, XSS, handed, open_tills, sound

EVENT, ROW = metadata.tables["event"], metadata.tables["day_close"]
WHY = "蔡已离职，主管代为清点。"
LEFT = ["disabled", "another role", "another site"]


async def leaves(front: Front, how: str = "disabled", who: str = "Cai") -> None:
    """Let a cashier leave the till in one of the ways there are."""
    write, anton = front.house.desk.write, front.house.cast.anton
    if how == "disabled":
        await write(disable_officer, anton, who)
    else:
        post = Post(Role.INTAKE, "huangshan") if how == "another role" else Post(Role.CASHIER, "gulangyu")
        await write(change_roles, anton, who, [post])


async def close(front: Front, counted: str, by: str = "ma", **told: Any) -> Any:  # noqa: ANN401 - the answer
    """Ask for a close of the one till whose cashier left, or of `told`."""
    (one,) = [one for one in await open_tills(front, "ma") if one["left"]] or [{"seen": "0" * 32, "cashier_id": "5"}]
    body = {"method": "cash", "counted": yuan(counted), "seen": one["seen"], "cashier_id": one["cashier_id"], "reason": WHY}
    return await front.call("POST", CLOSES, by, json={k: v for k, v in (body | told).items() if v is not None})


async def untouched(front: Front) -> bool:
    """Whether nothing was closed and nothing told."""
    told = await front.house.desk.read(_told)
    return (await front.counted("day_close"), await front.counted("day_close_line"), told) == (0, 0, [])


def _told(conn: Connection) -> list[tuple[str, str, dict[str, Any]]]:
    rows = conn.execute(select(EVENT).where(EVENT.c.kind == "day_closed").order_by(EVENT.c.seq))
    return [(row.actor, row.role, json.loads(row.data)) for row in rows]


def _rows(conn: Connection) -> list[Any]:
    return list(conn.execute(select(ROW).order_by(ROW.c.id)))


@pytest.mark.parametrize("how", LEFT)
async def test_a_manager_closes_the_till_of_a_cashier_who_left_and_both_are_named(till: Front, how: str) -> None:
    cai, ma = till.house.cast.cai, till.house.cast.ma
    await handed(till, by=cai)
    assert [(one["cashier"], one["left"]) for one in await open_tills(till, "ma")] == [("Cai", False)]
    await leaves(till, how)
    (one,) = await open_tills(till, "ma")
    assert (one["cashier"], one["cashier_id"], one["left"]) == ("Cai", str(cai.id), True)
    answer = await close(till, "128.00")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["cashier"], told["closed_by"], told["reason"], told["difference"]) == ("Cai", "Ma", WHY, yuan("0.00"))
    (row,) = await till.house.desk.read(_rows)
    assert (row.officer_id, row.closed_by, row.counted_minor) == (cai.id, ma.id, 12_800)
    ((actor, role, said),) = await till.house.desk.read(_told)
    assert (actor, role, said["cashier"], said["close"]) == (f"officer:{ma.id}", "manager", str(cai.id), str(row.id))
    assert await open_tills(till, "ma") == []
    listed = (await till.call("GET", CLOSES, "ada")).json()["closes"]
    assert [(one["cashier"], one["closed_by"]) for one in listed] == [("Cai", "Ma")]
    file = (await till.call("GET", f"{CLOSES}.csv", "ada")).text.splitlines()
    assert (file[0].split(",")[-1], file[1].split(",")[-1]) == ("closed_by", "Ma")
    assert await sound(till)


async def test_what_is_signed_after_they_left_waits_for_another_close_of_the_manager(till: Front) -> None:
    first, later = (
        await handed(till, by=till.house.cast.cai),
        await handed(till, "20.00", "awaiting_visitor", till.house.cast.cai),
    )
    await leaves(till)
    assert (await close(till, "128.00")).json()["payouts"] == 1
    await Till(till.house).receive(later, till.house.cast.chen)
    again = (await close(till, "19.00")).json()
    assert (again["payouts"], again["difference"], again["closed_by"]) == (1, yuan("-1.00"), "Ma")
    assert first != later
    assert await sound(till)


async def test_the_till_of_a_cashier_at_work_is_theirs_alone(till: Front) -> None:
    cast = till.house.cast
    await handed(till, by=cast.cai)
    seen = (await open_tills(till, "ma"))[0]["seen"]
    named = {"cashier_id": str(cast.cai.id), "seen": seen}
    assert problem(await close(till, "128.00", **named)) == (409, "cashier_at_work")
    for by in ("chen", "ada", "olga"):
        assert problem(await close(till, "128.00", by, **named)) == (403, "not_allowed"), by
    assert problem(await close(till, "128.00", cashier_id=None, seen=seen)) == (403, "not_allowed")
    assert problem(await close(till, "128.00", "mona", **named)) == (404, "not_found")
    assert await untouched(till)
    assert (await close(till, "128.00", "cai", **named, reason=None)).json()["closed_by"] == "Cai"
    assert await sound(till)


async def test_a_missing_reason_a_negative_count_and_other_payouts_leave_the_till_as_it_was(till: Front) -> None:
    await handed(till, by=till.house.cast.cai)
    await leaves(till)
    for silent in ({"reason": None}, {"reason": " "}):
        assert flaw(await close(till, "128.00", **silent))[0] == "/reason"
    assert flaw(await close(till, "128.00", reason=None)) == ("/reason", "reason_missing")
    assert flaw(await close(till, "-1.00"))[0] == "/counted/amount"
    assert problem(await close(till, "128.00", seen="0" * 32)) == (409, "count_changed")
    assert problem(await close(till, "128.00", cashier_id="5")) == (409, "nothing_to_close")
    assert problem(await close(till, "128.00", cashier_id="9" * 19)) == (404, "not_found")
    assert problem(await close(till, "128.00", cashier_id=str(till.house.cast.mona.id))) == (409, "nothing_to_close")
    away = await till.call("POST", CLOSES.replace("huangshan", "gulangyu"), "ma", json={
        "method": "cash", "counted": yuan("1"), "seen": "0" * 32, "reason": WHY, "cashier_id": str(till.house.cast.cai.id),
    })  # fmt: skip
    assert problem(away) == (404, "not_found")
    assert await untouched(till)


async def test_who_was_the_cashier_never_closes_it_as_a_manager(till: Front) -> None:
    cai = till.house.cast.cai
    await handed(till, by=cai)
    await till.house.desk.write(change_roles, till.house.cast.anton, "Cai", [Post(Role.MANAGER, "huangshan")])
    assert problem(await close(till, "128.00", "cai")) == (409, "second_officer_needed")
    assert await untouched(till)
    page = (await (await seat(till, "cai")).get(PAGE)).text
    assert "You were the cashier of this till" in page
    assert f'action="{PAGE}"' not in page
    assert (await close(till, "128.00")).json()["closed_by"] == "Ma"


async def test_a_key_closes_a_left_till_once(till: Front) -> None:
    await handed(till, by=till.house.cast.cai)
    await leaves(till)
    (one,) = await open_tills(till, "ma")
    body = {"method": "cash", "counted": yuan("128.00"), "seen": one["seen"], "cashier_id": one["cashier_id"], "reason": WHY}
    first, second = [await till.call("POST", CLOSES, "ma", json=body, key="left-key") for _ in range(2)]
    assert (first.status_code, first.content) == (201, second.content)
    assert await till.counted("day_close") == 1


async def test_the_database_takes_no_close_for_another_without_a_reason(till: Front) -> None:
    await handed(till, by=till.house.cast.cai)
    await leaves(till)
    await close(till, "128.00")
    for change in ("reason = NULL", "closed_by = NULL", "closed_by = 5"):

        def damage(work: Work, change: str = change) -> None:
            work.conn.execute(text(f"UPDATE day_close SET {change}"))

        with pytest.raises(IntegrityError):
            await till.house.desk.write(damage)


async def test_the_manager_closes_on_the_tills_card_and_reads_why_they_may(till: Front) -> None:
    cast = till.house.cast
    await handed(till, by=cast.cai), await handed(till, "20.00", by=cast.chen)
    ma, ada = await seat(till, "ma"), await seat(till, "ada")
    assert f'action="{PAGE}"' not in (await ma.get(PAGE)).text
    await leaves(till)
    page = (await ma.get(PAGE)).text
    assert "Cai is no longer a cashier here." in page
    assert page.count(f'action="{PAGE}"') == 1
    assert "蔡" not in page
    assert "Cai已不在这里担任收银员" in (await ma.get(PAGE, "zh-CN")).text
    read_only = (await ada.get(PAGE)).text
    assert ("Cai is no longer a cashier here." in read_only, f'action="{PAGE}"' in read_only) == (True, False)
    silent = await ma.submit(PAGE, PAGE, counted="108", reason=" ")
    assert (silent.status_code, "CNY 20.00 short" in silent.text, 'value="108"' in silent.text) == (422, True, True)
    assert (await ma.submit(PAGE, PAGE, counted="-1", reason=XSS)).status_code == 422
    assert await untouched(till)
    form = form_in((await ma.get(PAGE)).text, PAGE)
    back = await ma.post(PAGE, form | {"counted": "128", "reason": WHY, "cashier": str(cast.chen.id)})
    assert (back.status_code, "This cashier still works here" in back.text, WHY in back.text) == (409, True, True)
    done = await ma.submit(PAGE, PAGE, counted="128", reason=XSS)
    assert done.status_code == 303, done.text
    sheet = (await ada.get(done.headers["location"])).text
    assert ("Cai · closed by Ma" in sheet, XSS in sheet, "&lt;img" in sheet) == (True, False, True)
    assert "closed by Ma" in (await ma.get(PAGE)).text


async def test_a_cashier_names_nobody_elses_till_on_the_page(till: Front) -> None:
    await handed(till, by=till.house.cast.cai), await handed(till, "20.00")
    await leaves(till)
    chen = await seat(till, "chen")
    form = form_in((await chen.get(PAGE)).text, PAGE)
    named = {"counted": "128", "reason": WHY, "cashier": str(till.house.cast.cai.id)}
    assert (await chen.post(PAGE, form | named)).status_code == 403
    assert await untouched(till)
