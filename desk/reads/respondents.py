"""What stands between a site's fund and one of its merchants: the lines of a period, and what stands after each. Moves nothing.

Lines come a page at a time; what happened before the first of them is summed by the database, so no length of history is loaded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, FromClause, case, exists, func, select, true, union_all

from desk.domain import fund
from desk.domain.errors import BadInput, NotFound
from desk.domain.fund import DEPOSIT, RECEIVABLE, RECOVERED_IN_ERROR, EntryKind, Posting
from desk.domain.policy import Act, Viewer
from desk.reads.pages import LARGEST_PAGE, after, page_of, sites_of
from desk.store import fund as books
from desk.store import recovery as recoveries
from desk.store import sites
from desk.store.fund import account_id
from desk.store.tables import RespondentRow, SiteRow, metadata

ENTRY, POSTING, ACCOUNT, RECOVERY, CLAIM, OFFICER, WITHDRAWAL = (
    metadata.tables[name] for name in ("fund_entry", "fund_posting", "fund_account", "recovery", "claim", "officer", "withdrawal")
)
A_YEAR = timedelta(days=365)
"""So far back a statement reaches where nobody says otherwise."""

_ABOUT_DEPOSITS = (EntryKind.DEPOSIT_PAID_IN.value, EntryKind.DEPOSIT_PAID_BACK.value)
_OF_ANOTHERS = frozenset(
    {EntryKind.PAYOUT_PROPOSED, EntryKind.PAYOUT_CANCELLED, EntryKind.PAYOUT_SENT, EntryKind.PAYOUT_NEVER_LEFT}
)
"""Entries about a payout before it settled: the merchant owes nothing yet."""


@dataclass(frozen=True, slots=True)
class Period:
    """What is asked for: days at the site, both included, None for a year until today; so many lines, from a cursor on."""

    since: date | None = None
    until: date | None = None
    limit: int = LARGEST_PAGE
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Stand:
    """What a merchant owes, has deposited, and is to be given back of what they paid in error, in minor units."""

    owed_minor: int
    deposit_minor: int
    in_error_minor: int


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One entry as the merchant's account sees it, in minor units, and what stands after it."""

    entry_id: int
    at: datetime
    kind: EntryKind
    reference: str | None
    amount_minor: int
    after: Stand
    by: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Statement:
    """A merchant's lines of a period, oldest first: `opening` stands before the first of this page, `now` after all there are."""

    respondent_id: int
    name: str
    site: SiteRow
    since: date
    until: date
    opening: Stand
    lines: Sequence[StatementLine]
    next: str | None
    now: Stand


def merchant_statement(
    conn: Connection, viewer: Viewer, slug: str, respondent_id: int, asked: Period, now: datetime, act: Act = Act.READ_FUND
) -> Statement:  # fmt: skip
    """What a merchant owes, deposited and is to be given back, entry by entry.

    Raises NotFound for a foreign site or merchant, Forbidden, BadInput for a period that ends before it begins.
    """
    (site_id,) = sites_of(conn, viewer, slug, act)
    site = sites.get(conn, site_id)
    who = recoveries.respondent(conn, site.id, respondent_id)
    if who is None:
        raise NotFound
    since, until = _days(asked, site, now)
    zone = ZoneInfo(site.time_zone)
    begun = ENTRY.c.posted_at >= datetime.combine(since, time(), zone)
    within = begun & (ENTRY.c.posted_at < datetime.combine(until + timedelta(days=1), time(), zone))
    ahead = after((ENTRY.c.id,), asked.cursor) if asked.cursor else true()
    query = _headed(_own(site, who, within & ahead)).order_by(ENTRY.c.id).limit(asked.limit + 1)
    page = page_of(conn, query, asked.limit, lambda row: row, lambda row: [row.id])
    opening = _stand(conn, site, who, ~begun | (within & ~ahead) if asked.cursor else ~begun)
    lines = _lines(page.lines, _postings(conn, [row.id for row in page.lines]), who, opening, zone)
    return Statement(who.id, who.name, site, since, until, opening, lines, page.next, _now(conn, site, who))


def merchant_site(conn: Connection, viewer: Viewer, slug: str, act: Act = Act.READ_FUND) -> SiteRow:
    """The site of a merchant. Raises NotFound for a foreign one, Forbidden."""
    (site_id,) = sites_of(conn, viewer, slug, act)
    return sites.get(conn, site_id)


def _days(asked: Period, site: SiteRow, now: datetime) -> tuple[date, date]:
    until = asked.until or now.astimezone(ZoneInfo(site.time_zone)).date()
    since = asked.since or until - A_YEAR
    if since > until:
        raise BadInput("?to", "contradicts")
    return since, until


def _now(conn: Connection, site: SiteRow, who: RespondentRow) -> Stand:
    """What stands now, as the accounts and the recoveries have it; `desk verify` sees to it that the entries say the same."""
    stands = books.balances(conn, site.id, site.currency, (f"{RECEIVABLE}:{who.id}", f"{DEPOSIT}:{who.id}"))
    paid = recoveries.in_error(conn, site.id, site.currency, who.id).get(who.id, 0)
    back = books.given_back(conn, site.id, site.currency, who.id).get(who.id, 0)
    return Stand(stands.get(f"{RECEIVABLE}:{who.id}", 0), stands.get(f"{DEPOSIT}:{who.id}", 0), paid - back)


def _own(site: SiteRow, who: RespondentRow, which: ColumnElement[bool]) -> FromClause:
    """The ids of such entries about the merchant's recoveries, about their deposit, and about what they were given back.

    What is asked of an entry stands in each part, so that an index finds it there.
    """
    whose = select(RECOVERY.c.payout_id).where(RECOVERY.c.site_id == site.id, RECOVERY.c.respondent_id == who.id)
    of_another = [kind.value for kind in _OF_ANOTHERS]
    deposit = account_id(site.id, site.currency, f"{DEPOSIT}:{who.id}")
    touched = (POSTING.c.debit_id == deposit) | (POSTING.c.credit_id == deposit)
    given = (WITHDRAWAL.c.respondent_id == who.id) & (WITHDRAWAL.c.site_id == site.id)
    return union_all(
        select(ENTRY.c.id).where(ENTRY.c.payout_id.in_(whose), ENTRY.c.kind.not_in(of_another), which),
        select(ENTRY.c.id).where(
            ENTRY.c.site_id == site.id, ENTRY.c.kind.in_(_ABOUT_DEPOSITS), which,
            exists().where(POSTING.c.entry_id == ENTRY.c.id, touched),
        ),
        select(ENTRY.c.id).join(WITHDRAWAL, WITHDRAWAL.c.entry_id == ENTRY.c.id).where(given, which),
    ).subquery("own")  # fmt: skip


def _headed(own: FromClause) -> Any:  # noqa: ANN401 - a query
    """Each entry with its claim and officer."""
    return (
        select(ENTRY.c.id, ENTRY.c.posted_at, ENTRY.c.kind, ENTRY.c.note, OFFICER.c.name, CLAIM.c.reference)
        .join(own, own.c.id == ENTRY.c.id)
        .outerjoin(RECOVERY, RECOVERY.c.payout_id == ENTRY.c.payout_id)
        .outerjoin(CLAIM, CLAIM.c.id == RECOVERY.c.claim_id)
        .outerjoin(OFFICER, OFFICER.c.id == ENTRY.c.officer_id)
    )


def _stand(conn: Connection, site: SiteRow, who: RespondentRow, which: ColumnElement[bool]) -> Stand:
    """What stands after those of the merchant's entries, added up by the database."""

    def net(account: str) -> ColumnElement[int]:
        number = account_id(site.id, site.currency, account)
        debit, credit = POSTING.c.debit_id == number, POSTING.c.credit_id == number
        moved = case((debit, POSTING.c.amount_minor), (credit, -POSTING.c.amount_minor), else_=0)
        return func.coalesce(func.sum(moved), 0)

    names = (f"{RECEIVABLE}:{who.id}", f"{DEPOSIT}:{who.id}", RECOVERED_IN_ERROR)
    own = _own(site, who, which)
    query = select(*(net(name) for name in names)).select_from(own).join(POSTING, POSTING.c.entry_id == own.c.id)
    owed, deposit, in_error = (int(minor) for minor in conn.execute(query).one())
    return Stand(owed, -deposit, -in_error)


def _postings(conn: Connection, entries: Sequence[int]) -> Mapping[int, tuple[Posting, ...]]:
    debit, credit = ACCOUNT.alias("debit"), ACCOUNT.alias("credit")
    query = (
        select(POSTING.c.entry_id, POSTING.c.amount_minor, debit.c.name.label("debit"), credit.c.name.label("credit"))
        .join(debit, debit.c.id == POSTING.c.debit_id)
        .join(credit, credit.c.id == POSTING.c.credit_id)
        .where(POSTING.c.entry_id.in_(entries))
        .order_by(POSTING.c.entry_id, POSTING.c.position)
    )
    found = dict[int, tuple[Posting, ...]]()
    for row in conn.execute(query):
        found[row.entry_id] = (*found.get(row.entry_id, ()), Posting(row.debit, row.credit, row.amount_minor))
    return found


def _lines(
    rows: Sequence[Any], postings: Mapping[int, tuple[Posting, ...]], who: RespondentRow, opening: Stand, zone: ZoneInfo
) -> list[StatementLine]:  # fmt: skip
    stands, lines = opening, list[StatementLine]()
    for row in rows:
        moved = fund.changes(postings[row.id])
        stands = Stand(
            stands.owed_minor + moved.get(f"{RECEIVABLE}:{who.id}", 0),
            stands.deposit_minor + moved.get(f"{DEPOSIT}:{who.id}", 0), stands.in_error_minor + moved.get(RECOVERED_IN_ERROR, 0),
        )  # fmt: skip
        at, amount = row.posted_at.astimezone(zone), _amount(row.kind, postings[row.id])
        lines.append(StatementLine(row.id, at, EntryKind(row.kind), row.reference, amount, stands, row.name, row.note))
    return lines


def _amount(kind: str, postings: tuple[Posting, ...]) -> int:
    """What moved: of a bank return all its parts, of a deposit that was used its one amount once."""
    return sum(line.amount for line in postings) if kind == EntryKind.PAYOUT_RETURNED else postings[0].amount
