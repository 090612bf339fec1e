"""Which payouts are put before a second officer: every limit of SPEC 5.6 at the limit and one beyond, and their order."""

from dataclasses import replace

import pytest

from desk.domain.limits import Caps, Counted, Review, reviews, spelt_alike
from desk.domain.payout import Hands

SOLO, CASHIER_DAY, SITE_DAY = 20_000, 300_000, 2_000_000
CAPS = Caps(SOLO, CASHIER_DAY, SITE_DAY)
NOTHING = Counted(on_claim=0, on_order=0, to_payee=0, cashier_day=0, site_day=0)
LODGER, CONFIRMER, PROPOSER = 1, 2, 3
HANDS = Hands(LODGER, frozenset({CONFIRMER}), PROPOSER)


def hit(amount: int = 100, counted: Counted = NOTHING, hands: Hands = HANDS, caps: Caps = CAPS) -> list[str]:
    return [review.value for review in reviews(amount, caps, counted, hands)]


def test_a_small_first_payout_needs_nobody_else() -> None:
    assert hit(1) == []


@pytest.mark.parametrize(
    ("amount", "found"),
    [(1, []), (SOLO - 1, []), (SOLO, ["solo_limit"]), (SOLO + 1, ["solo_limit"])],
)
def test_at_the_solo_limit_exactly_a_second_officer_is_asked_for(amount: int, found: list[str]) -> None:
    assert hit(amount) == found


@pytest.mark.parametrize(("field", "code"), [("on_claim", "per_claim"), ("on_order", "per_order"), ("to_payee", "per_payee")])
def test_claim_order_and_payee_are_paid_once_without_question(field: str, code: str) -> None:
    assert hit(counted=replace(NOTHING, **{field: 0})) == []
    assert hit(counted=replace(NOTHING, **{field: 1})) == [code]
    assert hit(counted=replace(NOTHING, **{field: 2})) == [code]


@pytest.mark.parametrize(
    ("field", "cap", "code"),
    [("cashier_day", CASHIER_DAY, "per_cashier_day"), ("site_day", SITE_DAY, "per_site_day")],
)
def test_a_days_cap_may_be_used_up_but_not_passed(field: str, cap: int, code: str) -> None:
    amount = 100
    assert hit(amount, replace(NOTHING, **{field: cap - amount - 1})) == []
    assert hit(amount, replace(NOTHING, **{field: cap - amount})) == []
    assert hit(amount, replace(NOTHING, **{field: cap - amount + 1})) == [code]


def test_one_payout_alone_may_pass_a_days_cap() -> None:
    small = Caps(solo=1_000, cashier_day=500, site_day=600)
    assert hit(500, caps=small) == []
    assert hit(501, caps=small) == ["per_cashier_day"]
    assert hit(601, caps=small) == ["per_cashier_day", "per_site_day"]


@pytest.mark.parametrize(
    ("hands", "own"),
    [
        (HANDS, False),
        (Hands(None, frozenset(), PROPOSER), False),
        (Hands(PROPOSER, frozenset({CONFIRMER}), PROPOSER), True),
        (Hands(LODGER, frozenset({PROPOSER}), PROPOSER), True),
        (Hands(LODGER, frozenset({CONFIRMER, PROPOSER}), PROPOSER), True),
        (Hands(None, frozenset({PROPOSER}), PROPOSER), True),
        (Hands(LODGER, frozenset({LODGER}), PROPOSER), False),
    ],
)
def test_whoever_logged_or_confirmed_the_claim_does_not_pay_it_alone(hands: Hands, own: bool) -> None:
    assert hit(hands=hands) == (["own_claim"] if own else [])


def test_a_claim_that_the_gateway_says_was_paid_is_looked_at() -> None:
    assert (
        hit(counted=replace(NOTHING, contradicted=1)) == hit(counted=replace(NOTHING, contradicted=2)) == ["gateway_contradicts"]
    )


@pytest.mark.parametrize(
    "one",
    ["A-17", "a 17", "Ａ１７", "A.17", "#A17", "a/17\t"],
)  # fmt: skip
def test_an_order_is_one_however_it_is_spelt(one: str) -> None:
    assert spelt_alike(one) == "a17"


@pytest.mark.parametrize(
    ("text", "alike"),
    [
        ("+8613800138000", "8613800138000"), ("138 0013-8000", "8613800138000"), ("8613800138000", "8613800138000"),
        ("12800138000", "12800138000"), ("138001380001", "138001380001"), ("6222 0212 3456", "622202123456"),
        ("微信：王小薇", "微信王小薇"), ("——", "——"),
    ],
)  # fmt: skip
def test_a_wallet_named_by_a_mobile_number_is_that_phone(text: str, alike: str) -> None:
    assert spelt_alike(text) == alike


def test_all_limits_reached_are_named_in_the_order_of_the_wire() -> None:
    everything = Counted(1, 1, 1, cashier_day=CASHIER_DAY, site_day=SITE_DAY, contradicted=1)
    own = replace(HANDS, lodged_by=PROPOSER)
    order = [
        "solo_limit",
        "own_claim",
        "per_claim",
        "per_order",
        "per_payee",
        "per_cashier_day",
        "per_site_day",
        "gateway_contradicts",
    ]
    assert hit(SOLO, everything, own) == order
    assert [review.value for review in Review] == order
    assert hit(SOLO - 1, replace(everything, on_order=0), HANDS) == [order[2], *order[4:]]
