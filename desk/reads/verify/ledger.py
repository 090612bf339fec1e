"""The fund's books, over the whole database: I01, I02, I03 and I04. Posts nothing and puts no balance right.

Where debits and credits of a currency differ, I01 alone says so: no balance in that currency can be right then.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, exists, func, literal, select, text, union_all

from desk.domain import fund
from desk.domain.fund import EntryKind, Source
from desk.store.fund import account_id
from desk.store.tables import metadata

ACCOUNT = metadata.tables["fund_account"]
ENTRY = metadata.tables["fund_entry"]
POSTING = metadata.tables["fund_posting"]
AMOUNTS = [column for table in metadata.sorted_tables for column in table.columns if column.name.endswith("_minor")]
GUARDED = ("fund_entry", "fund_posting")
PAGE = 2_000
NAMED = 20

_SQLITE_GUARD = re.compile(
    r"CREATE TRIGGER \S+ BEFORE (UPDATE|DELETE) ON \W?(\w+)\W? BEGIN SELECT RAISE\(ABORT, '[^']*'\); END", re.IGNORECASE
)
# 58: before delete, update and truncate of whole statements. On in every ordinary session, without condition, and refusing.
_POSTGRES_GUARDS = """
SELECT relation.relname FROM pg_trigger AS guard
JOIN pg_class AS relation ON relation.oid = guard.tgrelid
JOIN pg_proc AS refusal ON refusal.oid = guard.tgfoid
WHERE pg_table_is_visible(relation.oid) AND guard.tgtype = 58 AND guard.tgenabled IN ('O', 'A')
  AND guard.tgqual IS NULL AND refusal.prosrc LIKE '%RAISE EXCEPTION%'
"""

Accounts = Sequence[Row[Any]]


def accounts(conn: Connection) -> Accounts:
    """Every account with what its postings debit and credit, added up anew."""
    sides = union_all(
        select(POSTING.c.debit_id.label("own"), POSTING.c.amount_minor.label("debit"), literal(0).label("credit")),
        select(POSTING.c.credit_id, literal(0), POSTING.c.amount_minor),
    ).subquery()
    sums = (func.sum(sides.c.debit).label("debited"), func.sum(sides.c.credit).label("credited"))
    added = select(sides.c.own, *sums).group_by(sides.c.own).subquery()
    query = select(ACCOUNT, added.c.debited, added.c.credited).outerjoin(added, added.c.own == ACCOUNT.c.id)
    return conn.execute(query.order_by(ACCOUNT.c.site_id, ACCOUNT.c.currency, ACCOUNT.c.name)).all()


def i01_debits_equal_credits(found: Accounts) -> Iterator[str]:
    """In each currency as much was credited as was debited, each side in the currency of its own account."""
    for currency, over in _totals(found).items():
        if over:
            yield f"{currency}: debits and credits differ by {abs(over)}"


def i02_entries_have_the_lines_of_their_kind(conn: Connection) -> Iterator[str]:
    """Every entry has the lines that the table has for its kind, in order, of one whole amount above zero."""
    for entry, lines in _entries(conn):
        if not lines:
            yield f"entry {entry.id}: has no line"
        elif not _fit(EntryKind(entry.kind), lines):
            yield f"entry {entry.id}: its lines are not those of {entry.kind}"


def i02_lines_stay_in_their_fund(conn: Connection) -> Iterator[str]:
    """A line has its entry, and its accounts are of that entry's site and currency; one from currency to currency is I01's."""
    debit, credit = ACCOUNT.alias("debit"), ACCOUNT.alias("credit")
    own = [(side.c.site_id == ENTRY.c.site_id) & (side.c.currency == ENTRY.c.currency) for side in (debit, credit)]
    joined = (
        select(POSTING.c.id)
        .join(debit, debit.c.id == POSTING.c.debit_id)
        .join(credit, credit.c.id == POSTING.c.credit_id)
        .outerjoin(ENTRY, ENTRY.c.id == POSTING.c.entry_id)
    )
    strayed = joined.where(ENTRY.c.id.is_(None) | ((debit.c.currency == credit.c.currency) & ~(own[0] & own[1]))).limit(NAMED)
    yield from (f"line {row_id}: is in no entry, or in other books than its entry" for row_id in conn.execute(strayed).scalars())


def i02_amounts_are_whole(conn: Connection) -> Iterator[str]:
    """Every amount in the database is stored as a whole number; PostgreSQL takes no other into such a column."""
    for column in AMOUNTS if conn.dialect.name == "sqlite" else ():
        odd = func.typeof(column).not_in(("integer", "null"))
        if number := conn.execute(select(func.count()).select_from(column.table).where(odd)).scalar_one():
            yield f"{column.table.name}: {number} {column.name} are no whole numbers"


def i03_balances_are_their_postings(found: Accounts) -> Iterator[str]:
    """Every stored balance is what its postings give, above its floor, under the id that site, currency and name lead to."""
    totals = _totals(found)
    for row in found:
        name, kind = f"site {row.site_id}, {row.currency} {row.name}", fund.kind_of(row.name)
        if not totals[row.currency] and row.balance_minor != (-1 if kind in fund.OWED else 1) * _net(row):
            yield f"{name}: its balance is not the sum of its postings"
        if row.balance_minor < 0 and kind not in fund.UNFLOORED:
            yield f"{name}: stands below zero"
        if row.id != account_id(row.site_id, row.currency, row.name):
            yield f"{name}: is kept under another account's id"


def i03_all_money_is_somebodys(found: Accounts) -> Iterator[str]:
    """For each site and currency, where the money is and whose it is come to the same sum. Source: SPEC 5.3."""
    totals = _totals(found)
    for (site_id, currency), rows in groupby(found, lambda row: (row.site_id, row.currency)):
        over = fund.out_of_balance({row.name: row.balance_minor for row in rows})
        if over and not totals[currency]:
            yield f"site {site_id}, {currency}: what it has and whose it is differ by {abs(over)}"


def i04_books_are_guarded(conn: Connection) -> Iterator[str]:
    """The triggers that refuse to change or delete entries and lines are there and in force."""
    sqlite = conn.dialect.name == "sqlite"
    guarded = _guarded_on_sqlite(conn) if sqlite else set(conn.execute(text(_POSTGRES_GUARDS)).scalars())
    yield from (f"{table}: nothing keeps its rows from being changed" for table in GUARDED if table not in guarded)


def i04_corrections_correct_something_once(conn: Connection) -> Iterator[str]:
    """A correction names another entry of the same site, and no entry is corrected twice."""
    wrong, corrects = ENTRY.alias("wrong"), ENTRY.c.corrects_id
    there = exists().where(wrong.c.id == corrects, wrong.c.site_id == ENTRY.c.site_id, wrong.c.id != ENTRY.c.id)
    lost = select(ENTRY.c.id).where(corrects.is_not(None), ~there).limit(NAMED)
    yield from (f"entry {row_id}: corrects no other entry of its site" for row_id in conn.execute(lost).scalars())
    twice = select(corrects).where(corrects.is_not(None)).group_by(corrects).having(func.count() > 1).limit(NAMED)
    yield from (f"entry {row_id}: was corrected more than once" for row_id in conn.execute(twice).scalars())


def _net(account: Row[Any]) -> int:
    return int(account.debited or 0) - int(account.credited or 0)


def _totals(found: Accounts) -> Counter[str]:
    """By how much more was debited than credited, by currency."""
    totals = Counter[str]()
    for row in found:
        totals[row.currency] += _net(row)
    return totals


def _entries(conn: Connection) -> Iterator[tuple[Row[Any], Sequence[Row[Any]]]]:
    """Every entry with its lines in order, page by page; an account that is not there has no name."""
    debit, credit = ACCOUNT.alias("debit"), ACCOUNT.alias("credit")
    names = debit.c.name.label("debit"), credit.c.name.label("credit")
    all_lines = (
        select(POSTING, *names)
        .outerjoin(debit, debit.c.id == POSTING.c.debit_id)
        .outerjoin(credit, credit.c.id == POSTING.c.credit_id)
        .order_by(POSTING.c.entry_id, POSTING.c.position)
    )
    last = -1
    while page := conn.execute(select(ENTRY).where(ENTRY.c.id > last).order_by(ENTRY.c.id).limit(PAGE)).all():
        lines = defaultdict[int, list[Row[Any]]](list)
        for line in conn.execute(all_lines.where(POSTING.c.entry_id.between(page[0].id, page[-1].id))):
            lines[line.entry_id].append(line)
        yield from ((entry, lines[entry.id]) for entry in page)
        last = page[-1].id


def _fit(kind: EntryKind, lines: Sequence[Row[Any]]) -> bool:
    """Whether these are the lines that the table has for the kind; a bank return may leave parts out."""
    pairs, amounts = [(line.debit, line.credit) for line in lines], [line.amount_minor for line in lines]
    if any(None in pair for pair in pairs) or [line.position for line in lines] != list(range(len(lines))):
        return False
    if any(type(amount) is not int or amount <= 0 for amount in amounts):
        return False
    if kind is EntryKind.PAYOUT_RETURNED:
        return len({credit for _, credit in pairs}) == len(pairs) and all(fund.fits(kind, *pair) for pair in pairs)
    owners = {fund.kind_of(name): name.partition(":")[2] for pair in pairs for name in pair}
    return amounts == [amounts[0]] * len(amounts) and pairs == _of_the_table(kind, owners)


def _of_the_table(kind: EntryKind, owners: dict[str, str]) -> list[tuple[str, str]]:
    """The accounts of an entry whose source and respondent are these; none where one of them is nobody."""
    payer, respondent = owners.get(fund.SOURCE), owners.get(fund.RECEIVABLE) or owners.get(fund.DEPOSIT)
    if (payer is not None and payer not in set(Source)) or (respondent is not None and not respondent.isdecimal()):
        return []
    named = fund.postings(kind, 1, payer=payer, respondent=int(respondent) if respondent else None)
    return [(line.debit, line.credit) for line in named]


def _guarded_on_sqlite(conn: Connection) -> set[str]:
    stored = conn.execute(text("SELECT sql FROM sqlite_master WHERE type = 'trigger'")).scalars()
    found = [guard.groups() for sql in stored if (guard := _SQLITE_GUARD.fullmatch(" ".join(sql.split())))]
    guards = {(verb.upper(), table) for verb, table in found}
    return {table for table in GUARDED if {("UPDATE", table), ("DELETE", table)} <= guards}
