"""Whether a site's refunds leave or are stopped, since when, by whom and why. Stops nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, select

from desk.domain.policy import Act, Viewer, require
from desk.domain.reconciliation import StopCause
from desk.reads.board import Workplace, sites_at_work
from desk.reads.pages import sites_of
from desk.store.tables import SendStopRow, SiteRow, metadata

STOP, OFFICER, SITE = (metadata.tables[name] for name in ("send_stop", "officer", "site"))


@dataclass(frozen=True, slots=True)
class Stopped:
    """A stop that holds: `at` is at the site's own offset, `by` an officer's name, None where it was said at a shell.

    Where a break caused it nobody said it, and `reason` is the kind of break.
    """

    at: datetime
    by: str | None
    reason: str
    cause: StopCause


def stopped(site: SiteRow, stop: SendStopRow | None, by: str | None) -> Stopped | None:
    """A stop's row as staff see it, with the name of who said it."""
    if stop is None:
        return None
    return Stopped(stop.stopped_at.astimezone(ZoneInfo(site.time_zone)), by, stop.reason, StopCause(stop.cause))


def stop_at(conn: Connection, viewer: Viewer, slug: str) -> Stopped | None:
    """The stop that holds a site's refunds, None while they leave. Raises NotFound for a foreign site, Forbidden."""
    (site_id,) = sites_of(conn, viewer, slug, Act.READ_FUND)
    row = conn.execute(_open().where(STOP.c.site_id == site_id)).first()
    return _seen(row) if row else None


def stopped_sites(conn: Connection, viewer: Viewer) -> list[tuple[Workplace, Stopped]]:
    """The viewer's sites whose refunds are stopped, by slug."""
    places = {place.slug: place for place in sites_at_work(conn, viewer, Act.READ_PAYOUT)}
    rows = conn.execute(_open().where(SITE.c.slug.in_(places)).order_by(SITE.c.slug))
    return [(places[row.slug], _seen(row)) for row in rows]


def stops(conn: Connection, viewer: Viewer) -> list[tuple[str, Stopped]]:
    """Every stop that holds, each with its site's slug, for the operator. Raises Forbidden for anybody else."""
    require(viewer, Act.STOP_SENDS, 0)
    return [(row.slug, _seen(row)) for row in conn.execute(_open().order_by(SITE.c.slug))]


def _seen(row: Any) -> Stopped:  # noqa: ANN401 - a row of `_open`
    return Stopped(row.stopped_at.astimezone(ZoneInfo(row.time_zone)), row.name, row.reason, StopCause(row.cause))


def _open() -> Select[tuple[datetime, str, str, str | None, str, str]]:
    return (
        select(STOP.c.stopped_at, STOP.c.reason, STOP.c.cause, OFFICER.c.name, SITE.c.slug, SITE.c.time_zone)
        .join(SITE, SITE.c.id == STOP.c.site_id)
        .outerjoin(OFFICER, OFFICER.c.id == STOP.c.stopped_by)
        .where(STOP.c.resumed_at.is_(None))
    )
