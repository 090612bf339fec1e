"""Past verdicts asked again: the same figures change nothing, others what they must, and the sums are those of the changes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.domain.claim import ClaimFacts, Item, ItemKind, Route
from desk.domain.errors import BadInput
from desk.domain.judged import facts_as_json, facts_from_json, reason_as_json, reason_from_json
from desk.domain.money import Money
from desk.domain.pack import ClockRule, Limit, RulePack
from desk.domain.replaying import PastVerdict, Replay, Sum, moved
from desk.domain.triage import triage
from desk.domain.what_if import DECIDES, imagined
from desk.packs.loader import load_packs
from tests.domain.test_triage import facts, item
from tests.domain.test_triage_properties import claims, quick

PACKS = load_packs().versions
NEW = PACKS["cn-2026"]
DAY = date(2026, 9, 8)
AS_THEY_ARE = {"fast_limit": "5000.00", "late_filing": "90"}


def past(judged: ClaimFacts, pack: RulePack = NEW, on: date = DAY) -> PastVerdict:
    """The verdict of that day, as it would be stored."""
    said = triage(judged, pack)
    return PastVerdict("7Q4K92MDXT", "huangshan", on, "proposed", pack.version, said.route, said.reasons, judged)


def replayed(pack: RulePack, *judged: PastVerdict) -> Replay:
    """A run through these verdicts under `pack`."""
    run = Replay()
    for each in judged:
        run.judge(each, pack)
    return run


@quick
@given(st.lists(claims, max_size=3), st.sampled_from(sorted(PACKS)))
def test_under_the_same_pack_nothing_changes(several: list[ClaimFacts], version: str) -> None:
    pack = PACKS[version]
    verdicts = [past(each, pack) for each in several]
    same = imagined(pack, AS_THEY_ARE | {"late_filing_refuses": str(pack.late_filing_refuses).lower()})
    for again in (replayed(pack, *verdicts), replayed(same, *verdicts)):
        assert (again.looked_at, again.changes, moved(again.changes)) == (len(several), [], {})
        assert all(day.before == day.after for day in again.days.values())


@quick
@given(st.lists(st.tuples(claims, st.integers(0, 2)), max_size=4), st.integers(1, 1_000_000))
def test_the_sums_moved_are_the_sums_of_the_changes_and_of_the_days(several: list[tuple[ClaimFacts, int]], limit: int) -> None:
    verdicts = [past(each, on=DAY + timedelta(days)) for each, days in several]
    run = replayed(imagined(NEW, {"fast_limit": Money(limit, "CNY").text}), *verdicts)
    net = sum(change.moved_minor for change in run.changes)
    assert net == sum(sums.net_minor for sums in moved(run.changes).values())
    whole = run.total("CNY")
    assert whole.difference_minor == net
    assert whole.after.number - whole.before.number == sum(
        (sums.into_fast.number - sums.out_of_fast.number for sums in moved(run.changes).values()), start=0
    )
    assert all(change.rerouted or change.gained or change.lost for change in run.changes)


@quick
@given(claims, st.sampled_from(sorted(PACKS)))
def test_what_is_stored_with_a_verdict_is_all_that_the_rule_looks_at(judged: ClaimFacts, version: str) -> None:
    again = facts_from_json(facts_as_json(judged))
    assert again == judged
    for reason in triage(judged, PACKS[version]).reasons:
        assert reason_from_json(reason_as_json(reason)) == reason


OTHERS = [(name, figure) for name, figure in {**NEW.limits, **NEW.clocks}.items() if name not in DECIDES]


@quick
@given(claims)
def test_no_other_figure_of_a_pack_decides_anything(judged: ClaimFacts) -> None:
    limits = {name: replace(one, amount=Money(1, "CNY")) for name, one in OTHERS if isinstance(one, Limit)}
    clocks = {name: replace(one, length=1) for name, one in OTHERS if isinstance(one, ClockRule)}
    counts = {name: 2 * number for name, number in NEW.counts.items()}
    other = replace(NEW, limits={**NEW.limits, **limits}, clocks={**NEW.clocks, **clocks}, counts=counts)
    assert triage(judged, other) == triage(judged, NEW)


def test_a_lower_limit_sends_the_larger_claims_to_the_docket() -> None:
    verdicts = [past(facts(item("560.00"))), past(facts(item("299.99"))), past(facts(item("300.00")), on=DAY + timedelta(1))]
    run = replayed(imagined(NEW, {"fast_limit": "300.00"}), *verdicts)
    assert [(change.before, change.after, change.moved_minor) for change in run.changes] == [
        (Route.FAST_REFUND, Route.DOCKET, -56_000), (Route.FAST_REFUND, Route.DOCKET, -30_000)
    ]  # fmt: skip
    (reason,) = run.changes[0].gained
    assert (reason.code, reason.figure, reason.limit, reason.source) == (
        "at_or_above_fast_limit", "560.00 CNY", "300.00 CNY", "what if"
    )  # fmt: skip
    assert [reason.code for reason in run.changes[0].lost] == ["under_fast_limit", "four_tests_met"]
    sums = moved(run.changes)["CNY"]
    assert (sums.out_of_fast, sums.into_fast, sums.net_minor) == (Sum(2, 86_000), Sum(), -86_000)
    assert [(day.before, day.after) for day in run.days.values()] == [(Sum(2, 85_999), Sum(1, 29_999)), (Sum(1, 30_000), Sum())]


def test_a_higher_limit_brings_money_in_unless_another_reason_stands() -> None:
    punitive = facts(item("6000.00"), item(None, ItemKind.PUNITIVE))
    run = replayed(imagined(NEW, {"fast_limit": "8000.00"}), past(facts(item("6000.00"))), past(punitive))
    assert [(change.rerouted, change.moved_minor) for change in run.changes] == [(True, 600_000), (False, 0)]
    assert [reason.code for reason in run.changes[1].lost] == ["at_or_above_fast_limit"]
    assert moved(run.changes)["CNY"].into_fast == Sum(1, 600_000)


def test_the_old_pack_refuses_what_came_late_and_the_new_one_warns() -> None:
    late = facts(contract_ended_on=facts().received_on - timedelta(days=91))
    (change,) = replayed(PACKS["cn-2010"], past(late)).changes
    assert (change.before, change.after, change.moved_minor) == (Route.FAST_REFUND, Route.REFUSE, -12_800)
    assert [reason.code for reason in change.gained] == ["late_filing"]
    assert "late_filing_warning" in [reason.code for reason in change.lost]
    by_wish = imagined(NEW, {"late_filing_refuses": "true", "late_filing": "91"})
    assert [change.after for change in replayed(by_wish, past(late)).changes] == [Route.FAST_REFUND]


def test_each_currency_is_summed_apart() -> None:
    dollars = replace(facts(), currency="USD", items=(Item(ItemKind.REFUND, Money(40_000, "USD")),))
    run = replayed(imagined(NEW, {"fast_limit": "100.00"}), past(dollars), past(facts(item("128.00"))))
    run.pay("USD", DAY, 39_000)
    assert {currency: sums.net_minor for currency, sums in moved(run.changes).items()} == {"CNY": -12_800, "USD": -40_000}
    assert (run.total("USD").before, run.total("USD").paid, run.total("CNY").paid) == (Sum(1, 40_000), Sum(1, 39_000), Sum())


@pytest.mark.parametrize(
    ("wishes", "problem"),
    [
        ({"fast_limit": "3e2"}, ("/fast_limit", "bad_amount", {})),
        ({"fast_limit": "-1"}, ("/fast_limit", "bad_amount", {})),
        ({"fast_limit": "0"}, ("/fast_limit", "bad_amount", {})),
        ({"fast_limit": "10000000.01"}, ("/fast_limit", "bad_amount", {})),
        ({"late_filing": "ninety"}, ("/late_filing", "too_small", {"limit": 1})),
        ({"late_filing": "0"}, ("/late_filing", "too_small", {"limit": 1})),
        ({"late_filing": "٩"}, ("/late_filing", "too_small", {"limit": 1})),
        ({"late_filing": "3661"}, ("/late_filing", "too_large", {"limit": 3660})),
        ({"late_filing": "9" * 5000}, ("/late_filing", "too_large", {"limit": 3660})),
        ({"late_filing_refuses": "maybe"}, ("/late_filing_refuses", "not_one_of", {"allowed": ("true", "false")})),
    ],
    ids=str,
)
def test_what_no_pack_could_hold_is_refused_without_repeating_it(
    wishes: Mapping[str, str], problem: tuple[str, str, dict[str, Any]]
) -> None:
    with pytest.raises(BadInput) as refused:
        imagined(NEW, wishes)
    told = refused.value
    params = {name: value for name, value in told.params.items() if name not in ("field", "problem")}
    assert (told.field, told.problem, params) == problem
