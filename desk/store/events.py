"""Appending to the audit chains and walking them. Decides neither what is audited nor whether a chain is sound."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from desk.domain.audit import EventKind, Happening, event_hash, genesis
from desk.ports import Row
from desk.store.tables import metadata

EVENT = metadata.tables["event"]


def append(conn: Connection, event_id: int, event: Happening) -> None:
    """Chain an event to the last one of its subject. The subject's row is locked; a fork still breaks a UNIQUE constraint."""
    newest = select(EVENT.c.seq, EVENT.c.hash).where(EVENT.c.subject == event.subject).order_by(EVENT.c.seq.desc()).limit(1)
    last = conn.execute(newest).first()
    seq, previous = (last.seq + 1, last.hash) if last else (1, genesis(event.subject))
    conn.execute(insert(EVENT), chained(event_id, event, seq, previous))


def first_of_chain(event_id: int, event: Happening) -> Row:
    """The row that opens a new subject's chain, for those who insert without reading."""
    return chained(event_id, event, 1, genesis(event.subject))


def chained(event_id: int, event: Happening, seq: int, previous: bytes) -> Row:
    """The row of an event at its place in the chain."""
    return {
        "id": event_id, "subject": event.subject, "seq": seq, "kind": event.kind.value, "at": event.at, "actor": event.actor,
        "role": event.role, "site_id": event.site_id, "request_id": event.request_id, "step": event.step,
        "from_state": event.from_state, "to_state": event.to_state, "reason": event.reason, "data": event.data,
        "prev_hash": previous, "hash": event_hash(previous, seq, event),
    }  # fmt: skip


def has(conn: Connection, subject: str, kind: EventKind) -> bool:
    """Whether a chain holds an event of this kind."""
    return (
        conn.execute(select(EVENT.c.id).where(EVENT.c.subject == subject, EVENT.c.kind == kind.value).limit(1)).first()
        is not None
    )


def of_kinds(conn: Connection, subject: str, kinds: Sequence[EventKind]) -> list[tuple[EventKind, dict[str, Any]]]:
    """What a subject's events of these kinds say, in the order of their chain."""
    mine = (EVENT.c.subject == subject, EVENT.c.kind.in_([kind.value for kind in kinds]))
    rows = conn.execute(select(EVENT.c.kind, EVENT.c.data).where(*mine).order_by(EVENT.c.seq))
    return [(EventKind(row.kind), json.loads(row.data)) for row in rows]


def steps_since_vote(conn: Connection, subject: str, settlement_id: int) -> list[tuple[str, str | None]]:
    """The steps that a claim took after its newest vote on a plan, each with the state it left; in the order of its chain."""
    kinds = (EventKind.MOVED.value, EventKind.MEMBER_VOTED.value)
    mine = select(EVENT.c.kind, EVENT.c.step, EVENT.c.from_state, EVENT.c.data).where(
        EVENT.c.subject == subject, EVENT.c.kind.in_(kinds)
    )
    found: list[tuple[str, str | None]] = []
    for row in conn.execute(mine.order_by(EVENT.c.seq)):
        if row.kind == EventKind.MOVED:
            found.append((row.step, row.from_state))
        elif json.loads(row.data)["settlement"] == str(settlement_id):
            found.clear()
    return found


def newest_of_payout(conn: Connection, subject: str, payout_id: int, step: str) -> dict[str, Any] | None:
    """What the newest event of a claim's chain says that took this step of a payout, None where none did."""
    mine = (EVENT.c.subject == subject, EVENT.c.kind == EventKind.PAYOUT_MOVED.value)
    for data in conn.execute(select(EVENT.c.data).where(*mine).order_by(EVENT.c.seq.desc())).scalars():
        told: dict[str, Any] = json.loads(data)
        if (told.get("payout"), told.get("step")) == (str(payout_id), step):
            return told
    return None


def walk(conn: Connection) -> Iterator[Row]:
    """Every event, chain by chain, each chain in its order."""
    for row in conn.execute(select(EVENT).order_by(EVENT.c.subject, EVENT.c.seq)).mappings():
        yield dict(row)
