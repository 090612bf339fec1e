"""Who is behind a partner's token, and the partners of a site. Shows no key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from desk.domain.handoff import PartnerKind
from desk.domain.policy import Act, Kind, Viewer
from desk.domain.relay import host_of
from desk.reads.pages import sites_of
from desk.store import sites
from desk.store.among import Among
from desk.store.tables import PartnerRow, metadata

PARTNER = metadata.tables["partner"]
_BEHIND = Among(select(PARTNER), PARTNER.c.token_hash)


@dataclass(frozen=True, slots=True)
class PartnerView:
    """A partner. Of its address only the host is shown; `hook_off_at` is at the site's own offset."""

    row: PartnerRow
    host: str | None
    hook_off_at: datetime | None


def partners_by_token(conn: Connection, hashes: Sequence[str]) -> dict[str, Viewer]:
    """The partners whose live tokens have these hashes; unknown and ended ones are left out."""
    found = [(row.token_hash, row.id, row.name, row.site_id) for row in _BEHIND.rows(conn, hashes)]
    return {
        token_hash: Viewer(Kind.PARTNER, id=partner_id, name=name, roles=MappingProxyType({site_id: frozenset()}))
        for token_hash, partner_id, name, site_id in found
    }


def partners_at(conn: Connection, viewer: Viewer, slug: str) -> list[PartnerView]:
    """The partners of a site by name, those disabled last. Raises NotFound for a foreign site, Forbidden."""
    (site_id,) = sites_of(conn, viewer, slug, Act.READ_HANDOFFS)
    zone = ZoneInfo(sites.get(conn, site_id).time_zone)
    order = (PARTNER.c.disabled_at.is_not(None), PARTNER.c.name, PARTNER.c.id)
    rows = conn.execute(select(PARTNER).where(PARTNER.c.site_id == site_id).order_by(*order)).mappings()
    return [
        PartnerView(row, host_of(row.hook_url), row.hook_off_at.astimezone(zone) if row.hook_off_at else None)
        for row in (PartnerRow(**each) for each in rows)
    ]


def kind_of(conn: Connection, partner: Viewer) -> PartnerKind:
    """What the partner is that asks."""
    return PartnerKind(conn.execute(select(PARTNER.c.kind).where(PARTNER.c.id == partner.id)).scalar_one())
