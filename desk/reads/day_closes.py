"""Closes of a site and what waits for one: a cashier sees their own, the manager and the auditor those of everybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Select, func, select

from desk.domain.day_close import Line, difference, expected, seen, suspects
from desk.domain.errors import NotFound
from desk.domain.payout import Method, PayoutState
from desk.domain.policy import Act, Role, Viewer, require
from desk.reads.pages import Page, after, page_of, sites_of
from desk.store import day_closes, officers, sites
from desk.store.tables import DayCloseRow, SiteRow, metadata

CLOSE, LINE, PAYOUT, CLAIM, OFFICER, SITE = (
    metadata.tables[name] for name in ("day_close", "day_close_line", "payout", "claim", "officer", "site")
)  # fmt: skip
MOST_UNSIGNED = 100


@dataclass(frozen=True, slots=True)
class CloseView:
    """A close in minor units. `on` is the site's day; times are at the site's own offset, `since` and `until` of settling.

    `closed_by` is the cashier, or the manager who counted for one who had left.
    """

    id: int
    cashier: str
    method: str
    currency: str
    on: date
    since: datetime
    until: datetime
    payouts: int
    expected: int
    counted: int
    reason: str | None
    closed_at: datetime
    closed_by: str

    @property
    def difference(self) -> int:
        """What was counted above what was expected; negative where some is missing."""
        return difference(self.counted, self.expected)


@dataclass(frozen=True, slots=True)
class TillLine:
    """A payout to count, or counted. `at` is when it settled, of an unsigned one when it was handed over; the site's offset."""

    payout_id: int
    reference: str
    amount: int
    at: datetime
    returned: bool


@dataclass(frozen=True, slots=True)
class OpenTill:
    """What one cashier sent in one way and nobody counted yet, the first settled first, at most 500; `more` is how many follow.

    `unsigned` is cash that the visitor has not signed for: it waits for the next close. `seen` names exactly these lines.
    `left` is a till whose cashier no longer works at it, `closable` one that the viewer may close, as a manager where it is not
    `mine`; `own` is the viewer's, cashier still or not.
    """

    cashier: str
    cashier_id: int
    method: str
    currency: str
    lines: Sequence[TillLine]
    more: int
    unsigned: Sequence[TillLine]
    own: bool
    left: bool
    closable: bool

    @property
    def mine(self) -> bool:
        """Whether the viewer closes it as its cashier."""
        return self.own and not self.left

    @property
    def expected(self) -> int:
        """What the lines come to, in minor units."""
        return expected(_plain(self.lines))

    @property
    def seen(self) -> str:
        """What a close of exactly these lines is asked for with."""
        return seen(_plain(self.lines))


def close_view(row: DayCloseRow, site: SiteRow, cashier: str, closed_by: str, payouts: int) -> CloseView:
    """A close's row as staff see it."""
    zone = ZoneInfo(site.time_zone)
    return CloseView(
        row.id, cashier, row.method, row.currency, row.on_day, row.from_at.astimezone(zone), row.until_at.astimezone(zone),
        payouts, row.expected_minor, row.counted_minor, row.reason, row.closed_at.astimezone(zone), closed_by,
    )  # fmt: skip


def closes_page(conn: Connection, viewer: Viewer, slug: str, limit: int, cursor: str | None) -> Page[CloseView]:
    """Closes of a site, newest first; a cashier's own only. Raises NotFound for a foreign site, Forbidden."""
    (site_id,) = sites_of(conn, viewer, slug, Act.READ_PAYOUT)
    query = _closes(viewer, site_id).order_by(CLOSE.c.id.desc()).limit(limit + 1)
    if cursor:
        query = query.where(after((CLOSE.c.id,), cursor, descending=True))
    return _page(conn, query, limit, sites.get(conn, site_id))


def newest_closes(conn: Connection, viewer: Viewer, slug: str | None, limit: int) -> list[tuple[str, CloseView]]:
    """Closes of every site or of one, newest first, each with its site's slug, for the operator.

    Raises Forbidden for anybody else, NotFound for an unknown site.
    """
    require(viewer, Act.VERIFY, 0)
    known = {site.id: site for site in sites.list_all(conn) if slug in (None, site.slug)}
    if slug and not known:
        raise NotFound
    rows = conn.execute(_joined().where(CLOSE.c.site_id.in_(known)).order_by(CLOSE.c.id.desc()).limit(limit))
    return [(known[row.site_id].slug, _view(row, known[row.site_id])) for row in rows]


def close_sheet(
    conn: Connection, viewer: Viewer, slug: str, close_id: int
) -> tuple[CloseView, list[TillLine], frozenset[int]]:  # fmt: skip
    """One close, the payouts it counted, and which of them have exactly the amount of its difference.

    Raises NotFound for a foreign site, for a close of another site, and for a cashier another's, Forbidden.
    """
    (site_id,) = sites_of(conn, viewer, slug, Act.READ_PAYOUT)
    row, site = conn.execute(_closes(viewer, site_id).where(CLOSE.c.id == close_id)).first(), sites.get(conn, site_id)
    if row is None:
        raise NotFound
    counted = _lines(site).join(LINE, LINE.c.payout_id == PAYOUT.c.id).where(LINE.c.day_close_id == close_id)
    lines, view = _till_lines(conn, counted.order_by(PAYOUT.c.settled_at, PAYOUT.c.id), site), _view(row, site)
    return view, lines, alike(lines, view.difference)


def open_tills(conn: Connection, viewer: Viewer, slug: str) -> list[OpenTill]:
    """What waits to be counted at a site, by cashier and method; a cashier's own only.

    Raises NotFound for a foreign site, Forbidden.
    """
    (site_id,) = sites_of(conn, viewer, slug, Act.READ_PAYOUT)
    site, unsigned_cash = sites.get(conn, site_id), (PAYOUT.c.state == PayoutState.AWAITING_VISITOR.value)
    unsigned_cash &= (PAYOUT.c.site_id == site_id) & (PAYOUT.c.method == Method.CASH.value)
    waiting, in_hands = (
        {(row.sent_by, row.method): row.number for row in conn.execute(_by_till(which, viewer, site_id))}
        for which in (day_closes.uncounted(site_id), unsigned_cash)
    )
    names = _names(conn, {officer for officer, _ in waiting | in_hands})
    at_work, found = officers.holders_among(conn, site_id, Role.CASHIER, names), []
    for officer, method in sorted(waiting | in_hands, key=lambda till: (names[till[0]], till[1])):
        mine = (PAYOUT.c.sent_by == officer) & (PAYOUT.c.method == method)
        plain = day_closes.lines(conn, site_id, officer, method, site.currency)
        chosen = _lines(site).where(PAYOUT.c.id.in_([line.payout_id for line in plain]))
        lines = _till_lines(conn, chosen.order_by(PAYOUT.c.settled_at, PAYOUT.c.id), site)
        handed = _lines(site).where(unsigned_cash, mine).order_by(PAYOUT.c.id).limit(MOST_UNSIGNED)
        unsigned = _till_lines(conn, handed, site) if (officer, method) in in_hands else []
        more = waiting.get((officer, method), 0) - len(lines)
        own, left = officer == viewer.id, officer not in at_work
        closable = viewer.may(Act.CLOSE_LEFT_TILL, site_id) and not own if left else own
        found.append(OpenTill(names[officer], officer, method, site.currency, lines, more, unsigned, own, left, closable))
    return found


def alike(lines: Sequence[TillLine], off: int) -> frozenset[int]:
    """The payouts of exactly the amount of a difference; none without a difference."""
    return frozenset(suspects(_plain(lines), off)) if off else frozenset()


def currency_to_count(conn: Connection, viewer: Viewer, slug: str, act: Act = Act.CLOSE_DAY) -> str:
    """The currency in which the viewer counts at a site. Raises NotFound for a foreign site, Forbidden for who closes no day."""
    (site_id,) = sites_of(conn, viewer, slug, act)
    return sites.get(conn, site_id).currency


def _closes(viewer: Viewer, site_id: int) -> Select[tuple[object, ...]]:
    """Closes of a site as far as the viewer may see them."""
    query = _joined().where(CLOSE.c.site_id == site_id)
    return query if viewer.may(Act.READ_CLOSES, site_id) else query.where(CLOSE.c.officer_id == viewer.id)


def _joined() -> Select[tuple[object, ...]]:
    number = select(func.count()).where(LINE.c.day_close_id == CLOSE.c.id).scalar_subquery().label("payouts")
    closer = OFFICER.alias("closer")
    named = select(CLOSE, OFFICER.c.name.label("cashier"), closer.c.name.label("closer"), number)
    return named.join(OFFICER, OFFICER.c.id == CLOSE.c.officer_id).join(closer, closer.c.id == CLOSE.c.closed_by)


def _by_till(which: object, viewer: Viewer, site_id: int) -> Select[tuple[object, ...]]:
    query = select(PAYOUT.c.sent_by, PAYOUT.c.method, func.count().label("number")).where(which)  # type: ignore[arg-type]
    query = query if viewer.may(Act.READ_CLOSES, site_id) else query.where(PAYOUT.c.sent_by == viewer.id)
    return query.group_by(PAYOUT.c.sent_by, PAYOUT.c.method)


def _lines(site: SiteRow) -> Select[tuple[object, ...]]:
    shown = (PAYOUT.c.id, PAYOUT.c.amount_minor, PAYOUT.c.settled_at, PAYOUT.c.sent_at, PAYOUT.c.returned_at)
    return select(*shown, CLAIM.c.reference).join(CLAIM, CLAIM.c.id == PAYOUT.c.claim_id).where(PAYOUT.c.site_id == site.id)


def _till_lines(conn: Connection, query: Select[tuple[object, ...]], site: SiteRow) -> list[TillLine]:
    zone = ZoneInfo(site.time_zone)
    return [
        TillLine(
            row.id, row.reference, row.amount_minor, (row.settled_at or row.sent_at).astimezone(zone), row.returned_at is not None
        )
        for row in conn.execute(query)
    ]  # fmt: skip


def _names(conn: Connection, officers: set[int]) -> dict[int, str]:
    return {row.id: row.name for row in conn.execute(select(OFFICER.c.id, OFFICER.c.name).where(OFFICER.c.id.in_(officers)))}


def _page(conn: Connection, query: Select[tuple[object, ...]], limit: int, site: SiteRow) -> Page[CloseView]:
    return page_of(conn, query, limit, lambda row: _view(row, site), lambda row: [row.id])


def _view(row: Row[tuple[object, ...]], site: SiteRow) -> CloseView:
    told = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's own name for a row as a mapping
    cashier, closer, payouts = str(told.pop("cashier")), str(told.pop("closer")), int(str(told.pop("payouts")))
    return close_view(DayCloseRow(**told), site, cashier, closer, payouts)


def _plain(lines: Sequence[TillLine]) -> list[Line]:
    return [Line(line.payout_id, line.amount, line.at) for line in lines]
