"""The duty roster of a site day by day, whom a digest reaches on each, and an officer's own mail address. Changes nothing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, exists, select

from desk.domain.digest import Told
from desk.domain.errors import BadInput
from desk.domain.policy import Act, Role, Viewer
from desk.domain.roster import MOST_DAYS, SHOWN_DAYS
from desk.ports import Kit
from desk.reads.pages import sites_of
from desk.store import roster, sites
from desk.store.tables import SiteRow, metadata

DUTY, OFFICER, ROLE, MAIL = (metadata.tables[name] for name in ("duty", "officer", "officer_role", "officer_mail"))
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DutyView:
    """Somebody on duty. `here`: they still work at the site, else they are told nothing; `mail`: the desk can write to them."""

    id: int
    officer: str
    here: bool
    mail: bool


@dataclass(frozen=True, slots=True)
class RosterDay:
    """A day of a site: who is on duty, who was and was taken off, and who is told: `roster` or `managers`."""

    on: date
    duties: Sequence[DutyView]
    removed: Sequence[str]

    @property
    def told(self) -> Told:
        """Whom a digest of that day reaches, as the roster stands."""
        return Told.ROSTER if any(duty.here for duty in self.duties) else Told.MANAGERS


@dataclass(frozen=True, slots=True)
class Colleague:
    """An officer who works at the site, and whether the desk can write to them."""

    name: str
    mail: bool


@dataclass(frozen=True, slots=True)
class Roster:
    """Some days of a site in order, those who can be put on duty by name, and the managers, who are told where nobody is."""

    site: SiteRow
    today: date
    days: Sequence[RosterDay]
    officers: Sequence[Colleague]
    managers: Sequence[Colleague]


def roster_view(
    conn: Connection, viewer: Viewer, slug: str, kit: Kit, first: date | None = None, last: date | None = None
) -> Roster:  # fmt: skip
    """The roster from the first to the last day, both included; two weeks from today where none is named.

    Raises NotFound for a foreign site, Forbidden, BadInput for days in the wrong order or more than 31.
    """
    (site_id,) = sites_of(conn, viewer, slug, Act.READ_DIGESTS)
    site = sites.get(conn, site_id)
    today = kit.clock.now().astimezone(ZoneInfo(site.time_zone)).date()
    begin = first or (min(last, today) if last else today)
    end = last or begin + (SHOWN_DAYS - 1) * _DAY
    if begin > end:
        raise BadInput("?from", "days_reversed")
    if (end - begin).days >= MOST_DAYS:
        raise BadInput("?from", "days_too_many", limit=MOST_DAYS)
    staff, leads = _staff(conn, site_id), set(roster.managers(conn, site_id))
    return Roster(
        site, today, _days(conn, site_id, begin, end, set(staff)), list(staff.values()),
        [one for number, one in staff.items() if number in leads],
    )  # fmt: skip


def own_mail(conn: Connection, viewer: Viewer, kit: Kit) -> str | None:
    """Where the officer who asks gets mail from the desk, None without an address."""
    return roster.mail_of(conn, viewer.id, kit.sealer) if viewer.id is not None else None


def _staff(conn: Connection, site_id: int) -> dict[int, Colleague]:
    """Who works at a site, by name: their id, and what is shown."""
    works = exists().where(ROLE.c.officer_id == OFFICER.c.id, ROLE.c.site_id == site_id, ROLE.c.role != Role.ADMIN.value)
    query = (
        select(OFFICER.c.id, OFFICER.c.name, MAIL.c.set_at)
        .outerjoin(MAIL, MAIL.c.officer_id == OFFICER.c.id)
        .where(OFFICER.c.disabled_at.is_(None), works)
        .order_by(OFFICER.c.name)
    )
    return {row.id: Colleague(row.name, row.set_at is not None) for row in conn.execute(query)}


def _days(conn: Connection, site_id: int, first: date, last: date, here: set[int]) -> list[RosterDay]:
    query = (
        select(DUTY.c.id, DUTY.c.on_day, DUTY.c.officer_id, DUTY.c.removed_at, OFFICER.c.name, MAIL.c.set_at)
        .join(OFFICER, OFFICER.c.id == DUTY.c.officer_id)
        .outerjoin(MAIL, MAIL.c.officer_id == OFFICER.c.id)
        .where(DUTY.c.site_id == site_id, DUTY.c.on_day.between(first, last))
        .order_by(DUTY.c.on_day, DUTY.c.id)
    )
    on, off = defaultdict[date, list[DutyView]](list), defaultdict[date, dict[str, None]](dict)
    for row in conn.execute(query):
        if row.removed_at is None:
            works = row.officer_id in here
            on[row.on_day].append(DutyView(row.id, row.name, works, works and row.set_at is not None))
        elif row.officer_id in here:
            off[row.on_day][row.name] = None
    days = [first + number * _DAY for number in range((last - first).days + 1)]
    return [
        RosterDay(each, on[each], [name for name in off[each] if name not in {duty.officer for duty in on[each]}])
        for each in days
    ]
