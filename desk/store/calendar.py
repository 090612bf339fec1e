"""The working-day calendar as rows. Knows no holiday: `packs.workdays` seeds them and staff publish each new year."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, delete, insert, select

from desk.ports import Work
from desk.store.tables import metadata

YEAR = metadata.tables["calendar_year"]
DAY = metadata.tables["calendar_day"]
EDITION = metadata.tables["calendar_edition"]


@dataclass(frozen=True, slots=True)
class PublishedYear:
    """A year whose holidays are known, where they were announced, and its exceptional days: True works, False rests."""

    year: int
    source: str
    days: Mapping[date, bool]


def exceptions(conn: Connection) -> list[tuple[date, bool]]:
    """Every day that differs from its weekday, in order."""
    return [(row.on_day, bool(row.works)) for row in conn.execute(select(DAY.c.on_day, DAY.c.works).order_by(DAY.c.on_day))]


def years(conn: Connection) -> dict[int, str]:
    """The published years with their sources, in order."""
    return {row.year: row.source for row in conn.execute(select(YEAR).order_by(YEAR.c.year))}


def keep_edition(work: Work, version: str) -> None:
    """Keep the calendar as it stands, under its version, before a published year of it is corrected."""
    if work.conn.execute(select(EDITION.c.version).where(EDITION.c.version == version)).first() is None:
        days = {day.isoformat(): works for day, works in exceptions(work.conn)}
        row = {"version": version, "years": list(years(work.conn)), "days": days, "replaced_at": work.now}
        work.conn.execute(insert(EDITION), row)


def editions(conn: Connection) -> list[tuple[list[tuple[date, bool]], list[int]]]:
    """Every calendar that was corrected, as it was: its exceptional days and its years."""
    rows = conn.execute(select(EDITION.c.days, EDITION.c.years).order_by(EDITION.c.replaced_at))
    return [([(date.fromisoformat(day), works) for day, works in row.days.items()], list(row.years)) for row in rows]


def put_year(work: Work, published: PublishedYear) -> None:
    """Store a year in the place of what was known of it before. The caller holds the lock of the installation."""
    first, last = date(published.year, 1, 1), date(published.year, 12, 31)
    work.conn.execute(delete(DAY).where(DAY.c.on_day.between(first, last)))
    work.conn.execute(delete(YEAR).where(YEAR.c.year == published.year))
    work.conn.execute(insert(YEAR), {"year": published.year, "source": published.source})
    rows = [{"id": work.kit.lots.number(), "on_day": day, "works": works} for day, works in sorted(published.days.items())]
    if rows:
        work.conn.execute(insert(DAY), rows)
