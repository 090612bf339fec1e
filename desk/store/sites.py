"""Sites: found by slug or id, added by the operator."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from desk.store.tables import SiteRow, metadata

SITE = metadata.tables["site"]


def find_many(conn: Connection, slugs: Iterable[str]) -> dict[str, SiteRow]:
    """The sites of these slugs; an unknown slug is left out."""
    rows = conn.execute(select(SITE).where(SITE.c.slug.in_(tuple(slugs)))).mappings()
    return {row["slug"]: SiteRow(**row) for row in rows}


def get(conn: Connection, site_id: int) -> SiteRow:
    """The site of an id that a foreign key vouches for."""
    return SiteRow(**conn.execute(select(SITE).where(SITE.c.id == site_id)).mappings().one())


def list_all(conn: Connection) -> list[SiteRow]:
    """Every site, by slug."""
    return [SiteRow(**row) for row in conn.execute(select(SITE).order_by(SITE.c.slug)).mappings()]
