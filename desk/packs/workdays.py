"""The working-day table a new desk starts with, and the calendar made of its rows. Guesses no year: staff add each one."""

import hashlib
from collections.abc import Iterable
from datetime import date

import chinese_calendar

from desk.domain.calendar import WorkingCalendar

_SATURDAY = 5


def seed_days() -> tuple[frozenset[int], dict[date, bool]]:
    """The years whose holidays are known, and their exceptional days: True works on a weekend, False rests on a weekday.

    A year counts as known when its first and its last holiday are there (1 January and 1 October).
    """
    rests, works = chinese_calendar.holidays.keys(), chinese_calendar.workdays.keys()
    years = frozenset(day.year for day in rests if {date(day.year, 1, 1), date(day.year, 10, 1)} <= rests)
    days = {day: False for day in rests - works if day.weekday() < _SATURDAY}
    days |= {day: True for day in works if day.weekday() >= _SATURDAY}
    return years, {day: days[day] for day in sorted(days) if day.year in years}


def calendar_from(rows: Iterable[tuple[date, bool]], years: Iterable[int] | None = None) -> WorkingCalendar:
    """The calendar of stored rows (day, works) and published years; without `years`, those the rows lie in.

    Its version is the last year and a hash of the content, such as "2026-a1b2c3". Raises ValueError for a row
    that is no exception or lies in an unpublished year.
    """
    exceptions = dict(rows)
    known = frozenset(years if years is not None else {day.year for day in exceptions})
    lines = [*(str(year) for year in sorted(known)), *(f"{day} {works:d}" for day, works in sorted(exceptions.items()))]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:6]
    return WorkingCalendar(f"{max(known, default=0)}-{digest}", known, exceptions)
