"""Breaks between the gateway's statement and the books as a site's staff and the operator see them. Resolves nothing."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, func, literal, select

from desk.domain.policy import Act, Viewer, require
from desk.domain.reconciliation import GRACE, BreakKind, age, day_over, days_missing
from desk.ports import Kit
from desk.reads.pages import Page, after, page_of, sites_of
from desk.store import statements
from desk.store.breaks import concerns, untold
from desk.store.columns import FOREVER
from desk.store.tables import StatementBreakRow, metadata

BREAK, PAYOUT, CLAIM, SITE, OFFICER = (
    metadata.tables[name] for name in ("statement_break", "payout", "claim", "site", "officer")
)  # fmt: skip
NAMED = 10
"""How many claims of such a gateway are named; one more says that there are more."""
_RESOLVED = func.coalesce(BREAK.c.resolved_at, literal(FOREVER, BREAK.c.resolved_at.type))
_ORDER = (_RESOLVED, BREAK.c.id)


@dataclass(frozen=True, slots=True)
class BreakView:
    """A break; times are at the site's own offset. `days` is for how long it is known, to its resolution or to now.

    `reference` is None where no payout of ours has the key, `resolved_by` an officer's name.
    """

    row: StatementBreakRow
    reference: str | None
    days: int
    found_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None

    @property
    def kind(self) -> BreakKind:
        """How books and statement differ."""
        return BreakKind(self.row.kind)


@dataclass(frozen=True, slots=True)
class Matched:
    """For how many UTC days the gateway's statement is kept and matched, the newest of them, and the oldest that is late."""

    days: int
    newest: date | None
    late: date | None


def breaks_page(
    conn: Connection, viewer: Viewer, slug: str, limit: int, cursor: str | None, kit: Kit, act: Act = Act.READ_FUND
) -> Page[BreakView]:  # fmt: skip
    """The breaks that concern a site, the open ones first, each kind of them the newest first.

    Raises NotFound for a foreign site, Forbidden, BadInput for a cursor that is none.
    """
    (site_id,) = sites_of(conn, viewer, slug, act)
    query = _breaks().where(concerns(site_id)).order_by(*(column.desc() for column in _ORDER))
    if cursor:
        query = query.where(after(_ORDER, cursor, descending=True))
    zone, now = _zone(conn, site_id), kit.clock.now()
    return page_of(
        conn, query.limit(limit + 1), limit, lambda row: _view(row, zone, now), lambda row: [row.resolved_at or FOREVER, row.id]
    )


def open_breaks(conn: Connection, viewer: Viewer, kit: Kit) -> list[tuple[str | None, BreakView]]:
    """Every break that is not resolved, oldest first, with the slug of its site, in UTC, for the operator. Raises Forbidden."""
    require(viewer, Act.STOP_SENDS, 0)
    query = _breaks().where(BREAK.c.resolved_at.is_(None)).order_by(BREAK.c.id)
    return [(row.slug, _view(row, ZoneInfo("UTC"), kit.clock.now())) for row in conn.execute(query)]


def days_matched(conn: Connection, viewer: Viewer, slug: str, kit: Kit) -> Matched:
    """How far the statements of the desk's gateway are kept and matched. Raises NotFound for a foreign site, Forbidden."""
    sites_of(conn, viewer, slug, Act.READ_FUND)
    terms = kit.gateway
    kept = statements.days(conn, terms.name if terms else None)
    missing = list[date]()
    if terms is not None and terms.statement_after is not None:
        last = day_over(kit.clock.now().astimezone(UTC), terms.statement_after + GRACE)
        missing = days_missing(statements.first_sent_on(conn, terms.name), last, kept)
    return Matched(len(kept), max(kept, default=None), missing[0] if missing else None)


def unasked(conn: Connection, viewer: Viewer, slug: str | None, kit: Kit) -> dict[str, list[str]]:
    """By gateway the claims paid through one that the desk asks no longer and of which no statement tells; at most `NAMED` + 1.

    Of one site, or of all for the operator. Raises NotFound for a foreign site, Forbidden.
    """
    if slug is None:
        require(viewer, Act.STOP_SENDS, 0)
    site_ids = None if slug is None else sites_of(conn, viewer, slug, Act.READ_FUND)
    return untold(conn, kit.gateway.name if kit.gateway else None, site_ids, NAMED + 1)


def _zone(conn: Connection, site_id: int) -> ZoneInfo:
    return ZoneInfo(conn.execute(select(SITE.c.time_zone).where(SITE.c.id == site_id)).scalar_one())


def _breaks() -> Select[Any]:
    return (
        select(BREAK, CLAIM.c.reference, OFFICER.c.name, SITE.c.slug)
        .outerjoin(PAYOUT, PAYOUT.c.id == BREAK.c.payout_id)
        .outerjoin(CLAIM, CLAIM.c.id == PAYOUT.c.claim_id)
        .outerjoin(SITE, SITE.c.id == BREAK.c.site_id)
        .outerjoin(OFFICER, OFFICER.c.id == BREAK.c.resolved_by)
    )


def _view(row: Any, zone: ZoneInfo, now: datetime) -> BreakView:  # noqa: ANN401 - a row of `_breaks`
    told = StatementBreakRow(**{column.name: getattr(row, column.name) for column in BREAK.c})
    return view_of(told, row.reference, row.name, zone, now)


def view_of(row: StatementBreakRow, reference: str | None, by: str | None, zone: ZoneInfo, now: datetime) -> BreakView:
    """A break's row as staff see it."""
    resolved_at = row.resolved_at.astimezone(zone) if row.resolved_at else None
    days = age(row.found_at, row.resolved_at or now)
    return BreakView(row, reference, days, row.found_at.astimezone(zone), resolved_at, by)
