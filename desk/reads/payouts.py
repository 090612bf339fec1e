"""Payouts as staff see them: one, those of a claim, and what waits at a site. Payees stay sealed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Select, select

from desk.domain.errors import NotFound
from desk.domain.payout import PayoutState
from desk.domain.policy import Act, Viewer, require
from desk.reads.pages import Page, after, page_of, sites_of
from desk.store import claims
from desk.store.tables import PayoutRow, metadata

PAYOUT = metadata.tables["payout"]
CLAIM = metadata.tables["claim"]
SITE = metadata.tables["site"]
NOTICE = metadata.tables["notice"]
RETURN = metadata.tables["bank_return"]
OFFICER = metadata.tables["officer"]


@dataclass(frozen=True, slots=True)
class PayoutView:
    """A payout with its claim's reference and its site's zone."""

    payout: PayoutRow
    reference: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """What a manager must look at. `opened_at` is at the site's own offset; `reference` is None where it is about the site."""

    kind: str
    reference: str | None
    payout_id: int | None
    opened_at: datetime


def payout_view(conn: Connection, viewer: Viewer, payout_id: int) -> PayoutView:
    """One payout. Raises NotFound for an absent one and for one of a foreign site, Forbidden."""
    row = conn.execute(_payouts().where(PAYOUT.c.id == payout_id, PAYOUT.c.site_id.in_(viewer.sites))).first()
    if row is None:
        raise NotFound
    require(viewer, Act.READ_PAYOUT, row.site_id, row.claim_id)
    return _view(row)


def payouts_of_claim(conn: Connection, viewer: Viewer, reference: str) -> Sequence[PayoutView]:
    """The payouts of a claim, oldest first. Raises NotFound for a claim of a foreign site, Forbidden."""
    claim = claims.get(conn, reference, viewer.sites, lock=False)
    require(viewer, Act.READ_PAYOUT, claim.site_id, claim.id)
    return [_view(row) for row in conn.execute(_payouts().where(PAYOUT.c.claim_id == claim.id).order_by(PAYOUT.c.id))]


def payouts_page(
    conn: Connection, viewer: Viewer, site: str | None, state: PayoutState | None, limit: int, cursor: str | None
) -> Page[PayoutView]:  # fmt: skip
    """Payouts of the viewer's sites in the order they were proposed. Raises NotFound for a foreign site, Forbidden."""
    query = _payouts().where(PAYOUT.c.site_id.in_(sites_of(conn, viewer, site, Act.READ_PAYOUT))).order_by(PAYOUT.c.id)
    if state is not None:
        query = query.where(PAYOUT.c.state == state.value)
    if cursor:
        query = query.where(after((PAYOUT.c.id,), cursor))
    return page_of(conn, query.limit(limit + 1), limit, _view, lambda row: [row.id])


def said_returned(conn: Connection, viewer: Viewer, most: int) -> list[tuple[PayoutView, str]]:
    """Refunds at the viewer's sites that one officer says the bank sent back, with that officer's name, oldest first."""
    mine = [site_id for site_id in viewer.sites if viewer.may(Act.RESOLVE_PAYOUT, site_id)]
    waits = RETURN.c.agreed_at.is_(None) & PAYOUT.c.returned_at.is_(None) & PAYOUT.c.site_id.in_(mine)
    said = select(PAYOUT.c.id, OFFICER.c.name).join(RETURN, RETURN.c.payout_id == PAYOUT.c.id)
    said = said.join(OFFICER, OFFICER.c.id == RETURN.c.said_by).where(waits).order_by(PAYOUT.c.id).limit(most)
    names = {row.id: row.name for row in conn.execute(said)}
    rows = conn.execute(_payouts().where(PAYOUT.c.id.in_(names)).order_by(PAYOUT.c.id))
    return [(_view(row), names[row.id]) for row in rows]


def open_notices(conn: Connection, viewer: Viewer, site: str) -> Sequence[NoticeLine]:
    """What is open at a site, oldest first, at most 200. Raises NotFound for a foreign site, Forbidden."""
    (site_id,) = sites_of(conn, viewer, site, Act.READ_NOTICES)
    query = (
        select(NOTICE.c.kind, NOTICE.c.payout_id, NOTICE.c.opened_at, CLAIM.c.reference, SITE.c.time_zone)
        .outerjoin(CLAIM, CLAIM.c.id == NOTICE.c.claim_id)
        .join(SITE, SITE.c.id == NOTICE.c.site_id)
        .where(NOTICE.c.site_id == site_id, NOTICE.c.closed_at.is_(None))
        .order_by(NOTICE.c.opened_at, NOTICE.c.id)
        .limit(200)
    )
    return [
        NoticeLine(row.kind, row.reference, row.payout_id, row.opened_at.astimezone(ZoneInfo(row.time_zone)))
        for row in conn.execute(query)
    ]


def _payouts() -> Select[tuple[object, ...]]:
    joined = select(PAYOUT, CLAIM.c.reference, SITE.c.time_zone).join(CLAIM, CLAIM.c.id == PAYOUT.c.claim_id)
    return joined.join(SITE, SITE.c.id == PAYOUT.c.site_id)


def _view(row: Row[tuple[object, ...]]) -> PayoutView:
    told = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's own name for a row as a mapping
    reference, zone = told.pop("reference"), told.pop("time_zone")
    return PayoutView(PayoutRow(**told), str(reference), ZoneInfo(str(zone)))
