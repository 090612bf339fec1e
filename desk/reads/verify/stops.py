"""The stop switch, over the whole database: I12. A trigger keeps sends from leaving; no clock is asked, for clocks jump."""

import json
from collections.abc import Iterator

from sqlalchemy import Connection, select, text

from desk.domain.audit import EventKind
from desk.domain.reconciliation import StopCause
from desk.store.tables import metadata

STOP, BREAK, EVENT = (metadata.tables[name] for name in ("send_stop", "statement_break", "event"))
GUARD = "payout_never_leaves_while_stopped"
_SQLITE_GUARD = """
SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = :name AND tbl_name = 'payout'
  AND sql LIKE '%BEFORE UPDATE ON payout%FROM send_stop%' AND sql LIKE '%RAISE(ABORT%'
"""
_POSTGRES_GUARD = """
SELECT 1 FROM pg_trigger AS guard JOIN pg_class AS relation ON relation.oid = guard.tgrelid
JOIN pg_proc AS refusal ON refusal.oid = guard.tgfoid
WHERE guard.tgname = :name AND relation.relname = 'payout' AND pg_table_is_visible(relation.oid)
  AND guard.tgenabled IN ('O', 'A') AND refusal.prosrc LIKE '%FROM send_stop%RAISE EXCEPTION%'
"""


def i12_nothing_leaves_while_stopped(conn: Connection) -> Iterator[str]:
    """The trigger that refuses every call and every hand-over of cash while refunds are stopped is there and in force."""
    there = text(_SQLITE_GUARD if conn.dialect.name == "sqlite" else _POSTGRES_GUARD)
    if conn.execute(there, {"name": GUARD}).first() is None:
        yield "payout: nothing keeps refunds from leaving while they are stopped"


def i12_stops_were_told(conn: Connection) -> Iterator[str]:
    """Each stop and each end of one stands in its site's chain with its time, a stop with its cause and reason; nothing else."""
    rows = {}
    for row in conn.execute(select(STOP)):
        rows[EventKind.SENDS_STOPPED, str(row.id)] = (row.site_id, row.stopped_at, row.reason, row.cause)
        if row.resumed_at is not None:
            rows[EventKind.SENDS_RESUMED, str(row.id)] = (row.site_id, row.resumed_at, None, None)
    told = select(EVENT).where(EVENT.c.kind.in_([EventKind.SENDS_STOPPED, EventKind.SENDS_RESUMED]))
    for event in conn.execute(told):
        said = json.loads(event.data)
        name = (EventKind(event.kind), str(said.get("stop")))
        cause = said.get("cause", StopCause.MANAGER.value) if event.kind == EventKind.SENDS_STOPPED else None
        if rows.pop(name, None) != (event.site_id, event.at, said.get("reason"), cause):
            yield f"stop {said.get('stop')}: the chain tells {event.kind} otherwise than the row, or twice"
    yield from (f"stop {stop}: {kind} is not in the chain" for kind, stop in rows)


def i12_open_breaks_hold_their_sites(conn: Connection) -> Iterator[str]:
    """While a break is not resolved, the refunds of each site in whose chain it was found are stopped."""
    stopped = set(conn.execute(select(STOP.c.site_id).where(STOP.c.resumed_at.is_(None))).scalars())
    waiting = {str(number) for number in conn.execute(select(BREAK.c.id).where(BREAK.c.resolved_at.is_(None))).scalars()}
    if not waiting:
        return
    for event in conn.execute(select(EVENT).where(EVENT.c.kind == EventKind.BREAK_FOUND)):
        number = json.loads(event.data).get("break")
        if number in waiting and event.site_id not in stopped:
            yield f"break {number}: is open, and the refunds of site {event.site_id} leave"
