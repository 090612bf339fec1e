"""The queue as its page shows it: a page of claims with what each asks for. Counts nothing: a count would walk the table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from sqlalchemy import Connection, func, select

from desk.domain.money import Money
from desk.domain.policy import Act, Viewer
from desk.reads.pages import Page
from desk.reads.queues import Filters, QueueLine, claims_page
from desk.store.tables import metadata

CLAIM = metadata.tables["claim"]
ITEM = metadata.tables["claim_item"]
SITE = metadata.tables["site"]


@dataclass(frozen=True, slots=True)
class Board:
    """A page of the queue. `asked` is by reference, without those whose sum is not known; `untouched` before the first claim."""

    page: Page[QueueLine]
    asked: Mapping[str, Money]
    untouched: bool


@dataclass(frozen=True, slots=True)
class Workplace:
    """A site as its staff's pages need it. `spots` are its places by slug."""

    id: int
    slug: str
    name: str
    name_en: str
    time_zone: str
    currency: str
    spots: Sequence[str]


def board(conn: Connection, viewer: Viewer, filters: Filters, limit: int, cursor: str | None) -> Board:
    """A page of the queue. Raises as `claims_page` does."""
    page = claims_page(conn, viewer, filters, limit, cursor)
    empty = not page.lines and cursor is None
    untouched = empty and not claims_page(conn, viewer, Filters(filters.site), 1, None).lines
    return Board(page, _asked(conn, [line.reference for line in page.lines]), untouched)


def sites_at_work(conn: Connection, viewer: Viewer, act: Act) -> list[Workplace]:
    """The viewer's sites where they hold this right, by slug."""
    allowed = [site_id for site_id in viewer.sites if viewer.may(act, site_id)]
    shown = select(*(SITE.c[each.name] for each in fields(Workplace)))
    return [Workplace(*row) for row in conn.execute(shown.where(SITE.c.id.in_(allowed)).order_by(SITE.c.slug))]


def _asked(conn: Connection, references: Sequence[str]) -> dict[str, Money]:
    """What each claim asks for in all, as its visitor reads it too."""
    query = (
        select(CLAIM.c.reference, CLAIM.c.currency, func.sum(ITEM.c.asked_minor).label("minor"))
        .join(ITEM, ITEM.c.claim_id == CLAIM.c.id)
        .where(CLAIM.c.reference.in_(references))
        .group_by(CLAIM.c.reference, CLAIM.c.currency)
    )
    return {row.reference: Money(int(row.minor), row.currency) for row in conn.execute(query) if row.minor}
