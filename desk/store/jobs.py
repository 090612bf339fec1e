"""The job table: work for later, leased by one worker at a time. Knows no kind of job and runs none.

A lease is measured by the database's own time and by its attempt number, so that a moved clock neither ends one early nor
keeps one for ever; an effect and the job's end are one transaction (DESIGN 4).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update

from desk.domain.errors import NotFound, WrongMoment
from desk.ports import Lease, LeaseLost, Row, Work
from desk.store.tables import JobRow, metadata

JOB = metadata.tables["job"]
LEASE_SECONDS = 8
MOST_FAILURES = 8
_OPEN = JOB.c.done_at.is_(None) & JOB.c.set_aside_at.is_(None)
_NOW = {"sqlite": "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')", "postgresql": "clock_timestamp()"}
_UNTIL = {
    "sqlite": f"strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '+{LEASE_SECONDS} seconds')",
    "postgresql": f"clock_timestamp() + interval '{LEASE_SECONDS} seconds'",
}


def add(work: Work, kind: str, dedupe: str, payload: dict[str, Any], due_at: datetime | None = None) -> None:
    """Write a job in the transaction that causes it, unless one of this name is there already."""
    if work.conn.execute(select(JOB.c.id).where(JOB.c.dedupe == dedupe)).first() is not None:
        return
    work.conn.execute(insert(JOB), row_of(work, kind, dedupe, payload, due_at))


def row_of(work: Work, kind: str, dedupe: str, payload: dict[str, Any], due_at: datetime | None = None) -> Row:
    """The row of a new job, for those who insert without reading."""
    return {
        "id": work.kit.lots.number(), "kind": kind, "dedupe": dedupe, "payload": payload, "made_at": work.now,
        "due_at": due_at or work.now, "leased_until": None, "worker": None, "attempt": 0, "failures": 0,
        "last_error": None, "done_at": None, "set_aside_at": None,
    }  # fmt: skip


def lease(work: Work, worker: str, most: int, patient: frozenset[str], most_patient: int) -> list[Lease]:
    """Take the jobs that are due and in nobody's hands, oldest first; a lease that has run out counts as nobody's.

    Those of the `patient` kinds come last, and no more of them than told: the others wait for none of them.
    """
    dialect = work.conn.dialect.name
    free = JOB.c.leased_until.is_(None) | (JOB.c.leased_until < text(_NOW[dialect]))
    due = select(JOB.c.id).where(_OPEN, JOB.c.due_at <= work.now, free).order_by(JOB.c.due_at, JOB.c.id)
    # Not one statement: PostgreSQL may run a locking subquery of an UPDATE more than once, and take more than `most`.
    due = due.with_for_update(skip_locked=True)
    ids = list(work.conn.execute(due.where(JOB.c.kind.not_in(patient)).limit(most)).scalars())
    ids += work.conn.execute(due.where(JOB.c.kind.in_(patient)).limit(min(most - len(ids), most_patient))).scalars()
    taken = (
        update(JOB)
        .where(JOB.c.id.in_(ids))
        .values(leased_until=text(_UNTIL[dialect]), worker=worker, attempt=JOB.c.attempt + 1)
        .returning(JOB.c.id, JOB.c.kind, JOB.c.payload, JOB.c.attempt, JOB.c.failures)
    )
    return [Lease(**row) for row in work.conn.execute(taken).mappings()]


def any_due(conn: Connection, now: datetime) -> bool:
    """Whether a job may be due; leases are not looked at, so that asking locks nothing."""
    return conn.execute(select(JOB.c.id).where(_OPEN, JOB.c.due_at <= now).limit(1)).first() is not None


def has_open(conn: Connection, payout_id: int) -> bool:
    """Whether a job that sends or asks for a payout is waiting or in a hand; its name holds the payout's id."""
    mine = JOB.c.dedupe.like(f"%\\_payout:{payout_id}:%", escape="\\")
    return conn.execute(select(JOB.c.id).where(_OPEN, mine).limit(1)).first() is not None


def keep_hold(work: Work, held: Lease) -> None:
    """Lock a job that is about to have an effect outside. Raises LeaseLost when another worker has taken it over."""
    mine = select(JOB.c.id).where(JOB.c.id == held.id, JOB.c.attempt == held.attempt, _OPEN)
    if work.conn.execute(mine.with_for_update()).first() is None:
        raise LeaseLost


def renew(work: Work, leases: list[Lease]) -> None:
    """Keep jobs in hand a while longer; one that was taken over stays taken over."""
    for held in leases:
        work.conn.execute(_mine(held).values(leased_until=text(_UNTIL[work.conn.dialect.name])))


def done(work: Work, held: Lease) -> None:
    """End a job in the transaction of its effect. Raises LeaseLost when it is no longer ours, so that nothing is written."""
    _only_mine(work.conn, held, done_at=work.now, leased_until=None)


def again(work: Work, held: Lease, after: timedelta) -> None:
    """Let a job wait and be taken once more. Raises LeaseLost when it is no longer ours."""
    _only_mine(work.conn, held, due_at=work.now + after, leased_until=None, failures=0)


def failed(work: Work, held: Lease, why: str) -> bool:
    """A mistake of ours ended the attempt: try again later, and set the job aside after eight. True when set aside."""
    failures = held.failures + 1
    aside = failures >= MOST_FAILURES
    ended = {"set_aside_at": work.now} if aside else {"due_at": work.now + timedelta(seconds=2**failures)}
    _only_mine(work.conn, held, failures=failures, last_error=why[:80], leased_until=None, **ended)
    return aside


def set_aside(work: Work, held: Lease, why: str) -> None:
    """Leave a job to a person. Raises LeaseLost when it is no longer ours."""
    _only_mine(work.conn, held, last_error=why, leased_until=None, set_aside_at=work.now)


def take_up_again(work: Work, job_id: int) -> str:
    """Let a job that was set aside be due now, and say why it was. Raises NotFound, or WrongMoment for one that was not."""
    again = {"set_aside_at": None, "failures": 0, "due_at": work.now, "leased_until": None}
    aside = update(JOB).where(JOB.c.id == job_id, JOB.c.set_aside_at.is_not(None)).values(again).returning(JOB.c.last_error)
    if taken := work.conn.execute(aside).first():
        return str(taken.last_error)
    if work.conn.execute(select(JOB.c.id).where(JOB.c.id == job_id)).first() is None:
        raise NotFound
    raise WrongMoment


@dataclass(frozen=True, slots=True)
class Queue:
    """How the queue stands: since when the oldest due job waits (None: none does), and how many were set aside."""

    oldest_due_at: datetime | None
    set_aside: int


def queue(conn: Connection, now: datetime) -> Queue:
    """How the queue stands now."""
    oldest = conn.execute(select(func.min(JOB.c.due_at)).where(_OPEN, JOB.c.due_at <= now)).scalar()
    aside = conn.execute(select(func.count()).where(JOB.c.set_aside_at.is_not(None))).scalar_one()
    return Queue(oldest, int(aside))


def get(conn: Connection, job_id: int) -> JobRow:
    """A job as it stands."""
    return JobRow(**conn.execute(select(JOB).where(JOB.c.id == job_id)).mappings().one())


def _mine(held: Lease) -> Any:  # noqa: ANN401 - an UPDATE to be completed
    return update(JOB).where(JOB.c.id == held.id, JOB.c.attempt == held.attempt, _OPEN)


def _only_mine(conn: Connection, held: Lease, **values: Any) -> None:  # noqa: ANN401 - column values
    if conn.execute(_mine(held).values(**values)).rowcount != 1:
        raise LeaseLost
