"""Incidents: opened by the watch or by hand, then reported upward, reached, reported in writing, planned for, and closed.

Every step is of the site's chain, which holds digests of texts. Nothing here moves a claim or touches its clocks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from desk.actions.incident_clocks import start_clocks, stop_clock, void_clocks
from desk.actions.intake import WrittenRespondent
from desk.actions.merchants import merchant_named
from desk.actions.scrub import scrubbed_of_members
from desk.actions.steps import event_by, officer_id
from desk.domain.audit import EventKind, digest
from desk.domain.claim import Category
from desk.domain.errors import BadInput, NotFound, StaleVersion, WrongMoment
from desk.domain.incident import STOPS, IncidentLevel, IncidentStep, Scale, level_after
from desk.domain.pack import RulePack
from desk.domain.policy import Act, Viewer, require
from desk.ports import Row, Work
from desk.store import docket, events, incidents, sites
from desk.store.incidents import Key
from desk.store.tables import IncidentReportRow, IncidentRow, SiteRow


@dataclass(frozen=True, slots=True)
class Handled:
    """An incident after a step, with its site and, of a report, the row that was saved."""

    row: IncidentRow
    site: SiteRow
    report: IncidentReportRow | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What an officer sees where nobody or few have lodged yet: the cause, how many people they counted, and why it is one."""

    site: str
    category: Category
    people: int
    why: str
    respondent: WrittenRespondent | None = None
    spot: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The written report as it was typed; what is not known yet is empty or None."""

    happened: str = ""
    people: int | None = None
    injured: int | None = None
    measures: str = ""
    cause: str = ""


def report_incident(work: Work, viewer: Viewer, seen: Seen) -> Handled:
    """Open an incident by hand before enough claims tell of it; a collective claim that is proposed of this cause becomes it.

    Raises NotFound for a foreign site, Forbidden (below the first level it takes a manager), BadInput without merchant and
    spot or for one of another site, WrongMoment while one of this cause is open. Source: SPEC 4.6.
    """
    found = sites.find(work.conn, seen.site)
    if found is None:
        raise NotFound
    require(viewer, Act.HANDLE_INCIDENT, found.id)
    if seen.respondent is None and not seen.spot:
        raise BadInput("/spot", "missing")
    if seen.spot and seen.spot not in found.spots:
        raise BadInput("/spot", "not_at_this_site")
    site = sites.lock_by_id(work.conn, found.id)
    merchant = merchant_named(work, site, seen.respondent)
    key = Key(site.id, merchant.id if merchant else None, None if merchant else seen.spot, seen.category.value)
    standing = {incidents.key_of(row): row for row in incidents.standing(work.conn, site.id)}
    row = standing.get(key) or propose(work, site, key, spot=seen.spot)
    return _open_by_hand(work, viewer, site, row, seen.people, seen.why)


def open_incident(work: Work, viewer: Viewer, incident_id: int, why: str, people: int | None = None) -> Handled:
    """Make an incident of a collective claim that is proposed; `people` are those counted on the scene.

    Raises NotFound for a foreign one, Forbidden (below the first level it takes a manager), WrongMoment once it was opened.
    """
    held = _held(work, viewer, incident_id, Act.HANDLE_INCIDENT)
    return _open_by_hand(work, viewer, held.site, held.row, people, why)


def count_people(work: Work, viewer: Viewer, incident_id: int, people: int) -> Handled:
    """Write down how many people an officer counted on the scene; the level may rise. Raises WrongMoment unless it is open."""
    held = _held(work, viewer, incident_id, Act.HANDLE_INCIDENT, is_open=True)
    _record(work, viewer, held.row, EventKind.INCIDENT_COUNTED, {"people": people})
    row = incidents.change(work.conn, held.row, counted=max(people, held.row.counted or 0))
    return Handled(rise(work, viewer, held.site, row, _known(work, row)), held.site)


def report_upward(work: Work, viewer: Viewer, incident_id: int, to: str) -> Handled:
    """Log the first report to whom it goes upward: `incident_first_report` stops. Raises WrongMoment once it was made."""
    held = _held(work, viewer, incident_id, Act.HANDLE_INCIDENT, is_open=True)
    if held.row.reported_at is not None:
        raise WrongMoment
    kept = scrubbed_of_members(work, held.row.id, to)
    values = {"reported_at": work.now, "reported_by": officer_id(viewer), "reported_to": kept}
    return _step(work, viewer, held, IncidentStep.FIRST_REPORT, values, {"to": digest(kept)})


def log_arrival(work: Work, viewer: Viewer, incident_id: int) -> Handled:
    """Log that the officer is on the scene and responsible: `incident_on_scene` stops. Raises WrongMoment the second time."""
    held = _held(work, viewer, incident_id, Act.HANDLE_INCIDENT, is_open=True)
    if held.row.arrived_at is not None:
        raise WrongMoment
    return _step(work, viewer, held, IncidentStep.ARRIVAL, {"arrived_at": work.now, "arrived_by": officer_id(viewer)}, {})


def save_report(work: Work, viewer: Viewer, incident_id: int, report: Report, version: int) -> Handled:
    """Save the written report as it was typed, whole or not. `version` is that of the report that was read, 0 without one.

    Raises StaleVersion where a colleague saved meanwhile, WrongMoment for what was never opened.
    """
    return _saved(work, viewer, incident_id, report, version, filed=False)


def file_report(work: Work, viewer: Viewer, incident_id: int, report: Report, version: int) -> Handled:
    """File the written report: `incident_report` stops. A corrected one may be filed again; each stays.

    Raises BadInput for what is still missing, StaleVersion, WrongMoment. The people it names may raise the level.
    """
    for name in ("happened", "people", "injured", "measures", "cause"):
        value = getattr(report, name)
        if value is None or (isinstance(value, str) and not value.strip()):
            raise BadInput(f"/{name}", "missing")
    if (report.injured or 0) > (report.people or 0):
        raise BadInput("/injured", "contradicts")
    return _saved(work, viewer, incident_id, report, version, filed=True)


def plan_settlement(work: Work, viewer: Viewer, incident_id: int, plan: str) -> Handled:
    """Write down how the incident is to be settled: `incident_plan` stops. Raises WrongMoment once there is a plan."""
    held = _held(work, viewer, incident_id, Act.HANDLE_INCIDENT, is_open=True)
    if held.row.planned_at is not None:
        raise WrongMoment
    kept = scrubbed_of_members(work, held.row.id, plan)
    values = {"plan": kept, "planned_at": work.now, "planned_by": officer_id(viewer)}
    return _step(work, viewer, held, IncidentStep.PLAN, values, {"text": digest(kept)})


def close_incident(work: Work, viewer: Viewer, incident_id: int, why: str) -> Handled:
    """Say that an incident is over, or that what was proposed is none; no claim joins it any more.

    A promise that still runs no longer applies. Raises NotFound, Forbidden, WrongMoment once it is closed.
    """
    held = _held(work, viewer, incident_id, Act.LEAD_INCIDENT)
    void_clocks(work, held.site, held.row)
    kept = scrubbed_of_members(work, held.row.id, why)
    row = incidents.change(work.conn, held.row, closed_at=work.now, closed_by=officer_id(viewer), closed_why=kept)
    _record(work, viewer, row, EventKind.INCIDENT_CLOSED, {"why": digest(kept)})
    return Handled(row, held.site)


def propose(work: Work, site: SiteRow, key: Key, spot: str | None = None) -> IncidentRow:
    """A collective dispute of a cause at a locked site, without claims yet."""
    row: Row = {
        **dict.fromkeys(IncidentRow.model_fields), "id": work.kit.lots.number(), "site_id": key.site_id,
        "respondent_id": key.respondent_id, "spot": key.spot or spot, "category": key.category,
        "pack": pack_at(work, site).version, "people": 0, "levels": [], "version": 1, "proposed_at": work.now,
    }  # fmt: skip
    return incidents.add(work.conn, row)


def begin(work: Work, viewer: Viewer, site: SiteRow, row: IncidentRow, people: int, why: str | None = None) -> IncidentRow:
    """Let what was proposed at a locked site be an incident from now on: numbered, with its level and its four clocks."""
    pack, year = pack_at(work, site), work.now.astimezone(ZoneInfo(site.time_zone)).year
    level = level_after(IncidentLevel.GENERAL, people, Scale.of(pack.counts)) or IncidentLevel.GENERAL
    number = docket.next_number(work, site.id, f"incident:{year}")
    opened = incidents.change(
        work.conn, row, opened_at=work.now, opened_by=viewer.id, opened_why=why, year=year, number=number, level=level.value,
        people=people, levels=[[level.value, people, work.now.astimezone(UTC).isoformat()]], pack=pack.version,
    )  # fmt: skip
    start_clocks(work, site, pack, row.id)
    said = {"level": level.value, "people": people, "number": number, "why": digest(why) if why else None}
    _record(work, viewer, opened, EventKind.INCIDENT_OPENED, said)
    return opened


def rise(work: Work, viewer: Viewer, site: SiteRow, row: IncidentRow, people: int) -> IncidentRow:
    """Let an open incident know of so many people: their number and the level rise, and never fall."""
    if people <= row.people or row.level is None:
        return row
    level = level_after(IncidentLevel(row.level), people, Scale.of(pack_at(work, site).counts))
    if level is None or level.value == row.level:
        return incidents.change(work.conn, row, people=people)
    levels = [*row.levels, [level.value, people, work.now.astimezone(UTC).isoformat()]]
    risen = incidents.change(work.conn, row, people=people, level=level.value, levels=levels)
    _record(work, viewer, risen, EventKind.INCIDENT_ROSE, {"level": level.value, "people": people})
    return risen


def pack_at(work: Work, site: SiteRow) -> RulePack:
    """The pack in force at the site now."""
    return work.kit.packs.for_claim(work.now.astimezone(ZoneInfo(site.time_zone)).date(), site.overlay)


def _open_by_hand(work: Work, viewer: Viewer, site: SiteRow, row: IncidentRow, people: int | None, why: str) -> Handled:
    if row.opened_at is not None:
        raise WrongMoment
    counted = row if people is None else incidents.change(work.conn, row, counted=people)
    known = _known(work, counted)
    if Scale.of(pack_at(work, site).counts).level_of(known) is None:
        require(viewer, Act.LEAD_INCIDENT, site.id)
    return Handled(begin(work, viewer, site, counted, known, scrubbed_of_members(work, row.id, why)), site)


def _known(work: Work, row: IncidentRow) -> int:
    """How many people are known of: in the claims, or counted on the scene, whichever are more."""
    _, people, _ = incidents.people_of(work.conn, [row.id]).get(row.id, (0, 0, None))
    return max(people, row.counted or 0)


def _saved(work: Work, viewer: Viewer, incident_id: int, report: Report, version: int, *, filed: bool) -> Handled:
    found = incidents.get(work.conn, incident_id)
    require(viewer, Act.HANDLE_INCIDENT, found.site_id)
    site = sites.lock_by_id(work.conn, found.site_id)
    row = incidents.get(work.conn, incident_id)
    if row.opened_at is None:
        raise WrongMoment
    last = incidents.report(work.conn, row.id)
    now = last.version if last else 0
    if version != now:
        raise StaleVersion(etag=f'"{now}"')
    typed: dict[str, Any] = {name: getattr(report, name) for name in Report.__dataclass_fields__}
    typed |= {name: scrubbed_of_members(work, row.id, typed[name]) for name in ("happened", "measures", "cause")}
    number = work.kit.lots.number()
    saved = incidents.add_report(
        work.conn,
        {"id": number, "incident_id": row.id, "version": now + 1, **typed, "filed": filed, "saved_at": work.now,
         "saved_by": officer_id(viewer)},
    )  # fmt: skip
    kind = EventKind.INCIDENT_REPORT_FILED if filed else EventKind.INCIDENT_REPORT_SAVED
    _record(work, viewer, row, kind, {"report": str(number), "text": digest(report_words(typed))})
    if filed:
        stop_clock(work, site, row, STOPS[IncidentStep.REPORT])
        if row.closed_at is None and report.people is not None:
            row = incidents.change(work.conn, row, counted=max(report.people, row.counted or 0))
            row = rise(work, viewer, site, row, _known(work, row))
    return Handled(row, site, saved)


def report_words(typed: Mapping[str, Any]) -> str:
    """All of a report in one text, whose digest stands in the chain."""
    return "\n".join(str(typed[name]) for name in Report.__dataclass_fields__)


def _step(
    work: Work, viewer: Viewer, held: Handled, step: IncidentStep, values: Mapping[str, Any], said: Mapping[str, Any]
) -> Handled:  # fmt: skip
    kinds = {
        IncidentStep.FIRST_REPORT: EventKind.INCIDENT_REPORTED, IncidentStep.ARRIVAL: EventKind.INCIDENT_ARRIVED,
        IncidentStep.PLAN: EventKind.INCIDENT_PLANNED,
    }  # fmt: skip
    stop_clock(work, held.site, held.row, STOPS[step])
    row = incidents.change(work.conn, held.row, **values)
    _record(work, viewer, row, kinds[step], said)
    return Handled(row, held.site)


def _held(work: Work, viewer: Viewer, incident_id: int, act: Act, *, is_open: bool = False) -> Handled:
    """One that is not closed, its site locked; `is_open`: an incident already."""
    found = incidents.get(work.conn, incident_id)
    require(viewer, act, found.site_id)
    site = sites.lock_by_id(work.conn, found.site_id)
    row = incidents.get(work.conn, incident_id)
    if row.closed_at is not None or (is_open and row.opened_at is None):
        raise WrongMoment
    return Handled(row, site)


def _record(work: Work, viewer: Viewer, row: IncidentRow, kind: EventKind, said: Mapping[str, Any]) -> None:
    data = {"incident": str(row.id), **said}
    told = event_by(viewer, f"site:{row.site_id}", row.site_id, kind, work.now, data)
    events.append(work.conn, work.kit.lots.number(), told)
