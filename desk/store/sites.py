"""Sites: found by slug or id, added by the operator."""

from collections.abc import Iterable
from time import monotonic
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, insert, select

from desk.ports import Row
from desk.store.among import Among
from desk.store.tables import SiteRow, metadata

SITE = metadata.tables["site"]
RESPONDENT = metadata.tables["respondent"]
_BY_SLUG = Among(select(SITE), SITE.c.slug)
LATELY_SECONDS = 5.0
_LATELY: WeakKeyDictionary[Engine, dict[str, tuple[SiteRow, float]]] = WeakKeyDictionary()


def find_many(conn: Connection, slugs: Iterable[str]) -> dict[str, SiteRow]:
    """The sites of these slugs; an unknown slug is left out."""
    rows = _BY_SLUG.rows(conn, slugs).mappings()
    return {row["slug"]: SiteRow(**row) for row in rows}


def find_lately(conn: Connection, slugs: Iterable[str]) -> dict[str, SiteRow]:
    """Like `find_many`, but a site found here within the last seconds is not asked for again. For lodgings only."""
    known, now = _LATELY.setdefault(conn.engine, {}), monotonic()
    wanted = set(slugs)
    if unsure := [slug for slug in wanted if slug not in known or known[slug][1] + LATELY_SECONDS < now]:
        known.update({slug: (site, now) for slug, site in find_many(conn, unsure).items()})
    return {slug: known[slug][0] for slug in wanted if slug in known}


def get(conn: Connection, site_id: int) -> SiteRow:
    """The site of an id that a foreign key vouches for."""
    return SiteRow(**conn.execute(select(SITE).where(SITE.c.id == site_id)).mappings().one())


def list_all(conn: Connection) -> list[SiteRow]:
    """Every site, by slug."""
    return [SiteRow(**row) for row in conn.execute(select(SITE).order_by(SITE.c.slug)).mappings()]


def find(conn: Connection, slug: str) -> SiteRow | None:
    """The site of a slug, None when there is none."""
    return find_many(conn, (slug,)).get(slug)


def lock(conn: Connection, slug: str) -> SiteRow | None:
    """The site of a slug, locked for its own chain until the transaction ends; others may still refer to it."""
    row = conn.execute(select(SITE).where(SITE.c.slug == slug).with_for_update(key_share=True)).mappings().first()
    return SiteRow(**row) if row else None


def lock_by_id(conn: Connection, site_id: int) -> SiteRow:
    """The same for an id that a foreign key vouches for."""
    row = conn.execute(select(SITE).where(SITE.c.id == site_id).with_for_update(key_share=True)).mappings().one()
    return SiteRow(**row)


def lock_all(conn: Connection, site_ids: Iterable[int]) -> list[SiteRow]:
    """Several sites, locked as `lock` does, one after the other in the order of their ids so that two never wait crosswise."""
    rows = conn.execute(select(SITE).where(SITE.c.id.in_(site_ids)).order_by(SITE.c.id).with_for_update(key_share=True))
    return [SiteRow(**row) for row in rows.mappings()]


def add(conn: Connection, site: Row, respondents: Iterable[Row]) -> None:
    """Insert a site and the respondents it starts with."""
    conn.execute(insert(SITE), site)
    if rows := list(respondents):
        conn.execute(insert(RESPONDENT), rows)
