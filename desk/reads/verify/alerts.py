"""Alerts and their history against what their site's chain tells, and rectification notices likewise: I18."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from desk.domain.alerts import Level
from desk.domain.audit import EventKind, digest
from desk.store.alerts import Subject
from desk.store.tables import AlertRow, metadata

EVENT, ALERT, NOTICE, ANSWER, RESPONDENT = (
    metadata.tables[name] for name in ("event", "alert", "rectification", "rectification_answer", "respondent")
)
_CHANGES = (EventKind.ALERT_ROSE, EventKind.ALERT_FELL)
_STEPS = (EventKind.RECTIFICATION_SERVED, EventKind.RECTIFICATION_ANSWERED, EventKind.RECTIFICATION_CONFIRMED)


def i18_alerts_are_what_the_chain_tells(conn: Connection) -> Iterator[str]:
    """Told again from the start, the changes of levels give every row of the history, and the levels that stand now."""
    rows = {str(row["id"]): AlertRow(**row) for row in conn.execute(select(ALERT)).mappings()}
    due: dict[str, dict[str, Any]] = {}
    standing: dict[Subject, str] = {}
    for event in _events(conn, _CHANGES):
        said = json.loads(event.data)
        subject = Subject(event.site_id, int(said["respondent"]) if said["respondent"] else None)
        if said["ended"] != standing.pop(subject, None):
            yield f"site {event.site_id} event {event.seq}: ends another alert than the one that stood"
        if said["ended"] in due:
            due[said["ended"]]["until"] = datetime.fromisoformat(said["at"])
        if said["alert"]:
            standing[subject] = said["alert"]
            due[said["alert"]] = {
                "site_id": subject.site_id, "respondent_id": subject.respondent_id, "level": said["level"],
                "rose": event.kind == EventKind.ALERT_ROSE, "reasons": said["reasons"], "tells": said["tells"],
                "since": datetime.fromisoformat(said["at"]), "until": None,
            }  # fmt: skip
    for number, row in rows.items():
        told = due.pop(number, None)
        if told is None or any(getattr(row, name) != value for name, value in told.items()):
            yield f"alert {number}: its row is not what the chain tells"
    yield from (f"alert {number}: is in the chain alone" for number in due)


def i18_alerts_are_of_their_site(conn: Connection) -> Iterator[str]:
    """A merchant's alert and notice stand at the merchant's own site; a notice was served while its alert stood high enough."""
    owners = {row.id: row.site_id for row in conn.execute(select(RESPONDENT.c.id, RESPONDENT.c.site_id))}
    rows = {row["id"]: AlertRow(**row) for row in conn.execute(select(ALERT)).mappings()}
    for number, alert in rows.items():
        if alert.respondent_id is not None and owners.get(alert.respondent_id) != alert.site_id:
            yield f"alert {number}: is about a merchant of another site"
    for notice in conn.execute(select(NOTICE)):
        alert = rows[notice.alert_id]
        of_it = (alert.site_id, alert.respondent_id) == (notice.site_id, notice.respondent_id)
        if not (of_it and Level(alert.level).reaches(Level.ORANGE)):
            yield f"rectification {notice.id}: was served for an alert that asks for none of this merchant"


def i18_rectifications_are_what_the_chain_tells(conn: Connection) -> Iterator[str]:
    """Every notice, answer and confirmation stands in its site's chain as its row has it, and nothing else does."""
    due: dict[tuple[str, str], tuple[Any, ...]] = {}
    sites: dict[int, int] = {}
    for row in conn.execute(select(NOTICE)):
        sites[row.id] = row.site_id
        served = (str(row.alert_id), str(row.respondent_id), row.number, row.due_at.isoformat(), digest(row.demands))
        due[EventKind.RECTIFICATION_SERVED, str(row.id)] = (row.site_id, row.served_at, row.served_by, *served)
        if row.confirmed_at is not None:
            due[EventKind.RECTIFICATION_CONFIRMED, str(row.id)] = (row.site_id, row.confirmed_at, row.confirmed_by)
    for row in conn.execute(select(ANSWER)):
        told = (sites[row.rectification_id], row.written_at, row.written_by, str(row.rectification_id), digest(row.text))
        due[EventKind.RECTIFICATION_ANSWERED, str(row.id)] = told
    for event in _events(conn, _STEPS):
        said = json.loads(event.data)
        officer = int(event.actor.partition(":")[2] or 0)
        name, *rest = _parts(event.kind, said)
        if due.pop((event.kind, name), None) != (event.site_id, event.at, officer, *rest):
            yield f"rectification {said['rectification']}: the chain tells {event.kind} otherwise than the row, or twice"
    yield from (f"rectification or answer {number}: {kind} is not in the chain" for kind, number in due)


def _parts(kind: str, said: dict[str, Any]) -> tuple[Any, ...]:
    """Under which id a step is kept, and what it tells."""
    if kind == EventKind.RECTIFICATION_SERVED:
        return said["rectification"], said["alert"], said["respondent"], said["number"], said["due_at"], said["text"]
    if kind == EventKind.RECTIFICATION_ANSWERED:
        return said["answer"], said["rectification"], said["text"]
    return (said["rectification"],)


def _events(conn: Connection, kinds: tuple[EventKind, ...]) -> Any:  # noqa: ANN401 - rows of events, each chain in its order
    named = EVENT.c.kind.in_([kind.value for kind in kinds])
    return conn.execute(select(EVENT).where(named).order_by(EVENT.c.subject, EVENT.c.seq))
