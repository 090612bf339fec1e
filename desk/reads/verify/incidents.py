"""Incidents against their site's chain: their claims, levels, steps and reports (I18), their clocks and misses (I25)."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from desk.domain import clocks as rules
from desk.domain.audit import EventKind, digest
from desk.domain.clocks import Clock, ClockState
from desk.domain.incident import INCIDENT_CLOCKS, STOPS, IncidentStep
from desk.store.clocks import clock_of
from desk.store.tables import IncidentRow, metadata

EVENT, INCIDENT, MEMBER, REPORT, CLOCK, BREACH, REMINDER = (
    metadata.tables[name]
    for name in ("event", "incident", "incident_member", "incident_report", "incident_clock", "clock_breach", "clock_reminder")
)
_FOUND = (EventKind.COLLECTIVE_PROPOSED, EventKind.COLLECTIVE_GREW)
_STEPS = (
    EventKind.INCIDENT_OPENED, EventKind.INCIDENT_ROSE, EventKind.INCIDENT_REPORTED, EventKind.INCIDENT_ARRIVED,
    EventKind.INCIDENT_PLANNED, EventKind.INCIDENT_CLOSED,
)  # fmt: skip
_REPORTS = (EventKind.INCIDENT_REPORT_SAVED, EventKind.INCIDENT_REPORT_FILED)
WORDS = ("happened", "people", "injured", "measures", "cause")


def i18_incidents_are_what_the_chain_tells(conn: Connection) -> Iterator[str]:
    """Opened, risen, reported, reached, planned for and closed: each row has what its site's chain tells, and nothing else."""
    told = defaultdict[str, dict[str, Any]](dict)
    for event in _events(conn, _STEPS):
        said = json.loads(event.data)
        told[said["incident"]].setdefault("site_id", event.site_id)
        _follow(told[said["incident"]], event, said)
    for row in _rows(conn):
        due = told.pop(str(row.id), {})
        if _as_told(row, due) != due:
            yield f"incident {row.id}: its row is not what the chain tells"
    yield from (f"incident {number}: is in the chain alone" for number in told)


def i18_members_were_found_as_the_chain_tells(conn: Connection) -> Iterator[str]:
    """Every claim of a collective dispute was found once by the desk, and is still there."""
    due = {
        (said["incident"], claim, event.at)
        for event in _events(conn, _FOUND)
        for said in (json.loads(event.data),)
        for claim in said["claims"]
    }
    rows = {(str(row.incident_id), str(row.claim_id), row.found_at) for row in conn.execute(select(MEMBER))}
    for incident, claim, _ in sorted(due ^ rows, key=str):
        yield f"incident {incident}: claim {claim} is in it or in the chain alone"


def i18_reports_are_what_the_chain_tells(conn: Connection) -> Iterator[str]:
    """Every written report as it was saved or filed stands in the chain by its digest, and nothing else does."""
    due = {
        str(row.id): (str(row.incident_id), row.filed, row.saved_at, f"officer:{row.saved_by}", digest(_words(row)))
        for row in conn.execute(select(REPORT))
    }
    for event in _events(conn, _REPORTS):
        said = json.loads(event.data)
        filed = event.kind == EventKind.INCIDENT_REPORT_FILED
        if due.pop(said["report"], None) != (said["incident"], filed, event.at, event.actor, said["text"]):
            yield f"report {said['report']}: the chain tells it otherwise than the row, or twice"
    yield from (f"report {number}: is not in the chain" for number in due)


def i25_incidents_have_their_clocks(conn: Connection) -> Iterator[str]:
    """Each opened incident has its four clocks from then on, stopped by its steps or void from its closing on."""
    found = _clocks(conn)
    filed = _first_filed(conn)
    for row in _rows(conn):
        mine = found.pop(row.id, [])
        wanted = INCIDENT_CLOCKS if row.opened_at is not None else ()
        if sorted(clock.kind for clock in mine) != sorted(wanted):
            yield f"incident {row.id}: has other clocks than its opening began"
            continue
        taken = {
            IncidentStep.FIRST_REPORT: row.reported_at, IncidentStep.ARRIVAL: row.arrived_at, IncidentStep.PLAN: row.planned_at,
            IncidentStep.REPORT: filed.get(row.id),
        }  # fmt: skip
        steps = {STOPS[step]: at for step, at in taken.items()}
        for clock in mine:
            if (clock.base_at, *_course(clock)) != (row.opened_at, *_due_course(steps[clock.kind], row.closed_at)):
                yield f"incident {row.id}: clock {clock.kind} did not run as its steps say"


def i25_misses_of_incidents_were_missed(conn: Connection) -> Iterator[str]:
    """What an incident missed is written down once, with one event of its site, for a clock that was late by then."""
    late = {
        (incident_id, clock.kind, clock.due_at): clock for incident_id, mine in _clocks(conn).items() for clock in mine
    }  # fmt: skip
    rows = {
        (row.incident_id, row.kind, row.due_at, row.recorded_at, row.site_id)
        for row in conn.execute(select(BREACH).where(BREACH.c.incident_id.is_not(None)))
    }
    told = set()
    for event in _events(conn, (EventKind.CLOCK_BREACHED,)):
        said = json.loads(event.data)
        if "incident" in said:
            due_at = datetime.fromisoformat(said["due_at"])
            told.add((int(said["incident"]), said["clock"], due_at, event.at, event.site_id))
    for incident_id, kind, *_ in sorted(rows ^ told, key=str):
        yield f"incident {incident_id}: missed {kind} is in its row or in the chain alone"
    for incident_id, kind, due_at, at, _ in sorted(rows, key=str):
        clock = late.get((incident_id, kind, due_at))
        if clock is None or (not rules.is_late(clock, at) and clock.stopped_at is None):
            yield f"incident {incident_id}: no clock {kind} was late"


def i25_reminders_of_incidents_stand_while_they_run(conn: Connection) -> Iterator[str]:
    """What was told of an incident's clock stands only while that clock runs."""
    running = {
        (incident_id, clock.kind, clock.due_at)
        for incident_id, mine in _clocks(conn).items()
        for clock in mine
        if clock.state is ClockState.RUNNING
    }
    open_ones = REMINDER.c.incident_id.is_not(None) & REMINDER.c.ended_at.is_(None)
    for row in conn.execute(select(REMINDER).where(open_ones)):
        if (row.incident_id, row.kind, row.due_at) not in running:
            yield f"incident {row.incident_id}: a reminder stands though clock {row.kind} does not run"


def _follow(due: dict[str, Any], event: Any, said: Mapping[str, Any]) -> None:  # noqa: ANN401 - a row
    """What one event makes of an incident."""
    kind, officer = event.kind, int(event.actor.partition(":")[2] or 0) or None
    if kind == EventKind.INCIDENT_OPENED:
        due |= {"opened_at": event.at, "opened_by": officer, "number": said["number"], "opened_why": said["why"]}
    if kind in (EventKind.INCIDENT_OPENED, EventKind.INCIDENT_ROSE):
        step = [said["level"], said["people"], event.at.isoformat()]
        due |= {"level": said["level"], "levels": [*due.get("levels", []), step]}
    if kind == EventKind.INCIDENT_REPORTED:
        due |= {"reported_at": event.at, "reported_by": officer, "reported_to": said["to"]}
    if kind == EventKind.INCIDENT_ARRIVED:
        due |= {"arrived_at": event.at, "arrived_by": officer}
    if kind == EventKind.INCIDENT_PLANNED:
        due |= {"planned_at": event.at, "planned_by": officer, "plan": said["text"]}
    if kind == EventKind.INCIDENT_CLOSED:
        due |= {"closed_at": event.at, "closed_by": officer, "closed_why": said["why"]}


def _as_told(row: IncidentRow, due: Mapping[str, Any]) -> dict[str, Any]:
    """The row in the words of the chain: texts by their digests; of what the chain does not tell only what must not be there."""
    texts = {"opened_why", "reported_to", "plan", "closed_why"}
    known = {name: getattr(row, name) for name in due}
    untold = {name for name in ("opened_at", "reported_at", "arrived_at", "planned_at", "closed_at") if name not in due}
    extra = {name: getattr(row, name) for name in untold if getattr(row, name) is not None}
    return {name: digest(value) if name in texts and value is not None else value for name, value in (known | extra).items()}


def _rows(conn: Connection) -> list[IncidentRow]:
    return [IncidentRow(**row) for row in conn.execute(select(INCIDENT).order_by(INCIDENT.c.id)).mappings()]


def _clocks(conn: Connection) -> dict[int, list[Clock]]:
    found = defaultdict[int, list[Clock]](list)
    rows: Any = conn.execute(select(CLOCK).order_by(CLOCK.c.id))
    for row in rows:
        found[row.incident_id].append(clock_of(row))
    return found


def _first_filed(conn: Connection) -> dict[int, datetime]:
    filed: dict[int, datetime] = {}
    for row in conn.execute(select(REPORT).where(REPORT.c.filed).order_by(REPORT.c.version)):
        filed.setdefault(row.incident_id, row.saved_at)
    return filed


def _course(clock: Clock) -> tuple[ClockState, datetime | None]:
    return clock.state, clock.stopped_at


def _due_course(stepped_at: datetime | None, closed_at: datetime | None) -> tuple[ClockState, datetime | None]:
    if stepped_at is not None and (closed_at is None or stepped_at <= closed_at):
        return ClockState.STOPPED, stepped_at
    return (ClockState.VOID, closed_at) if closed_at is not None else (ClockState.RUNNING, None)


def _words(row: Any) -> str:  # noqa: ANN401 - a row
    return "\n".join(str(getattr(row, name)) for name in WORDS)


def _events(conn: Connection, kinds: tuple[EventKind, ...]) -> Any:  # noqa: ANN401 - rows of events, each chain in its order
    named = EVENT.c.kind.in_([kind.value for kind in kinds]) & EVENT.c.subject.like("site:%")
    return conn.execute(select(EVENT).where(named).order_by(EVENT.c.subject, EVENT.c.seq))
