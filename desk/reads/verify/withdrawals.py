"""Money taken out of a fund: I32, that two persons agreed to it, and I03, that no merchant got back more than they had paid.

Posts nothing and asks the database once a check, however many withdrawals there are.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator

from sqlalchemy import Connection, and_, func, literal, select, true

from desk.domain.audit import EventKind
from desk.domain.fund import SOURCE, EntryKind
from desk.domain.recovery import RecoveryState
from desk.store.tables import metadata

WITHDRAWAL, ENTRY, POSTING, ACCOUNT, RECOVERY, EVENT = (
    metadata.tables[name] for name in ("withdrawal", "fund_entry", "fund_posting", "fund_account", "recovery", "event")
)
NAMED = 20
_STEPS = {EventKind.WITHDRAWAL_PROPOSED: "proposed", EventKind.WITHDRAWAL_APPROVED: "approved"}


def i32_what_left_was_agreed_to(conn: Connection) -> Iterator[str]:
    """Each entry that took money out is that of a withdrawal: its site, currency, amount, source, second person and moment."""
    pairs = (
        (WITHDRAWAL.c.site_id, ENTRY.c.site_id), (WITHDRAWAL.c.currency, ENTRY.c.currency),
        (WITHDRAWAL.c.amount_minor, POSTING.c.amount_minor), (literal(f"{SOURCE}:") + WITHDRAWAL.c.payer, ACCOUNT.c.name),
        (WITHDRAWAL.c.approved_by, ENTRY.c.officer_id), (WITHDRAWAL.c.approved_at, ENTRY.c.posted_at),
    )  # fmt: skip
    same = and_(*(agreed == booked for agreed, booked in pairs))
    query = (
        select(ENTRY.c.id)
        .join(POSTING, POSTING.c.entry_id == ENTRY.c.id)
        .join(ACCOUNT, ACCOUNT.c.id == POSTING.c.debit_id)
        .outerjoin(WITHDRAWAL, WITHDRAWAL.c.entry_id == ENTRY.c.id)
        .where(ENTRY.c.kind == EntryKind.WITHDRAWAL.value, same.is_not(true()))
    )
    for entry in conn.execute(query.limit(NAMED)).scalars():
        yield f"entry {entry}: took money out as no two persons agreed to"


def i32_what_was_agreed_to_left(conn: Connection) -> Iterator[str]:
    """Each withdrawal that was agreed to has its entry, and who agreed is another than who asked for it."""
    there = (ENTRY.c.id == WITHDRAWAL.c.entry_id) & (ENTRY.c.kind == EntryKind.WITHDRAWAL.value)
    alone = WITHDRAWAL.c.approved_by.is_(None) | (WITHDRAWAL.c.approved_by == WITHDRAWAL.c.proposed_by)
    agreed = select(WITHDRAWAL.c.id).outerjoin(ENTRY, there).where(WITHDRAWAL.c.approved_at.is_not(None))
    for row_id in conn.execute(agreed.where(ENTRY.c.id.is_(None) | alone).limit(NAMED)).scalars():
        yield f"withdrawal {row_id}: was agreed to by no second person, or took no money out"


def i32_withdrawals_are_what_the_chain_tells(conn: Connection) -> Iterator[str]:
    """Each one agreed to was asked for and agreed to in its site's chain: by whom, when, how much, to whom, by which entry."""
    told = defaultdict[str, dict[str, tuple[object, ...]]](dict)
    for event in conn.execute(select(EVENT).where(EVENT.c.kind.in_(_STEPS))):
        said = json.loads(event.data)
        sums = (said.get("amount_minor"), said.get("payer"), said.get("respondent"), said.get("entry"))
        told[str(said.get("withdrawal"))][_STEPS[EventKind(event.kind)]] = (event.site_id, event.actor, event.at, *sums)
    for row in conn.execute(select(WITHDRAWAL).where(WITHDRAWAL.c.approved_at.is_not(None))):
        steps, whom = told.pop(str(row.id), {}), str(row.respondent_id) if row.respondent_id is not None else None
        # Before withdrawals named their merchant, the chain did not either.
        whom = whom if any(whom in step for step in steps.values()) else None
        same = (row.amount_minor, row.payer, whom)
        due = {
            "proposed": (row.site_id, f"officer:{row.proposed_by}", row.proposed_at, *same, None),
            "approved": (row.site_id, f"officer:{row.approved_by}", row.approved_at, *same, str(row.entry_id)),
        }
        if steps != due:
            yield f"withdrawal {row.id}: the chain tells of it otherwise than the row"
    for row_id, steps in told.items():
        if "approved" in steps:
            yield f"withdrawal {row_id}: was agreed to in the chain, and its row does not say so"


def i03_nobody_got_back_more_than_they_paid(conn: Connection) -> Iterator[str]:
    """What merchants were given back is what they had paid for refunds that came back, or one whom nobody had named."""
    paid, given = Counter[tuple[int, str, int | None]](), Counter[tuple[int, str, int]]()
    fund = (RECOVERY.c.site_id, RECOVERY.c.currency, RECOVERY.c.respondent_id)
    returned = select(*fund, func.sum(RECOVERY.c.recovered_minor).label("minor")).group_by(*fund)
    for row in conn.execute(returned.where(RECOVERY.c.state == RecoveryState.RETURNED.value)):
        paid[row.site_id, row.currency, row.respondent_id] = int(row.minor)
    fund = (WITHDRAWAL.c.site_id, WITHDRAWAL.c.currency, WITHDRAWAL.c.respondent_id)
    back = select(*fund, func.sum(WITHDRAWAL.c.amount_minor).label("minor")).group_by(*fund)
    for row in conn.execute(back.where(WITHDRAWAL.c.approved_at.is_not(None), WITHDRAWAL.c.respondent_id.is_not(None))):
        given[row.site_id, row.currency, row.respondent_id] = int(row.minor)
    beyond = Counter[tuple[int, str]]()
    for (site_id, currency, whose), minor in given.items():
        beyond[site_id, currency] += max(0, minor - paid[site_id, currency, whose])
    for (site_id, currency), minor in beyond.items():
        if minor > paid[site_id, currency, None]:
            yield f"site {site_id}, {currency}: a merchant was given back more than they had paid in error"
