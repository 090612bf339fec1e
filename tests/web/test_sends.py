"""The stop switch through its routes: nothing leaves, nothing is lost, and everybody at the till reads why."""

import json
from typing import Any

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from desk.actions import payout_words, payouts
from desk.domain.policy import Role
from desk.ports import Work
from desk.reads.verify import verify
from desk.store.tables import metadata
from tests.till import Till
from tests.web.console import form_in, seat
from tests.web.front import Front, flaw, problem
from tests.web.test_steps_pay import PAYOUTS, entries, fund, proposed, refused, step

SENDS = "/api/v1/sites/huangshan/sends"
FUND = "/desk/fund/huangshan"
WHY = "网关对账不符，先停。"
XSS = '<img src=x onerror="alert(1)">'
EVENT, JOB = metadata.tables["event"], metadata.tables["job"]


async def stop(front: Front, by: str = "ma", reason: str = WHY) -> Any:  # noqa: ANN401 - the JSON
    """Stop the refunds of Huangshan; what is told."""
    answer = await front.call("POST", f"{SENDS}/stop", by, json={"reason": reason})
    assert answer.status_code == 200, answer.text
    return answer.json()["stop"]


async def resume(front: Front) -> None:
    """Let them leave again."""
    answer = await front.call("POST", f"{SENDS}/resume", "ma", json={})
    assert (answer.status_code, answer.json()) == (200, {"stop": None})


def _change(work: Work, change: str, payout_id: int) -> None:
    work.conn.execute(text(f"UPDATE payout SET {change} WHERE id = :id"), {"id": payout_id})


def chain(conn: Connection, site_id: int) -> list[tuple[str, str, str | None]]:
    """Kind, role and reason of what the site's chain tells of its switch, oldest first."""
    rows = conn.execute(
        select(EVENT).where(EVENT.c.subject == f"site:{site_id}", EVENT.c.kind.like("sends_%")).order_by(EVENT.c.seq)
    )
    return [(row.kind, row.role, json.loads(row.data).get("reason")) for row in rows]


@pytest.mark.parametrize("method", ["cash", "transfer"])
async def test_while_refunds_are_stopped_none_is_sent_and_afterwards_the_same_one_is(till: Front, method: str) -> None:
    reference = await Till(till.house).agreed()
    payout = (await Till(till.house).propose(reference, method=method)).payout
    shown = {"id": str(payout.id)}
    before, slip = await till.status(await till.slip(reference)), await till.slip(reference)
    told = await stop(till)
    assert (told["by"], told["reason"]) == ("Ma", WHY)
    assert await refused(till, shown, "send") == (409, "sends_stopped")
    row = await Till(till.house).payout(payout.id)
    assert (row.state, row.turn, row.first_sent_at) == ("reserved", 0, None)
    assert await till.status(slip) == before
    assert (await fund(till))["reserved"] == "128.00"
    await resume(till)
    assert (await step(till, shown, "send"))["state"] == ("awaiting_visitor" if method == "cash" else "sending")
    site_id = till.house.cast.ma.sites[0]
    assert await till.house.desk.read(chain, site_id) == [("sends_stopped", "manager", WHY), ("sends_resumed", "manager", None)]
    report = await till.house.desk.read(verify, till.house.kit)
    assert {finding.id: finding.ok for finding in report.invariants}["I12"]


async def test_what_waits_for_the_worker_is_back_at_the_till_and_leaves_with_the_same_key(till: Front) -> None:
    at, write = Till(till.house), till.house.desk.write
    payout = (await at.propose(await at.agreed(), method="transfer")).payout
    await at.send(payout.id)
    await stop(till)
    assert await write(payout_words.begin_send, await at.lease(payouts.SEND), payout.id) is None
    row = await at.payout(payout.id)
    assert (row.state, row.calling, row.first_sent_at, row.sending_at) == ("reserved", False, None, None)
    assert await entries(till) == ["payout_proposed", "payout_sent", "payout_never_left"]
    (job,) = await till.house.desk.read(lambda conn: conn.execute(select(JOB).where(JOB.c.kind == payouts.SEND)).all())
    assert job.done_at is not None
    await resume(till)
    await at.send(payout.id)
    order = await write(payout_words.begin_send, await at.lease(payouts.SEND), payout.id)
    assert order is not None
    assert order.key == payout.key


async def test_what_waits_for_the_worker_can_be_taken_back_while_refunds_are_stopped(till: Front) -> None:
    at = Till(till.house)
    payout = (await at.propose(await at.agreed(), method="transfer")).payout
    await at.send(payout.id)
    await stop(till)
    await till.house.desk.write(payout_words.begin_send, await at.lease(payouts.SEND), payout.id)
    assert (await step(till, {"id": str(payout.id)}, "cancel"))["state"] == "cancelled"
    assert (await fund(till))["available"] == "100000.00"


async def test_what_may_have_left_stays_unknown_and_is_asked_for_and_sent_again_only_after_the_stop(till: Front) -> None:
    at = Till(till.house)
    payout = (await at.propose(await at.agreed(), method="transfer")).payout
    await at.send(payout.id)
    await at.called(payout.id, "unclear")
    await stop(till)
    for seconds in (60, 60, 60):
        till.house.clock.go(seconds=seconds)
        await at.asked(payout.id, "never_seen")
        assert (await at.payout(payout.id)).state == "unknown"
    await resume(till)
    till.house.clock.go(seconds=60)
    await at.asked(payout.id, "never_seen")
    assert (await at.payout(payout.id)).state == "sending"


async def test_the_database_itself_lets_nothing_leave_while_refunds_are_stopped(till: Front) -> None:
    at = Till(till.house)
    number = (await at.propose(await at.agreed(), method="transfer")).payout.id
    await at.send(number)
    await stop(till)
    for change in ("calling = NOT calling", "first_sent_at = sending_at"):
        with pytest.raises(DBAPIError, match="the refunds of this site are stopped"):
            await till.house.desk.write(_change, change, number)
    row = await at.payout(number)
    assert (row.calling, row.first_sent_at) == (False, None)


async def test_what_is_on_its_way_is_followed_up_while_refunds_are_stopped(till: Front) -> None:
    at = Till(till.house)
    _, cash = await proposed(till)
    await step(till, cash, "send")
    payout = (await at.propose(await at.agreed(), method="transfer")).payout
    await at.send(payout.id)
    held = await at.lease(payouts.SEND)
    assert await till.house.desk.write(payout_words.begin_send, held, payout.id) is not None
    await stop(till)
    await at.heard(held, payout.id, "settled")
    assert (await at.payout(payout.id)).state == "settled"
    assert (await step(till, cash, "received"))["state"] == "settled"


async def test_pressed_twice_it_stays_as_it_was_and_a_key_gives_the_same_bytes(till: Front) -> None:
    first = await till.call("POST", f"{SENDS}/stop", "ma", json={"reason": WHY}, key="stop-key")
    again = await till.call("POST", f"{SENDS}/stop", "ma", json={"reason": WHY}, key="stop-key")
    other = await till.call("POST", f"{SENDS}/stop", "ma", json={"reason": "another"})
    assert first.content == again.content == other.content
    assert (await till.call("GET", SENDS, "chen")).content == first.content
    assert await till.counted("send_stop") == 1
    for _ in range(2):
        await resume(till)
    assert (await till.call("GET", SENDS, "chen")).json() == {"stop": None}


async def test_another_sites_refunds_go_on(till: Front) -> None:
    await stop(till)
    away = await till.call("GET", SENDS.replace("huangshan", "gulangyu"), "mona")
    assert (away.status_code, away.json()) == (200, {"stop": None})


@pytest.mark.parametrize(("body", "pointer"), [({}, "/reason"), ({"reason": ""}, "/reason"), ({"reason": "x" * 2001}, "/reason")])
async def test_a_stop_says_why(sqlite_till_front: Front, body: dict[str, str], pointer: str) -> None:
    answer = await sqlite_till_front.call("POST", f"{SENDS}/stop", "ma", json=body)
    assert (answer.status_code, flaw(answer)[0]) == (422, pointer)
    assert (await sqlite_till_front.call("GET", SENDS, "ma")).json() == {"stop": None}


async def test_only_the_manager_stops_and_resumes(till: Front) -> None:
    for by in ("olga", "chen", "mei", "ada"):
        for act, body in (("stop", {"reason": WHY}), ("resume", {})):
            assert problem(await till.call("POST", f"{SENDS}/{act}", by, json=body)) == (403, "not_allowed"), by
    assert problem(await till.call("POST", f"{SENDS}/stop", "mona", json={"reason": WHY})) == (404, "not_found")
    assert Role.MANAGER in till.house.cast.ma.roles_at(till.house.cast.ma.sites[0])


async def test_the_manager_stops_on_the_funds_page_and_the_cashier_reads_why(till: Front) -> None:
    ma, chen = await seat(till, "ma"), await seat(till, "chen")
    _, payout = await proposed(till)
    page = f"/desk/payouts/{payout['id']}"
    empty = await ma.submit(FUND, f"{FUND}/sends/stop", reason=" ")
    assert (empty.status_code, 'id="reason-wrong"' in empty.text) == (422, True)
    assert (await ma.submit(FUND, f"{FUND}/sends/stop", reason="a\x1b[31mb")).status_code == 422
    assert (await ma.submit(FUND, f"{FUND}/sends/stop", reason=XSS)).status_code == 303
    for shown in (await ma.get(FUND), await ma.get("/desk/notices"), await chen.get("/desk/pay"), await chen.get(page)):
        assert "Refunds are stopped" in shown.text
        assert "Stopped by Ma" in shown.text
        assert XSS not in shown.text
    assert f"{page}/send" not in (await chen.get(page)).text
    assert f"{FUND}/sends/resume" not in (await chen.get(FUND)).text
    late = await chen.post(f"{page}/send", form_in((await chen.get("/desk/account")).text, "/desk/sign-out"))
    assert (late.status_code, "Try again after the manager resumes them" in late.text) == (409, True)
    assert (await ma.submit(FUND, f"{FUND}/sends/resume")).status_code == 303
    assert "Refunds are stopped" not in (await chen.get("/desk/pay")).text
    assert (await chen.submit(page, f"{page}/send")).status_code == 303
    assert problem(await till.call("POST", f"{PAYOUTS}/{payout['id']}/send", "chen", json={})) == (409, "wrong_moment")
