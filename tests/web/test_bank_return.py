"""A refund that the bank sends back, through its routes on both engines: booked once, told to everybody, and paid anew."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from desk.reads.verify import verify
from desk.store.tables import metadata
from tests.till import Till
from tests.web.front import Front, problem
from tests.web.test_gateway_events import send, told
from tests.web.test_steps_pay import GATEWAY, PAYOUTS, entries

EVENT, ENTRY, POSTING, RETURN = (metadata.tables[name] for name in ("event", "fund_entry", "fund_posting", "bank_return"))
SHOWN = {"evidence": "银行退汇通知 2026-10-03"}


async def settled(till: Front, name: str = "gw-7") -> tuple[str, int]:
    """A claim whose refund the gateway settled, and the payout."""
    desk = Till(till.house)
    reference = await desk.agreed()
    payout_id = (await desk.propose(reference, method="original_route")).payout.id
    await desk.send(payout_id)
    await send(till, told(payout_id, gateway_id=name), f"settled-{payout_id}")
    assert (await till.claim(reference)).state == "closed"
    return reference, payout_id


async def say(till: Front, payout_id: int, by: str, **told: Any) -> Any:  # noqa: ANN401 - the answer
    return await till.call("POST", f"{PAYOUTS}/{payout_id}/returned", by, json={**SHOWN, **told})


async def shown(till: Front, payout_id: int) -> dict[str, Any]:
    answer = await till.call("GET", f"{PAYOUTS}/{payout_id}", "chen")
    return dict(answer.json())


def events_of_claim(conn: Connection, claim_id: int) -> list[str]:
    """What the chain tells, newest last, as kind or step."""
    rows = conn.execute(select(EVENT).where(EVENT.c.subject == f"claim:{claim_id}").order_by(EVENT.c.seq))
    return [row.step or row.kind for row in rows]


def rows_of(conn: Connection) -> list[tuple[bool, bool]]:
    """Each saying: is it agreed to, are they two persons."""
    return [(row.agreed_by is not None, row.agreed_by != row.said_by) for row in conn.execute(select(RETURN))]


async def test_two_persons_say_it_and_the_claim_is_paid_again(till: Front) -> None:
    reference, payout_id = await settled(till)
    before = await Till(till.house).balances()
    assert (await say(till, payout_id, "ma")).json()["returned_at"] is None
    assert await Till(till.house).balances() == before
    assert (await till.claim(reference)).state == "closed"

    answer = (await say(till, payout_id, "cai")).json()
    assert (answer["state"], answer["returned_at"] is not None) == ("settled", True)
    after = await Till(till.house).balances()
    assert after["available"] - before["available"] == 12_800
    assert [name for name, minor in after.items() if name.startswith("receivable") and minor] == []
    claim = await till.claim(reference)
    assert (claim.state, claim.outcome) == ("fast_refund", None)
    assert (await entries(till))[-1] == "payout_returned"
    told_in = await till.house.desk.read(events_of_claim, claim.id)
    assert told_in[-5:] == ["payout_return_said", "recovery_moved", "payout_returned", "notice_opened", "bank_return"]
    assert await till.house.desk.read(rows_of) == [(True, True)]
    status = await till.status(await till.slip(reference))
    assert status["stage"] == "refund_agreed"
    assert status["amounts"]["received_at"] is None
    assert status["next"]["due_at"] is not None
    assert "The bank sent the refund back; it will be paid again." in [line["text"] for line in status["history"]]
    notices = (await till.call("GET", "/api/v1/sites/huangshan/notices", "ma")).json()["notices"]
    assert [one["kind"] for one in notices] == ["payout_returned"]
    fund = (await till.call("GET", "/api/v1/sites/huangshan/fund", "ma")).json()
    assert (fund["paid"]["amount"], fund["receivable"]["amount"]) == ("0.00", "0.00")

    again = (await till.post(f"{reference}/payouts", "chen", GATEWAY)).json()
    assert (again["replaces"], again["state"]) == (str(payout_id), "awaiting_approval")
    assert again["review"] == ["per_claim", "per_payee"]
    assert (await till.call("GET", "/api/v1/sites/huangshan/notices", "ma")).json()["notices"] == []
    assert (await till.call("POST", f"{PAYOUTS}/{again['id']}/approve", "cai", json={})).status_code == 200
    assert (await till.call("POST", f"{PAYOUTS}/{again['id']}/send", "chen", json={})).status_code == 200
    assert (await send(till, told(int(again["id"]), gateway_id="gw-8"), "again")).json() == {"fate": "moved"}
    assert (await till.claim(reference)).state == "closed"
    assert (await till.house.desk.read(verify, till.house.kit)).ok


async def test_the_gateways_own_word_books_it_at_once_and_once(till: Front) -> None:
    reference, payout_id = await settled(till)
    body = told(payout_id, "payout.returned", gateway_id="gw-7")
    assert (await send(till, body, "back-1")).json() == {"fate": "moved"}
    assert (await send(till, body, "back-1")).json() == {"fate": "late"}
    assert (await send(till, body, "back-2")).json() == {"fate": "late"}
    assert (await send(till, told(payout_id, gateway_id="gw-7"), "late")).json() == {"fate": "late"}
    assert (await till.claim(reference)).state == "fast_refund"
    assert (await entries(till)).count("payout_returned") == 1
    assert (await till.house.desk.read(verify, till.house.kit)).ok


async def test_a_return_that_overtakes_its_settling_settles_first(till: Front) -> None:
    payout_id = await Till(till.house).brought_to("sending")
    assert (await send(till, told(payout_id, "payout.returned"), "back")).json() == {"fate": "moved"}
    assert (await send(till, told(payout_id), "settled")).json() == {"fate": "late"}
    one = await shown(till, payout_id)
    assert (one["state"], one["returned_at"] is not None) == ("settled", True)
    assert (await till.claim(one["reference"])).state == "fast_refund"
    assert (await till.house.desk.read(verify, till.house.kit)).ok


@pytest.mark.parametrize("state", ["awaiting_approval", "reserved", "sending", "unknown", "failed", "cancelled", "settled"])
async def test_only_what_a_gateway_settled_can_come_back(till: Front, state: str) -> None:
    payout_id = await Till(till.house).brought_to(state)
    before = await Till(till.house).balances()
    assert problem(await say(till, payout_id, "ma")) == (409, "wrong_moment")
    assert (await Till(till.house).balances(), await till.house.desk.read(rows_of)) == (before, [])


async def test_the_same_person_again_books_nothing_nor_does_a_lodger_confirmer_or_proposer(till: Front) -> None:
    _, payout_id = await settled(till)
    assert (await say(till, payout_id, "cai")).status_code == 200
    for by in ("cai", "chen"):
        assert problem(await say(till, payout_id, by)) == (409, "second_officer_needed")
    assert (await shown(till, payout_id))["returned_at"] is None
    assert problem(await say(till, payout_id, "olga")) == (403, "not_allowed")
    assert problem(await say(till, payout_id, "ma", evidence=" ")) == (422, "bad_input")


async def test_twice_is_too_often(till: Front) -> None:
    _, payout_id = await settled(till)
    for by in ("ma", "cai"):
        await say(till, payout_id, by)
    assert problem(await say(till, payout_id, "ma")) == (409, "wrong_moment")


async def test_many_second_officers_at_once_book_one_return(till: Front) -> None:
    _, payout_id = await settled(till)
    await say(till, payout_id, "ma")
    answers = await asyncio.gather(*(say(till, payout_id, "cai") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
    assert (await entries(till)).count("payout_returned") == 1


async def test_a_claim_that_went_another_way_since_stays_there_and_the_manager_is_told(till: Front) -> None:
    reference, payout_id = await settled(till)
    till.house.clock.go(hours=1)
    version = (await till.claim(reference)).version
    answer = await till.post(f"{reference}/reopen", "ma", {"text": "游客另有新证据"}, version=version)
    assert answer.status_code == 200, answer.text
    assert (await send(till, told(payout_id, "payout.returned", gateway_id="gw-7"), "back")).json() == {"fate": "moved"}
    assert (await till.claim(reference)).state == "received"
    notices = (await till.call("GET", "/api/v1/sites/huangshan/notices", "ma")).json()["notices"]
    assert [one["kind"] for one in notices] == ["payout_returned"]
    assert (await till.house.desk.read(verify, till.house.kit)).ok


async def reopened(till: Front, reference: str) -> None:
    """A manager takes an ended claim up once more."""
    till.house.clock.go(hours=1)
    version = (await till.claim(reference)).version
    answer = await till.post(f"{reference}/reopen", "ma", {"text": "游客另有新证据"}, version=version)
    assert answer.status_code == 200, answer.text


async def open_notices(till: Front) -> list[str]:
    """What the manager is told of."""
    return [one["kind"] for one in (await till.call("GET", "/api/v1/sites/huangshan/notices", "ma")).json()["notices"]]


@pytest.mark.parametrize("end", ["withdrawn", "refused", "transferred"])
async def test_a_claim_that_went_another_way_and_ends_there_leaves_nothing_to_be_paid_again(till: Front, end: str) -> None:
    reference, payout_id = await settled(till)
    await reopened(till, reference)
    await send(till, told(payout_id, "payout.returned", gateway_id="gw-7"), "back")
    assert await open_notices(till) == ["payout_returned"]
    await ended(till, reference, end)
    assert ((await till.claim(reference)).state, await open_notices(till)) == (end, [])
    assert (await till.house.desk.read(verify, till.house.kit)).ok


async def ended(till: Front, reference: str, end: str) -> None:
    """The claim ends without a refund."""
    if end == "withdrawn":
        assert (await till.visit(await till.slip(reference), "withdraw", text="已与商家谈妥")).status_code == 200
        return
    body = {"override": "refuse" if end == "refused" else "transfer", "reason": "不属本处受理。《旅游投诉处理办法》第九条。"}
    answer = await till.post(f"{reference}/triage", "ma", body)
    assert answer.status_code == 200, answer.text


async def test_one_that_comes_back_after_its_claim_had_ended_another_way_is_told_until_that_was_decided(till: Front) -> None:
    reference, payout_id = await settled(till)
    await reopened(till, reference)
    await ended(till, reference, "withdrawn")
    await send(till, told(payout_id, "payout.returned", gateway_id="gw-7"), "back")
    assert ((await till.claim(reference)).state, await open_notices(till)) == ("withdrawn", ["payout_returned"])
    await reopened(till, reference)
    assert await open_notices(till) == ["payout_returned"]
    await ended(till, reference, "withdrawn")
    assert await open_notices(till) == []


async def test_a_claim_that_went_another_way_and_is_paid_after_all_ends_it_too(till: Front) -> None:
    reference, payout_id = await settled(till)
    await reopened(till, reference)
    await send(till, told(payout_id, "payout.returned", gateway_id="gw-7"), "back")
    await till.house.assess(reference)
    await till.house.confirm(reference, "fast_refund", till.house.cast.otto)
    assert await open_notices(till) == ["payout_returned"]
    again = await till.post(f"{reference}/payouts", "chen", GATEWAY)
    assert (again.status_code, again.json()["replaces"], await open_notices(till)) == (201, str(payout_id), [])


async def test_the_promise_of_payment_runs_anew(till: Front) -> None:
    reference, payout_id = await settled(till)
    till.house.clock.go(days=2)
    await send(till, told(payout_id, "payout.returned", gateway_id="gw-7"), "back")
    claim = await till.claim(reference)
    assert timedelta(minutes=29) < claim.due_at - till.house.clock.at <= timedelta(minutes=30)
