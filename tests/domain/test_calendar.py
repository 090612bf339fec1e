"""Counting days: tables by hand from the published holidays of 2004 to 2026; 2027 is not published yet."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.domain.calendar import CountedDay, DayKind, WorkingCalendar
from desk.packs.workdays import calendar_from, seed_days

YEARS, EXCEPTIONS = seed_days()
CALENDAR = calendar_from(EXCEPTIONS.items(), YEARS)

WORKING_DAYS = [
    # an ordinary week
    ("2026-03-16", 1, "2026-03-17"),
    ("2026-03-16", 2, "2026-03-18"),
    ("2026-03-16", 5, "2026-03-23"),
    ("2026-03-19", 2, "2026-03-23"),
    ("2026-03-20", 1, "2026-03-23"),
    ("2026-03-21", 2, "2026-03-24"),
    ("2026-03-22", 2, "2026-03-24"),
    # Golden Week 2026: rest 1 to 7 October, work on Sunday 20 September and Saturday 10 October
    ("2026-09-18", 1, "2026-09-20"),
    ("2026-09-18", 2, "2026-09-21"),
    ("2026-09-19", 1, "2026-09-20"),
    ("2026-09-28", 2, "2026-09-30"),
    ("2026-09-29", 2, "2026-10-08"),
    ("2026-09-30", 2, "2026-10-09"),
    ("2026-09-30", 3, "2026-10-10"),
    ("2026-09-30", 5, "2026-10-13"),
    ("2026-10-01", 2, "2026-10-09"),
    ("2026-10-07", 1, "2026-10-08"),
    ("2026-10-09", 1, "2026-10-10"),
    ("2026-10-09", 2, "2026-10-12"),
    ("2026-10-10", 1, "2026-10-12"),
    # the other holidays of 2026
    ("2025-12-31", 1, "2026-01-04"),
    ("2025-12-31", 2, "2026-01-05"),
    ("2026-02-13", 1, "2026-02-14"),
    ("2026-02-13", 2, "2026-02-24"),
    ("2026-02-14", 2, "2026-02-25"),
    ("2026-02-27", 1, "2026-02-28"),
    ("2026-04-03", 1, "2026-04-07"),
    ("2026-04-30", 2, "2026-05-07"),
    ("2026-05-08", 2, "2026-05-11"),
    ("2026-06-18", 2, "2026-06-23"),
    ("2026-09-24", 2, "2026-09-29"),
    # leap and common years, and a year changed by the next one's holidays
    ("2024-02-28", 2, "2024-03-01"),
    ("2023-02-28", 2, "2023-03-02"),
    ("2018-12-28", 1, "2018-12-29"),
    ("2018-12-29", 1, "2019-01-02"),
    # the ends of the published years
    ("2003-12-31", 1, "2004-01-02"),
    ("2026-12-30", 1, "2026-12-31"),
]

CALENDAR_DAYS = [
    ("2026-03-02", 10, "2026-03-12"),
    ("2026-03-05", 2, "2026-03-09"),  # Saturday moves to Monday
    ("2026-09-10", 10, "2026-09-20"),  # a make-up Sunday works
    ("2026-09-30", 10, "2026-10-10"),  # a make-up Saturday works
    ("2026-09-21", 10, "2026-10-08"),  # 1 October moves over the whole holiday
    ("2026-09-30", 4, "2026-10-08"),
    ("2026-08-01", 60, "2026-09-30"),
    ("2026-08-02", 60, "2026-10-08"),
    ("2026-03-02", 60, "2026-05-06"),
    ("2026-03-15", 60, "2026-05-14"),
    ("2024-02-28", 1, "2024-02-29"),
    ("2024-01-30", 30, "2024-02-29"),
    ("2023-01-29", 30, "2023-02-28"),
    ("2026-12-20", 7, "2026-12-28"),
    ("2026-11-01", 60, "2026-12-31"),
]

YEARS_AFTER = [
    ("2023-03-16", 3, "2026-03-16", False),
    ("2023-10-01", 3, "2026-10-08", False),
    ("2020-02-29", 4, "2024-02-29", False),
    ("2020-02-29", 3, "2023-02-28", False),
    ("2024-02-29", 3, "2027-03-01", True),  # 28 February 2027 is a Sunday
    ("2024-05-10", 3, "2027-05-10", True),
]

PROVISIONAL = [
    ("working", "2026-12-31", 1, "2027-01-01"),
    ("working", "2026-12-31", 2, "2027-01-04"),
    ("working", "2026-12-30", 2, "2027-01-01"),
    ("working", "2027-02-05", 1, "2027-02-08"),
    ("calendar", "2026-11-02", 60, "2027-01-01"),
    ("calendar", "2026-11-03", 60, "2027-01-04"),
    ("calendar", "2027-09-30", 1, "2027-10-01"),
]

DATES = st.dates(date(2003, 6, 1), date(2028, 6, 1))
LENGTHS = st.integers(1, 90)


def on(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(("start", "length", "last"), WORKING_DAYS)
def test_working_days_after_a_start(start: str, length: int, last: str) -> None:
    counted = CALENDAR.last_working_day_of(on(start), length)
    assert (counted.last, counted.provisional) == (on(last), False)


@pytest.mark.parametrize(("start", "length", "last"), CALENDAR_DAYS)
def test_calendar_days_after_a_start_end_on_a_working_day(start: str, length: int, last: str) -> None:
    counted = CALENDAR.last_day_of(on(start), length)
    assert (counted.last, counted.provisional) == (on(last), False)


@pytest.mark.parametrize(("start", "length", "last", "provisional"), YEARS_AFTER)
def test_years_end_on_the_same_date_or_the_month_s_last_day(start: str, length: int, last: str, provisional: bool) -> None:
    counted = CALENDAR.last_day_of_years(on(start), length)
    assert (counted.last, counted.provisional) == (on(last), provisional)


@pytest.mark.parametrize(("unit", "start", "length", "last"), PROVISIONAL)
def test_an_unpublished_year_counts_monday_to_friday_and_is_provisional(unit: str, start: str, length: int, last: str) -> None:
    count = CALENDAR.last_working_day_of if unit == "working" else CALENDAR.last_day_of
    counted = count(on(start), length)
    assert (counted.last, counted.provisional) == (on(last), True)


def test_a_long_count_that_only_passes_an_unpublished_year_is_not_provisional() -> None:
    gap = WorkingCalendar("gap", frozenset({2024, 2026}), {})
    assert not gap.last_day_of(date(2024, 12, 2), 430).provisional
    assert gap.last_working_day_of(date(2024, 12, 2), 300).provisional


def test_every_day_of_a_count_says_why() -> None:
    days = CALENDAR.last_working_day_of(date(2026, 10, 6), 3).days
    assert days == (
        CountedDay(date(2026, 10, 6), None, DayKind.START),
        CountedDay(date(2026, 10, 7), None, DayKind.HOLIDAY),
        CountedDay(date(2026, 10, 8), 1, DayKind.WORKING),
        CountedDay(date(2026, 10, 9), 2, DayKind.WORKING),
        CountedDay(date(2026, 10, 10), 3, DayKind.MAKEUP),
    )


def test_a_moved_last_day_shows_the_days_it_moved_over() -> None:
    days = CALENDAR.last_day_of(date(2026, 4, 2), 2).days
    assert [(day.day.day, day.number, day.why.value) for day in days] == [
        (2, None, "start"),
        (3, 1, "calendar"),
        (4, 2, "calendar"),
        (5, None, "rolled"),
        (6, None, "rolled"),
        (7, None, "rolled"),
    ]


def test_paused_days_are_not_counted_and_never_the_last_day() -> None:
    paused = {date(2026, 3, 18), date(2026, 3, 23)}
    assert CALENDAR.last_working_day_of(date(2026, 3, 16), 2, paused).last == date(2026, 3, 19)
    assert CALENDAR.last_day_of(date(2026, 3, 16), 4, paused).last == date(2026, 3, 24)  # day 4 = 21 March, a Saturday
    assert CALENDAR.last_day_of(date(2026, 3, 16), 4, paused).days[-2].why is DayKind.PAUSED


@pytest.mark.parametrize("length", [0, -1])
def test_a_count_has_at_least_one_day(length: int) -> None:
    for count in (CALENDAR.last_working_day_of, CALENDAR.last_day_of, CALENDAR.last_day_of_years):
        with pytest.raises(ValueError, match="at least one day"):
            count(date(2026, 3, 16), length)


@pytest.mark.parametrize(
    ("day", "works"),
    [("2026-10-10", False), ("2026-10-09", True), ("2027-10-01", False)],
    ids=["a Saturday rests anyway", "a Friday works anyway", "the year is not published"],
)
def test_an_exception_changes_a_day_of_a_published_year(day: str, works: bool) -> None:
    with pytest.raises(ValueError, match="no exception of a published year"):
        WorkingCalendar("bad", frozenset({2026}), {on(day): works})


@given(DATES, LENGTHS)
def test_a_working_day_count_ends_on_its_number_of_working_days(start: date, length: int) -> None:
    counted = CALENDAR.last_working_day_of(start, length)
    numbers = [day.number for day in counted.days if day.number]
    assert numbers == list(range(1, length + 1))
    assert CALENDAR.is_working(counted.last)
    assert all(CALENDAR.is_working(day.day) == (day.number is not None) for day in counted.days[1:])


@given(DATES, LENGTHS)
def test_both_counts_grow_with_their_length_and_end_on_a_working_day(start: date, length: int) -> None:
    for count in (CALENDAR.last_working_day_of, CALENDAR.last_day_of):
        shorter, longer = count(start, length).last, count(start, length + 1).last
        assert start < shorter <= longer
        assert CALENDAR.is_working(shorter)


@given(DATES, LENGTHS)
def test_calendar_days_never_end_after_as_many_working_days(start: date, length: int) -> None:
    assert CALENDAR.last_day_of(start, length).last <= CALENDAR.last_working_day_of(start, length).last


@given(DATES, LENGTHS, st.sets(DATES, max_size=8))
def test_paused_days_never_shorten_a_count(start: date, length: int, paused: set[date]) -> None:
    for count in (CALENDAR.last_working_day_of, CALENDAR.last_day_of):
        assert count(start, length, paused).last >= count(start, length).last
