"""Digests of a site as they were kept, the one that could be made now, and to whom each went. Makes none.

An operator at a shell reads them too: they tell of a site, and of no person.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from desk.domain.digest import Figures, day_told, last_due, next_due
from desk.domain.errors import BadInput, NotFound
from desk.domain.policy import Act, Kind, Viewer, require
from desk.ports import Kit
from desk.reads.pages import Page, after, page_of, sites_of
from desk.store import sites
from desk.store.digest_counts import figures_of
from desk.store.tables import SiteRow, metadata

DIGEST, LETTER, OFFICER = (metadata.tables[name] for name in ("digest", "digest_letter", "officer"))
_NEWEST = (DIGEST.c.due_at, DIGEST.c.id)


@dataclass(frozen=True, slots=True)
class LetterView:
    """To whom a digest goes, None for the operator's hook, and what became of it; `why` is a code."""

    to: str | None
    channel: str
    state: str
    why: str | None


@dataclass(frozen=True, slots=True)
class DigestView:
    """A digest; times at the site's own offset. `id` is None for one that is not kept: its figures are those of now.

    `told`: `roster` or `managers`, None where nobody is told. `letters` are empty for a quiet one, which goes to nobody.
    """

    id: int | None
    site: SiteRow
    due_at: datetime
    made_at: datetime
    told: str | None
    quiet: bool
    figures: Figures
    letters: Sequence[LetterView] = ()


@dataclass(frozen=True, slots=True)
class DigestPlace:
    """A site and when its next digest is due, at its own offset; None where digests are off."""

    site: SiteRow
    next_at: datetime | None


def digests_page(conn: Connection, viewer: Viewer, slug: str | None, limit: int, cursor: str | None) -> Page[DigestView]:
    """Digests of a site, or of all the viewer's, the newest first.

    Raises NotFound for a foreign site, Forbidden, BadInput for a cursor that is none.
    """
    query = select(DIGEST).where(DIGEST.c.site_id.in_(sites_of(conn, viewer, slug, Act.READ_DIGESTS)))
    if cursor:
        query = query.where(after(_NEWEST, cursor, descending=True))
    ordered = query.order_by(*(column.desc() for column in _NEWEST)).limit(limit + 1)
    page = page_of(conn, ordered, limit, lambda row: row, lambda row: [row.due_at, row.id])
    letters = _letters(conn, [row.id for row in page.lines])
    places = {row.site_id: sites.get(conn, row.site_id) for row in page.lines}
    return Page([_view(row, places[row.site_id], letters[row.id]) for row in page.lines], page.next)


def digest_view(conn: Connection, viewer: Viewer, slug: str, digest_id: int) -> DigestView:
    """One digest of a site. Raises NotFound for a foreign one, Forbidden."""
    site = _site(conn, viewer, slug)
    row = conn.execute(select(DIGEST).where(DIGEST.c.id == digest_id, DIGEST.c.site_id == site.id)).first()
    if row is None:
        raise NotFound
    return _view(row, site, _letters(conn, [row.id])[row.id])


def digest_at(conn: Connection, viewer: Viewer, slug: str, at: datetime, kit: Kit) -> DigestView:
    """The digest of the last due time up to a moment, which without an offset is the site's own time.

    Where that is the newest one there is, and no worker made it yet, it is put together from what is known now. Raises NotFound
    for a foreign site, and where no digest was made then; Forbidden, BadInput for a moment to come.
    """
    site = _site(conn, viewer, slug)
    zone, now = ZoneInfo(site.time_zone), kit.clock.now()
    moment = at if at.tzinfo else at.replace(tzinfo=zone)
    if moment > now:
        raise BadInput("/at", "in_future")
    due = last_due(moment, zone, kit.digest_times)
    row = conn.execute(select(DIGEST).where(DIGEST.c.site_id == site.id, DIGEST.c.due_at == due)).first() if due else None
    if row is not None:
        return _view(row, site, _letters(conn, [row.id])[row.id])
    if due is None or due != last_due(now, zone, kit.digest_times):
        raise NotFound
    return _now(conn, site, kit, due)


def digest_now(conn: Connection, viewer: Viewer, slug: str, kit: Kit) -> DigestView:
    """What a digest would tell now, of today so far; kept nowhere. Raises NotFound for a foreign site, Forbidden."""
    site = _site(conn, viewer, slug)
    return _now(conn, site, kit, None)


def digest_place(conn: Connection, viewer: Viewer, slug: str, kit: Kit) -> DigestPlace:
    """A site, and when its next digest is due. Raises NotFound for a foreign site, Forbidden."""
    site = _site(conn, viewer, slug)
    zone = ZoneInfo(site.time_zone)
    due = next_due(kit.clock.now(), zone, kit.digest_times)
    return DigestPlace(site, due.astimezone(zone) if due else None)


def _now(conn: Connection, site: SiteRow, kit: Kit, due: datetime | None) -> DigestView:
    zone, now = ZoneInfo(site.time_zone), kit.clock.now()
    on = day_told(due, zone, kit.digest_times) if due else now.astimezone(zone).date()
    figures = figures_of(conn, site, on, now, kit.shelf.calendar)
    local = now.astimezone(zone)
    return DigestView(None, site, due.astimezone(zone) if due else local, local, None, figures.quiet, figures)


def _site(conn: Connection, viewer: Viewer, slug: str) -> SiteRow:
    if viewer.kind is Kind.OPERATOR:
        site = sites.find(conn, slug)
        if site is None:
            raise NotFound
        require(viewer, Act.READ_DIGESTS, site.id)
        return site
    (site_id,) = sites_of(conn, viewer, slug, Act.READ_DIGESTS)
    return sites.get(conn, site_id)


def _view(row: Any, site: SiteRow, letters: Sequence[LetterView]) -> DigestView:  # noqa: ANN401 - a row of the table
    zone = ZoneInfo(site.time_zone)
    return DigestView(
        row.id, site, row.due_at.astimezone(zone), row.made_at.astimezone(zone), row.told, row.quiet, Figures.read(row.figures),
        letters,
    )  # fmt: skip


def _letters(conn: Connection, digests: Sequence[int]) -> Mapping[int, Sequence[LetterView]]:
    """To whom each of these went, in the order in which they were told; the hook last."""
    query = (
        select(LETTER, OFFICER.c.name)
        .outerjoin(OFFICER, OFFICER.c.id == LETTER.c.officer_id)
        .where(LETTER.c.digest_id.in_(digests))
        .order_by(LETTER.c.id)
    )
    found = defaultdict[int, list[LetterView]](list)
    for row in conn.execute(query):
        found[row.digest_id].append(LetterView(row.name, row.channel, row.state, row.why))
    return found
