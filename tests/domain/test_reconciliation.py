"""Books and statement one to one: a table of what stands on either side, and the breaks that follow."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from desk.domain.payout import Method, PayoutState
from desk.domain.reconciliation import Booked, BreakKind, Told, age, day_over, days_of, pair

NOON = datetime(2026, 10, 2, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 10, 3, tzinfo=UTC)
PAID = Booked(
    1, 2, 3, "payout-1", PayoutState.SETTLED, Method.TRANSFER, 12_800, "CNY", "gw-1", NOON, NOON + timedelta(seconds=2),
    returned=False,
)  # fmt: skip
LINE = Told("gw-1", "payout-1", 12_800, "CNY", NOON)
LATER = replace(LINE, gateway_id="gw-2", paid_at=NOON + timedelta(hours=1))
EARLIER = replace(LINE, gateway_id="gw-0", paid_at=NOON - timedelta(hours=1))
OPEN = replace(LINE, final=False)
FAILED = replace(PAID, state=PayoutState.FAILED, settled_at=None)
THERE, ELSEWHERE = replace(PAID, gateway="wechat:1"), replace(LINE, gateway="wechat:2")
THAT_DAY, NEXT_DAY = date(2026, 10, 2), date(2026, 10, 3)
LATE = replace(PAID, sent_at=MIDNIGHT - timedelta(minutes=2), settled_at=MIDNIGHT - timedelta(minutes=1))

CASES = {
    "both have it": (PAID, [LINE], []),
    "its number is not known to the books": (replace(PAID, gateway_id=None), [LINE], []),
    "not on the statement": (PAID, [], ["missing_on_statement"]),
    "cash is on no statement": (replace(PAID, method=Method.CASH), [], []),
    "nothing was paid yet": (replace(PAID, state=PayoutState.SENDING, settled_at=None), [], []),
    "the bank returned it": (replace(PAID, returned=True), [], []),
    "near midnight, and the next day is not there": (LATE, [], []),
    "nobody's key": (None, [LINE], ["missing_in_books"]),
    "nobody's key twice": (None, [LINE, LATER], ["missing_in_books", "paid_twice"]),
    "a refund in cash": (replace(PAID, method=Method.CASH), [LINE], ["missing_in_books"]),
    "another amount": (PAID, [replace(LINE, amount_minor=12_801)], ["amount_differs"]),
    "another currency": (PAID, [replace(LINE, currency="XAU")], ["amount_differs"]),
    "another number": (PAID, [replace(LINE, gateway_id="gw-9")], ["id_differs"]),
    "paid twice": (PAID, [LINE, LATER], ["paid_twice"]),
    "paid three times": (PAID, [LATER, LINE, EARLIER], ["paid_twice", "paid_twice"]),
    "twice, and once with another amount": (PAID, [replace(LINE, amount_minor=1), LATER], ["amount_differs", "paid_twice"]),
    **{
        f"the gateway tells the statement first, we are {state}": (replace(PAID, state=state, settled_at=None), [LINE], [])
        for state in (PayoutState.SENDING, PayoutState.UNKNOWN, PayoutState.AWAITING_VISITOR)
    },
    "in process then, and settled since": (PAID, [OPEN], []),
    "in process then, and failed since": (FAILED, [OPEN], []),
    "in process then, and officers say that it failed": (replace(FAILED, by_officers=True), [OPEN], ["missing_in_books"]),
    "in process then, and of another amount": (PAID, [replace(OPEN, amount_minor=1)], ["amount_differs"]),
    "in process then, and nobody's": (None, [OPEN], ["missing_in_books"]),
    "in process, and never sent": (replace(FAILED, state=PayoutState.RESERVED), [OPEN], ["missing_in_books"]),
    "told by its own gateway": (THERE, [replace(LINE, gateway="wechat:1")], []),
    "told before names were kept": (THERE, [LINE], []),
    "sent before names were kept": (PAID, [ELSEWHERE], []),
    "told by another gateway alone": (THERE, [ELSEWHERE], ["missing_on_statement", "missing_in_books"]),
    "told by another gateway too": (THERE, [LINE, replace(ELSEWHERE, gateway_id="gw-2")], ["missing_in_books"]),
    **{
        f"paid, and with us it is {state}": (replace(PAID, state=state, settled_at=None), [LINE], ["missing_in_books"])
        for state in (PayoutState.FAILED, PayoutState.CANCELLED, PayoutState.RESERVED, PayoutState.AWAITING_APPROVAL)
    },
}


@pytest.mark.parametrize(("booked", "told", "kinds"), CASES.values(), ids=CASES)
def test_what_does_not_pair_is_a_break(booked: Booked | None, told: list[Told], kinds: list[str]) -> None:
    assert [each.kind for each in pair(booked, told, {THAT_DAY})] == kinds
    assert [each.kind for each in pair(booked, told[::-1], {THAT_DAY})] == kinds


def test_the_payouts_own_line_is_the_one_with_its_number_and_else_the_earliest() -> None:
    assert [each.told for each in pair(PAID, [EARLIER, LINE, LATER], set())] == [EARLIER, LATER]
    assert [each.told for each in pair(replace(PAID, gateway_id=None), [LINE, LATER, EARLIER], set())] == [LINE, LATER]


def test_a_payment_near_midnight_is_missed_only_when_both_days_are_there() -> None:
    assert days_of(LATE.sent_at, MIDNIGHT) == {THAT_DAY, NEXT_DAY}
    assert pair(LATE, [], {NEXT_DAY}) == []
    (missed,) = pair(LATE, [], {THAT_DAY, NEXT_DAY})
    assert missed.kind is BreakKind.MISSING_ON_STATEMENT


def test_a_break_is_known_by_its_line_and_without_one_by_its_key() -> None:
    assert [each.name for each in pair(PAID, [LINE, LATER], set())] == [("paid_twice", None, "gw-2")]
    assert [each.name for each in pair(PAID, [], {THAT_DAY})] == [("missing_on_statement", None, "payout-1")]


def test_a_day_is_over_when_it_is_on_the_gateways_clock_too() -> None:
    assert day_over(MIDNIGHT + timedelta(minutes=4)) == THAT_DAY - timedelta(days=1)
    assert day_over(MIDNIGHT + timedelta(minutes=6)) == THAT_DAY


@pytest.mark.parametrize(("hours", "days"), [(-1, 0), (0, 0), (23, 0), (24, 1), (49, 2)])
def test_a_break_ages_by_whole_days(hours: int, days: int) -> None:
    assert age(NOON, NOON + timedelta(hours=hours)) == days
