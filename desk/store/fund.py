"""The fund's books as rows: entries appended, balances moved with them. Decides no entry: `domain.fund` has the table."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from desk.domain import fund
from desk.domain.errors import FundInsufficient
from desk.domain.fund import EntryKind, Posting
from desk.ports import Row, Work
from desk.store.tables import SiteRow, WithdrawalRow, metadata

ACCOUNT = metadata.tables["fund_account"]
ENTRY = metadata.tables["fund_entry"]
POSTING = metadata.tables["fund_posting"]
WITHDRAWAL = metadata.tables["withdrawal"]


@dataclass(frozen=True, slots=True)
class Booked:
    """What an entry is about: the payout, who caused it, and a note. All optional."""

    payout_id: int | None = None
    officer_id: int | None = None
    note: str | None = None


def account_id(site_id: int, currency: str, name: str) -> int:
    """The id of an account, derived from whose it is, so that posting to it reads nothing first."""
    return int.from_bytes(hashlib.sha256(f"account:{site_id}:{currency}:{name}".encode()).digest()[:8], "big") >> 1


def post(work: Work, site: SiteRow, kind: EntryKind, lines: tuple[Posting, ...], about: Booked = Booked()) -> int:
    """Append an entry and move the balances of its accounts, in the order of their names so that no two posters block each other.

    Raises FundInsufficient where an account would fall below zero; nothing is written then.
    """
    for name, change in fund.changes(lines).items():
        _move(work.conn, site, name, change)
    entry_id = work.kit.lots.number()
    work.conn.execute(
        insert(ENTRY),
        {
            "id": entry_id, "site_id": site.id, "currency": site.currency, "kind": kind.value, "payout_id": about.payout_id,
            "corrects_id": None, "officer_id": about.officer_id, "note": about.note, "posted_at": work.now,
        },
    )  # fmt: skip
    work.conn.execute(insert(POSTING), [_line(work, site, entry_id, place, line) for place, line in enumerate(lines)])
    return entry_id


def lock_available(conn: Connection, site: SiteRow) -> None:
    """Lock what a site has left until the transaction ends, so that whoever counts before posting counts alone."""
    own = account_id(site.id, site.currency, fund.AVAILABLE)
    conn.execute(select(ACCOUNT.c.id).where(ACCOUNT.c.id == own).with_for_update(key_share=True))


def _move(conn: Connection, site: SiteRow, name: str, change: int) -> None:
    """Change a balance, guarded by its floor; an account that receives its first money is opened."""
    own = account_id(site.id, site.currency, name)
    guard = [ACCOUNT.c.id == own]
    if fund.kind_of(name) not in fund.UNFLOORED:
        guard.append(ACCOUNT.c.balance_minor + change >= 0)
    moved = update(ACCOUNT).where(*guard).values(balance_minor=ACCOUNT.c.balance_minor + change)
    if conn.execute(moved).rowcount == 1:
        return
    if change < 0 and fund.kind_of(name) not in fund.UNFLOORED:
        raise FundInsufficient
    # Two first posters collide on the primary key; the door runs the later one again, which then finds the account.
    opened = {"id": own, "site_id": site.id, "currency": site.currency, "name": name, "balance_minor": change}
    conn.execute(insert(ACCOUNT), opened)


def _line(work: Work, site: SiteRow, entry_id: int, place: int, line: Posting) -> Row:
    return {
        "id": work.kit.lots.number(), "entry_id": entry_id, "position": place, "amount_minor": line.amount,
        "debit_id": account_id(site.id, site.currency, line.debit), "credit_id": account_id(site.id, site.currency, line.credit),
    }  # fmt: skip


def balances(conn: Connection, site_id: int, currency: str, only: Iterable[str] | None = None) -> dict[str, int]:
    """What stands on each account of a site, or on the `only` ones, by name; an account without any posting is left out."""
    mine = (ACCOUNT.c.site_id == site_id) & (ACCOUNT.c.currency == currency)
    if only is not None:
        mine &= ACCOUNT.c.id.in_([account_id(site_id, currency, name) for name in only])
    return {row.name: row.balance_minor for row in conn.execute(select(ACCOUNT.c.name, ACCOUNT.c.balance_minor).where(mine))}


def totals(
    conn: Connection, site_id: int, currency: str, kinds: Iterable[EntryKind], within: tuple[datetime, datetime] | None = None
) -> Mapping[str, int]:  # fmt: skip
    """The sum of all postings of each of these kinds of entry of a site: of all times, or from one moment until another."""
    mine = (ENTRY.c.site_id == site_id) & (ENTRY.c.currency == currency) & ENTRY.c.kind.in_([kind.value for kind in kinds])
    if within:
        mine &= (ENTRY.c.posted_at >= within[0]) & (ENTRY.c.posted_at < within[1])
    added = select(ENTRY.c.kind, func.sum(POSTING.c.amount_minor).label("minor"))
    rows = conn.execute(added.join(POSTING, POSTING.c.entry_id == ENTRY.c.id).where(mine).group_by(ENTRY.c.kind))
    return {row.kind: int(row.minor) for row in rows}


def first_posted_at(conn: Connection, site_id: int, kind: EntryKind) -> datetime | None:
    """When the first entry of a kind was written for a site; None while there is none."""
    query = select(ENTRY.c.posted_at).where(ENTRY.c.site_id == site_id, ENTRY.c.kind == kind.value).order_by(ENTRY.c.id).limit(1)
    return conn.execute(query).scalar()


def add_withdrawal(conn: Connection, row: Row) -> None:
    """Keep what a manager wants to take out."""
    conn.execute(insert(WITHDRAWAL), row)


def withdrawal(conn: Connection, withdrawal_id: int) -> WithdrawalRow | None:
    """Load and lock a withdrawal, None when there is none of this id."""
    row = conn.execute(select(WITHDRAWAL).where(WITHDRAWAL.c.id == withdrawal_id).with_for_update()).mappings().first()
    return WithdrawalRow(**row) if row else None


def given_back(conn: Connection, site_id: int, currency: str, only: int | None = None) -> dict[int, int]:
    """What each merchant of a site, or the `only` one, was given back of what was recovered in error, in minor units."""
    mine = (WITHDRAWAL.c.site_id == site_id) & (WITHDRAWAL.c.currency == currency) & WITHDRAWAL.c.respondent_id.is_not(None)
    if only is not None:
        mine &= WITHDRAWAL.c.respondent_id == only
    added = select(WITHDRAWAL.c.respondent_id, func.sum(WITHDRAWAL.c.amount_minor).label("minor"))
    rows = conn.execute(added.where(mine, WITHDRAWAL.c.approved_at.is_not(None)).group_by(WITHDRAWAL.c.respondent_id))
    return {row.respondent_id: int(row.minor) for row in rows}


def end_withdrawal(work: Work, row: WithdrawalRow, **ended: Any) -> WithdrawalRow:  # noqa: ANN401 - column values
    """Write who agreed, or who refused, and when."""
    work.conn.execute(update(WITHDRAWAL).where(WITHDRAWAL.c.id == row.id).values(**ended))
    return WithdrawalRow(**{**row.model_dump(), **ended})
