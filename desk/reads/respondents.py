"""What stands between a site's fund and one of its merchants: every line, and what is owed and held after it. Moves nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from desk.domain import fund
from desk.domain.errors import NotFound
from desk.domain.fund import DEPOSIT, RECEIVABLE, EntryKind, Posting
from desk.domain.policy import Act, Viewer
from desk.reads.pages import sites_of
from desk.store import recovery as recoveries
from desk.store import sites
from desk.store.tables import SiteRow, metadata

ENTRY, POSTING, ACCOUNT, RECOVERY, CLAIM, OFFICER = (
    metadata.tables[name] for name in ("fund_entry", "fund_posting", "fund_account", "recovery", "claim", "officer")
)
_ABOUT_DEPOSITS = (EntryKind.DEPOSIT_PAID_IN.value, EntryKind.DEPOSIT_PAID_BACK.value)
_OF_ANOTHERS = frozenset(
    {EntryKind.PAYOUT_PROPOSED, EntryKind.PAYOUT_CANCELLED, EntryKind.PAYOUT_SENT, EntryKind.PAYOUT_NEVER_LEFT}
)
"""Entries about a payout before it settled: the merchant owes nothing yet."""


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One entry as the merchant's account sees it, in minor units: what it adds to what is owed and held, and both after it."""

    entry_id: int
    at: datetime
    kind: EntryKind
    reference: str | None
    amount_minor: int
    owed_minor: int
    deposit_minor: int
    by: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Statement:
    """All lines of a merchant, oldest first. `owed_minor` and `deposit_minor` are what stands now."""

    respondent_id: int
    name: str
    site: SiteRow
    lines: Sequence[StatementLine]
    owed_minor: int
    deposit_minor: int


def merchant_statement(
    conn: Connection, viewer: Viewer, slug: str, respondent_id: int, act: Act = Act.READ_FUND
) -> Statement:  # fmt: skip
    """What a merchant owes and deposited, entry by entry. Raises NotFound for a foreign site or merchant, Forbidden."""
    (site_id,) = sites_of(conn, viewer, slug, act)
    site = sites.get(conn, site_id)
    respondent = recoveries.respondent(conn, site.id, respondent_id)
    if respondent is None:
        raise NotFound
    lines: list[StatementLine] = []
    owed = deposit = 0
    for found, postings in _entries(conn, site, respondent.id):
        changed = fund.changes(postings)
        owed += changed.get(f"{RECEIVABLE}:{respondent.id}", 0)
        deposit += changed.get(f"{DEPOSIT}:{respondent.id}", 0)
        at, amount = found.posted_at.astimezone(ZoneInfo(site.time_zone)), _amount(found.kind, postings)
        line = StatementLine(found.id, at, EntryKind(found.kind), found.reference, amount, owed, deposit, found.name, found.note)
        lines.append(line)
    return Statement(respondent.id, respondent.name, site, lines, owed, deposit)


def _amount(kind: str, postings: tuple[Posting, ...]) -> int:
    """What moved: of a bank return all its parts, of a deposit that was used its one amount once."""
    return sum(line.amount for line in postings) if kind == EntryKind.PAYOUT_RETURNED else postings[0].amount


def _entries(conn: Connection, site: SiteRow, respondent_id: int) -> list[tuple[Any, tuple[Posting, ...]]]:
    """The entries about the merchant's recoveries and about their deposit, each with its lines, oldest first."""
    own = fund_names(respondent_id)
    debit, credit = ACCOUNT.alias("debit"), ACCOUNT.alias("credit")
    whose = select(RECOVERY.c.payout_id).where(RECOVERY.c.site_id == site.id, RECOVERY.c.respondent_id == respondent_id)
    about = (ENTRY.c.payout_id.in_(whose) & ENTRY.c.kind.not_in([kind.value for kind in _OF_ANOTHERS])) | (
        (ENTRY.c.site_id == site.id) & ENTRY.c.kind.in_(_ABOUT_DEPOSITS)
    )
    query = (
        select(
            ENTRY.c.id, ENTRY.c.posted_at, ENTRY.c.kind, ENTRY.c.note, OFFICER.c.name, CLAIM.c.reference,
            POSTING.c.amount_minor, debit.c.name.label("debit"), credit.c.name.label("credit"),
        )
        .join(POSTING, POSTING.c.entry_id == ENTRY.c.id)
        .join(debit, debit.c.id == POSTING.c.debit_id)
        .join(credit, credit.c.id == POSTING.c.credit_id)
        .outerjoin(RECOVERY, RECOVERY.c.payout_id == ENTRY.c.payout_id)
        .outerjoin(CLAIM, CLAIM.c.id == RECOVERY.c.claim_id)
        .outerjoin(OFFICER, OFFICER.c.id == ENTRY.c.officer_id)
        .where(about)
        .order_by(ENTRY.c.id, POSTING.c.position)
    )  # fmt: skip
    grouped: dict[int, list[Any]] = {}
    for row in conn.execute(query):
        grouped.setdefault(row.id, []).append(row)
    told = [(rows[0], tuple(Posting(row.debit, row.credit, row.amount_minor) for row in rows)) for rows in grouped.values()]
    return [(row, lines) for row, lines in told if row.reference or any({line.debit, line.credit} & own for line in lines)]


def fund_names(respondent_id: int) -> frozenset[str]:
    """The accounts of one respondent, by name."""
    return frozenset({f"{RECEIVABLE}:{respondent_id}", f"{DEPOSIT}:{respondent_id}"})
