"""Watching for claims of one cause: enough of them propose a collective claim, enough people open an incident. Each minute.

A lodging does not look, as with alerts: it would count for everybody who waits, and lock its site. Source: SPEC 4.6.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from desk.actions.alert_watch import Watched, watched_at
from desk.actions.incidents import begin, propose, rise
from desk.actions.steps import DESK, event_by
from desk.domain.audit import EventKind
from desk.domain.incident import MemberState, Scale
from desk.domain.pack import Unit
from desk.ports import Kit, Work
from desk.store import alerts, events, incidents, sites
from desk.store.incidents import Fresh
from desk.store.tables import IncidentRow

WINDOW = "collective_window"
_LONG = {Unit.MINUTE: timedelta(minutes=1), Unit.HOUR: timedelta(hours=1), Unit.DAY: timedelta(days=1)}
LONGEST = timedelta(days=30)
"""No window is looked at for longer, whatever a pack says."""


@dataclass(frozen=True, slots=True)
class Known:
    """One that is not closed, its claims and people and when its newest claim came; of a proposed one those in the window."""

    row: IncidentRow
    claims: int
    people: int
    newest: datetime | None


def sites_with_incidents(conn: Connection, kit: Kit) -> list[int]:
    """Sites where claims of one cause are to be brought together, or something that is known of grew, or lapsed."""
    now = kit.clock.now()
    places = {site.id: watched_at(kit, site, now) for site in sites.list_all(conn)}
    found = {one.key.site_id for one in _fresh(conn, places.values(), now)}
    known = _known(conn, places, now)
    return sorted(found | {one.row.site_id for one in known if _asks(conn, one, places[one.row.site_id], now)})


def look_after_incidents(work: Work, site_id: int) -> int:
    """Bring together what is of one cause at a site, open what is large enough, let what is open rise; how many changed.

    The site is locked, so that of two workers that look at once the later one finds nothing left to do.
    """
    site = sites.lock_by_id(work.conn, site_id)
    place, changed = watched_at(work.kit, site, work.now), 0
    since = work.now - _window(place)
    standing = {incidents.key_of(row): row for row in incidents.standing(work.conn, site_id)}
    for one in _fresh(work.conn, [place], work.now):
        _gather(work, place, one, standing.get(one.key), since)
        changed += 1
    for known in _known(work.conn, {site_id: place}, work.now):
        if _asks(work.conn, known, place, work.now):
            _bring_up(work, place, known)
            changed += 1
    return changed


def _gather(work: Work, place: Watched, fresh: Fresh, row: IncidentRow | None, since: datetime) -> None:
    """Put claims into the collective dispute of their cause, a new one where none stands."""
    claims = incidents.claims_of(work.conn, fresh.key, since)
    kind = EventKind.COLLECTIVE_GREW if row else EventKind.COLLECTIVE_PROPOSED
    into = row or propose(work, place.site, fresh.key)
    incidents.find_members(work, into.id, [claim.id for claim in claims])
    said = {
        "incident": str(into.id), "respondent": str(into.respondent_id) if into.respondent_id is not None else None,
        "spot": into.spot, "category": into.category, "claims": [str(claim.id) for claim in claims], "pack": place.pack.version,
    }  # fmt: skip
    _tell(work, place, kind, said)


def _bring_up(work: Work, place: Watched, known: Known) -> None:
    """Open it, let it rise, or let it lapse."""
    people = max(known.people, known.row.counted or 0)
    if known.row.opened_at is not None:
        rise(work, DESK, place.site, known.row, people)
    elif Scale.of(place.pack.counts).level_of(people):
        begin(work, DESK, place.site, known.row, people)
    elif people > known.row.people:
        incidents.change(work.conn, known.row, people=people)
    else:
        row = incidents.change(work.conn, known.row, closed_at=work.now)
        _tell(work, place, EventKind.INCIDENT_CLOSED, {"incident": str(row.id), "why": None})


def _tell(work: Work, place: Watched, kind: EventKind, said: Mapping[str, object]) -> None:
    event = event_by(DESK, f"site:{place.site.id}", place.site.id, kind, work.now, dict(said))
    events.append(work.conn, work.kit.lots.number(), event)


def _asks(conn: Connection, known: Known, place: Watched, now: datetime) -> bool:
    """Whether something is to be done about one that stands: it grew, or was proposed and came to nothing."""
    if max(known.people, known.row.counted or 0) > known.row.people:
        return True
    if known.row.opened_at is not None or (known.newest is not None and known.newest > now - _window(place)):
        return False
    return all(member.state != MemberState.JOINED for member in incidents.members(conn, known.row.id))


def _known(conn: Connection, places: Mapping[int, Watched], now: datetime) -> list[Known]:
    """Those that stand at these sites. What is only proposed is known by the claims of the window: a trickle opens nothing."""
    standing = [row for row in incidents.standing(conn) if row.site_id in places]
    counted = incidents.people_of(conn, [row.id for row in standing if row.opened_at is not None])
    for site_id in sorted({row.site_id for row in standing}):
        proposed = [row.id for row in standing if row.site_id == site_id and row.opened_at is None]
        counted |= incidents.people_of(conn, proposed, now - _window(places[site_id]))
    return [Known(row, *counted.get(row.id, (0, 0, None))) for row in standing]


def _fresh(conn: Connection, places: Iterable[Watched], now: datetime) -> list[Fresh]:
    """Claims in no collective dispute that belong to one that stands, or are enough to propose one, at these sites."""
    watched = {place.site.id: place for place in places}
    since = now - max((_window(place) for place in watched.values()), default=timedelta())
    merchants = [each for each in alerts.busy_merchants(conn, since) if each.site_id in watched]
    standing = {incidents.key_of(row) for row in incidents.standing(conn)}
    return [
        one
        for one in incidents.fresh(conn, merchants, since)
        if one.key.site_id in watched
        and (one.key in standing or Scale.of(watched[one.key.site_id].pack.counts).proposes(one.claims))
    ]


def _window(place: Watched) -> timedelta:
    """How long claims of one cause are looked for. A pack whose figure is in other units than time looks as long as it can."""
    rule = place.pack.clocks[WINDOW]
    return min(LONGEST, rule.length * _LONG.get(rule.unit, LONGEST))
