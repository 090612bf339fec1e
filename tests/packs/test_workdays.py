"""The seeded holidays: the years they hold, against another library, and the version of a calendar."""

from datetime import date, timedelta

import holidays
import pytest

from desk.packs.workdays import calendar_from, seed_days


def test_the_seed_holds_the_years_2004_to_2026_and_only_real_exceptions() -> None:
    years, days = seed_days()
    assert years == frozenset(range(2004, 2027))
    assert all(works is (day.weekday() >= 5) for day, works in days.items())
    assert [day for day, works in days.items() if works and day.year == 2026] == [
        date(2026, *day) for day in ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10))
    ]


def test_the_calendar_version_follows_its_content() -> None:
    years, days = seed_days()
    one, other = calendar_from(days.items(), years), calendar_from(reversed(list(days.items())), years)
    assert one == other
    assert one.version.startswith("2026-")
    assert len(one.version) == 11
    fewer = dict(list(days.items())[1:])
    assert (
        len({one.version, calendar_from(fewer.items(), years).version, calendar_from(days.items(), years | {2027}).version}) == 3
    )
    assert calendar_from(days.items()) == one


@pytest.mark.parametrize("year", range(2015, 2027))
def test_another_library_agrees_on_every_working_day(year: int) -> None:
    years, days = seed_days()
    calendar, china = calendar_from(days.items(), years), holidays.country_holidays("CN", years=[year, year + 1])
    day, differing = date(year, 1, 1), []
    while day.year == year:
        if calendar.is_working(day) is not china.is_working_day(day):
            differing.append(day)
        day += timedelta(days=1)
    assert not differing
