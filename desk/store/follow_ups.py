"""Follow-ups as rows, and ended claims that nothing holds open any more. Judges nothing."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, insert, or_, select

from desk.domain.claim import State
from desk.domain.follow_up import Kind
from desk.domain.lifecycle import LIFECYCLE, Step
from desk.domain.payout import UNDER_WAY
from desk.ports import Row, Work
from desk.store.tables import ClaimRow, FollowUpRow, metadata

FOLLOW_UP, CLAIM, PAYOUT, RECOVERY, NOTICE = (
    metadata.tables[name] for name in ("follow_up", "claim", "payout", "recovery", "notice")
)  # fmt: skip
ENDED = tuple(sorted(state for state, step in LIFECYCLE if step is Step.ARCHIVE and state is not None))


def of_end(conn: Connection, claim: ClaimRow) -> list[FollowUpRow]:
    """What followed the end at which the claim stands, oldest first; none of a claim that was put away."""
    mine = (FOLLOW_UP.c.claim_id == claim.id, FOLLOW_UP.c.ended_at == claim.moved_at)
    rows = conn.execute(select(FOLLOW_UP).where(*mine).order_by(FOLLOW_UP.c.id)).mappings()
    return [FollowUpRow(**row) for row in rows]


def kinds_of(rows: Sequence[FollowUpRow]) -> list[Kind]:
    """What kinds of follow-up these are."""
    return [Kind(row.kind) for row in rows]


def add(work: Work, row: Row) -> FollowUpRow:
    """Append one."""
    work.conn.execute(insert(FOLLOW_UP), row)
    return FollowUpRow(**row)


def ended(conn: Connection, before: datetime, after: tuple[datetime, int] | None, most: int) -> list[ClaimRow]:
    """Claims that ended before a moment and that nothing holds open, in the order of their ends; those after the one named."""
    query = select(CLAIM).where(CLAIM.c.state.in_(ENDED), CLAIM.c.moved_at < before, ~_held_open())
    if after is not None:
        moved_at, claim_id = after
        query = query.where(
            or_(CLAIM.c.moved_at > moved_at, and_(CLAIM.c.moved_at == moved_at, CLAIM.c.id > claim_id))
        )  # fmt: skip
    rows = conn.execute(query.order_by(CLAIM.c.moved_at, CLAIM.c.id).limit(most)).mappings()
    return [ClaimRow(**row) for row in rows]


def is_held_open(conn: Connection, claim: ClaimRow) -> bool:
    """Whether a payout, a recovery or a manager's notice of the claim is open."""
    return conn.execute(select(CLAIM.c.id).where(CLAIM.c.id == claim.id, _held_open())).first() is not None


def _held_open() -> ColumnElement[bool]:
    paying = exists().where(PAYOUT.c.claim_id == CLAIM.c.id, PAYOUT.c.state.in_(sorted(UNDER_WAY)))
    owed = exists().where(RECOVERY.c.claim_id == CLAIM.c.id, RECOVERY.c.ended_at.is_(None))
    watched = exists().where(NOTICE.c.claim_id == CLAIM.c.id, NOTICE.c.closed_at.is_(None))
    return or_(paying, owed, watched)


def is_ended(state: State) -> bool:
    """Whether a claim in this state can be put away one day."""
    return state in ENDED
