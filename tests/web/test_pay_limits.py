"""The limits that protect the fund, through the route: each asks for a second officer with its reason, none refuses."""

import asyncio
from typing import Any

import pytest

from desk.domain.policy import Role
from tests.builders import officer
from tests.till import ACCOUNT, Till
from tests.web.front import Front, flaw, problem, yuan
from tests.web.test_steps_pay import CASH, GATEWAY, PAYOUTS, step

SOMEBODY = {"name": "游客", "phone": "+8613511112222", "email": None}


async def review(till: Front, reference: str, by: str = "chen", **body: Any) -> list[str]:  # noqa: ANN401 - JSON
    """What the proposal of this claim is reviewed for; it is refused for none of it."""
    answer = await till.post(f"{reference}/payouts", by, {**CASH, **body})
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == ("awaiting_approval" if answer.json()["review"] else "reserved")
    found: list[str] = answer.json()["review"]
    return found


async def test_one_order_is_compensated_once(till: Front) -> None:
    first, again, other = [await Till(till.house).agreed(order_no=number) for number in ("A 17", "a17", "A 18")]
    assert await review(till, first) == []
    assert await review(till, again) == ["per_order"]
    assert await review(till, other) == []


@pytest.mark.parametrize("again", ["A-17", "a/17", "Ａ．１７", "# A17"])
async def test_nor_is_it_split_by_spelling_it_otherwise(till: Front, again: str) -> None:
    first, second = [await Till(till.house).agreed(order_no=number) for number in ("A 17", again)]
    assert await review(till, first) == []
    assert await review(till, second) == ["per_order"]


@pytest.mark.parametrize("account", ["6222-0212 3456", "６２２２０２１２３４５６", "622202123456"])
async def test_nor_is_one_account_paid_twice_under_another_spelling(till: Front, account: str) -> None:
    claims = [await Till(till.house).agreed() for _ in range(2)]
    paid: dict[str, Any] = {"method": "transfer", "payee": {"account": "6222 0212 3456"}}
    assert await review(till, claims[0], **paid) == []
    assert await review(till, claims[1], **paid | {"payee": {"account": account}}) == ["per_payee"]


async def test_nor_one_person_by_cash_and_by_the_wallet_of_the_same_phone(till: Front) -> None:
    by_phone, by_wallet = await Till(till.house).agreed(visitor=SOMEBODY), await Till(till.house).agreed()
    assert await review(till, by_phone) == []
    wallet: dict[str, Any] = {"method": "original_route", "payee": {"account": "135 1111 2222"}}
    assert await review(till, by_wallet, **wallet) == ["per_payee"]


async def test_a_cancelled_payout_counts_for_nothing(till: Front) -> None:
    first, again = [await Till(till.house).agreed(order_no="A 17") for _ in range(2)]
    payout = (await till.post(f"{first}/payouts", "chen", CASH)).json()
    await step(till, payout, "cancel")
    assert await review(till, again) == []


async def test_one_phone_or_one_account_is_looked_at_the_second_time(till: Front) -> None:
    claims = [await Till(till.house).agreed(visitor=SOMEBODY) for _ in range(2)]
    assert [await review(till, claim) for claim in claims] == [[], ["per_payee"]]
    accounts = [await Till(till.house).agreed() for _ in range(2)]
    assert [await review(till, claim, **dict(GATEWAY)) for claim in accounts] == [[], ["per_payee"]]
    assert (await till.counted("payout_tag")) == 6


async def test_after_ninety_days_nobody_remembers(till: Front) -> None:
    from desk.worker.housekeeping import keep_house

    assert await review(till, await Till(till.house).agreed(visitor=SOMEBODY, order_no="A 17")) == []
    till.house.clock.go(days=91)
    await keep_house(till.house.desk, lambda: None)
    assert await till.counted("payout_tag") == 0
    assert await review(till, await Till(till.house).agreed(visitor=SOMEBODY, order_no="A 17")) == []


async def test_a_claim_that_the_proposer_logged_or_confirmed_is_their_own(till: Front) -> None:
    house, chen = till.house, till.house.cast.chen
    at_the_counter = officer(chen.id or 0, "chen", Role.INTAKE, house.cast.sites["huangshan"])
    reference = (await house.lodge(at_the_counter)).reference
    await house.assess(reference)
    await house.confirm(reference, "fast_refund", house.cast.otto)
    assert await review(till, reference) == ["own_claim"]


async def test_what_a_cashier_pays_a_day_is_looked_at_above_its_limit(till: Front) -> None:
    for _ in range(4):
        await review(till, await Till(till.house).agreed(asked="4900.00"))
    assert await review(till, await Till(till.house).agreed(asked="199.00")) == []
    await review(till, await Till(till.house).agreed(asked="199.00"))
    assert await review(till, await Till(till.house).agreed(asked="2.00")) == []
    assert await review(till, await Till(till.house).agreed(asked="0.01")) == ["per_cashier_day"]
    assert await review(till, await Till(till.house).agreed(asked="0.01"), "cai") == []
    till.house.clock.go(days=1)
    assert await review(till, await Till(till.house).agreed(asked="0.01")) == []


async def test_what_a_site_pays_a_day_is_looked_at_above_its_limit(till: Front) -> None:
    for by in ("chen", "cai", "chen", "cai", "chen", "cai", "chen", "cai", "chen", "cai"):
        await review(till, await Till(till.house).agreed(asked="4999.99"), by)
    found = await review(till, await Till(till.house).agreed(asked="0.11"), "cai")
    assert found == ["per_cashier_day", "per_site_day"]


async def test_two_proposals_at_once_do_not_miss_each_other(till: Front) -> None:
    claims = [await Till(till.house).agreed(order_no="A 17") for _ in range(6)]
    pairs = zip(claims, ["chen", "cai"] * 3, strict=True)
    answers = await asyncio.gather(*(till.post(f"{claim}/payouts", by, CASH) for claim, by in pairs))
    found = [answer.json()["review"] for answer in answers]
    assert sorted(found) == [[], *[["per_order"]] * 5]


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"method": "cash", "amount": yuan("0.00")}, ("/amount/amount", "bad_amount")),
        ({"method": "cash", "amount": yuan("-1.00")}, ("/amount/amount", "bad_amount")),
        ({"method": "cash", "amount": yuan("10000000.01")}, ("/amount/amount", "bad_amount")),
        ({"method": "cheque"}, ("/method", "not_one_of")),
        ({}, ("/method", "missing")),
        ({"method": "transfer", "payee": {"account": "x" * 81}}, ("/payee/account", "too_long")),
        ({"method": "transfer", "payee": {"account": "a\0b"}}, ("/payee/account", "bad_characters")),
        ({"method": "cash", "payee": {"name": "  "}}, ("/payee/name", "missing")),
    ],
)
async def test_a_proposal_beyond_its_limits_is_refused_and_leaves_nothing(
    till: Front, body: dict[str, object], at: tuple[str, str]
) -> None:
    reference = await Till(till.house).agreed()
    answer = await till.post(f"{reference}/payouts", "chen", body)
    assert (problem(answer), flaw(answer)) == ((422, "bad_input"), at)
    assert await till.counted("payout") == 0


async def test_an_account_of_eighty_characters_and_evidence_of_two_thousand_fit(till: Front) -> None:
    reference = await Till(till.house).agreed()
    long = {"method": "transfer", "payee": {"account": f"{ACCOUNT}{'𠮷' * 61}", "name": "𠮷" * 80}}
    assert (await till.post(f"{reference}/payouts", "chen", long)).status_code == 201
    payout_id = await Till(till.house).brought_to("unknown")
    for length, status in ((2000, 200), (2001, 422)):
        said = {"outcome": "settled", "evidence": "𠮷" * length}
        assert (await till.call("POST", f"{PAYOUTS}/{payout_id}/resolve", "ma", json=said)).status_code == status
