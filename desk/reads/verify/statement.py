"""The gateway's statement against the books, over the whole database: I11. Fetches no statement and freezes no payout.

A break holds I11 open until a manager has resolved it; resolved, it stays counted, for what happened cannot be undone.
"""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from desk.domain.audit import EventKind
from desk.store import breaks
from desk.store.tables import metadata

BREAK, EVENT = metadata.tables["statement_break"], metadata.tables["event"]


def i11_statement_and_books_pair(conn: Connection) -> Iterator[str]:
    """Each payout settled through the gateway and each line of its statement pair one to one, or their break is resolved."""
    settled = set()
    for row in conn.execute(select(BREAK).order_by(BREAK.c.id)):
        if row.resolved_at is None:
            yield f"break {row.id} ({row.kind}, {row.key}): nobody has resolved it"
        settled.add((row.kind, row.gateway, row.gateway_id or row.key))
    for found in breaks.unpaired(conn):
        if found.name not in settled:
            yield f"{found.key}: {found.kind.value}, and no break tells of it"


def i11_breaks_were_told(conn: Connection) -> Iterator[str]:
    """Each break and each resolution stands in its site's chain, one without a site in some, as the row has it; nothing else."""
    rows, seen = {str(row.id): row for row in conn.execute(select(BREAK))}, set()
    told = select(EVENT).where(EVENT.c.kind.in_([EventKind.BREAK_FOUND, EventKind.BREAK_RESOLVED])).order_by(EVENT.c.id)
    for event in conn.execute(told):
        said = json.loads(event.data)
        name = (str(said.get("break")), event.kind, event.site_id)
        row = rows.get(name[0])
        if row is None or name in seen or row.site_id not in (None, event.site_id) or not _agrees(row, event, said):
            yield f"break {said.get('break')}: the chain tells {event.kind} otherwise than the row, or twice"
        seen.add(name)
    heard = {(number, kind) for number, kind, _ in seen}
    for number, row in rows.items():
        if (number, EventKind.BREAK_FOUND) not in heard:
            yield f"break {number}: that it was found is not in the chain"
        if row.resolved_at is not None and (number, EventKind.BREAK_RESOLVED) not in heard:
            yield f"break {number}: that it was resolved is not in the chain"


def _agrees(row: Any, event: Any, said: dict[str, Any]) -> bool:  # noqa: ANN401 - rows of BREAK and EVENT
    if event.kind == EventKind.BREAK_FOUND:
        return bool((event.at, said.get("kind"), said.get("key")) == (row.found_at, row.kind, row.key))
    by = f"officer:{row.resolved_by}"
    return bool((event.at, event.actor, said.get("resolution")) == (row.resolved_at, by, row.resolution))
