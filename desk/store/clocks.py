"""Clocks as rows: read into domain clocks, written back. Counts nothing."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from desk.domain.clocks import Clock, ClockState, segments_from_json, segments_to_json
from desk.domain.opening import windows_from_json, windows_to_json
from desk.domain.pack import Unit
from desk.ports import Row, Work
from desk.store.tables import ClockRow, metadata

CLOCK = metadata.tables["clock"]
BREACH = metadata.tables["clock_breach"]


def of_claim(conn: Connection, claim_id: int) -> dict[int, Clock]:
    """All clocks of a claim by row id, in the order they were started."""
    rows = conn.execute(select(CLOCK).where(CLOCK.c.claim_id == claim_id).order_by(CLOCK.c.base_at, CLOCK.c.id)).mappings()
    return {row["id"]: clock_of(ClockRow(**row)) for row in rows}


def save(work: Work, claim_id: int, known: dict[int, Clock], changed: Iterable[Clock]) -> None:
    """Write back what a step changed and insert what it started; a clock is the same one by its kind and base."""
    ids = {(clock.kind, clock.base_at): row_id for row_id, clock in known.items()}
    for clock in changed:
        row_id = ids.get((clock.kind, clock.base_at))
        if row_id is None:
            work.conn.execute(insert(CLOCK), row_of(work.kit.lots.number(), claim_id, clock))
        else:
            work.conn.execute(update(CLOCK).where(CLOCK.c.id == row_id).values(row_of(row_id, claim_id, clock)))


def add_breach(work: Work, claim_id: int, site_id: int, clock: Clock) -> bool:
    """Write down that a clock of a claim that is locked was missed; False when its deadline is written down already."""
    mine = (BREACH.c.claim_id == claim_id) & (BREACH.c.kind == clock.kind) & (BREACH.c.due_at == clock.due_at)
    if work.conn.execute(select(BREACH.c.id).where(mine)).first() is not None:
        return False
    row = {
        "id": work.kit.lots.number(), "claim_id": claim_id, "site_id": site_id, "kind": clock.kind, "base_at": clock.base_at,
        "due_at": clock.due_at, "recorded_at": work.now, "reason": None, "explained_by": None, "explained_at": None,
    }  # fmt: skip
    work.conn.execute(insert(BREACH), row)
    return True


def missed(conn: Connection, now: datetime, most: int) -> list[int]:
    """Claims with a running clock whose deadline has passed and is not written down, in order of their ids."""
    known = select(BREACH.c.id).where(
        BREACH.c.claim_id == CLOCK.c.claim_id, BREACH.c.kind == CLOCK.c.kind, BREACH.c.due_at == CLOCK.c.due_at
    )  # fmt: skip
    # The second that the deadline names still counts.
    late = (CLOCK.c.state == "running", CLOCK.c.due_at <= now - timedelta(seconds=1), CLOCK.c.provisional.is_(False))
    return list(conn.execute(select(CLOCK.c.claim_id).where(*late, ~known.exists()).distinct().limit(most)).scalars())


def row_of(row_id: int, claim_id: int, clock: Clock) -> Row:
    """The row of a clock."""
    return {
        "id": row_id, "claim_id": claim_id, "kind": clock.kind, "state": clock.state.value, "base_at": clock.base_at,
        "due_at": clock.due_at, "stopped_at": clock.stopped_at, "provisional": clock.provisional, "pack": clock.pack,
        "calendar": clock.calendar, "segments": segments_to_json(clock.segments),
        "rule": {
            "length": clock.length, "unit": clock.unit.value, "pauses": sorted(clock.pauses),
            "confirmed": clock.confirmed, "windows": windows_to_json(clock.windows),
        },
    }  # fmt: skip


def clock_of(row: ClockRow) -> Clock:
    """The clock of a row."""
    return Clock(
        kind=row.kind, length=row.rule["length"], unit=Unit(row.rule["unit"]), pauses=frozenset(row.rule["pauses"]),
        pack=row.pack, confirmed=row.rule["confirmed"], provisional=row.provisional, base_at=row.base_at, due_at=row.due_at,
        stopped_at=row.stopped_at, state=ClockState(row.state), segments=segments_from_json(row.segments),
        calendar=row.calendar, windows=windows_from_json(row.rule["windows"]),
    )  # fmt: skip
