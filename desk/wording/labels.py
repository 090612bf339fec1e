"""The short name of every code a person meets: states, routes, categories, clocks, roles. Holds no sentences."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from desk.domain.alerts import Level, Task
from desk.domain.audit import EventKind
from desk.domain.calendar import DayKind
from desk.domain.claim import (
    Answer,
    Basis,
    Category,
    Channel,
    Elsewhere,
    ItemKind,
    Outcome,
    RespondentKind,
    Route,
    Scope,
    State,
)
from desk.domain.clocks import ClockState
from desk.domain.evidence import Scan, Shows
from desk.domain.filing import Leaving, Remark, Want
from desk.domain.follow_up import TRIES
from desk.domain.fund import EntryKind, Source
from desk.domain.handoff import HandoffState, PartnerKind
from desk.domain.incident import IncidentLevel, IncidentStage, IncidentStep, LineState, MemberState, Vote
from desk.domain.limits import Review
from desk.domain.notification import Carrier, News, NotificationState
from desk.domain.pack import PAUSE_REASONS
from desk.domain.payout import Doubt, Method, PayoutState
from desk.domain.policy import Role
from desk.domain.reconciliation import BreakKind
from desk.domain.recovery import AgeBand, DecisionKind, How, RecoveryState, RecoveryStep
from desk.domain.returns import ReturnOutcome, ReturnPhase, ReturnReason
from desk.domain.stage import PublicState, Stage
from desk.domain.tiles import Tile
from desk.wording.catalogue import text
from desk.wording.stages import TABLE, Who

MISSING = ("amount", "respondent", "not_at_fault", "facts_clear", "evidence_sufficient", "basis")
"""What triage may name as missing. Source: API, triage."""

CLOCKS = (
    "fast_limit", "solo_limit", "cashier_day_limit", "site_day_limit",
    "fast_payment", "auto_receipt", "first_answer", "acceptance", "respondent_answer",
    "mediator_contact", "mediation", "hearing_target", "late_filing", "return_window", "return_answer", "return_close",
    "incident_first_report", "incident_on_scene", "incident_report", "incident_plan", "collective_window",
    "incident_general", "incident_larger", "incident_major",
    "objection_window", "rectification", "confirmation_window", "recovery_limitation", "pass_on",
)  # fmt: skip
"""Every rule of a pack, the last one set by overlays only. Source: SPEC 3."""

NOTES = ("unpublished_year",)
"""What a line of a deadline's working may add, besides the reason of a pause."""

QUESTIONS = ("what", "where", "when", "want", "leaving", "contact", "check")
"""The pages on which a visitor files alone."""

RETURN_FACTS = ("respondent", "purchased_on", "custom_made", "altered", "damaged_in_transport")
"""What the rule of returns may name as missing."""

FLAGS = ("injury", "minor", "foreign_related", "needs_appraisal", "crime_suspected")


def _values(enum: type[StrEnum]) -> tuple[str, ...]:
    return tuple(member.value for member in enum)


FAMILIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "missing": MISSING,
        "clock": CLOCKS,
        "clock_state": _values(ClockState),
        "pause": tuple(sorted(PAUSE_REASONS)),
        "day": (*_values(DayKind), "running"),
        "note": NOTES,
        "flag": FLAGS,
        "state": _values(State),
        "public_state": _values(PublicState),
        "stage": _values(Stage),
        "outcome": _values(Outcome),
        "route": _values(Route),
        "channel": _values(Channel),
        "category": _values(Category),
        "tile": _values(Tile),
        "question": QUESTIONS,
        "want": _values(Want),
        "leaving": _values(Leaving),
        "remark": _values(Remark),
        "respondent_kind": _values(RespondentKind),
        "item_kind": _values(ItemKind),
        "shows": _values(Shows),
        "scan": _values(Scan),
        "elsewhere": _values(Elsewhere),
        "answer": _values(Answer),
        "basis": _values(Basis),
        "scope": _values(Scope),
        "payout": _values(PayoutState),
        "method": _values(Method),
        "payout_review": _values(Review),
        "payer": _values(Source),
        "entry": _values(EntryKind),
        "recovery": _values(RecoveryState),
        "recovery_step": _values(RecoveryStep),
        "decision": _values(DecisionKind),
        "how": _values(How),
        "age": _values(AgeBand),
        "return_reason": _values(ReturnReason),
        "return_fact": RETURN_FACTS,
        "return_phase": _values(ReturnPhase),
        "return_outcome": _values(ReturnOutcome),
        "event": _values(EventKind),
        "break": _values(BreakKind),
        "alert": _values(Level),
        "alert_task": _values(Task),
        "incident_level": _values(IncidentLevel),
        "incident_stage": _values(IncidentStage),
        "incident_step": _values(IncidentStep),
        "member": _values(MemberState),
        "vote": _values(Vote),
        "line": _values(LineState),
        "try": tuple(sorted(kind.value for kind in TRIES)),
        "doubt": _values(Doubt),
        "news": _values(News),
        "carrier": _values(Carrier),
        "notification": _values(NotificationState),
        "partner": _values(PartnerKind),
        "handoff": _values(HandoffState),
        "role": (*_values(Role), "visitor", "desk", "partner"),
        "who": _values(Who),  # as a visitor reads it
        "who_officer": _values(Who),
        "act": tuple(sorted({act.value for row in TABLE.values() for act in row.acts})),
    }
)
"""Every family of labels and the codes it names, in the order they are offered."""


def label(family: str, code: str, language: str) -> str:
    """The short name of `code`, as `label("route", "docket", "en")`. Raises KeyError for a code without a name."""
    return text(f"label.{family}.{code}", language)
