"""A gateway that says money went where the books say it did not: nothing is paid a second time on one person's word."""

import pytest

from desk.reads.verify import verify
from tests.till import Till
from tests.web.console import seat
from tests.web.front import Front
from tests.web.test_gateway_events import send, told
from tests.web.test_steps_pay import CASH, GATEWAY, PAYOUTS, fund, notices, payout_events, proposed, refused, step


async def failed(till: Front) -> tuple[str, int]:
    """A claim whose refund the gateway said had failed, and the payout."""
    reference, payout = await proposed(till, body=GATEWAY)
    await step(till, payout, "send")
    number = int(payout["id"])
    assert (await send(till, told(number, "payout.failed"), f"failed-{number}")).json() == {"fate": "moved"}
    return reference, number


async def is_sound(till: Front) -> None:
    """Every invariant holds, but for the seat of a test that nobody signed in for."""
    report = await till.house.desk.read(verify, till.house.kit)
    assert [finding for finding in report.invariants if not finding.ok and finding.id != "I34"] == []


@pytest.mark.parametrize("word", ["payout.settled", "payout.awaiting_visitor", "payout.returned"])
async def test_after_a_failure_that_the_gateway_takes_back_the_next_payout_needs_a_second_officer(till: Front, word: str) -> None:
    reference, first = await failed(till)
    assert (await send(till, told(first, word), "late")).json() == {"fate": "late"}
    assert (await Till(till.house).payout(first)).state == "failed"
    assert await notices(till) == ["gateway_contradicts"]
    again = (await till.post(f"{reference}/payouts", "chen", CASH)).json()
    assert (again["state"], again["review"]) == ("awaiting_approval", ["gateway_contradicts"])
    assert await refused(till, again, "send") == (409, "second_officer_needed")
    manager = await seat(till, "ma")
    for page in (f"/desk/payouts/{again['id']}", "/desk/approvals"):
        assert "The gateway says it was paid before" in (await manager.get(page)).text
    await step(till, again, "approve", "ma")
    assert (await step(till, again, "send"))["state"] == "awaiting_visitor"
    await is_sound(till)
    other = (await till.post(f"{(await failed(till))[0]}/payouts", "chen", CASH)).json()
    assert other["review"] == []


async def test_a_payout_that_was_reserved_before_waits_for_a_second_officer_from_then_on(till: Front) -> None:
    reference, first = await failed(till)
    again = (await till.post(f"{reference}/payouts", "chen", CASH)).json()
    assert (again["state"], again["review"]) == ("reserved", [])
    for number in range(2):
        assert (await send(till, told(first), f"late-{number}")).json() == {"fate": "late"}
    shown = (await till.call("GET", f"{PAYOUTS}/{again['id']}", "chen")).json()
    assert (shown["state"], shown["review"]) == ("awaiting_approval", ["gateway_contradicts"])
    assert (await payout_events(till, reference))[-1] == ("reserved", "awaiting_approval", "desk")
    assert await refused(till, again, "send") == (409, "second_officer_needed")
    assert await refused(till, again, "approve") == (409, "second_officer_needed")
    await step(till, again, "approve", "ma")
    assert (await send(till, told(first), "late-again")).json() == {"fate": "late"}
    assert (await step(till, again, "send"))["state"] == "awaiting_visitor"
    assert (await step(till, again, "received"))["state"] == "settled"
    assert (await fund(till))["paid"] == "128.00"
    await is_sound(till)


async def test_a_key_that_never_left_and_that_the_gateway_says_it_paid_is_not_sent_on_one_persons_word(till: Front) -> None:
    _, payout = await proposed(till, body=GATEWAY)
    number = int(payout["id"])
    await step(till, payout, "send")
    till.house.clock.go(minutes=15, seconds=1)
    await Till(till.house).called(number, "never_left")
    assert (await Till(till.house).payout(number)).state == "reserved"
    assert (await send(till, told(number), "paid-all-the-same")).json() == {"fate": "late"}
    assert await refused(till, payout, "send") == (409, "second_officer_needed")
    assert sorted(await notices(till)) == ["gateway_contradicts", "payout_stuck"]
    assert (await fund(till))["reserved"] == "128.00"
    await is_sound(till)


async def test_a_failure_told_of_what_was_settled_moves_nothing_at_all(till: Front) -> None:
    _, payout = await proposed(till, body=GATEWAY)
    number = int(payout["id"])
    await step(till, payout, "send")
    await send(till, told(number), "settled")
    before, row = await fund(till), await Till(till.house).payout(number)
    assert (await send(till, told(number, "payout.failed"), f"failed-{number}")).json() == {"fate": "late"}
    assert (await fund(till), await Till(till.house).payout(number)) == (before, row)
    assert await notices(till) == ["gateway_contradicts"]
    await is_sound(till)
