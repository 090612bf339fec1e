"""What holds of the rule for any facts at all: it always answers, always the same, and ignorance never pays."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from desk.domain.claim import (
    Answer,
    Assessment,
    Basis,
    ClaimFacts,
    Elsewhere,
    Flags,
    Item,
    ItemKind,
    RespondentFacts,
    Route,
    Scope,
)
from desk.domain.money import Money
from desk.domain.triage import Verdict, triage
from desk.packs.loader import load_packs

PACKS = [load_packs().by_version(version) for version in ("cn-2010", "cn-2026")]
TODAY = date(2026, 9, 8)

answers, sums = st.sampled_from(Answer), st.none() | st.integers(1, 1_000_000).map(lambda minor: Money(minor, "CNY"))
items = st.lists(st.builds(Item, st.sampled_from(ItemKind), sums), max_size=4).map(tuple)
findings = st.builds(Assessment, answers, answers, answers, st.none() | st.sampled_from(Basis), st.sampled_from(Scope))
flags = st.builds(Flags, *[st.booleans()] * 5)
likely = st.builds(Assessment, *[st.just(Answer.YES)] * 3, st.just(Basis.TOURISM_LAW_54), st.just(Scope.IN_SCOPE))
claims = st.builds(
    ClaimFacts, st.just(TODAY), st.just("CNY"), items, st.none() | st.builds(RespondentFacts, st.booleans()),
    st.one_of(likely, findings), st.one_of(st.just(Flags()), flags),
    st.one_of(st.just(Elsewhere.NONE), st.sampled_from(Elsewhere)),
    st.none() | st.integers(-5, 200).map(lambda days: TODAY - timedelta(days=days)),
)  # fmt: skip
unknowns = st.sets(st.sampled_from(["amount", "respondent", "not_at_fault", "facts_clear", "evidence_sufficient", "basis"]))
quick = settings(max_examples=100, deadline=None)


def forgotten(facts: ClaimFacts, what: str) -> ClaimFacts:
    """The same claim before anybody knew this."""
    if what == "amount":
        return replace(facts, items=tuple(replace(item, asked=None) for item in facts.items))
    if what == "respondent":
        return replace(facts, respondent=None)
    blank: Any = None if what == "basis" else Answer.UNKNOWN
    return replace(facts, assessment=replace(facts.assessment, **{what: blank}))


def learnt(facts: ClaimFacts, what: str, *, good: bool) -> ClaimFacts:
    """The same claim once this is known, for or against a fast refund."""
    if what == "amount":
        sum_of = Money(1 if good else 500_000, "CNY")
        return replace(facts, items=tuple(replace(item, asked=item.asked or sum_of) for item in facts.items))
    if what == "respondent":
        return replace(facts, respondent=RespondentFacts(good))
    known: Any = (Basis.UNDERTAKING if good else Basis.NONE) if what == "basis" else Answer.YES if good else Answer.NO
    return replace(facts, assessment=replace(facts.assessment, **{what: known}))


def codes(verdict: Verdict) -> set[str]:
    return {reason.code for reason in verdict.reasons}


@quick
@given(claims)
def test_the_rule_always_answers_and_always_the_same(facts: ClaimFacts) -> None:
    for each in PACKS:
        verdict = triage(facts, each)
        assert verdict == triage(replace(facts), each)
        assert verdict.reasons
        assert all(reason.code and reason.source for reason in verdict.reasons)
        assert all((reason.figure is None) is (reason.limit is None) for reason in verdict.reasons)
        assert bool(verdict.missing) is (verdict.route is Route.NEEDS_INFORMATION)
        assert bool(verdict.hand_offs) is facts.flags.crime_suspected


@quick
@given(claims, unknowns)
def test_knowing_less_never_turns_a_docket_or_a_refusal_into_a_fast_refund(facts: ClaimFacts, lost: set[str]) -> None:
    before, less = triage(facts, PACKS[1]), facts
    for what in sorted(lost):
        less = forgotten(less, what)
    now = triage(less, PACKS[1])
    if before.route is not Route.FAST_REFUND:
        assert now.route is not Route.FAST_REFUND
    if before.route in (Route.REFUSE, Route.TRANSFER):
        assert now == before
    assert codes(now) & {"crime_suspected", "injury", "needs_appraisal"} == (
        codes(before) & {"crime_suspected", "injury", "needs_appraisal"}
    )


@quick
@given(claims)
def test_each_missing_fact_can_still_decide_and_no_other_can(facts: ClaimFacts) -> None:
    verdict = triage(facts, PACKS[1])
    if verdict.route is not Route.NEEDS_INFORMATION:
        return
    complete = facts
    for what in verdict.missing:
        complete = learnt(complete, what, good=True)
    assert triage(complete, PACKS[1]).route in (Route.FAST_REFUND, Route.DOCKET)
    for what in verdict.missing:
        assert triage(learnt(complete if what != "amount" else facts, what, good=False), PACKS[1]).route is Route.DOCKET


@quick
@given(claims, st.integers(1, 1_000_000))
def test_asking_for_more_never_leads_to_a_fast_refund(facts: ClaimFacts, more: int) -> None:
    higher = replace(facts, items=(*facts.items, Item(ItemKind.REFUND, Money(more, "CNY"))))
    asks_a_sum = any(item.kind in (ItemKind.REFUND, ItemKind.DAMAGE, ItemKind.OTHER) for item in facts.items)
    if asks_a_sum and triage(facts, PACKS[1]).route is not Route.FAST_REFUND:
        assert triage(higher, PACKS[1]).route is not Route.FAST_REFUND


@quick
@given(claims)
def test_a_fast_refund_has_every_fact_on_its_side(facts: ClaimFacts) -> None:
    for pack in PACKS:
        if triage(facts, pack).route is Route.FAST_REFUND:
            found, asked = facts.assessment, [item.asked for item in facts.items if item.kind in ("refund", "damage", "other")]
            assert {found.not_at_fault, found.facts_clear, found.evidence_sufficient, found.basis_explicit} == {Answer.YES}
            assert (found.scope, facts.already_elsewhere) == (Scope.IN_SCOPE, Elsewhere.NONE)
            assert facts.respondent is not None
            assert facts.respondent.in_reach
            assert 0 < sum(money.minor for money in asked if money) < 500_000
            assert None not in asked
            assert not any((facts.flags.injury, facts.flags.needs_appraisal, facts.flags.crime_suspected))


@quick
@given(claims)
def test_minor_and_foreign_visitors_are_judged_like_all_others(facts: ClaimFacts) -> None:
    other = replace(
        facts, flags=replace(facts.flags, minor=not facts.flags.minor, foreign_related=not facts.flags.foreign_related)
    )
    assert [triage(facts, pack) for pack in PACKS] == [triage(other, pack) for pack in PACKS]
