"""A gateway that says money went where the books say it did not: nothing is paid a second time on one person's word."""

from typing import Any

import pytest

from desk.actions.payout_words import begin_send
from desk.actions.payouts import SEND
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


async def called_and_failed(till: Front) -> tuple[str, int]:
    """The same, told by the answer to the call, so that no job is left."""
    reference, payout = await proposed(till, body=GATEWAY)
    await step(till, payout, "send")
    await Till(till.house).called(int(payout["id"]), "failed")
    return reference, int(payout["id"])


async def sent_after_a_failure(till: Front) -> tuple[int, str]:
    """A payout that the gateway said had failed, and the next one of its claim, on its way to the worker."""
    reference, first = await called_and_failed(till)
    again = (await till.post(f"{reference}/payouts", "chen", GATEWAY)).json()
    assert (await step(till, again, "send"))["state"] == "sending"
    return first, again["id"]


async def test_a_payout_that_waits_for_the_worker_is_held_back_until_a_second_officer_has_looked(till: Front) -> None:
    first, again = await sent_after_a_failure(till)
    assert (await send(till, told(first), "late")).json() == {"fate": "late"}
    short = Till(till.house)
    held = await short.lease(SEND)
    assert await till.house.desk.write(begin_send, held, int(again)) is None
    shown = (await till.call("GET", f"{PAYOUTS}/{again}", "chen")).json()
    assert (shown["state"], shown["review"]) == ("awaiting_approval", ["gateway_contradicts"])
    assert (await fund(till))["reserved"] == "128.00"
    assert await refused(till, shown, "send") == (409, "second_officer_needed")
    await step(till, shown, "approve", "ma")
    assert (await step(till, shown, "send"))["state"] == "sending"
    await short.called(int(again), "settled")
    assert (await fund(till))["paid"] == "128.00"
    await is_sound(till)


async def test_one_that_may_have_left_waits_where_it_is_until_the_contradiction_was_looked_at(till: Front) -> None:
    first, again = await sent_after_a_failure(till)
    short, number = Till(till.house), int(again)
    await short.called(number, "unclear")
    await send(till, told(first), "late")
    for _ in range(3):
        till.house.clock.go(seconds=40)
        await short.asked(number, "never_seen")
    assert (await short.payout(number)).state == "unknown"
    (found,) = (await till.call("GET", "/api/v1/sites/huangshan/gateway-messages", "ma")).json()["messages"]
    path = f"/api/v1/gateway-messages/{found['id']}/dismiss"
    assert (await till.call("POST", path, "ma", json={"reason": "网关撤回了。"})).status_code == 200
    till.house.clock.go(seconds=40)
    await short.asked(number, "never_seen")
    assert (await short.payout(number)).state == "sending"
    await short.called(number, "settled")
    await is_sound(till)


async def test_one_that_is_to_be_sent_again_waits_too(till: Front) -> None:
    first, again = await sent_after_a_failure(till)
    short, number = Till(till.house), int(again)
    await short.called(number, "unclear")
    for _ in range(2):
        till.house.clock.go(seconds=40)
        await short.asked(number, "never_seen")
    assert (await short.payout(number)).state == "sending"
    await send(till, told(first), "late")
    held = await short.lease(SEND)
    assert await till.house.desk.write(begin_send, held, number) is None
    row = await short.payout(number)
    assert (row.state, row.calling) == ("sending", False)
    till.house.clock.go(minutes=1, seconds=1)
    assert (await short.lease(SEND)).id == held.id
    await is_sound(till)


@pytest.mark.parametrize("changed", [{"amount_minor": 12_801}, {"currency": "USD"}])
async def test_money_that_went_is_not_paid_again_on_one_persons_word_because_another_amount_is_told(
    till: Front, changed: dict[str, Any]
) -> None:
    reference, first = await failed(till)
    assert (await send(till, told(first, **changed), "late")).json() == {"fate": "parked"}
    assert await notices(till) == ["gateway_contradicts"]
    again = (await till.post(f"{reference}/payouts", "chen", CASH)).json()
    assert (again["state"], again["review"]) == ("awaiting_approval", ["gateway_contradicts"])
    (found,) = (await till.call("GET", "/api/v1/sites/huangshan/gateway-messages", "ma")).json()["messages"]
    assert (found["why"], found["told"] != found["booked"]) == ("contradicts", True)
    path = f"/api/v1/gateway-messages/{found['id']}/dismiss"
    assert (await till.call("POST", path, "ma", json={"reason": "网关撤回了。"})).status_code == 200
    assert await notices(till) == []
    await is_sound(till)


async def test_the_claims_notice_stays_while_a_contradiction_about_another_of_its_payouts_waits(till: Front) -> None:
    reference, first = await failed(till)
    again = (await till.post(f"{reference}/payouts", "chen", GATEWAY)).json()
    await step(till, again, "send")
    await send(till, told(int(again["id"]), "payout.failed"), "failed-again")
    for number in (first, int(again["id"])):
        await send(till, told(number), f"late-{number}")
    path = "/api/v1/sites/huangshan/gateway-messages"
    waiting = (await till.call("GET", path, "ma")).json()["messages"]
    assert len(waiting) == 2
    seen = []
    for found in waiting:
        seen.append(await notices(till))
        body = {"reason": "网关撤回了。"}
        assert (await till.call("POST", f"/api/v1/gateway-messages/{found['id']}/dismiss", "ma", json=body)).status_code == 200
    assert (seen, await notices(till)) == ([["gateway_contradicts"]] * 2, [])


async def test_an_approval_given_without_being_told_of_the_contradiction_lets_no_cash_out(till: Front) -> None:
    short = Till(till.house)
    reference = await short.agreed(asked="300.00")
    first = (await till.post(f"{reference}/payouts", "chen", GATEWAY)).json()
    await step(till, first, "approve", "ma")
    await step(till, first, "send")
    await short.called(int(first["id"]), "failed")
    again = (await till.post(f"{reference}/payouts", "chen", CASH)).json()
    assert (again["state"], again["review"]) == ("awaiting_approval", ["solo_limit"])
    await send(till, told(int(first["id"]), amount_minor=30_000), "late")
    await step(till, again, "approve", "ma")
    assert await refused(till, again, "send") == (409, "second_officer_needed")
    shown = (await till.call("GET", f"{PAYOUTS}/{again['id']}", "chen")).json()
    assert (shown["state"], shown["review"]) == ("awaiting_approval", ["solo_limit", "gateway_contradicts"])
    await step(till, again, "approve", "ma")
    assert (await step(till, again, "send"))["state"] == "awaiting_visitor"
    await is_sound(till)


async def looked_at(till: Front) -> None:
    """The manager has looked at every message that waits."""
    for found in (await till.call("GET", "/api/v1/sites/huangshan/gateway-messages", "ma")).json()["messages"]:
        path = f"/api/v1/gateway-messages/{found['id']}/dismiss"
        if found["dismissed_at"] is None:
            assert (await till.call("POST", path, "ma", json={"reason": "网关撤回了。"})).status_code == 200


async def test_a_second_contradiction_after_the_first_was_looked_at_is_looked_at_anew(till: Front) -> None:
    reference, first = await failed(till)
    await send(till, told(first), "late-1")
    again = (await till.post(f"{reference}/payouts", "chen", CASH)).json()
    await step(till, again, "approve", "ma")
    await looked_at(till)
    assert await notices(till) == []
    assert (await send(till, told(first), "late-2")).json() == {"fate": "late"}
    shown = (await till.call("GET", f"{PAYOUTS}/{again['id']}", "chen")).json()
    assert (shown["state"], shown["review"], await notices(till)) == (
        "awaiting_approval", ["gateway_contradicts"], ["gateway_contradicts"],
    )  # fmt: skip
    assert await refused(till, again, "send") == (409, "second_officer_needed")
    await step(till, again, "approve", "ma")
    assert (await send(till, told(first), "late-3")).json() == {"fate": "late"}
    assert (await step(till, again, "send"))["state"] == "awaiting_visitor"
    await is_sound(till)


async def test_one_on_its_way_to_the_worker_is_held_back_by_a_second_contradiction_too(till: Front) -> None:
    reference, first = await called_and_failed(till)
    await send(till, told(first), "late-1")
    again = (await till.post(f"{reference}/payouts", "chen", GATEWAY)).json()
    await step(till, again, "approve", "ma")
    await looked_at(till)
    assert (await step(till, again, "send"))["state"] == "sending"
    await send(till, told(first), "late-2")
    short = Till(till.house)
    assert await till.house.desk.write(begin_send, await short.lease(SEND), int(again["id"])) is None
    shown = (await till.call("GET", f"{PAYOUTS}/{again['id']}", "chen")).json()
    assert (shown["state"], shown["review"]) == ("awaiting_approval", ["gateway_contradicts"])
    await step(till, shown, "approve", "ma")
    assert (await step(till, shown, "send"))["state"] == "sending"
    await short.called(int(again["id"]), "settled")
    await is_sound(till)


async def test_a_second_contradiction_holds_one_that_may_have_left_until_it_was_looked_at(till: Front) -> None:
    reference, first = await called_and_failed(till)
    await send(till, told(first), "late-1")
    again = (await till.post(f"{reference}/payouts", "chen", GATEWAY)).json()
    number, short = int(again["id"]), Till(till.house)
    await step(till, again, "approve", "ma")
    await looked_at(till)
    await step(till, again, "send")
    await short.called(number, "unclear")
    await send(till, told(first), "late-2")
    for _ in range(3):
        till.house.clock.go(seconds=40)
        await short.asked(number, "never_seen")
    assert (await short.payout(number)).state == "unknown"
    await looked_at(till)
    till.house.clock.go(seconds=40)
    await short.asked(number, "never_seen")
    assert (await short.payout(number)).state == "sending"
    await is_sound(till)
