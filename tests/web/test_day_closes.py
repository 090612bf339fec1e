"""Closing the day through its routes and pages: each payout counted once, a difference explained, everybody sees their own."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError

from desk.ports import Work
from desk.reads.verify import verify
from desk.store.tables import metadata
from tests.till import Till
from tests.web.console import form_in, seat
from tests.web.front import Front, flaw, problem, yuan

CLOSES, PAGE = "/api/v1/sites/huangshan/day-closes", "/desk/close/huangshan"
EVENT, ROW, LINE = (metadata.tables[name] for name in ("event", "day_close", "day_close_line"))
WHY = "少收一张签收单，已联系游客。"
XSS = '<img src=x onerror="alert(1)">'


async def open_tills(front: Front, by: str = "chen") -> Any:  # noqa: ANN401 - the JSON
    """What waits to be counted."""
    answer = await front.call("GET", f"{CLOSES}/open", by)
    assert answer.status_code == 200, answer.text
    return answer.json()["tills"]


async def close(front: Front, counted: str, by: str = "chen", **told: Any) -> Any:  # noqa: ANN401 - the JSON
    """Ask for a close of what is open in cash, or of `told`."""
    (one,) = [one for one in await open_tills(front, by) if one["method"] == told.get("method", "cash")] or [{"seen": "0" * 32}]
    body = {"method": "cash", "counted": yuan(counted), "seen": one["seen"], **told}
    return await front.call("POST", CLOSES, by, json=body)


async def handed(front: Front, asked: str = "128.00", state: str = "settled", by: Any = None) -> int:  # noqa: ANN401 - a viewer
    """Cash handed over, and signed for unless it is still awaited."""
    at = Till(front.house)
    payout = (await at.propose(await at.agreed(asked=asked), by)).payout.id
    await at.send(payout, by)
    if state == "settled":
        await at.receive(payout, by)
    return payout


def _rows(conn: Connection) -> list[Any]:
    return list(conn.execute(select(ROW).order_by(ROW.c.id)))


def _told(conn: Connection) -> list[tuple[str, str, dict[str, Any]]]:
    rows = conn.execute(select(EVENT).where(EVENT.c.kind == "day_closed").order_by(EVENT.c.seq))
    return [(row.subject.partition(":")[0], row.role, json.loads(row.data)) for row in rows]


async def sound(front: Front) -> bool:
    """Whether every invariant holds."""
    return (await front.house.desk.read(verify, front.house.kit)).ok


async def test_what_the_cashier_handed_over_is_counted_once_and_what_comes_later_in_the_next_close(till: Front) -> None:
    first, waits = await handed(till), await handed(till, "20.00", "awaiting_visitor")
    (one,) = await open_tills(till)
    assert (one["cashier"], one["method"], one["expected"], one["more"]) == ("Chen", "cash", yuan("128.00"), 0)
    assert [line["payout"] for line in one["payouts"]] == [str(first)]
    assert [line["payout"] for line in one["unsigned"]] == [str(waits)]
    answer = await close(till, "128.00")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["cashier"], told["payouts"], told["expected"], told["difference"]) == ("Chen", 1, yuan("128.00"), yuan("0.00"))
    assert (told["on"], told["reason"], told["since"]) == ("2026-09-08", None, told["until"])
    (one,) = await open_tills(till)
    assert (one["payouts"], one["expected"], len(one["unsigned"])) == ([], yuan("0.00"), 1)
    await Till(till.house).receive(waits)
    again = (await close(till, "20.00")).json()
    assert (again["payouts"], again["expected"]) == (1, yuan("20.00"))
    rows = await till.house.desk.read(_rows)
    assert [(row.expected_minor, row.counted_minor, row.method, str(row.on_day)) for row in rows] == [
        (12_800, 12_800, "cash", "2026-09-08"), (2_000, 2_000, "cash", "2026-09-08"),
    ]  # fmt: skip
    assert all(row.from_at <= row.until_at <= row.closed_at for row in rows)
    (subject, role, said), _ = await till.house.desk.read(_told)
    assert (subject, role, said["payouts"], said["expected_minor"], said["reason"]) == ("site", "cashier", 1, 12_800, None)
    assert said["close"] == told["id"] == str(rows[0].id)
    assert await sound(till)


async def test_a_difference_needs_a_reason_and_is_kept_with_it(till: Front) -> None:
    await handed(till)
    short = await close(till, "108.00")
    assert (short.status_code, flaw(short)) == (422, ("/reason", "reason_missing"))
    assert await till.counted("day_close") == 0
    told = (await close(till, "108.00", reason=f" {WHY} ")).json()
    assert (told["difference"], told["reason"]) == (yuan("-20.00"), WHY)
    await handed(till)
    assert (await close(till, "200.00", reason=WHY)).json()["difference"] == yuan("72.00")
    await handed(till)
    nothing = await close(till, "0", reason=WHY)
    assert nothing.json()["counted"] == yuan("0.00")
    assert [said["reason"] for *_, said in await till.house.desk.read(_told)] == [WHY] * 3
    assert await sound(till)


async def test_a_count_of_other_payouts_than_were_seen_is_refused(till: Front) -> None:
    await handed(till)
    (before,) = await open_tills(till)
    await handed(till, "20.00")
    stale = await close(till, "128.00", seen=before["seen"])
    assert problem(stale) == (409, "count_changed")
    assert await till.counted("day_close") == 0
    assert (await close(till, "148.00")).status_code == 201
    twin = await close(till, "148.00", seen=before["seen"])
    assert problem(twin) == (409, "nothing_to_close")
    assert problem(await close(till, "1.00", method="transfer")) == (409, "nothing_to_close")


async def test_a_payout_in_two_closes_is_refused_by_the_database(till: Front) -> None:
    await handed(till)
    await close(till, "128.00")

    def again(work: Work) -> None:
        work.conn.execute(
            text("INSERT INTO day_close_line (id, day_close_id, payout_id) SELECT 5, day_close_id, payout_id FROM day_close_line")
        )

    with pytest.raises(IntegrityError):
        await till.house.desk.write(again)

    def unexplained(work: Work) -> None:
        work.conn.execute(text("UPDATE day_close SET counted_minor = 1"))

    with pytest.raises(IntegrityError):
        await till.house.desk.write(unexplained)


async def test_each_cashier_and_each_method_has_a_close_of_its_own(till: Front) -> None:
    at, cast = Till(till.house), till.house.cast
    await handed(till)
    await handed(till, "20.00", by=cast.cai)
    gateway = (await at.propose(await at.agreed(), method="transfer")).payout.id
    await at.send(gateway)
    await at.called(gateway, "settled")
    mine = await open_tills(till)
    assert [(one["method"], len(one["payouts"])) for one in mine] == [("cash", 1), ("transfer", 1)]
    everybody = await open_tills(till, "ma")
    assert [(one["cashier"], one["method"]) for one in everybody] == [("Cai", "cash"), ("Chen", "cash"), ("Chen", "transfer")]
    assert (await close(till, "128.00", method="transfer")).json()["method"] == "transfer"
    assert [(one["cashier"], one["method"]) for one in await open_tills(till, "ma")] == [("Cai", "cash"), ("Chen", "cash")]
    listed = (await till.call("GET", CLOSES, "ma")).json()["closes"]
    assert [(one["cashier"], one["method"]) for one in listed] == [("Chen", "transfer")]
    assert (await till.call("GET", CLOSES, "cai")).json()["closes"] == []
    away = await till.call("GET", CLOSES.replace("huangshan", "gulangyu"), "mona")
    assert away.json() == {"closes": [], "next": None}
    assert await sound(till)


async def test_a_returned_payout_stays_in_its_close_and_what_came_back_before_is_counted(till: Front) -> None:
    at = Till(till.house)
    number = (await at.propose(await at.agreed(), method="transfer")).payout.id
    await at.send(number)
    await at.called(number, "settled")

    def come_back(work: Work) -> None:
        work.conn.execute(text("UPDATE payout SET returned_at = settled_at WHERE id = :id"), {"id": number})

    await till.house.desk.write(come_back)
    (one,) = await open_tills(till)
    assert [(line["payout"], line["returned"]) for line in one["payouts"]] == [(str(number), True)]
    assert (await close(till, "128.00", method="transfer")).status_code == 201
    assert await open_tills(till) == []


async def test_a_key_gives_the_same_bytes_and_closes_once(till: Front) -> None:
    await handed(till)
    (one,) = await open_tills(till)
    body = {"method": "cash", "counted": yuan("128.00"), "seen": one["seen"]}
    first, second = [await till.call("POST", CLOSES, "chen", json=body, key="close-key") for _ in range(2)]
    assert (first.status_code, first.content) == (201, second.content)
    assert await till.counted("day_close") == 1


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"counted": yuan("-1")}, "/counted/amount"), ({"counted": yuan("1.001")}, "/counted/amount"),
        ({"counted": {"amount": "1", "currency": "USD"}}, "/counted/currency"), ({"seen": "x"}, "/seen"),
        ({"method": "cheque"}, "/method"), ({"reason": ""}, "/reason"), ({"reason": "x" * 2001}, "/reason"),
    ],
)  # fmt: skip
async def test_what_cannot_be_a_count_is_refused_by_its_place(
    sqlite_till_front: Front, change: dict[str, Any], pointer: str
) -> None:
    await handed(sqlite_till_front)
    (one,) = await open_tills(sqlite_till_front)
    body = {"method": "cash", "counted": yuan("128.00"), "seen": one["seen"]} | change
    answer = await sqlite_till_front.call("POST", CLOSES, "chen", json=body)
    assert (answer.status_code, flaw(answer)[0]) == (422, pointer)
    assert await sqlite_till_front.counted("day_close") == 0


async def test_only_the_cashier_closes(sqlite_till_front: Front) -> None:
    await handed(sqlite_till_front)
    for by in ("ma", "ada", "olga"):
        body = {"method": "cash", "counted": yuan("128.00"), "seen": "0" * 32}
        assert problem(await sqlite_till_front.call("POST", CLOSES, by, json=body)) == (403, "not_allowed"), by


async def test_closes_are_listed_page_by_page_and_as_csv_without_a_formula(till: Front) -> None:
    for counted in ("128.00", "100.00", "130.00"):
        await handed(till)
        await close(till, counted, reason="=1+1")
        till.house.clock.at += timedelta(minutes=1)
    first = (await till.call("GET", CLOSES, "chen", params={"limit": 2})).json()
    rest = (await till.call("GET", CLOSES, "chen", params={"limit": 2, "cursor": first["next"]})).json()
    assert [one["counted"]["amount"] for one in first["closes"] + rest["closes"]] == ["130.00", "100.00", "128.00"]
    answer = await till.call("GET", f"{CLOSES}.csv", "ma")
    head, *rows = csv.reader(io.StringIO(answer.content.decode(), newline=""), strict=True)
    sums = [head.index(name) for name in ("expected", "counted", "short", "over")]
    assert [[row[place] for place in sums] for row in rows] == [
        ["128.00", "130.00", "0.00", "2.00"], ["128.00", "100.00", "28.00", "0.00"], ["128.00", "128.00", "0.00", "0.00"],
    ]  # fmt: skip
    assert {row[head.index("reason")] for row in rows} == {"'=1+1"}


async def test_the_cashier_closes_on_the_page_and_is_helped_with_a_difference(till: Front) -> None:
    chen, ma = await seat(till, "chen"), await seat(till, "ma")
    assert "Nothing to count." in (await chen.get(PAGE)).text
    assert "/desk/close" in (await chen.get("/desk/pay")).text
    await handed(till), await handed(till, "20.00"), await handed(till, "20.00")
    page = (await chen.get(PAGE)).text
    assert "CNY 168.00" in page
    assert "expected, from 3 payouts" in page
    short = await chen.submit(PAGE, PAGE, counted="148", reason=" ")
    assert short.status_code == 422
    assert "CNY 20.00 short" in short.text
    assert "Payouts of exactly this amount: 2" in short.text
    assert 'value="148"' in short.text
    nonsense = await chen.submit(PAGE, PAGE, counted="lots", reason=XSS)
    assert (nonsense.status_code, XSS in nonsense.text, "&lt;img" in nonsense.text) == (422, False, True)
    assert (await chen.submit(PAGE, PAGE, counted="")).status_code == 422
    done = await chen.submit(PAGE, PAGE, counted="￥148", reason=XSS)
    assert done.status_code == 303, done.text
    for sheet in (await chen.get(done.headers["location"]), await ma.get(done.headers["location"])):
        assert "CNY 20.00 short" in sheet.text
        assert XSS not in sheet.text
    assert "CNY 148.00" in (await ma.get(PAGE)).text
    assert "Every cashier has closed." in (await ma.get(PAGE)).text
    assert (await ma.get(f"{PAGE}/closes.csv")).text.count("\r\n") == 2


async def test_a_form_of_before_another_payout_shows_the_new_list_and_keeps_what_was_typed(till: Front) -> None:
    chen = await seat(till, "chen")
    await handed(till)
    form = form_in((await chen.get(PAGE)).text, PAGE)
    await handed(till, "20.00")
    late = await chen.post(PAGE, form | {"counted": "128", "reason": WHY})
    assert (late.status_code, "Look at the new list and count again." in late.text, WHY in late.text) == (409, True, True)
    assert "CNY 148.00" in late.text
    assert (await chen.post(PAGE, form_in(late.text, PAGE) | {"counted": "148", "reason": ""})).status_code == 303
    gone = await chen.post(PAGE, form | {"key": form_in((await chen.get("/desk/account")).text, "/desk/sign-out")["key"]})
    assert gone.status_code == 422


async def test_a_manager_sees_who_has_not_closed_and_a_cashier_not_the_others(till: Front) -> None:
    ma, chen = await seat(till, "ma"), await seat(till, "chen")
    await handed(till, by=till.house.cast.cai)
    page = (await ma.get(PAGE)).text
    assert "Not closed yet" in page
    assert "Cai" in page
    assert f'action="{PAGE}"' not in page
    own = (await chen.get(PAGE)).text
    assert "Nothing to count." in own
    assert "Cai" not in own
