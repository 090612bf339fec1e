"""Who was on duty, and who left a mail address, against what the chains of sites and officers tell: I18."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from desk.domain.audit import EventKind
from desk.store.tables import metadata

EVENT, DUTY, MAIL = (metadata.tables[name] for name in ("event", "duty", "officer_mail"))


def i18_duties_are_what_the_chain_tells(conn: Connection) -> Iterator[str]:
    """Every time somebody was put on duty or taken off stands in their site's chain as the row has it, and nothing else does."""
    due: dict[tuple[str, str], tuple[Any, ...]] = {}
    for row in conn.execute(select(DUTY)):
        of_row = (row.site_id, str(row.officer_id), row.on_day.isoformat())
        due[EventKind.DUTY_ADDED, str(row.id)] = (*of_row, row.added_at, row.added_by)
        if row.removed_at is not None:
            due[EventKind.DUTY_REMOVED, str(row.id)] = (*of_row, row.removed_at, row.removed_by)
    for event in _events(conn, EventKind.DUTY_ADDED, EventKind.DUTY_REMOVED):
        said = json.loads(event.data)
        told = (event.site_id, said["officer"], said["on"], event.at, int(event.actor.partition(":")[2] or 0))
        if due.pop((event.kind, said["duty"]), None) != told:
            yield f"duty {said['duty']}: the chain tells {event.kind} otherwise than the row, or twice"
    yield from (f"duty {number}: {kind} is not in the chain" for kind, number in due)


def i18_addresses_were_entered_by_their_officers(conn: Connection) -> Iterator[str]:
    """Whoever has an address said so last in their own chain, and whoever said so has one; others can only take it away."""
    has: dict[str, bool] = {}
    for event in _events(conn, EventKind.MAIL_CHANGED):
        said = bool(json.loads(event.data)["has_mail"])
        if event.actor == event.subject or not said:
            has[event.subject] = said
    rows = {f"officer:{number}" for number in conn.execute(select(MAIL.c.officer_id)).scalars()}
    for officer in sorted(rows | has.keys()):
        if has.get(officer, False) is not (officer in rows):
            yield f"{officer}: has an address or none otherwise than the chain tells"


def _events(conn: Connection, *kinds: EventKind) -> Any:  # noqa: ANN401 - rows of events, each chain in its order
    named = EVENT.c.kind.in_([kind.value for kind in kinds])
    return conn.execute(select(EVENT).where(named).order_by(EVENT.c.subject, EVENT.c.seq))
