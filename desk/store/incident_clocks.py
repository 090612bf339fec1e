"""Clocks of incidents as rows, as `store.clocks` keeps those of claims. Counts nothing."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from desk.domain.clocks import Clock, next_look_at
from desk.ports import Row, Work
from desk.store import told
from desk.store.clocks import clock_of, row_of
from desk.store.tables import IncidentClockRow, metadata

CLOCK = metadata.tables["incident_clock"]


def whose(incident_id: int) -> Row:
    """Who owns what is told and missed."""
    return {"incident_id": incident_id}


def of_incident(conn: Connection, incident_id: int) -> dict[int, Clock]:
    """All clocks of an incident by row id, in the order in which they fall due."""
    rows = conn.execute(select(CLOCK).where(CLOCK.c.incident_id == incident_id).order_by(CLOCK.c.due_at, CLOCK.c.id)).mappings()
    return {row["id"]: clock_of(IncidentClockRow(**row)) for row in rows}


def start(work: Work, incident_id: int, clocks: Iterable[Clock]) -> None:
    """Insert clocks that begin."""
    work.conn.execute(insert(CLOCK), [_row(work.kit.lots.number(), incident_id, clock) for clock in clocks])


def end(work: Work, incident_id: int, row_id: int, clock: Clock) -> None:
    """Write a clock that has ended; what was told of it is over."""
    work.conn.execute(update(CLOCK).where(CLOCK.c.id == row_id).values(_row(row_id, incident_id, clock)))
    told.end_reminders(work, whose(incident_id), clock.kind, clock.due_at)


def due(conn: Connection, now: datetime, most: int) -> list[int]:
    """Incidents with a clock that must be seen to by now, those that wait longest first."""
    waiting = select(CLOCK.c.incident_id).where(CLOCK.c.next_at <= now).order_by(CLOCK.c.next_at, CLOCK.c.incident_id).limit(most)
    return list(dict.fromkeys(conn.execute(waiting).scalars()))


def look_again(work: Work, incident_id: int, row_id: int, clock: Clock) -> None:
    """Note when a clock that was seen to now must be seen to next."""
    row = _row(row_id, incident_id, clock) | {"next_at": next_look_at(clock, work.now)}
    work.conn.execute(update(CLOCK).where(CLOCK.c.id == row_id).values(row))


def _row(row_id: int, incident_id: int, clock: Clock) -> Row:
    row = row_of(row_id, incident_id, clock)
    return {"incident_id": row.pop("claim_id"), **row}
