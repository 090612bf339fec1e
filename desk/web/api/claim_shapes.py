"""How a claim looks in JSON, to staff."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pydantic import Field

from desk.domain.clocks import Clock
from desk.reads.claims import ClaimView, Written
from desk.reads.pages import Page
from desk.reads.queues import QueueLine
from desk.web.api.shapes import ClockOut, MoneyOut, Out


class ItemOut(Out):
    """One thing asked for."""

    kind: str
    asked: MoneyOut | None


class RespondentOut(Out):
    """The respondent of a claim."""

    id: str
    name: str
    kind: str


class ContactOut(Out):
    """A visitor's name and contact; masked unless the route says otherwise."""

    name: str | None
    phone: str | None
    email: str | None


class AssessmentOut(Out):
    """An officer's findings, the latest ones."""

    not_at_fault: str
    facts_clear: str
    evidence_sufficient: str
    basis: str | None
    ground: str | None
    scope: str
    note: str | None
    evidence: list[str]
    at: datetime


class WrittenOut(Out):
    """A message or a note. `by` is an officer's name, null for the visitor."""

    at: datetime
    by: str | None
    kind: str
    text: str


class ClaimOut(Out):
    """A claim in full, as staff see it. `notes` are internal: no party's view holds them."""

    reference: str
    state: str
    outcome: str | None
    route: str | None
    version: int
    site: str
    spot: str | None
    channel: str
    language: str
    category: str
    facts: str
    occurred_on: date | None
    purchased_on: date | None
    contract_ended_on: date | None
    departs_at: datetime | None
    items: list[ItemOut]
    decided: MoneyOut | None
    order_no: str | None
    already_elsewhere: str
    people: int
    flags: Mapping[str, bool]
    respondent: RespondentOut | None
    visitor: ContactOut
    assessment: AssessmentOut | None
    clocks: list[ClockOut]
    case_no: str | None
    messages: list[WrittenOut]
    notes: list[WrittenOut]
    linked: list[str]
    pack: str
    received_at: datetime
    lodged_at: datetime

    @classmethod
    def of(cls, view: ClaimView) -> "ClaimOut":
        """The shape of a view, times at the site's own offset."""
        claim, zone = view.claim, ZoneInfo(view.site.time_zone)
        plain = claim.model_dump(
            include={
                "reference", "state", "outcome", "route", "version", "spot", "channel", "language", "category", "facts",
                "occurred_on", "purchased_on", "contract_ended_on", "order_no", "already_elsewhere", "people", "pack",
            }
        )  # fmt: skip
        return cls(
            **plain, site=view.site.slug, departs_at=claim.departs_at and claim.departs_at.astimezone(zone),
            items=[ItemOut(kind=item.kind, asked=MoneyOut.of(item.asked_minor, claim.currency)) for item in view.items],
            decided=MoneyOut.of(claim.decided_minor, claim.currency),
            flags=claim.model_dump(include={"injury", "minor", "foreign_related", "needs_appraisal", "crime_suspected"}),
            respondent=_respondent(view), visitor=ContactOut(**view.visitor), assessment=_assessment(view, zone),
            clocks=[clock_out(clock, zone) for clock in view.clocks], case_no=view.case_no,
            messages=[_written(each, zone) for each in view.messages], notes=[_written(each, zone) for each in view.notes],
            linked=list(view.linked), received_at=claim.received_at.astimezone(zone), lodged_at=claim.lodged_at.astimezone(zone),
        )  # fmt: skip


class ClaimLineOut(Out):
    """A claim in a list."""

    reference: str
    site: str
    state: str
    route: str | None
    category: str
    respondent: str | None
    assessed: bool
    due_at: datetime | None = Field(description="the nearest running deadline")
    departs_at: datetime | None
    lodged_at: datetime


class ClaimsOut(Out):
    """A page of claims."""

    claims: list[ClaimLineOut]
    next: str | None = Field(description="cursor of the next page")

    @classmethod
    def of(cls, page: Page[QueueLine]) -> "ClaimsOut":
        """The shape of a page."""
        return cls(claims=[ClaimLineOut(**asdict(line)) for line in page.lines], next=page.next)


def clock_out(clock: Clock, zone: ZoneInfo) -> ClockOut:
    """A clock with its deadline at the site's offset."""
    return ClockOut(id=clock.kind, due_at=clock.due_at.astimezone(zone), state=clock.state.value)


def _respondent(view: ClaimView) -> RespondentOut | None:
    row = view.respondent
    return RespondentOut(id=str(row.id), name=row.name, kind=row.kind) if row else None


def _assessment(view: ClaimView, zone: ZoneInfo) -> AssessmentOut | None:
    row = view.assessment
    if row is None:
        return None
    return AssessmentOut(
        not_at_fault=row.not_at_fault, facts_clear=row.facts_clear, evidence_sufficient=row.evidence_sufficient,
        basis=row.basis, ground=row.ground, scope=row.scope, note=row.note, evidence=row.evidence,
        at=row.assessed_at.astimezone(zone),
    )  # fmt: skip


def _written(each: Written, zone: ZoneInfo) -> WrittenOut:
    return WrittenOut(at=each.at.astimezone(zone), by=each.by, kind=each.kind, text=each.text)
