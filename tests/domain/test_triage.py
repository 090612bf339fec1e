"""The rule as a table: every reason alone and with every other, the limit to the cent, and what may still be asked."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from functools import reduce
from itertools import combinations
from typing import Any

import pytest

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
from desk.domain.triage import HandOff, Reason, Verdict, is_late, principal, principal_known, triage
from desk.packs.loader import load_packs

PACK, OLD_PACK = load_packs().by_version("cn-2026"), load_packs().by_version("cn-2010")
TODAY = date(2026, 9, 8)
MET = Assessment(Answer.YES, Answer.YES, Answer.YES, Basis.TOURISM_LAW_54)

Change = Callable[[ClaimFacts], ClaimFacts]


def item(asked: str | None, kind: ItemKind = ItemKind.REFUND) -> Item:
    return Item(kind, Money.parse(asked, "CNY") if asked else None)


def facts(*items: Item, **told: Any) -> ClaimFacts:  # noqa: ANN401 - fields of ClaimFacts
    given: dict[str, Any] = {"respondent": RespondentFacts(), "assessment": MET, **told}
    return ClaimFacts(TODAY, "CNY", items or (item("128.00"),), **given)


def found(**findings: Any) -> Change:  # noqa: ANN401 - fields of Assessment
    return lambda of: replace(of, assessment=replace(of.assessment, **findings))


def flagged(name: str) -> Change:
    return lambda of: replace(of, flags=replace(of.flags, **{name: True}))


def told(**fields: Any) -> Change:  # noqa: ANN401 - fields of ClaimFacts
    return lambda of: replace(of, **fields)


def also(added: Item) -> Change:
    return lambda of: replace(of, items=(*of.items, added))


def no_sum(of: ClaimFacts) -> ClaimFacts:
    return replace(of, items=tuple(each for each in of.items if each.kind is ItemKind.PUNITIVE))


def codes(verdict: Verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


def after(changes: Iterable[Change]) -> ClaimFacts:
    return reduce(lambda of, change: change(of), changes, facts())


# Heaviest first, as the reasons of a verdict stand.
DOCKET: tuple[tuple[str, Change], ...] = (
    ("crime_suspected", flagged("crime_suspected")),
    ("injury", flagged("injury")),
    ("at_or_above_fast_limit", also(item("4872.00"))),
    ("punitive_item", also(item(None, ItemKind.PUNITIVE))),
    ("visitor_at_fault", found(not_at_fault=Answer.NO)),
    ("no_basis", found(basis=Basis.NONE)),
    ("facts_unclear", found(facts_clear=Answer.NO)),
    ("evidence_insufficient", found(evidence_sufficient=Answer.NO)),
    ("needs_appraisal", flagged("needs_appraisal")),
    ("respondent_out_of_reach", told(respondent=RespondentFacts(in_reach=False))),
    ("no_sum_asked", no_sum),
)
REFUSAL: tuple[tuple[str, Change], ...] = (
    ("already_elsewhere", told(already_elsewhere=Elsewhere.COURT)),
    ("handled_before", found(scope=Scope.HANDLED_BEFORE)),
    ("late_filing", told(contract_ended_on=TODAY - timedelta(days=91))),
)
MISSING: tuple[tuple[str, str, Change], ...] = (
    ("amount", "amount_unknown", also(item(None))),
    ("respondent", "respondent_unknown", told(respondent=None)),
    ("not_at_fault", "fault_unknown", found(not_at_fault=Answer.UNKNOWN)),
    ("facts_clear", "facts_unknown", found(facts_clear=Answer.UNKNOWN)),
    ("evidence_sufficient", "evidence_unknown", found(evidence_sufficient=Answer.UNKNOWN)),
    ("basis", "basis_unknown", found(basis=None)),
)
CONTRADICT = {"at_or_above_fast_limit", "no_sum_asked"}


@pytest.mark.parametrize(("code", "change"), DOCKET)
def test_each_reason_alone_sends_a_claim_to_the_docket(code: str, change: Change) -> None:
    verdict = triage(change(facts()), PACK)
    assert (verdict.route, codes(verdict), verdict.missing) == (Route.DOCKET, [code], ())


@pytest.mark.parametrize("size", range(2, len(DOCKET)))
def test_all_reasons_of_a_docket_are_listed_heaviest_first(size: int) -> None:
    chosen = [some for some in combinations(DOCKET, size) if not {code for code, _ in some} >= CONTRADICT]
    wrong = [some for some in chosen if codes(triage(after(change for _, change in some), PACK)) != [code for code, _ in some]]
    assert chosen
    assert wrong == []


@pytest.mark.parametrize("size", [1, 2, 3])
def test_every_set_of_refusals_refuses_whatever_else_holds(size: int) -> None:
    for some in combinations(REFUSAL, size):
        verdict = triage(after([change for _, change in (*DOCKET[:-1], *some)]), OLD_PACK)
        assert (verdict.route, codes(verdict), verdict.missing) == (Route.REFUSE, [code for code, _ in some], ())


@pytest.mark.parametrize("elsewhere", [each for each in Elsewhere if each is not Elsewhere.NONE])
def test_a_dispute_that_somebody_else_has_is_refused(elsewhere: Elsewhere) -> None:
    assert codes(triage(facts(already_elsewhere=elsewhere), PACK)) == ["already_elsewhere"]


def test_another_remit_is_transferred_and_refusal_is_heavier() -> None:
    other = found(scope=Scope.OTHER_REMIT)(facts())
    assert (triage(other, PACK).route, codes(triage(other, PACK))) == (Route.TRANSFER, ["other_remit"])
    assert triage(replace(other, already_elsewhere=Elsewhere.AGENCY), PACK).route is Route.REFUSE


@pytest.mark.parametrize("size", range(1, len(MISSING) + 1))
def test_exactly_what_is_missing_is_named(size: int) -> None:
    for some in combinations(MISSING, size):
        verdict = triage(after([change for *_, change in some]), PACK)
        assert verdict.route is Route.NEEDS_INFORMATION
        assert verdict.missing == tuple(name for name, *_ in some)
        assert codes(verdict) == [code for _, code, _ in some]


@pytest.mark.parametrize(("code", "change"), [*DOCKET, *REFUSAL[:2]])
def test_nothing_is_asked_that_could_not_change_the_answer(code: str, change: Change) -> None:
    unknown = replace(after([each for *_, each in MISSING]), items=facts().items)
    verdict = triage(change(unknown), PACK)
    assert verdict.missing == ()
    assert codes(verdict) == [code]


@pytest.mark.parametrize(
    ("items", "route", "code"),
    [
        ((item("4999.99"),), Route.FAST_REFUND, "under_fast_limit"),
        ((item("5000.00"),), Route.DOCKET, "at_or_above_fast_limit"),
        ((item("5000.01"),), Route.DOCKET, "at_or_above_fast_limit"),
        ((item("0.01"),), Route.FAST_REFUND, "under_fast_limit"),
        ((item("2500.00"), item("2499.99", ItemKind.DAMAGE)), Route.FAST_REFUND, "under_fast_limit"),
        ((item("2500.00"), item("2500.00", ItemKind.OTHER)), Route.DOCKET, "at_or_above_fast_limit"),
        ((item("4999.99"), item("1.00", ItemKind.APOLOGY)), Route.FAST_REFUND, "under_fast_limit"),
        ((item("4999.99"), item(None)), Route.NEEDS_INFORMATION, "amount_unknown"),
        ((item("5000.00"), item(None)), Route.DOCKET, "at_or_above_fast_limit"),
        ((item(None, ItemKind.OTHER),), Route.NEEDS_INFORMATION, "amount_unknown"),
        ((item(None, ItemKind.APOLOGY),), Route.DOCKET, "no_sum_asked"),
        ((item("1.00", ItemKind.PUNITIVE), item("1.00")), Route.DOCKET, "punitive_item"),
    ],
)
def test_the_limit_is_compared_to_the_cent(items: tuple[Item, ...], route: Route, code: str) -> None:
    verdict = triage(facts(*items), PACK)
    assert (verdict.route, verdict.reasons[0].code) == (route, code)


def test_a_claim_without_items_asks_no_sum() -> None:
    nothing = replace(facts(), items=())
    assert codes(triage(nothing, PACK)) == ["no_sum_asked"]
    assert (principal(nothing), principal_known(nothing)) == (0, False)


def test_only_refund_damage_and_other_make_the_principal() -> None:
    mixed = facts(*(item("1.00", kind) for kind in ItemKind))
    assert (principal(mixed), principal_known(mixed)) == (300, True)
    assert not principal_known(facts(item("1.00"), item(None, ItemKind.DAMAGE)))
    assert principal_known(facts(item("1.00"), item(None, ItemKind.PUNITIVE)))


@pytest.mark.parametrize("change", [*(change for _, change in (*DOCKET, *REFUSAL[:2])), found(scope=Scope.OTHER_REMIT)])
def test_a_suspected_crime_is_told_to_the_police_on_every_route(change: Change) -> None:
    assert triage(flagged("crime_suspected")(change(facts())), PACK).hand_offs == (HandOff.POLICE_110,)
    assert triage(replace(change(facts()), flags=Flags()), PACK).hand_offs == ()


@pytest.mark.parametrize(("days", "late"), [(0, False), (89, False), (90, False), (91, True), (400, True)])
def test_a_late_filing_is_refused_by_the_old_pack_and_warned_of_by_the_new(days: int, late: bool) -> None:
    filed = facts(contract_ended_on=TODAY - timedelta(days=days))
    before, now = triage(filed, OLD_PACK), triage(filed, PACK)
    assert is_late(filed, OLD_PACK) is late
    assert before.route is (Route.REFUSE if late else Route.FAST_REFUND)
    assert now.route is Route.FAST_REFUND
    assert codes(now)[2:] == (["late_filing_warning"] if late else [])


@pytest.mark.parametrize(("_code", "change"), [*DOCKET, *REFUSAL[:2], ("other_remit", found(scope=Scope.OTHER_REMIT))])
def test_a_warning_comes_last_and_changes_no_route(_code: str, change: Change) -> None:
    late = replace(change(facts()), contract_ended_on=TODAY - timedelta(days=91))
    warned, plain = triage(late, PACK), triage(change(facts()), PACK)
    assert codes(warned) == [*codes(plain), "late_filing_warning"]
    assert warned.route is plain.route


def test_a_contract_that_has_not_ended_or_that_nobody_dated_is_not_late() -> None:
    assert not is_late(facts(), OLD_PACK)
    assert not is_late(facts(contract_ended_on=TODAY + timedelta(days=3)), OLD_PACK)
    bare = replace(OLD_PACK, clocks={name: rule for name, rule in OLD_PACK.clocks.items() if name != "late_filing"})
    assert not is_late(facts(contract_ended_on=date(2000, 1, 1)), bare)


def test_each_comparison_shows_its_figure_its_limit_and_its_source() -> None:
    fast, heavy = triage(facts(), PACK), triage(facts(item("5000.00")), PACK)
    late = triage(facts(contract_ended_on=date(2026, 6, 9)), OLD_PACK)
    plan, order = PACK.limits["fast_limit"].source, OLD_PACK.clocks["late_filing"].source
    assert fast.reasons[0] == Reason("under_fast_limit", plan, "128.00 CNY", "5000.00 CNY")
    assert heavy.reasons == (Reason("at_or_above_fast_limit", plan, "5000.00 CNY", "5000.00 CNY"),)
    assert late.reasons == (Reason("late_filing", order, "2026-09-08", "2026-09-07"),)
    assert (fast.pack, late.pack) == ("cn-2026", "cn-2010")
