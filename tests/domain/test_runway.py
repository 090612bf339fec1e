"""How long a fund lasts, and which holiday is the last one."""

from datetime import date

import pytest

from desk.domain.calendar import WorkingCalendar
from desk.domain.runway import Pace, last_holiday

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
