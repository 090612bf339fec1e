"""Lists of claims and the docket, a page at a time. How a page is cut is `pages`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, select, union_all

from desk.domain.claim import Route, State
from desk.domain.policy import Act, Viewer
from desk.reads.pages import Page, after, page_of, sites_of
from desk.store.columns import FOREVER
from desk.store.tables import metadata

CLAIM = metadata.tables["claim"]
RESPONDENT = metadata.tables["respondent"]
SITE = metadata.tables["site"]
ENTRY = metadata.tables["docket_entry"]

_CLAIM_COLUMNS = (
    CLAIM.c.id, CLAIM.c.reference, CLAIM.c.site_id, CLAIM.c.state, CLAIM.c.route, CLAIM.c.category, CLAIM.c.due_at,
    CLAIM.c.departs_at, CLAIM.c.lodged_at, CLAIM.c.assessed, CLAIM.c.respondent_id, CLAIM.c.outcome, CLAIM.c.ended_as,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filters:
    """Which claims: a site's slug, states, a route, a deadline from one instant up to another; all that the viewer may see."""

    site: str | None = None
    states: frozenset[State] = frozenset(State)
    route: Route | None = None
    due_from: datetime | None = None
    due_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueueLine:
    """A claim in a list. Times are at the site's own offset; `due_at` is its nearest running deadline."""

    reference: str
    site: str
    state: str
    route: str | None
    category: str
    respondent: str | None
    assessed: bool
    due_at: datetime | None
    departs_at: datetime | None
    lodged_at: datetime


@dataclass(frozen=True, slots=True)
class DocketLine:
    """A case on the docket. Times are at the site's own offset; `leaves_at` is None where nobody knows it."""

    case_no: str
    reference: str
    site: str
    state: str
    category: str
    respondent: str | None
    leaves_at: datetime | None
    due_at: datetime | None
    docketed_at: datetime


def claims_page(conn: Connection, viewer: Viewer, filters: Filters, limit: int, cursor: str | None) -> Page[QueueLine]:
    """Claims by due time, then id: one index scan a site and state, merged. Raises NotFound for a foreign site."""
    scans = [
        _scan(site_id, state, filters, limit, cursor)
        for site_id in sites_of(conn, viewer, filters.site, Act.READ_CLAIM)
        for state in sorted(viewer.readable_at(site_id) & filters.states)
    ]
    if not scans:
        return Page([], None)
    merged = union_all(*scans).subquery()
    query = (
        select(merged, RESPONDENT.c.name.label("respondent"), SITE.c.slug.label("site"), SITE.c.time_zone)
        .outerjoin(RESPONDENT, RESPONDENT.c.id == merged.c.respondent_id)
        .join(SITE, SITE.c.id == merged.c.site_id)
        .order_by(merged.c.due_at, merged.c.id)
        .limit(limit + 1)
    )
    return page_of(conn, query, limit, _queue_line, lambda row: [row.due_at, row.id])


def docket_page(conn: Connection, viewer: Viewer, site: str | None, limit: int, cursor: str | None) -> Page[DocketLine]:
    """Open docket entries: who leaves first, then whose deadline is nearest."""
    order = (ENTRY.c.leaves_at, ENTRY.c.due_at, ENTRY.c.id)
    query = (
        select(
            ENTRY.c.id, ENTRY.c.case_no, ENTRY.c.leaves_at, ENTRY.c.due_at, ENTRY.c.docketed_at, CLAIM.c.reference,
            CLAIM.c.category, CLAIM.c.state, SITE.c.slug.label("site"), SITE.c.time_zone, RESPONDENT.c.name.label("respondent"),
        )
        .join(CLAIM, CLAIM.c.id == ENTRY.c.claim_id)
        .join(SITE, SITE.c.id == ENTRY.c.site_id)
        .outerjoin(RESPONDENT, RESPONDENT.c.id == CLAIM.c.respondent_id)
        .where(ENTRY.c.site_id.in_(sites_of(conn, viewer, site, Act.READ_DOCKET)), ENTRY.c.closed_at.is_(None))
        .order_by(*order)
        .limit(limit + 1)
    )  # fmt: skip
    if cursor:
        query = query.where(after(order, cursor))
    return page_of(conn, query, limit, _docket_line, lambda row: [row.leaves_at, row.due_at, row.id])


def _scan(site_id: int, state: State, filters: Filters, limit: int, cursor: str | None) -> Select[Any]:
    order = (CLAIM.c.due_at, CLAIM.c.id)
    query = select(*_CLAIM_COLUMNS).where(CLAIM.c.site_id == site_id, CLAIM.c.state == state.value)
    if filters.route is not None:
        query = query.where(CLAIM.c.route == filters.route.value)
    if filters.due_from is not None:
        query = query.where(CLAIM.c.due_at >= filters.due_from)
    if filters.due_until is not None:
        query = query.where(CLAIM.c.due_at < filters.due_until)
    if cursor:
        query = query.where(after(order, cursor))
    page = query.order_by(*order).limit(limit + 1).subquery()
    return select(page)


def _queue_line(row: Any) -> QueueLine:  # noqa: ANN401 - a row of the query above
    zone = ZoneInfo(row.time_zone)
    return QueueLine(
        row.reference, row.site, row.state, row.route, row.category, row.respondent, row.assessed, _known(row.due_at, zone),
        _known(row.departs_at, zone), row.lodged_at.astimezone(zone),
    )  # fmt: skip


def _docket_line(row: Any) -> DocketLine:  # noqa: ANN401 - a row of the query above
    zone = ZoneInfo(row.time_zone)
    return DocketLine(
        row.case_no, row.reference, row.site, row.state, row.category, row.respondent, _known(row.leaves_at, zone),
        _known(row.due_at, zone), row.docketed_at.astimezone(zone),
    )  # fmt: skip


def _known(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    """A moment at the site's offset; None for one that stands for "no time known"."""
    return None if moment is None or moment == FOREVER else moment.astimezone(zone)
