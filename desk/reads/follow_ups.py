"""What visitors said of how their claims were handled: by month without anybody's name, and their words for the manager."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, exists, func, select

from desk.domain.follow_up import HIGHEST, LOWEST, TRIES
from desk.domain.policy import Act, Viewer
from desk.reads.pages import Page, after, page_of, sites_of
from desk.reads.seen import claim_seen
from desk.store import sites
from desk.store.follow_ups import FOLLOW_UP
from desk.store.tables import SiteRow, metadata

CLAIM = metadata.tables["claim"]
LATER = FOLLOW_UP.alias("later")
_ORDER = (FOLLOW_UP.c.written_at, FOLLOW_UP.c.id)
MONTHS = 12


@dataclass(frozen=True, slots=True)
class SaidView:
    """One rating, the newest of its end. `at` is at the site's own offset."""

    id: int
    reference: str
    rating: int
    text: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Month:
    """How a month's ratings fell, as the site counts months: how many gave 1, 2, and so on to 5."""

    month: str
    ratings: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many rated."""
        return sum(self.ratings)

    @property
    def mean(self) -> float:
        """The mean rating."""
        return sum(place * number for place, number in enumerate(self.ratings, start=LOWEST)) / self.count


def said_page(
    conn: Connection, viewer: Viewer, slug: str, limit: int, cursor: str | None
) -> tuple[SiteRow, Page[SaidView]]:  # fmt: skip
    """What visitors of a site said, the newest first; of an end rated twice the newest. Raises NotFound, Forbidden, BadInput."""
    (site_id,) = sites_of(conn, viewer, slug, Act.READ_FOLLOW_UPS)
    site = sites.get(conn, site_id)
    query = (
        select(FOLLOW_UP, CLAIM.c.reference)
        .join(CLAIM, CLAIM.c.id == FOLLOW_UP.c.claim_id)
        .where(*_standing(site_id))
        .order_by(*(column.desc() for column in _ORDER))
        .limit(limit + 1)
    )
    if cursor:
        query = query.where(after(_ORDER, cursor, descending=True))
    zone = ZoneInfo(site.time_zone)
    return site, page_of(conn, query, limit, lambda row: _view(row, zone), lambda row: [row.written_at, row.id])


def months(conn: Connection, viewer: Viewer, slug: str) -> list[Month]:
    """The ratings of the last twelve months that have any, the newest first. Raises NotFound, Forbidden."""
    (site_id,) = sites_of(conn, viewer, slug, Act.READ_FOLLOW_UPS)
    query = select(FOLLOW_UP.c.month, FOLLOW_UP.c.rating, func.count().label("number")).where(*_standing(site_id))
    found: dict[str, dict[int, int]] = {}
    for row in conn.execute(query.group_by(FOLLOW_UP.c.month, FOLLOW_UP.c.rating)):
        found.setdefault(row.month, {})[row.rating] = row.number
    newest = sorted(found, reverse=True)[:MONTHS]
    return [Month(month, tuple(found[month].get(each, 0) for each in range(LOWEST, HIGHEST + 1))) for month in newest]


def tries_of(conn: Connection, viewer: Viewer, reference: str) -> Sequence[tuple[str, datetime]]:
    """How the desk's tries for this end of a claim went and when, oldest first. Raises NotFound as `claim_seen` does."""
    claim = claim_seen(conn, viewer, reference)
    zone = ZoneInfo(sites.get(conn, claim.site_id).time_zone)
    mine = (FOLLOW_UP.c.claim_id == claim.id, FOLLOW_UP.c.ended_at == claim.moved_at, FOLLOW_UP.c.kind.in_(sorted(TRIES)))
    rows = conn.execute(select(FOLLOW_UP).where(*mine).order_by(FOLLOW_UP.c.id))
    return [(row.kind, row.written_at.astimezone(zone)) for row in rows]


def _standing(site_id: int) -> tuple[Any, ...]:
    newer = exists().where(
        LATER.c.claim_id == FOLLOW_UP.c.claim_id, LATER.c.ended_at == FOLLOW_UP.c.ended_at, LATER.c.kind == "rating",
        LATER.c.id > FOLLOW_UP.c.id,
    )  # fmt: skip
    return FOLLOW_UP.c.site_id == site_id, FOLLOW_UP.c.kind == "rating", ~newer


def _view(row: Any, zone: ZoneInfo) -> SaidView:  # noqa: ANN401 - a row of the query above
    return SaidView(row.id, row.reference, row.rating, row.comment, row.written_at.astimezone(zone))
