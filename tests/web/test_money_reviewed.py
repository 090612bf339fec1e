"""What a hostile reader of the money found, each once, on both engines: the answers that were wrong, now right."""

from datetime import timedelta
from typing import Any

from desk.actions.statements import days_to_fetch
from tests.statements import broken, paid, today, told
from tests.till import Till
from tests.web.front import Front
from tests.web.test_bank_return import say
from tests.web.test_bank_return import settled as arrived
from tests.web.test_breaks import listed, resolve
from tests.web.test_gateway_events import send
from tests.web.test_gateway_events import told as message
from tests.web.test_recovery import SITE, demanded, holding, read, took
from tests.web.test_recovery import till as both_engines
from tests.web.test_steps_pay import notices

till = both_engines


async def runway(front: Front) -> Any:  # noqa: ANN401 - the JSON
    """How long the fund lasts."""
    return (await front.call("GET", f"{SITE}/fund/runway", "ma")).json()


async def test_what_merchants_deposited_makes_no_full_fund_low(till: Front) -> None:
    await holding(till, "1000000.00")
    assert ((await runway(till))["available"]["amount"], (await runway(till))["low"]) == ("100000.00", False)


async def test_a_demand_restarts_the_limitation_while_it_runs_and_revives_none_that_has_ended(till: Front) -> None:
    recovery = await demanded(till)
    lapses = (await read(till, recovery))["lapses_at"]
    assert lapses == "2029-09-10T23:59:59+08:00"
    till.house.clock.at += timedelta(days=365)
    renewed = (await took(till, recovery, "demand", pay_by="2027-10-30"))["lapses_at"]
    assert renewed > "2030"
    till.house.clock.at += timedelta(days=3 * 365 + 10)
    told_again = await took(till, recovery, "demand", pay_by="2030-10-30")
    assert (told_again["lapses_at"], told_again["demanded_at"] > renewed) == (renewed, True)


async def test_a_notice_of_a_break_stays_while_another_payout_of_the_claim_has_one(till: Front) -> None:
    reference, first = await arrived(till, "gw-1")
    for by in ("ma", "cai"):
        await say(till, first, by)
    at = Till(till.house)
    second = (await at.propose(reference, method="original_route", account="6222-else")).payout.id
    await at.approve(second, till.house.cast.cai)
    await at.send(second)
    await send(till, message(second, gateway_id="gw-2"), "again")
    for payout in (first, second):
        await broken(till.house, payout)
    newest, oldest = await listed(till)
    await resolve(till, oldest["id"])
    assert await notices(till) == ["statement_break"]
    await resolve(till, newest["id"])
    assert await notices(till) == []


async def test_a_notice_of_a_bank_return_ends_with_a_claim_that_is_not_to_be_paid_any_more(till: Front) -> None:
    reference, payout = await arrived(till)
    for by in ("ma", "cai"):
        await say(till, payout, by)
    assert await notices(till) == ["payout_returned"]
    await till.house.withdraw(reference)
    assert await notices(till) == []


async def test_the_statement_of_the_day_before_is_asked_for_where_the_first_refund_left_just_after_midnight(till: Front) -> None:
    house = till.house
    house.clock.at = house.clock.at.replace(hour=0, minute=2)
    number, day = await paid(house), today(house)
    house.clock.go(hours=25)
    days = await house.desk.read(days_to_fetch, house.kit)
    assert days == [day - timedelta(days=1), day]
    assert [await told(house, day=each) for each in days] == [0, 1]
    assert [(each["kind"], each["payout"]) for each in await listed(till)] == [("missing_on_statement", str(number))]
