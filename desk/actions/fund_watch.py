"""Watching each site's fund, so that its manager is told before it is empty. Moves no money.

A payout does not look: it would count the books each time, and wait for the site. The worker looks once a minute, and whoever
puts money in or takes it out looks at once. Source: SPEC 4.7; issue 6, "low-fund alert before zero".
"""

from sqlalchemy import Connection

from desk.actions.steps import DESK, event_by
from desk.domain.audit import EventKind
from desk.domain.notice import NoticeKind
from desk.ports import Kit, Work
from desk.store import events, notices, sites
from desk.store.runway import runway_of
from desk.store.tables import SiteRow

LOW = NoticeKind.FUND_LOW


def funds_to_look_at(conn: Connection, kit: Kit) -> list[int]:
    """Sites whose fund is low and nobody was told, or was told and is low no more."""
    now, calendar = kit.clock.now(), kit.shelf.calendar
    return [
        site.id
        for site in sites.list_all(conn)
        if runway_of(conn, site, now, calendar).is_low is (notices.open_at_site(conn, site.id, LOW) is None)
    ]


def look_after_fund(work: Work, site_id: int) -> None:
    """Tell the manager of a fund that runs low, once while it lasts, and take that back once it does not any more."""
    look_at(work, sites.lock_by_id(work.conn, site_id))


def look_at(work: Work, site: SiteRow) -> None:
    """The same of a site that is locked, so that of two who look at once the later one finds what the first one told."""
    told = notices.open_at_site(work.conn, site.id, LOW)
    low = runway_of(work.conn, site, work.now, work.kit.shelf.calendar).is_low
    if low and told is None:
        tell_low(work, site)
    elif told is not None and not low:
        tell_enough(work, site, told)


def tell_low(work: Work, site: SiteRow) -> int:
    """Open the notice, and say so in the site's chain; the notice's id."""
    notice_id = notices.add_at_site(work, site.id, LOW)
    _record(work, site, EventKind.NOTICE_OPENED, notice_id)
    return notice_id


def tell_enough(work: Work, site: SiteRow, notice_id: int) -> None:
    """Close the notice, and say so in the site's chain."""
    notices.end(work, notice_id)
    _record(work, site, EventKind.NOTICE_CLOSED, notice_id)


def _record(work: Work, site: SiteRow, kind: EventKind, notice_id: int) -> None:
    said = {"notice": LOW.value, "id": str(notice_id)}
    events.append(work.conn, work.kit.lots.number(), event_by(DESK, f"site:{site.id}", site.id, kind, work.now, said))
