"""The rule the desk exists for: fast refund, docket, refusal, or one more question. Its figures come from the pack.

The rule proposes; a named officer confirms or overrides (PIPL Art. 24). Stores nothing and asks nobody.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from desk.domain.claim import PRINCIPAL_KINDS, Answer, ClaimFacts, Elsewhere, ItemKind, Route, Scope
from desk.domain.money import Money, text_of
from desk.domain.pack import RulePack

SPEC_RULE = "SPEC 4.2"


class HandOff(StrEnum):
    """Who else must be told, whatever the route."""

    POLICE_110 = "police_110"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a code, the figure that was compared, the limit it was compared with, and where the rule comes from."""

    code: str
    source: str
    figure: str | None = None
    limit: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The route of a claim with its reasons, heaviest first; `missing` names exactly what could still change the route."""

    route: Route
    reasons: tuple[Reason, ...]
    pack: str
    missing: tuple[str, ...] = ()
    hand_offs: tuple[HandOff, ...] = ()


def triage(facts: ClaimFacts, pack: RulePack) -> Verdict:
    """Choose the route of a claim, and say why.

    Reasons come heaviest first, a warning last. Dates are calendar days at the site; the last day of a window counts.

    Source: SPEC 4.2; pack figures `fast_limit`, `late_filing`.
    """
    for decide in (_out_of_scope, _certainly_docket, _missing_facts):
        if verdict := decide(facts, pack):
            return verdict
    return _verdict(Route.FAST_REFUND, _why_fast(facts, pack), facts, pack)


def principal(facts: ClaimFacts) -> int:
    """What is asked back, in minor units: refund, damage and other items that have an amount; 0 when none has."""
    return sum(item.asked.minor for item in facts.items if item.kind in PRINCIPAL_KINDS and item.asked)


def has_principal(facts: ClaimFacts) -> bool:
    """Whether money is asked back at all, known or not."""
    return any(item.kind in PRINCIPAL_KINDS for item in facts.items)


def principal_known(facts: ClaimFacts) -> bool:
    """Whether every item of the principal has its amount; false as well when there is no such item."""
    items = [item for item in facts.items if item.kind in PRINCIPAL_KINDS]
    return bool(items) and all(item.asked for item in items)


def is_late(facts: ClaimFacts, pack: RulePack) -> bool:
    """Whether the contract ended longer ago than `late_filing` allows; the last day still counts."""
    rule = pack.clocks.get("late_filing")
    if rule is None or facts.contract_ended_on is None:
        return False
    return facts.received_on > facts.contract_ended_on + timedelta(days=rule.length)


def _out_of_scope(facts: ClaimFacts, pack: RulePack) -> Verdict | None:
    """Not for this desk: somebody has it, somebody had it, it is somebody else's, or it is too late where that is a ground."""
    refusals = []
    if facts.already_elsewhere is not Elsewhere.NONE:
        refusals.append(Reason("already_elsewhere", SPEC_RULE))
    if facts.assessment.scope is Scope.HANDLED_BEFORE:
        refusals.append(Reason("handled_before", SPEC_RULE))
    if pack.late_filing_refuses and is_late(facts, pack):
        refusals.append(_late(facts, pack, "late_filing"))
    if refusals:
        return _verdict(Route.REFUSE, refusals, facts, pack)
    if facts.assessment.scope is Scope.OTHER_REMIT:
        return _verdict(Route.TRANSFER, [Reason("other_remit", SPEC_RULE)], facts, pack)
    return None


def _certainly_docket(facts: ClaimFacts, pack: RulePack) -> Verdict | None:
    """A hearing is needed whatever else is unknown; every reason is listed."""
    found, limit = facts.assessment, pack.limits["fast_limit"]
    asked = principal(facts)
    tests = (
        (facts.flags.crime_suspected, Reason("crime_suspected", SPEC_RULE)),
        (facts.flags.injury, Reason("injury", SPEC_RULE)),
        (asked >= limit.amount.minor, _sum_reason("at_or_above_fast_limit", facts, pack)),
        (any(item.kind is ItemKind.PUNITIVE for item in facts.items), Reason("punitive_item", SPEC_RULE)),
        (found.not_at_fault is Answer.NO, Reason("visitor_at_fault", SPEC_RULE)),
        (found.basis_explicit is Answer.NO, Reason("no_basis", SPEC_RULE)),
        (found.facts_clear is Answer.NO, Reason("facts_unclear", SPEC_RULE)),
        (found.evidence_sufficient is Answer.NO, Reason("evidence_insufficient", SPEC_RULE)),
        (facts.flags.needs_appraisal, Reason("needs_appraisal", SPEC_RULE)),
        (facts.respondent is not None and not facts.respondent.in_reach, Reason("respondent_out_of_reach", SPEC_RULE)),
        (not has_principal(facts), Reason("no_sum_asked", SPEC_RULE)),
    )
    reasons = [reason for holds, reason in tests if holds]
    return _verdict(Route.DOCKET, reasons, facts, pack) if reasons else None


def _missing_facts(facts: ClaimFacts, pack: RulePack) -> Verdict | None:
    """Only what could still decide between fast refund and docket is asked for."""
    found = facts.assessment
    unknown = (
        ("amount", not principal_known(facts), "amount_unknown"),
        ("respondent", facts.respondent is None, "respondent_unknown"),
        ("not_at_fault", found.not_at_fault is Answer.UNKNOWN, "fault_unknown"),
        ("facts_clear", found.facts_clear is Answer.UNKNOWN, "facts_unknown"),
        ("evidence_sufficient", found.evidence_sufficient is Answer.UNKNOWN, "evidence_unknown"),
        ("basis", found.basis_explicit is Answer.UNKNOWN, "basis_unknown"),
    )
    missing = [(name, Reason(code, SPEC_RULE)) for name, lacking, code in unknown if lacking]
    if not missing:
        return None
    names = tuple(name for name, _ in missing)
    return _verdict(Route.NEEDS_INFORMATION, [reason for _, reason in missing], facts, pack, missing=names)


def _why_fast(facts: ClaimFacts, pack: RulePack) -> list[Reason]:
    return [_sum_reason("under_fast_limit", facts, pack), Reason("four_tests_met", SPEC_RULE)]


def _sum_reason(code: str, facts: ClaimFacts, pack: RulePack) -> Reason:
    limit = pack.limits["fast_limit"]
    return Reason(code, limit.source, figure=_amount(principal(facts), facts.currency), limit=_text(limit.amount))


def _late(facts: ClaimFacts, pack: RulePack, code: str) -> Reason:
    rule = pack.clocks["late_filing"]
    last = (facts.contract_ended_on or date.min) + timedelta(days=rule.length)
    return Reason(code, rule.source, figure=facts.received_on.isoformat(), limit=last.isoformat())


def _verdict(route: Route, reasons: list[Reason], facts: ClaimFacts, pack: RulePack, *, missing: tuple[str, ...] = ()) -> Verdict:
    """Close the verdict: the warning of a late filing goes last, and a suspected crime is told to the police on any route."""
    if not pack.late_filing_refuses and is_late(facts, pack):
        reasons = [*reasons, _late(facts, pack, "late_filing_warning")]
    hand_offs = (HandOff.POLICE_110,) if facts.flags.crime_suspected else ()
    return Verdict(route, tuple(reasons), pack.version, missing, hand_offs)


def _amount(minor: int, currency: str) -> str:
    return f"{text_of(minor, currency)} {currency}"


def _text(money: Money) -> str:
    return _amount(money.minor, money.currency)
