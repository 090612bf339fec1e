"""Past verdicts with the facts stored at their time, and what was paid, a short page at a time. Judges nothing again.

A claim counts by its last verdict. Each page is a read of its own, so that a long replay holds no snapshot open (PERFORMANCE).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, select

from desk.domain.claim import Route
from desk.domain.errors import NotFound
from desk.domain.judged import facts_from_json, reason_from_json
from desk.domain.payout import PayoutState
from desk.domain.policy import Act, Kind, Viewer, require
from desk.domain.replaying import PastVerdict
from desk.reads.pages import sites_of
from desk.store import sites
from desk.store.tables import SiteRow, metadata

PAGE = 500
CLAIM, VERDICT, PAYOUT = (metadata.tables[name] for name in ("claim", "verdict", "payout"))
_LATER = VERDICT.alias("later")
_AROUND = timedelta(days=1)
"""No zone is further from UTC than this."""


@dataclass(frozen=True, slots=True)
class Window:
    """Which verdicts: of one site by its slug or of all the viewer's, from one day at the site to another, both included."""

    site: str | None = None
    first: date | None = None
    last: date | None = None

    def holds(self, on: date) -> bool:
        """Whether the day lies in it."""
        return (self.first or date.min) <= on <= (self.last or date.max)

    def near(self, moment: ColumnElement[datetime]) -> Iterator[ColumnElement[bool]]:
        """What the database can leave out at once, before the zone of each site decides."""
        if self.first and self.first > date.min + 2 * _AROUND:
            yield moment >= datetime.combine(self.first, time(0), UTC) - _AROUND
        if self.last and self.last < date.max - 2 * _AROUND:
            yield moment < datetime.combine(self.last, time(0), UTC) + 2 * _AROUND


@dataclass(frozen=True, slots=True)
class Paid:
    """A payout that settled and was not returned, on its day at the site."""

    currency: str
    on: date
    minor: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What one page of claims holds. `undecided` counts claims of the window that no verdict was stored for.

    `unreadable` names claims whose stored facts are none. `passed` is how many claims the page went over, whosesoever;
    `last` is where the next page begins, None at the end.
    """

    verdicts: Sequence[PastVerdict] = ()
    paid: Sequence[Paid] = ()
    undecided: int = 0
    unreadable: Sequence[str] = ()
    passed: int = 0
    last: int | None = None


def claims_to_pass(conn: Connection, viewer: Viewer, window: Window) -> int:
    """How many claims a whole run goes over. Raises NotFound for a foreign or absent site, Forbidden."""
    _sites(conn, viewer, window)
    return int(conn.execute(select(func.count()).select_from(CLAIM)).scalar_one())


def past_verdicts(conn: Connection, viewer: Viewer, window: Window, after: int | None) -> Batch:
    """The next page of claims beyond the id `after`, None for the first. Raises NotFound for a foreign site, Forbidden."""
    ids = list(conn.execute(_next_ids(after)).scalars())
    if not ids:
        return Batch()
    within = CLAIM.c.id.between(ids[0], ids[-1])
    found, unreadable, undecided = list[PastVerdict](), list[str](), 0
    own = _sites(conn, viewer, window)
    for row in conn.execute(_last_verdicts(window).where(within, CLAIM.c.site_id.in_(own))):
        site = own[row.site_id]
        on = _day(row.made_at or row.lodged_at, site)
        if not window.holds(on):
            continue
        if row.made_at is None:
            undecided += 1
        elif verdict := _verdict(row, site, on):
            found.append(verdict)
        else:
            unreadable.append(row.reference)
    paid = [
        Paid(row.currency, on, row.amount_minor)
        for row in conn.execute(_settled(window).where(within, CLAIM.c.site_id.in_(own)))
        if window.holds(on := _day(row.settled_at, own[row.site_id]))
    ]
    return Batch(found, paid, undecided, unreadable, len(ids), ids[-1] if len(ids) == PAGE else None)


def _sites(conn: Connection, viewer: Viewer, window: Window) -> dict[int, SiteRow]:
    """The sites to look at: whoever runs the desk sees them all, an officer those where they may verify."""
    every = {site.id: site for site in sites.list_all(conn)}
    if viewer.kind is not Kind.OPERATOR:
        return {site_id: every[site_id] for site_id in sites_of(conn, viewer, window.site, Act.VERIFY)}
    require(viewer, Act.VERIFY, 0)
    chosen = {site_id: site for site_id, site in every.items() if window.site in (None, site.slug)}
    if window.site is not None and not chosen:
        raise NotFound
    return chosen


def _next_ids(after: int | None) -> Select[int]:
    query = select(CLAIM.c.id).order_by(CLAIM.c.id).limit(PAGE)
    return query if after is None else query.where(CLAIM.c.id > after)


def _last_verdicts(window: Window) -> Select[Any]:
    """Every claim with its last verdict, or with none."""
    later = exists().where(_LATER.c.claim_id == VERDICT.c.claim_id, _LATER.c.seq > VERDICT.c.seq)
    return (
        select(
            CLAIM.c.reference, CLAIM.c.site_id, CLAIM.c.lodged_at, VERDICT.c.made, VERDICT.c.made_at, VERDICT.c.pack,
            VERDICT.c.rule_route, VERDICT.c.reasons, VERDICT.c.facts,
        )
        .select_from(CLAIM)
        .outerjoin(VERDICT, and_(VERDICT.c.claim_id == CLAIM.c.id, ~later))
        .where(*window.near(func.coalesce(VERDICT.c.made_at, CLAIM.c.lodged_at)))
        .order_by(CLAIM.c.id)
    )  # fmt: skip


def _settled(window: Window) -> Select[Any]:
    return (
        select(CLAIM.c.site_id, PAYOUT.c.currency, PAYOUT.c.amount_minor, PAYOUT.c.settled_at)
        .join(PAYOUT, PAYOUT.c.claim_id == CLAIM.c.id)
        .where(PAYOUT.c.state == PayoutState.SETTLED, PAYOUT.c.returned_at.is_(None), *window.near(PAYOUT.c.settled_at))
    )


def _verdict(row: Row[Any], site: SiteRow, on: date) -> PastVerdict | None:
    try:
        facts, reasons = facts_from_json(row.facts), tuple(reason_from_json(each) for each in row.reasons)
        route = Route(row.rule_route)
    except (KeyError, ValueError, TypeError):
        return None
    return PastVerdict(row.reference, site.slug, on, row.made, row.pack, route, reasons, facts)


def _day(moment: datetime, site: SiteRow) -> date:
    return moment.astimezone(ZoneInfo(site.time_zone)).date()
