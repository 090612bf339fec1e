"""A site's fund as staff see it: what stands where, the entries with their lines, withdrawals that wait. Moves nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, true

from desk.domain import fund
from desk.domain.fund import EntryKind
from desk.domain.policy import Act, Viewer
from desk.domain.recovery import still_to_give_back
from desk.domain.runway import Runway
from desk.ports import Kit
from desk.reads.pages import LARGEST_PAGE, Page, after, page_of, sites_of
from desk.store import checks, sites
from desk.store import fund as books
from desk.store import recovery as recoveries
from desk.store.runway import runway_of
from desk.store.tables import SiteRow, WithdrawalRow, metadata

ENTRY = metadata.tables["fund_entry"]
POSTING = metadata.tables["fund_posting"]
ACCOUNT = metadata.tables["fund_account"]
OFFICER = metadata.tables["officer"]
PAYOUT = metadata.tables["payout"]
CLAIM = metadata.tables["claim"]
WITHDRAWAL = metadata.tables["withdrawal"]
RESPONDENT = metadata.tables["respondent"]


SUMMED = (
    EntryKind.PAYOUT_SETTLED, EntryKind.PAYOUT_RETURNED, EntryKind.RECOVERED, EntryKind.RECOVERED_AFTER_WRITE_OFF,
    EntryKind.DEPOSIT_USED,
)  # fmt: skip
"""Entries whose sums are shown; whatever else moved is seen in the balances."""


@dataclass(frozen=True, slots=True)
class FundView:
    """What stands where, in minor units. `paid` is net of bank returns; `paid` and `recovered` are sums of their entries.

    `put_in` is what sources and deposits own, `in_error` what of it merchants paid for refunds that banks returned then, `off`
    by how much the identity of SPEC 5.3 fails: 0, or something is wrong.
    """

    currency: str
    available: int
    reserved: int
    in_transit: int
    paid: int
    receivable: int
    recovered: int
    written_off: int
    put_in: int
    in_error: int
    off: int


@dataclass(frozen=True, slots=True)
class LastCheck:
    """The last hourly check of every invariant: when it ran, at the site's own offset, and the ids of those that did not hold."""

    at: datetime
    failing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One line of an entry: so many minor units from the credit account to the debit account, by account name."""

    debit: str
    credit: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class EntryView:
    """One event in the books. `at` is at the site's own offset; `by` is an officer's name, None for the desk itself."""

    id: int
    at: datetime
    kind: str
    currency: str
    reference: str | None
    by: str | None
    note: str | None
    lines: Sequence[EntryLine]


@dataclass(frozen=True, slots=True)
class WithdrawalView:
    """Money that somebody wants to take out, or that has left. Times are at the site's own offset."""

    id: int
    amount_minor: int
    currency: str
    payer: str
    note: str
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    refused_by: str | None
    refused_at: datetime | None
    respondent_id: int | None
    respondent: str | None


@dataclass(frozen=True, slots=True)
class ToGiveBack:
    """A merchant who can be given money back that was recovered in error, and how much at the most, in minor units."""

    id: int
    name: str
    minor: int


def withdrawal_view(
    row: WithdrawalRow, site: SiteRow, proposed_by: str, approved_by: str | None = None, refused_by: str | None = None,
    respondent: str | None = None,
) -> WithdrawalView:  # fmt: skip
    """A withdrawal's row as staff see it, with the names of its two officers and of the merchant it goes to."""
    zone = ZoneInfo(site.time_zone)
    approved_at, refused_at = (at.astimezone(zone) if at else None for at in (row.approved_at, row.refused_at))
    return WithdrawalView(
        row.id, row.amount_minor, row.currency, row.payer, row.note, proposed_by, row.proposed_at.astimezone(zone),
        approved_by, approved_at, refused_by, refused_at, row.respondent_id, respondent,
    )  # fmt: skip


def fund_view(conn: Connection, viewer: Viewer, slug: str) -> FundView:
    """How the fund of a site stands. Raises NotFound for a foreign site, Forbidden."""
    site = _site(conn, viewer, slug)
    stands, moved = books.balances(conn, site.id, site.currency), books.totals(conn, site.id, site.currency, SUMMED)
    receivable = sum(minor for name, minor in stands.items() if fund.kind_of(name) == fund.RECEIVABLE)
    back = (EntryKind.RECOVERED, EntryKind.RECOVERED_AFTER_WRITE_OFF)
    return FundView(
        site.currency, stands.get(fund.AVAILABLE, 0), stands.get(fund.RESERVED, 0), stands.get(fund.IN_TRANSIT, 0),
        paid=moved.get(EntryKind.PAYOUT_SETTLED, 0) - moved.get(EntryKind.PAYOUT_RETURNED, 0), receivable=receivable,
        # A deposit used has two lines of the same amount; one of them is the recovery.
        recovered=sum(moved.get(kind, 0) for kind in back) + moved.get(EntryKind.DEPOSIT_USED, 0) // 2,
        written_off=stands.get(fund.WRITTEN_OFF, 0),
        put_in=sum(minor for name, minor in stands.items() if fund.kind_of(name) in fund.OWED),
        in_error=stands.get(fund.RECOVERED_IN_ERROR, 0), off=fund.out_of_balance(stands),
    )  # fmt: skip


def last_check(conn: Connection, viewer: Viewer, slug: str) -> LastCheck | None:
    """What the worker's last check of the whole desk found, None before the first one. Raises NotFound, Forbidden."""
    site, found = _site(conn, viewer, slug), checks.latest(conn)
    return LastCheck(found.ran_at.astimezone(ZoneInfo(site.time_zone)), tuple(found.failing)) if found else None


def runway_view(conn: Connection, viewer: Viewer, slug: str, kit: Kit) -> Runway:
    """How long the fund lasts. Raises NotFound for a foreign site, Forbidden."""
    return runway_of(conn, _site(conn, viewer, slug), kit.clock.now(), kit.shelf.calendar)


def entries_page(
    conn: Connection, viewer: Viewer, slug: str, limit: int, cursor: str | None, act: Act = Act.READ_FUND
) -> Page[EntryView]:  # fmt: skip
    """Entries of a site, newest first; `act` is the right that is asked for. Raises NotFound for a foreign site, Forbidden."""
    site = _site(conn, viewer, slug, act)
    query = (
        select(
            ENTRY.c.id, ENTRY.c.posted_at, ENTRY.c.kind, ENTRY.c.currency, ENTRY.c.note, OFFICER.c.name, CLAIM.c.reference,
        )
        .outerjoin(OFFICER, OFFICER.c.id == ENTRY.c.officer_id)
        .outerjoin(PAYOUT, PAYOUT.c.id == ENTRY.c.payout_id)
        .outerjoin(CLAIM, CLAIM.c.id == PAYOUT.c.claim_id)
        .where(ENTRY.c.site_id == site.id)
        .order_by(ENTRY.c.id.desc())
        .limit(limit + 1)
    )  # fmt: skip
    if cursor:
        query = query.where(after((ENTRY.c.id,), cursor, descending=True))
    page = page_of(conn, query, limit, lambda row: row, lambda row: [row.id])
    lines, zone = _lines(conn, [row.id for row in page.lines]), ZoneInfo(site.time_zone)
    shown = [
        EntryView(
            row.id, row.posted_at.astimezone(zone), row.kind, row.currency, row.reference, row.name, row.note, lines[row.id]
        )
        for row in page.lines
    ]  # fmt: skip
    return Page(shown, page.next)


def open_withdrawals(conn: Connection, viewer: Viewer, slug: str, limit: int, cursor: str | None) -> Page[WithdrawalView]:
    """Withdrawals of a site that wait for a second person, oldest first. Raises NotFound for a foreign site, Forbidden."""
    site = _site(conn, viewer, slug)
    query = (
        select(WITHDRAWAL, OFFICER.c.name.label("proposer"), RESPONDENT.c.name.label("merchant"))
        .join(OFFICER, OFFICER.c.id == WITHDRAWAL.c.proposed_by)
        .outerjoin(RESPONDENT, RESPONDENT.c.id == WITHDRAWAL.c.respondent_id)
        .where(WITHDRAWAL.c.site_id == site.id, WITHDRAWAL.c.approved_at.is_(None), WITHDRAWAL.c.refused_at.is_(None))
        .order_by(WITHDRAWAL.c.id)
        .limit(limit + 1)
    )
    if cursor:
        query = query.where(after((WITHDRAWAL.c.id,), cursor))
    return page_of(
        conn, query, limit, lambda row: withdrawal_view(row, site, row.proposer, respondent=row.merchant), lambda row: [row.id]
    )


def merchants_to_give_back(conn: Connection, viewer: Viewer, slug: str) -> list[ToGiveBack]:
    """Who had paid for refunds that banks returned then, and was not given it back, by name, at most 100.

    Any merchant of the site where somebody paid whom nobody had named. Raises NotFound for a foreign site, Forbidden.
    """
    site = _site(conn, viewer, slug)
    paid, given = recoveries.in_error(conn, site.id, site.currency), books.given_back(conn, site.id, site.currency)
    mine = (RESPONDENT.c.site_id == site.id) & (true() if paid.get(None) else RESPONDENT.c.id.in_(paid))
    rows = conn.execute(select(RESPONDENT.c.id, RESPONDENT.c.name).where(mine).order_by(RESPONDENT.c.name).limit(LARGEST_PAGE))
    found = [ToGiveBack(row.id, row.name, still_to_give_back(paid, given, row.id)) for row in rows]
    return [one for one in found if one.minor > 0]


def _site(conn: Connection, viewer: Viewer, slug: str, act: Act = Act.READ_FUND) -> SiteRow:
    (site_id,) = sites_of(conn, viewer, slug, act)
    return sites.get(conn, site_id)


def _lines(conn: Connection, entries: Sequence[int]) -> Mapping[int, Sequence[EntryLine]]:
    debit, credit = ACCOUNT.alias("debit"), ACCOUNT.alias("credit")
    query = (
        select(POSTING.c.entry_id, POSTING.c.amount_minor, debit.c.name.label("debit"), credit.c.name.label("credit"))
        .join(debit, debit.c.id == POSTING.c.debit_id)
        .join(credit, credit.c.id == POSTING.c.credit_id)
        .where(POSTING.c.entry_id.in_(entries))
        .order_by(POSTING.c.entry_id, POSTING.c.position)
    )
    found: dict[int, list[EntryLine]] = {entry: [] for entry in entries}
    for row in conn.execute(query):
        found[row.entry_id].append(EntryLine(row.debit, row.credit, row.amount_minor))
    return found
