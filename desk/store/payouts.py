"""Payouts loaded for change, their guarded moves, and what the limits count. Decides no state: `domain.payout` has the table."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, String, cast, exists, func, insert, literal, select, update

from desk.domain.errors import NotFound, StaleVersion
from desk.domain.payout import OUT, UNDER_WAY, PayoutState
from desk.ports import Row
from desk.store import returns
from desk.store.tables import PayoutRow, metadata

PAYOUT = metadata.tables["payout"]
TAG = metadata.tables["payout_tag"]
VERDICT = metadata.tables["verdict"]
COUNTING = tuple(state.value for state in PayoutState if state not in (PayoutState.FAILED, PayoutState.CANCELLED))
"""States whose money is reserved, out, or paid: what a limit counts."""


def claim_of(conn: Connection, payout_id: int) -> int:
    """The claim of a payout. Raises NotFound for an id that is not there."""
    found = conn.execute(select(PAYOUT.c.claim_id).where(PAYOUT.c.id == payout_id)).scalar()
    if found is None:
        raise NotFound
    return int(found)


def get(conn: Connection, payout_id: int) -> PayoutRow:
    """A payout whose claim is locked already, so that nobody else moves it."""
    return PayoutRow(**conn.execute(select(PAYOUT).where(PAYOUT.c.id == payout_id)).mappings().one())


def find_by_key(conn: Connection, key: str) -> int | None:
    """The id of the payout of a key, None when the desk never gave it."""
    found = conn.execute(select(PAYOUT.c.id).where(PAYOUT.c.key == key)).scalar()
    return int(found) if found is not None else None


def latest(conn: Connection, claim_id: int) -> PayoutRow | None:
    """The claim's newest payout, None when there never was one."""
    query = select(PAYOUT).where(PAYOUT.c.claim_id == claim_id).order_by(PAYOUT.c.id.desc()).limit(1)
    row = conn.execute(query).mappings().first()
    return PayoutRow(**row) if row else None


def newest_returned(conn: Connection, claim_id: int) -> int | None:
    """The id of the claim's newest payout that the bank sent back, None when there is none."""
    back = (PAYOUT.c.claim_id == claim_id) & PAYOUT.c.returned_at.is_not(None)
    return conn.execute(select(func.max(PAYOUT.c.id)).where(back)).scalar()


def states_of(conn: Connection, claim_ids: Sequence[int]) -> dict[int, PayoutState]:
    """The state of the newest payout of each of these claims that has one."""
    rows = conn.execute(select(PAYOUT.c.claim_id, PAYOUT.c.state).where(PAYOUT.c.claim_id.in_(claim_ids)).order_by(PAYOUT.c.id))
    return {row.claim_id: PayoutState(row.state) for row in rows}


def stands_in(payout: FromClause) -> ColumnElement[bool]:
    """Of a payout that is under way, or settled and not returned; `payout` is the table or another name of it."""
    settled = (payout.c.state == PayoutState.SETTLED.value) & payout.c.returned_at.is_(None)
    return payout.c.state.in_(tuple(state.value for state in UNDER_WAY)) | settled


STANDS = stands_in(PAYOUT)
"""A payout that is under way, or settled and not returned."""


def stands(conn: Connection, claim_id: int) -> bool:
    """Whether the claim has a payout that is under way, or settled and not returned: then there can be no other."""
    return conn.execute(select(PAYOUT.c.id).where(PAYOUT.c.claim_id == claim_id, STANDS)).first() is not None


def add(conn: Connection, row: Row, tags: Sequence[Row]) -> PayoutRow:
    """Insert a payout and what makes its order and account findable."""
    conn.execute(insert(PAYOUT), row)
    if tags:
        conn.execute(insert(TAG), list(tags))
    return PayoutRow(**row)


def change(conn: Connection, payout: PayoutRow, **values: Any) -> PayoutRow:  # noqa: ANN401 - column values
    """Write new column values, unless the payout is no longer in the state that was loaded. Raises StaleVersion then."""
    mine = (PAYOUT.c.id == payout.id) & (PAYOUT.c.state == payout.state) & (PAYOUT.c.turn == payout.turn)
    if conn.execute(update(PAYOUT).where(mine).values(**values)).rowcount != 1:
        raise StaleVersion
    return PayoutRow(**{**payout.model_dump(), **values})


def confirmers(conn: Connection, claim_id: int) -> frozenset[int]:
    """The officers who ever decided that this claim is refunded: fast, or for goods that were taken back."""
    decided = (VERDICT.c.claim_id == claim_id) & (VERDICT.c.made != "proposed") & (VERDICT.c.route == "fast_refund")
    return frozenset(conn.execute(select(VERDICT.c.officer_id).where(decided)).scalars()) | returns.hands(conn, claim_id)


def count_on_claim(conn: Connection, claim_id: int) -> int:
    """How many payouts of this claim hold or held money and were not taken back."""
    mine = (PAYOUT.c.claim_id == claim_id) & PAYOUT.c.state.in_(COUNTING)
    return int(conn.execute(select(func.count()).where(mine)).scalar_one())


def count_tagged(conn: Connection, tags: Sequence[bytes]) -> int:
    """How many payouts for this order, or to this payee, hold or held money; 0 without a tag."""
    if not tags:
        return 0
    joined = select(func.count(PAYOUT.c.id.distinct())).select_from(TAG.join(PAYOUT, PAYOUT.c.id == TAG.c.payout_id))
    return int(conn.execute(joined.where(TAG.c.tag.in_(tags), PAYOUT.c.state.in_(COUNTING))).scalar_one())


def sum_since(conn: Connection, site_id: int, since: datetime, officer: int | None = None) -> int:
    """What was proposed at a site since then and holds or held money, in minor units; of one cashier, or of all."""
    mine = [PAYOUT.c.site_id == site_id, PAYOUT.c.proposed_at >= since, PAYOUT.c.state.in_(COUNTING)]
    if officer is not None:
        mine.append(PAYOUT.c.proposed_by == officer)
    return int(conn.execute(select(func.coalesce(func.sum(PAYOUT.c.amount_minor), 0)).where(*mine)).scalar_one())


def left_alone(conn: Connection, late: datetime) -> list[int]:
    """Gateway payouts that are out and have no open job, and those unknown since before `late` without a notice of it."""
    job, notice = metadata.tables["job"], metadata.tables["notice"]
    name = literal("%\\_payout:") + cast(PAYOUT.c.id, String) + literal(":%")
    seen_to = exists().where(job.c.done_at.is_(None), job.c.set_aside_at.is_(None), job.c.dedupe.like(name, escape="\\"))
    told = exists().where(notice.c.payout_id == PAYOUT.c.id, notice.c.closed_at.is_(None))
    silent = (PAYOUT.c.state == PayoutState.UNKNOWN.value) & (PAYOUT.c.unknown_since <= late) & ~told
    out = PAYOUT.c.state.in_([state.value for state in (*OUT, PayoutState.AWAITING_VISITOR)]) & (PAYOUT.c.method != "cash")
    return list(conn.execute(select(PAYOUT.c.id).where(out, ~seen_to | silent).order_by(PAYOUT.c.id).limit(500)).scalars())
