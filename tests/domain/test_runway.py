"""How long a fund lasts, and which holiday is the last one."""

from datetime import date

import pytest

from desk.domain.calendar import WorkingCalendar
from desk.domain.runway import Pace, Runway, last_holiday

GOLDEN = {date(2026, 10, day): False for day in (1, 2, 5, 6, 7)}
YEAR = WorkingCalendar("1", frozenset({2026}), GOLDEN)


@pytest.mark.parametrize(
    ("paid", "days", "available", "lasts"),
    [
        (70_000, 7, 100_000, 10), (70_000, 7, 99_999, 9), (70_000, 7, 10_000, 1), (70_000, 7, 9_999, 0), (70_000, 7, 0, 0),
        (1, 7, 10**12, 7 * 10**12), (0, 7, 100_000, None), (100, 1, 250, 2),
    ],
)  # fmt: skip
def test_a_fund_lasts_for_whole_days_at_a_pace(paid: int, days: int, available: int, lasts: int | None) -> None:
    assert Pace(paid, days).lasts(available) == lasts


def test_a_pace_over_no_day_is_none() -> None:
    with pytest.raises(ValueError, match="at least a day"):
        Pace(1, 0)


@pytest.mark.parametrize(
    ("today", "found"),
    [
        (date(2026, 10, 8), (date(2026, 10, 1), date(2026, 10, 7))),
        (date(2026, 12, 31), (date(2026, 10, 1), date(2026, 10, 7))),
        (date(2026, 10, 7), None),
        (date(2026, 10, 1), None),
        (date(2026, 9, 30), None),
    ],
)
def test_the_last_holiday_is_over_and_longer_than_a_weekend(today: date, found: tuple[date, date] | None) -> None:
    assert last_holiday(today, YEAR) == found


def test_while_a_holiday_goes_on_the_one_before_it_counts() -> None:
    may = {date(2026, 5, day): False for day in (1, 4, 5)}
    both = WorkingCalendar("2", frozenset({2026}), {**may, **GOLDEN})
    assert last_holiday(date(2026, 10, 3), both) == (date(2026, 5, 1), date(2026, 5, 5))


NONE, WEEK, HOLIDAY = Pace(0, 7), Pace(70_000, 7), Pace(140_000, 7)


@pytest.mark.parametrize(
    ("available", "put_in", "week", "holiday", "low"),
    [
        (30_000, 10**6, WEEK, None, True), (30_001, 10**6, WEEK, None, False), (0, 10**6, WEEK, None, True),
        (60_000, 10**6, WEEK, HOLIDAY, True), (60_001, 10**6, WEEK, HOLIDAY, False), (30_001, 10**6, WEEK, NONE, False),
        (60_000, 10**6, HOLIDAY, WEEK, True), (60_000, 10**6, NONE, HOLIDAY, True),
        (99_999, 10**6, NONE, None, True), (100_000, 10**6, NONE, NONE, False), (0, 1, NONE, None, True),
        (0, 0, NONE, None, False), (99_999, 10**6, WEEK, None, False),
    ],
)  # fmt: skip
def test_a_fund_is_low_at_three_days_of_the_faster_pace_or_at_a_tenth_without_one(
    available: int, put_in: int, week: Pace, holiday: Pace | None, low: bool
) -> None:
    assert Runway("CNY", available, put_in, week, None, holiday).is_low is low
