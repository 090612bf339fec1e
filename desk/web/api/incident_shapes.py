"""What is sent and taken of incidents: collective claims, clocks, members, reports. Its routes are `incidents`."""

from datetime import datetime
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, StrictInt, StringConstraints

from desk.actions.incidents import Handled, Report, Seen
from desk.domain.claim import Category
from desk.domain.incident import MOST_PEOPLE, IncidentLevel, IncidentStage, IncidentStep, MemberState, stage_of
from desk.reads.incidents import IncidentLine, IncidentView, MemberLine, Promised
from desk.reads.pages import LARGEST_PAGE
from desk.web.api.claims import RespondentIn
from desk.web.api.shapes import Clean, Code, Facts, In, Name, Out, Prose, WhoOut

People = Annotated[StrictInt, Field(ge=1, le=MOST_PEOPLE)]
Draft = Annotated[str, StringConstraints(max_length=2000), Clean]
LongDraft = Annotated[str, StringConstraints(max_length=4000), Clean]


class IncidentClockOut(Out):
    """A promise of an incident: the step that stops it. `missed` stays, whenever the step was taken."""

    id: str
    step: IncidentStep
    due_at: datetime
    state: str
    missed: bool

    @classmethod
    def of(cls, one: Promised) -> Self:
        """The shape of a clock."""
        return cls(id=one.clock.kind, step=one.step, due_at=one.due_at, state=one.clock.state.value, missed=one.missed)


class ReachedOut(Out):
    """When a level was reached, and with how many people."""

    level: IncidentLevel
    people: int
    at: datetime


class IncidentOut(Out):
    """Claims of one cause. `respondent` is null where no merchant is known: then they are of one `spot`.

    `claims` and `people` are those in it now; `most_people` is the most there ever were, also as counted on the scene: the level
    follows it and never falls. `level` and `number` are null while it is only proposed.
    """

    id: str
    site: str
    number: str | None = Field(examples=["2026-3"])
    stage: IncidentStage
    level: IncidentLevel | None
    category: Category
    respondent: WhoOut | None
    spot: str | None
    claims: int
    people: int
    most_people: int
    proposed_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    clocks: list[IncidentClockOut]

    @classmethod
    def of(cls, line: IncidentLine) -> "IncidentOut":
        """The shape of one on a list."""
        return cls(**_told(line))


class IncidentReportOut(Out):
    """The written report as it was saved last; `version` is its ETag."""

    version: int
    filed: bool
    happened: str
    people: int | None
    injured: int | None
    measures: str
    cause: str
    saved_at: datetime

    @classmethod
    def of(cls, view: IncidentView) -> Self | None:
        """The shape of a report, None where there is none."""
        row, zone = view.report, view.line.zone
        if row is None:
            return None
        return cls(
            version=row.version, filed=row.filed, happened=row.happened, people=row.people, injured=row.injured,
            measures=row.measures, cause=row.cause, saved_at=row.saved_at.astimezone(zone),
        )  # fmt: skip


class MemberOut(Out):
    """A claim in it: `found` of the same cause, `joined` as a member, or `left`."""

    reference: str
    state: MemberState
    people: int
    representative: bool

    @classmethod
    def of(cls, one: MemberLine) -> Self:
        """The shape of a member."""
        return cls(reference=one.reference, state=one.state, people=one.people, representative=one.representative)


class IncidentFullOut(IncidentOut):
    """One in full. `levels` is the history of its levels, `report` the written report as it was saved last."""

    levels: list[ReachedOut]
    members: list[MemberOut]
    opened_by: str | None
    opened_why: str | None
    reported_at: datetime | None
    reported_to: str | None
    arrived_at: datetime | None
    arrived_by: str | None
    plan: str | None
    planned_at: datetime | None
    closed_why: str | None
    report: IncidentReportOut | None

    @classmethod
    def whole(cls, view: IncidentView) -> Self:
        """The shape of one in full."""
        row, zone = view.line.row, view.line.zone
        levels = [
            ReachedOut(level=IncidentLevel(level), people=people, at=datetime.fromisoformat(at).astimezone(zone))
            for level, people, at in row.levels
        ]
        return cls(
            **_told(view.line), levels=levels, members=[MemberOut.of(one) for one in view.members],
            opened_by=view.names.get(row.opened_by or 0), opened_why=row.opened_why, reported_at=_here(row.reported_at, zone),
            reported_to=row.reported_to, arrived_at=_here(row.arrived_at, zone), arrived_by=view.names.get(row.arrived_by or 0),
            plan=row.plan, planned_at=_here(row.planned_at, zone), closed_why=row.closed_why,
            report=IncidentReportOut.of(view),
        )  # fmt: skip


class IncidentsOut(Out):
    """A page of them, the newest first."""

    incidents: list[IncidentOut]
    next: str | None = Field(description="cursor of the next page")


class IncidentStepOut(Out):
    """An incident after a step."""

    id: str
    stage: IncidentStage
    level: IncidentLevel | None
    most_people: int
    report_version: int | None

    @classmethod
    def of(cls, done: Handled) -> "IncidentStepOut":
        """The shape of it."""
        row = done.row
        return cls(
            id=str(row.id), stage=stage_of(opened=row.opened_at is not None, closed=row.closed_at is not None),
            level=IncidentLevel(row.level) if row.level else None, most_people=row.people,
            report_version=done.report.version if done.report else None,
        )  # fmt: skip


class IncidentsQuery(In):
    """Of which site, those that are not closed or every one, how many, and from where on."""

    site: Code | None = None
    state: Literal["now", "all"] = "now"
    limit: int = Field(default=50, ge=1, le=LARGEST_PAGE)
    cursor: Annotated[str, Field(max_length=200)] | None = None


class SeenIn(In):
    """What an officer sees before enough claims tell of it; without `respondent` a spot of the site is needed."""

    site: Code
    category: Category
    people: People
    why: Prose
    respondent: RespondentIn | None = None
    spot: Code | None = None

    def seen(self) -> Seen:
        """As the action takes it."""
        who = self.respondent.written() if self.respondent else None
        return Seen(self.site, self.category, self.people, self.why, who, self.spot)


class OpenIn(In):
    """Why it is an incident, and how many people were counted on the scene."""

    why: Prose
    people: People | None = None


class CountIn(In):
    """How many people were counted on the scene."""

    people: People


class UpwardIn(In):
    """To whom the first report went."""

    to: Name


class ReportIn(In):
    """The written report, as far as it is known."""

    happened: LongDraft = ""
    people: People | None = None
    injured: Annotated[StrictInt, Field(ge=0, le=MOST_PEOPLE)] | None = None
    measures: Draft = ""
    cause: Draft = ""

    def report(self) -> Report:
        """As the action takes it."""
        return Report(self.happened, self.people, self.injured, self.measures, self.cause)


class PlanIn(In):
    """How the incident is to be settled."""

    plan: Facts


class CloseIn(In):
    """Why it is over, or was none."""

    why: Prose


def _here(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return at.astimezone(zone) if at else None


def _told(line: IncidentLine) -> dict[str, object]:
    row, zone = line.row, line.zone
    return {
        "id": str(row.id), "site": line.site.slug, "number": f"{row.year}-{row.number}" if row.number else None,
        "stage": line.stage, "level": row.level, "category": row.category,
        "respondent": WhoOut(id=str(row.respondent_id), name=line.respondent or "") if row.respondent_id is not None else None,
        "spot": row.spot, "claims": line.claims, "people": line.people, "most_people": row.people,
        "proposed_at": row.proposed_at.astimezone(zone), "opened_at": _here(row.opened_at, zone),
        "closed_at": _here(row.closed_at, zone), "clocks": [IncidentClockOut.of(one) for one in line.clocks],
    }  # fmt: skip
