"""What a hostile reader of the money found, each once, on both engines: the answers that were wrong, now right."""

from datetime import timedelta
from typing import Any

import pytest

from desk.actions.statements import days_to_fetch
from tests.statements import broken, paid, today, told
from tests.till import Till
from tests.web.console import seat
from tests.web.front import Front, problem, yuan
from tests.web.test_bank_return import say
from tests.web.test_bank_return import settled as arrived
from tests.web.test_breaks import listed, red, resolve
from tests.web.test_gateway_events import send
from tests.web.test_gateway_events import told as message
from tests.web.test_recovery import SITE, demanded, holding, read, took
from tests.web.test_steps_pay import notices


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


async def test_what_a_merchant_paid_for_a_refund_that_came_back_is_given_back_by_two_persons(till: Front) -> None:
    _, payout = await arrived(till)
    await took(till, str(payout), "payments", amount=yuan("28.00"), how="cash")
    assert 'value="recovered_in_error"' not in (await (await seat(till, "ma")).get("/desk/fund/huangshan")).text
    for by in ("ma", "cai"):
        await say(till, payout, by)
    ma, fund = await seat(till, "ma"), f"{SITE}/fund"
    assert "CNY 28.00 goes back to the merchant, out of the fund." in (await ma.get(f"/desk/recoveries/{payout}")).text
    page = (await ma.get("/desk/fund/huangshan")).text
    assert (page.count('value="recovered_in_error"'), page.count("Merchants, for returned refunds")) == (1, 3)
    merchant = (await read(till, str(payout)))["respondent"]["id"]
    back = {"amount": yuan("28.00"), "source": "recovered_in_error", "note": "退还云海茶庄", "respondent_id": merchant}
    assert problem(await till.call("POST", f"{fund}/top-ups", "ma", json=back)) == (422, "bad_input")
    more = await till.call("POST", f"{fund}/withdrawals", "ma", json={**back, "amount": yuan("28.01")})
    assert problem(more) == (409, "fund_insufficient")
    asked = [await till.call("POST", f"{fund}/withdrawals", "ma", json=back) for _ in range(2)]
    assert [(answer.status_code, answer.json()["source"]) for answer in asked] == [(201, "recovered_in_error")] * 2
    first, twice = [f"{fund}/withdrawals/{answer.json()['id']}/approve" for answer in asked]
    assert problem(await till.call("POST", first, "ma", json={})) == (409, "second_officer_needed")
    assert (await till.call("POST", first, "chen", json={})).status_code == 200
    assert problem(await till.call("POST", twice, "chen", json={})) == (409, "fund_insufficient")
    stands = await Till(till.house).balances()
    assert (stands["source:recovered_in_error"], stands["available"]) == (0, 10_000_000)
    assert await red(till) <= {"I34"}  # a test's seat is taken without a sign-in


async def test_a_bank_return_that_one_officer_told_of_waits_among_the_approvals_for_the_second(till: Front) -> None:
    reference, payout = await arrived(till)
    cai, address = await seat(till, "cai"), f'href="/desk/payouts/{payout}"'
    assert address not in (await cai.get("/desk/approvals")).text
    await say(till, payout, "ma")
    page = (await cai.get("/desk/approvals")).text
    assert (address in page, reference in page, "Ma says the bank sent it back." in page) == (True, True, True)
    assert address not in (await (await seat(till, "mona")).get("/desk/approvals")).text
    await say(till, payout, "cai")
    assert address not in (await cai.get("/desk/approvals")).text


@pytest.mark.parametrize("by", ["ma", "chen"])
async def test_a_withdrawal_is_refused_by_a_second_person_or_taken_back_and_moves_nothing_any_more(till: Front, by: str) -> None:
    way = f"{SITE}/fund/withdrawals"
    body = {"amount": yuan("50.00"), "source": "site", "note": "年底退回"}
    asked = (await till.call("POST", way, "ma", json=body)).json()["id"]
    assert problem(await till.call("POST", f"{way}/{asked}/refuse", "mona", json={"reason": "x"})) == (404, "not_found")
    assert problem(await till.call("POST", f"{way}/{asked}/refuse", by, json={"reason": " "})) == (422, "bad_input")
    done = await till.call("POST", f"{way}/{asked}/refuse", by, json={"reason": "金额写错了。"})
    told_of = done.json()
    assert (done.status_code, told_of["refused_by"], told_of["approved_at"]) == (200, by.title(), None)
    assert (await till.call("GET", way, "ma")).json()["withdrawals"] == []
    for step, sent in (("approve", {}), ("refuse", {"reason": "x"})):
        assert problem(await till.call("POST", f"{way}/{asked}/{step}", "chen", json=sent)) == (409, "wrong_moment")
    assert (await Till(till.house).balances())["available"] == 10_000_000
    assert await red(till) == set()


async def test_the_page_takes_a_withdrawal_back_and_keeps_what_was_typed(till: Front) -> None:
    body = {"amount": yuan("50.00"), "source": "site", "note": "年底退回"}
    asked = (await till.call("POST", f"{SITE}/fund/withdrawals", "ma", json=body)).json()["id"]
    ma, form = await seat(till, "ma"), f"/desk/fund/huangshan/withdrawals/{asked}/refuse"
    wrong = await ma.submit("/desk/approvals", form, reason="<b>" + "x" * 2000)
    assert (wrong.status_code, "&lt;b&gt;xxx" in wrong.text) == (422, True)
    assert (await ma.submit("/desk/approvals", form, reason="Wrong amount")).status_code == 303
    page = (await ma.get("/desk/approvals")).text
    assert ("Nothing was taken out" in page, form in page) == (True, False)
