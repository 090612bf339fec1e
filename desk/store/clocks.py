"""Clocks as rows: read into domain clocks, written back. Counts nothing."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from desk.domain.clocks import Clock, ClockState, next_look_at, segments_from_json, segments_to_json
from desk.domain.ladder import Rung, ladder_from_json, ladder_to_json
from desk.domain.opening import windows_from_json, windows_to_json
from desk.domain.pack import Unit
from desk.ports import Row, Work
from desk.store import told
from desk.store.tables import ClockRow, IncidentClockRow, metadata

CLOCK = metadata.tables["clock"]


def of_claim(conn: Connection, claim_id: int) -> dict[int, Clock]:
    """All clocks of a claim by row id, in the order they were started."""
    rows = conn.execute(select(CLOCK).where(CLOCK.c.claim_id == claim_id).order_by(CLOCK.c.base_at, CLOCK.c.id)).mappings()
    return {row["id"]: clock_of(ClockRow(**row)) for row in rows}


def save(work: Work, claim_id: int, known: dict[int, Clock], changed: Iterable[Clock]) -> None:
    """Write back what a step changed and insert what it started; a clock is the same one by its kind and base.

    What was told of a clock that changed is over: it has stopped, or has another deadline.
    """
    ids, over = {(clock.kind, clock.base_at): row_id for row_id, clock in known.items()}, set[tuple[str, datetime]]()
    for clock in changed:
        row_id = ids.get((clock.kind, clock.base_at))
        if row_id is None:
            work.conn.execute(insert(CLOCK), row_of(work.kit.lots.number(), claim_id, clock))
        else:
            over.add((known[row_id].kind, known[row_id].due_at))
            work.conn.execute(update(CLOCK).where(CLOCK.c.id == row_id).values(row_of(row_id, claim_id, clock)))
    for kind, due_at in over:
        told.end_reminders(work, {"claim_id": claim_id}, kind, due_at)


def add_breach(work: Work, claim_id: int, site_id: int, clock: Clock) -> bool:
    """Write down that a clock of a claim that is locked was missed; False when its deadline is written down already."""
    return told.add_breach(work, {"claim_id": claim_id}, site_id, clock)


def due(conn: Connection, now: datetime, most: int) -> list[int]:
    """Claims with a clock that must be seen to by now, those that wait longest first."""
    waiting = select(CLOCK.c.claim_id).where(CLOCK.c.next_at <= now).order_by(CLOCK.c.next_at, CLOCK.c.claim_id).limit(most)
    return list(dict.fromkeys(conn.execute(waiting).scalars()))


def was_missed(conn: Connection, claim_id: int, clock: Clock) -> bool:
    """Whether a deadline of a claim is written down as missed, whatever the time is now."""
    return told.was_missed(conn, {"claim_id": claim_id}, clock)


def is_due(work: Work, claim_id: int) -> bool:
    """Whether a clock of a claim that is locked must be seen to now: another worker may have been faster."""
    mine = (CLOCK.c.claim_id == claim_id) & (CLOCK.c.next_at <= work.now)
    return work.conn.execute(select(CLOCK.c.id).where(mine).limit(1)).first() is not None


def look_again(work: Work, claim_id: int, row_id: int, clock: Clock) -> None:
    """Note when a clock that was seen to now must be seen to next."""
    row = row_of(row_id, claim_id, clock) | {"next_at": next_look_at(clock, work.now)}
    work.conn.execute(update(CLOCK).where(CLOCK.c.id == row_id).values(row))


def add_reminder(work: Work, site_id: int, claim_id: int, clock: Clock, rung: Rung) -> bool:
    """Tell each role of a rung, in place of what earlier ones told; False when this one was told already."""
    return told.add_reminder(work, {"claim_id": claim_id}, site_id, clock, rung)


def row_of(row_id: int, claim_id: int, clock: Clock) -> Row:
    """The row of a clock. It is seen to from its first reminder on, so that one that was changed late is looked at once more."""
    return {
        "id": row_id, "claim_id": claim_id, "kind": clock.kind, "state": clock.state.value, "base_at": clock.base_at,
        "due_at": clock.due_at, "next_at": next_look_at(clock, clock.base_at), "stopped_at": clock.stopped_at,
        "provisional": clock.provisional, "pack": clock.pack, "calendar": clock.calendar,
        "segments": segments_to_json(clock.segments),
        "rule": {
            "length": clock.length, "unit": clock.unit.value, "pauses": sorted(clock.pauses),
            "confirmed": clock.confirmed, "windows": windows_to_json(clock.windows), "ladder": ladder_to_json(clock.ladder),
        },
    }  # fmt: skip


def clock_of(row: ClockRow | IncidentClockRow) -> Clock:
    """The clock of a row."""
    return Clock(
        kind=row.kind, length=row.rule["length"], unit=Unit(row.rule["unit"]), pauses=frozenset(row.rule["pauses"]),
        pack=row.pack, confirmed=row.rule["confirmed"], provisional=row.provisional, base_at=row.base_at, due_at=row.due_at,
        stopped_at=row.stopped_at, state=ClockState(row.state), segments=segments_from_json(row.segments),
        calendar=row.calendar, windows=windows_from_json(row.rule["windows"]),
        ladder=ladder_from_json(row.rule.get("ladder", [])),
    )  # fmt: skip
