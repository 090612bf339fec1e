"""Sites: found by slug or id, added by the operator."""

from collections.abc import Iterable

from sqlalchemy import Connection, insert, select

from desk.ports import Row
from desk.store.among import Among
from desk.store.tables import SiteRow, metadata

SITE = metadata.tables["site"]
RESPONDENT = metadata.tables["respondent"]
_BY_SLUG = Among(select(SITE), SITE.c.slug)


def find_many(conn: Connection, slugs: Iterable[str]) -> dict[str, SiteRow]:
    """The sites of these slugs; an unknown slug is left out."""
    rows = _BY_SLUG.rows(conn, slugs).mappings()
    return {row["slug"]: SiteRow(**row) for row in rows}


def get(conn: Connection, site_id: int) -> SiteRow:
    """The site of an id that a foreign key vouches for."""
    return SiteRow(**conn.execute(select(SITE).where(SITE.c.id == site_id)).mappings().one())


def list_all(conn: Connection) -> list[SiteRow]:
    """Every site, by slug."""
    return [SiteRow(**row) for row in conn.execute(select(SITE).order_by(SITE.c.slug)).mappings()]


def find(conn: Connection, slug: str) -> SiteRow | None:
    """The site of a slug, None when there is none."""
    return find_many(conn, (slug,)).get(slug)


def add(conn: Connection, site: Row, respondents: Iterable[Row]) -> None:
    """Insert a site and the respondents it starts with."""
    conn.execute(insert(SITE), site)
    if rows := list(respondents):
        conn.execute(insert(RESPONDENT), rows)
