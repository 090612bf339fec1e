"""Collective disputes and incidents as staff see them: where they stand, whose claims are in them, their clocks and reports.

Shows places, merchants, causes and references; who complained stands on the claim alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, func, select

from desk.domain.clocks import Clock
from desk.domain.errors import NotFound
from desk.domain.incident import STOPS, IncidentStage, IncidentStep, MemberState, may_join, stage_of
from desk.domain.money import Money
from desk.domain.policy import Act, Viewer, require
from desk.domain.tally import is_missed
from desk.ports import Kit
from desk.reads.pages import Page, after, page_of, sites_of
from desk.store import claims, incident_clocks, incidents, settlements, sites, told
from desk.store.tables import IncidentReportRow, IncidentRow, SiteRow, metadata

INCIDENT, MEMBER, CLAIM, RESPONDENT, SITE, OFFICER = (
    metadata.tables[name] for name in ("incident", "incident_member", "claim", "respondent", "site", "officer")
)
Which = Literal["now", "past", "all"]
_NEWEST = (INCIDENT.c.proposed_at, INCIDENT.c.id)


@dataclass(frozen=True, slots=True)
class Promised:
    """A clock of an incident: the step it waits for, its deadline at the site's own offset, whether that is missed."""

    step: IncidentStep
    clock: Clock
    due_at: datetime
    missed: bool


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """One on a list: `claims` and `people` are those in it now, `row.people` the most there ever were."""

    row: IncidentRow
    site: SiteRow
    respondent: str | None
    claims: int
    people: int
    clocks: Sequence[Promised]

    @property
    def stage(self) -> IncidentStage:
        """Where it stands."""
        return stage_of(opened=self.row.opened_at is not None, closed=self.row.closed_at is not None)

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.site.time_zone)

    @property
    def waits_for(self) -> Sequence[Promised]:
        """The steps that are still to be taken, the one due first at the top."""
        return [one for one in self.clocks if one.clock.stopped_at is None]


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A claim in a collective dispute."""

    claim_id: int
    reference: str
    state: MemberState
    claim_state: str
    people: int
    representative: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class IncidentView:
    """One in full: its claims in the order they came, its written report as saved and as filed, and who did what."""

    line: IncidentLine
    members: Sequence[MemberLine]
    report: IncidentReportRow | None
    filed: IncidentReportRow | None
    names: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class PartOf:
    """In which collective dispute a claim is; what which plan offers it, and the steps that its officer may take for it."""

    line: IncidentLine
    state: MemberState
    settlement_id: int | None
    offer: Money | None
    vote: str | None
    steps: Sequence[str]


def incidents_page(
    conn: Connection, viewer: Viewer, slug: str | None, limit: int, cursor: str | None, *, which: Which = "all"
) -> Page[IncidentLine]:  # fmt: skip
    """Those of a site, or of all the viewer's, the newest first; those that are not closed now, those of the past, or all.

    Raises NotFound for a foreign site, Forbidden, BadInput for a cursor that is none.
    """
    query = _incidents().where(INCIDENT.c.site_id.in_(sites_of(conn, viewer, slug, Act.READ_INCIDENTS)))
    if which != "all":
        query = query.where(INCIDENT.c.closed_at.is_(None) if which == "now" else INCIDENT.c.closed_at.is_not(None))
    if cursor:
        query = query.where(after(_NEWEST, cursor, descending=True))
    ordered = query.order_by(*(column.desc() for column in _NEWEST)).limit(limit + 1)
    return page_of(conn, ordered, limit, lambda row: _line(conn, row), lambda row: [row.proposed_at, row.id])


def incidents_standing(conn: Connection, viewer: Viewer) -> int:
    """How many incidents are open at the viewer's sites; none for who reads none."""
    places = [site_id for site_id in viewer.sites if viewer.may(Act.READ_INCIDENTS, site_id)]
    mine = INCIDENT.c.site_id.in_(places) & INCIDENT.c.closed_at.is_(None) & INCIDENT.c.opened_at.is_not(None)
    return int(conn.execute(select(func.count()).select_from(INCIDENT).where(mine)).scalar_one())


def incident_view(conn: Connection, viewer: Viewer, incident_id: int, kit: Kit) -> IncidentView:  # noqa: ARG001 - as every view
    """One in full. Raises NotFound for a foreign one, Forbidden."""
    line = _found(conn, incident_id)
    require(viewer, Act.READ_INCIDENTS, line.site.id)
    report, filed = incidents.report(conn, incident_id), incidents.report(conn, incident_id, filed=True)
    row = line.row
    acted = {row.opened_by, row.reported_by, row.arrived_by, row.planned_by, row.closed_by}
    acted |= {one.saved_by for one in (report, filed) if one}
    named = select(OFFICER.c.id, OFFICER.c.name).where(OFFICER.c.id.in_(sorted(number for number in acted if number is not None)))
    names = {found.id: found.name for found in conn.execute(named)}
    return IncidentView(line, _members(conn, line), report, filed, names)


def part_of(conn: Connection, viewer: Viewer, claim_id: int, kit: Kit) -> PartOf | None:
    """The collective dispute that a claim is in, for who may read incidents there; None where it is in none."""
    member = incidents.member_of(conn, claim_id)
    if member is None:
        return None
    line = _found(conn, member.incident_id)
    if not viewer.may(Act.READ_INCIDENTS, line.site.id):
        return None
    state, offers = MemberState(member.state), settlements.offers(conn, claim_id)
    offered = offers[0] if offers else None
    plan = settlements.get(conn, offered.settlement_id) if offered else None
    joined = state is MemberState.JOINED
    voting = plan is not None and plan.submitted_at is None and plan.votes_until >= kit.clock.now()
    claim_state = claims.read_by_id(conn, claim_id).state
    steps = {
        "join": may_join(state, line.row.closed_at, claim_state), "yes": joined and voting, "no": joined and voting,
        "leave": joined and not any(settlements.is_paying(conn, each) for each in offers),
    }  # fmt: skip
    may = viewer.may(Act.TAKE_PART, line.site.id)
    offer = Money(offered.amount_minor, line.site.currency) if offered and joined else None
    return PartOf(
        line, state, offered.settlement_id if offered else None, offer, offered.vote if offered else None,
        [step for step, now in steps.items() if now and may],
    )  # fmt: skip


def _found(conn: Connection, incident_id: int) -> IncidentLine:
    row = conn.execute(_incidents().where(INCIDENT.c.id == incident_id)).first()
    if row is None:
        raise NotFound
    return _line(conn, row)


def _incidents() -> Select[Any]:
    return select(INCIDENT, RESPONDENT.c.name).outerjoin(RESPONDENT, RESPONDENT.c.id == INCIDENT.c.respondent_id)


def _line(conn: Connection, found: Any) -> IncidentLine:  # noqa: ANN401 - a row of `_incidents`
    row = IncidentRow(**{column.name: getattr(found, column.name) for column in INCIDENT.c})
    site = sites.get(conn, row.site_id)
    claims, people, _ = incidents.people_of(conn, [row.id]).get(row.id, (0, 0, None))
    return IncidentLine(row, site, found.name, claims, people, _clocks(conn, row, ZoneInfo(site.time_zone)))


def _clocks(conn: Connection, row: IncidentRow, zone: ZoneInfo) -> list[Promised]:
    late = told.missed(conn, incident_clocks.whose(row.id))
    steps = {kind: step for step, kind in STOPS.items()}
    return [
        Promised(steps[clock.kind], clock, clock.due_at.astimezone(zone), is_missed(clock, late))
        for clock in incident_clocks.of_incident(conn, row.id).values()
    ]


def _members(conn: Connection, line: IncidentLine) -> list[MemberLine]:
    query = (
        select(MEMBER, CLAIM.c.reference, CLAIM.c.state.label("claim_state"), CLAIM.c.people)
        .join(CLAIM, CLAIM.c.id == MEMBER.c.claim_id)
        .where(MEMBER.c.incident_id == line.row.id)
        .order_by(MEMBER.c.found_at, MEMBER.c.id)
    )
    return [
        MemberLine(
            row.claim_id, row.reference, MemberState(row.state), row.claim_state, row.people, row.representative,
            (row.left_at or row.joined_at or row.found_at).astimezone(line.zone),
        )
        for row in conn.execute(query)
    ]  # fmt: skip
