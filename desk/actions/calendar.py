"""The working-day calendar: seeded once, published year by year, and read as one value. Recounts nothing: `clocks` does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from desk.actions.steps import event_by
from desk.domain.audit import EventKind
from desk.domain.calendar import WorkingCalendar
from desk.domain.errors import BadInput
from desk.domain.policy import Act, Viewer, require
from desk.packs.workdays import calendar_from, seed_days
from desk.ports import Work
from desk.store import calendar as rows
from desk.store import events, installation
from desk.store.calendar import PublishedYear

SEED_SOURCE = "chinesecalendar (State Council notices of each year)"
FIRST_YEAR, LAST_YEAR = 2000, 2100
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class YearRead:
    """One published year as a list shows it."""

    year: int
    source: str
    rest_days: int
    makeup_days: int


def calendar_now(conn: Connection) -> WorkingCalendar:
    """The calendar as it stands in the database now."""
    return calendar_from(rows.exceptions(conn), rows.years(conn))


def seed_calendar(work: Work) -> None:
    """Store the years that the shipped holiday table knows, unless some year is there already. The caller holds the lock."""
    if rows.years(work.conn):
        return
    years, days = seed_days()
    for year in sorted(years):
        of_year = {day: works for day, works in days.items() if day.year == year}
        rows.put_year(work, PublishedYear(year, SEED_SOURCE, of_year))


def publish_year(work: Work, viewer: Viewer, published: PublishedYear) -> WorkingCalendar:
    """Store the holidays of one year; a corrected year takes the place of the earlier one, which is kept for recounting.

    Returns the calendar from now on; deadlines counted without it are recounted afterwards. Raises BadInput for a year
    out of range, a missing source, or a day that is no exception of that year. Source: SPEC 3, Counting.
    """
    require(viewer, Act.MANAGE_CALENDAR, 0)
    _check(published)
    installation.lock(work.conn)
    known = {day: works for day, works in rows.exceptions(work.conn) if day.year == published.year}
    if (rows.years(work.conn).get(published.year), known) != (published.source, dict(published.days)):
        if known:
            rows.keep_edition(work, calendar_now(work.conn).version)
        rows.put_year(work, published)
        said = {"year": published.year, "source": published.source, "days": len(published.days)}
        event = event_by(viewer, "calendar", None, EventKind.CALENDAR_PUBLISHED, work.now, said)
        events.append(work.conn, work.kit.lots.number(), event)
    return calendar_now(work.conn)


def published_years(conn: Connection, viewer: Viewer) -> list[YearRead]:
    """The published years, in order, with how many days each of them moves."""
    require(viewer, Act.MANAGE_CALENDAR, 0)
    counted = rows.exceptions(conn)
    return [YearRead(year, source, *_counts(counted, year)) for year, source in rows.years(conn).items()]


def _counts(exceptions: list[tuple[date, bool]], year: int) -> tuple[int, int]:
    of_year = [works for day, works in exceptions if day.year == year]
    return of_year.count(False), of_year.count(True)


def _check(published: PublishedYear) -> None:
    if not FIRST_YEAR <= published.year <= LAST_YEAR:
        raise BadInput("/year", "too_small" if published.year < FIRST_YEAR else "too_large", limit=LAST_YEAR)
    if not published.source.strip():
        raise BadInput("/source", "missing")
    _check_days(published.year, published.days)


def _check_days(year: int, days: Mapping[date, bool]) -> None:
    for day, works in days.items():
        if day.year != year or works is (day.weekday() < _SATURDAY):
            raise BadInput(f"/days/{day.isoformat()}", "contradicts")
