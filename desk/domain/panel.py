"""The rule on one claim, line by line, as the officer reads it who has to confirm it. Decides nothing: `triage` does."""

from dataclasses import dataclass

from desk.domain.claim import Answer, ClaimFacts, Elsewhere, ItemKind, Scope
from desk.domain.money import text_of
from desk.domain.pack import RulePack
from desk.domain.triage import SPEC_RULE, has_principal, is_late, principal, principal_known

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN


@dataclass(frozen=True, slots=True)
class Line:
    """One condition of a fast refund: met, not met, or not known yet; the figure compared and its limit where there are any."""

    code: str
    answer: Answer
    source: str
    figure: str | None = None
    limit: str | None = None


def panel(facts: ClaimFacts, pack: RulePack) -> tuple[Line, ...]:
    """Every condition of a fast refund, in the order of the rule. All are met exactly where `triage` says fast refund.

    Source: SPEC 4.2; UX J4.
    """
    found, flags = facts.assessment, facts.flags
    named, reach = facts.respondent is not None, facts.respondent is not None and facts.respondent.in_reach
    lines = (
        ("not_elsewhere", _yes(facts.already_elsewhere is Elsewhere.NONE)),
        ("in_scope", _yes(found.scope is Scope.IN_SCOPE)),
        ("no_crime", _yes(not flags.crime_suspected)),
        ("no_injury", _yes(not flags.injury)),
        ("no_punitive", _yes(all(item.kind is not ItemKind.PUNITIVE for item in facts.items))),
        ("no_appraisal", _yes(not flags.needs_appraisal)),
        ("respondent_in_reach", _yes(reach) if named else UNKNOWN),
        ("not_at_fault", found.not_at_fault),
        ("facts_clear", found.facts_clear),
        ("evidence_sufficient", found.evidence_sufficient),
        ("basis_explicit", found.basis_explicit),
    )
    in_time = (Line("in_time", _yes(not is_late(facts, pack)), SPEC_RULE),) if pack.late_filing_refuses else ()
    return (_sum(facts, pack), *(Line(code, answer, SPEC_RULE) for code, answer in lines), *in_time)


def _sum(facts: ClaimFacts, pack: RulePack) -> Line:
    """The sum asked back against the limit; a sum that is certainly too large is one, however much is still unknown."""
    limit, asked = pack.limits["fast_limit"], principal(facts)
    if not has_principal(facts):
        return Line("sum_under_limit", NO, limit.source)
    told = (_text(asked, facts.currency), _text(limit.amount.minor, limit.amount.currency))
    if asked >= limit.amount.minor:
        return Line("sum_under_limit", NO, limit.source, *told)
    return Line("sum_under_limit", YES if principal_known(facts) else UNKNOWN, limit.source, *told)


def _yes(holds: bool) -> Answer:  # noqa: FBT001 - the answer to one question
    return YES if holds else NO


def _text(minor: int, currency: str) -> str:
    return f"{text_of(minor, currency)} {currency}"
