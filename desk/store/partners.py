"""Partners as rows: added, changed, found. Holds no key: those are derived."""

from typing import Any

from sqlalchemy import Connection, insert, select, update

from desk.domain.errors import NotFound
from desk.ports import Row
from desk.store.tables import PartnerRow, metadata

PARTNER = metadata.tables["partner"]


def get(conn: Connection, partner_id: int) -> PartnerRow:
    """A partner by its id. Raises NotFound."""
    row = conn.execute(select(PARTNER).where(PARTNER.c.id == partner_id)).mappings().first()
    if row is None:
        raise NotFound
    return PartnerRow(**row)


def is_named(conn: Connection, site_id: int, name: str) -> bool:
    """Whether a site has, or had, a partner of this name."""
    mine = (PARTNER.c.site_id == site_id) & (PARTNER.c.name == name)
    return conn.execute(select(PARTNER.c.id).where(mine)).first() is not None


def add(conn: Connection, row: Row) -> PartnerRow:
    """Insert a partner of a locked site."""
    conn.execute(insert(PARTNER), row)
    return PartnerRow(**row)


def change(conn: Connection, partner: PartnerRow, **values: Any) -> PartnerRow:  # noqa: ANN401 - column values
    """Write new column values."""
    conn.execute(update(PARTNER).where(PARTNER.c.id == partner.id).values(**values))
    return PartnerRow(**{**partner.model_dump(), **values})
