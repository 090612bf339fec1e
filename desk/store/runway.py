"""How long a site's fund lasts, counted from its books: for pages, and for telling the manager in time. Moves no money."""

from datetime import date, datetime, time, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from desk.domain import fund
from desk.domain.calendar import WorkingCalendar
from desk.domain.fund import EntryKind
from desk.domain.runway import LATELY, Pace, Runway, last_holiday
from desk.store import fund as books
from desk.store.tables import SiteRow

_DAY = timedelta(days=1)


def runway_of(conn: Connection, site: SiteRow, now: datetime, calendar: WorkingCalendar) -> Runway:
    """A fund at the pace of the last seven days, or of those since its first refund, and at that of the last holiday."""
    stands = books.balances(conn, site.id, site.currency)
    put_in = sum(minor for name, minor in stands.items() if fund.kind_of(name) == fund.SOURCE)
    began = books.first_posted_at(conn, site.id, EntryKind.PAYOUT_SETTLED) or now
    week = Pace(_paid(conn, site, now - LATELY, now), max(1, min(LATELY.days, ceil((now - began) / _DAY))))
    over = last_holiday(now.astimezone(ZoneInfo(site.time_zone)).date(), calendar)
    holiday = _pace_of(conn, site, *over) if over else None
    return Runway(site.currency, stands.get(fund.AVAILABLE, 0), put_in, week, over, holiday)


def _pace_of(conn: Connection, site: SiteRow, first: date, last: date) -> Pace:
    zone, after_it = ZoneInfo(site.time_zone), last + _DAY
    whole = (datetime.combine(day, time(), zone) for day in (first, after_it))
    return Pace(_paid(conn, site, *whole), (after_it - first).days)


def _paid(conn: Connection, site: SiteRow, since: datetime, until: datetime) -> int:
    """What left the fund between two moments, less what banks returned in that time; never below nothing."""
    moved = books.totals(conn, site.id, site.currency, (EntryKind.PAYOUT_SETTLED, EntryKind.PAYOUT_RETURNED), (since, until))
    return max(0, moved.get(EntryKind.PAYOUT_SETTLED, 0) - moved.get(EntryKind.PAYOUT_RETURNED, 0))
