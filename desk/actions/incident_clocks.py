"""The promises of an incident: started when it opens, stopped by its steps, seen to by the worker as those of claims are.

Counted among the site's promises; what is missed stands with the other misses. Source: SPEC 3, the clocks of incidents.
"""

from collections.abc import Set as AbstractSet
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from desk.actions.steps import CALENDAR, event_by, windows_of
from desk.domain import clocks
from desk.domain.audit import EventKind
from desk.domain.clocks import Clock, ClockState
from desk.domain.incident import INCIDENT_CLOCKS
from desk.domain.pack import RulePack
from desk.domain.promises import Counting
from desk.domain.tally import all_of, tallied
from desk.ports import Work
from desk.store import events, incident_clocks, incidents, promises, sites, told
from desk.store.incident_clocks import whose
from desk.store.tables import IncidentRow, SiteRow

MOST = 500


def start_clocks(work: Work, site: SiteRow, pack: RulePack, incident_id: int) -> None:
    """Start all four, from now on."""
    zone = ZoneInfo(site.time_zone)
    counting = Counting(pack, zone, work.kit.shelf.calendar, windows_of(site))
    begun = [counting.start(kind, work.now) for kind in INCIDENT_CLOCKS]
    incident_clocks.start(work, incident_id, begun)
    promises.append(work, site.id, all_of(tallied(clock, zone, ()) for clock in begun))


def stop_clock(work: Work, site: SiteRow, row: IncidentRow, kind: str) -> None:
    """Stop the clock of a step that was taken; missed where that was too late."""
    for row_id, clock in _running(work, row.id).items():
        if clock.kind == kind:
            _end(work, site, row, row_id, clock, clocks.stop(clock, work.now))


def void_clocks(work: Work, site: SiteRow, row: IncidentRow) -> None:
    """What still runs when an incident is closed no longer applies; what was missed by now stays missed."""
    for row_id, clock in _running(work, row.id).items():
        _end(work, site, row, row_id, clock, clocks.void(clock, work.now))


def incidents_with_clocks_due(conn: Connection, now: datetime, passed_over: AbstractSet[int]) -> list[int]:
    """Ids of incidents with a clock whose next reminder or whose deadline has come, at most 500, without those named."""
    found = incident_clocks.due(conn, now, MOST + len(passed_over))
    return [incident_id for incident_id in found if incident_id not in passed_over]


def see_to_incident(work: Work, incident_id: int) -> None:
    """Tell whom the ladders of an incident's running clocks tell by now, and write down what they missed, each once."""
    site = sites.lock_by_id(work.conn, incidents.get(work.conn, incident_id).site_id)
    row, zone = incidents.get(work.conn, incident_id), ZoneInfo(site.time_zone)
    for row_id, clock in _running(work, row.id).items():
        if _missed_now(work, site, row, clock):
            late = told.missed(work.conn, whose(row.id))
            promises.append(work, site.id, tallied(clock, zone, late) - tallied(clock, zone, ()))
        if rung := clocks.reminder(clock, work.now):
            told.add_reminder(work, whose(row.id), site.id, clock, rung)
        incident_clocks.look_again(work, row.id, row_id, clock)


def _running(work: Work, incident_id: int) -> dict[int, Clock]:
    known = incident_clocks.of_incident(work.conn, incident_id)
    return {row_id: clock for row_id, clock in known.items() if clock.state is ClockState.RUNNING}


def _end(work: Work, site: SiteRow, row: IncidentRow, row_id: int, before: Clock, after: Clock) -> None:
    zone, owner = ZoneInfo(site.time_zone), whose(row.id)
    were = told.missed(work.conn, owner)
    _missed_now(work, site, row, before)
    incident_clocks.end(work, row.id, row_id, after)
    now = told.missed(work.conn, owner)
    promises.append(work, site.id, tallied(after, zone, now) - tallied(before, zone, were))


def _missed_now(work: Work, site: SiteRow, row: IncidentRow, clock: Clock) -> bool:
    """Write down that a clock is missed, once for its deadline; a provisional one misses nothing."""
    if clock.provisional or not clocks.is_late(clock, work.now) or not told.add_breach(work, whose(row.id), site.id, clock):
        return False
    said = {"incident": str(row.id), "clock": clock.kind, "due_at": clock.due_at.isoformat()}
    event = event_by(CALENDAR, f"site:{site.id}", site.id, EventKind.CLOCK_BREACHED, work.now, said)
    events.append(work.conn, work.kit.lots.number(), event)
    return True
