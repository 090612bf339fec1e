"""What is written down of promises as they come near or are missed, of a claim's and of an incident's alike. Counts nothing.

`whose` names the owner by its column: `{"claim_id": 5}` or `{"incident_id": 7}`, whose row is locked.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, insert, select, update

from desk.domain.clocks import Clock
from desk.domain.ladder import Rung
from desk.ports import Row, Work
from desk.store.tables import metadata

BREACH, REMINDER = metadata.tables["clock_breach"], metadata.tables["clock_reminder"]
_NOBODY: Row = {"claim_id": None, "incident_id": None}


def was_missed(conn: Connection, whose: Row, clock: Clock) -> bool:
    """Whether a deadline is written down as missed, whatever the time is now."""
    mine = _of(BREACH, whose) & (BREACH.c.kind == clock.kind) & (BREACH.c.due_at == clock.due_at)
    return conn.execute(select(BREACH.c.id).where(mine)).first() is not None


def missed(conn: Connection, whose: Row) -> set[tuple[str, datetime]]:
    """The deadlines of an owner that are written down as missed."""
    return {(row.kind, row.due_at) for row in conn.execute(select(BREACH.c.kind, BREACH.c.due_at).where(_of(BREACH, whose)))}


def add_breach(work: Work, whose: Row, site_id: int, clock: Clock) -> bool:
    """Write down that a clock was missed; False when its deadline is written down already."""
    if was_missed(work.conn, whose, clock):
        return False
    row = {
        **_NOBODY, **whose, "id": work.kit.lots.number(), "site_id": site_id, "kind": clock.kind, "base_at": clock.base_at,
        "due_at": clock.due_at, "recorded_at": work.now, "reason": None, "explained_by": None, "explained_at": None,
    }  # fmt: skip
    work.conn.execute(insert(BREACH), row)
    return True


def add_reminder(work: Work, whose: Row, site_id: int, clock: Clock, rung: Rung) -> bool:
    """Tell each role of a rung, in place of what earlier ones told; False when this one was told already."""
    of_clock = _of(REMINDER, whose) & (REMINDER.c.kind == clock.kind)
    this = (REMINDER.c.due_at == clock.due_at) & (REMINDER.c.minutes == rung.minutes)
    work.conn.execute(update(REMINDER).where(of_clock, ~this, REMINDER.c.ended_at.is_(None)).values(ended_at=work.now))
    if work.conn.execute(select(REMINDER.c.id).where(of_clock, this)).first() is not None:
        # Over because the clock was paused or written anew, and now true again.
        work.conn.execute(update(REMINDER).where(of_clock, this).values(ended_at=None))
        return False
    told = {
        **_NOBODY, **whose, "site_id": site_id, "kind": clock.kind, "due_at": clock.due_at, "minutes": rung.minutes,
        "told_at": work.now, "ended_at": None,
    }  # fmt: skip
    work.conn.execute(
        insert(REMINDER), [{**told, "id": work.kit.lots.number(), "role": role.value} for role in sorted(rung.tells)]
    )
    return True


def end_reminders(work: Work, whose: Row, kind: str, due_at: datetime) -> None:
    """What was told of a clock that changed is over: it has stopped, or has another deadline."""
    mine = _of(REMINDER, whose) & (REMINDER.c.kind == kind) & (REMINDER.c.due_at == due_at)
    work.conn.execute(update(REMINDER).where(mine, REMINDER.c.ended_at.is_(None)).values(ended_at=work.now))


def _of(table: Table, whose: Row) -> Any:  # noqa: ANN401 - a condition
    return and_(*(table.c[name] == number for name, number in whose.items()))
