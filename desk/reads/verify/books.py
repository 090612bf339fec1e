"""What every check may look up: sites, officers, and the working calendar as it was under each of its versions."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from desk.domain.calendar import WorkingCalendar
from desk.packs.workdays import calendar_from
from desk.ports import Kit
from desk.store import calendar, sites
from desk.store.tables import metadata

OFFICER = metadata.tables["officer"]


@dataclass(frozen=True, slots=True)
class Books:
    """The few small tables, read once in the snapshot that is being checked."""

    kit: Kit
    now: datetime
    zones: dict[int, ZoneInfo]
    officers: frozenset[int]
    calendar: WorkingCalendar
    editions: tuple[WorkingCalendar, ...]
    _older: dict[str, WorkingCalendar | None] = field(default_factory=dict)

    def calendar_of(self, version: str) -> WorkingCalendar | None:
        """The calendar of that version, None when it can no longer be rebuilt from the days that are kept."""
        if version not in self._older:
            kept = (self.calendar, *self.editions)
            found = (each if each.version == version else _before(each, version) for each in kept)
            self._older[version] = next((calendar for calendar in found if calendar), None)
        return self._older[version]


def open_books(conn: Connection, kit: Kit) -> Books:
    """Read what the checks look up."""
    return Books(
        kit=kit,
        now=kit.clock.now(),
        zones={site.id: ZoneInfo(site.time_zone) for site in sites.list_all(conn)},
        officers=frozenset(conn.execute(select(OFFICER.c.id)).scalars()),
        calendar=calendar_from(calendar.exceptions(conn), calendar.years(conn)),
        editions=tuple(calendar_from(days, years) for days, years in calendar.editions(conn)),
    )


def _before(now: WorkingCalendar, version: str) -> WorkingCalendar | None:
    """The calendar without its later years, if that is what the version was taken over."""
    last = version.partition("-")[0]
    if not last.isdecimal():
        return None
    years = [year for year in now.years if year <= int(last)]
    days = [(day, works) for day, works in now.exceptions.items() if day.year <= int(last)]
    older = calendar_from(days, years)
    return older if older.version == version else None
