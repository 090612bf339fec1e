"""The script of the demo's day: the same from the same seed, whole, in order, and with the turns that were promised."""

import re
from collections import Counter
from pathlib import Path

import pytest

import desk.demo
from desk.demo.acts import WAYS
from desk.demo.day import OPENED_MINOR, OPENING, OUT_FROM, OUT_UNTIL, SHORT_AT, TOP_UP_AT, TOPPED_UP_MINOR, Day, plan
from desk.demo.steps import CLOSING, PAID_WITHIN, SOLO_MINOR, Act, amount_of
from desk.packs.cases import load_published_cases
from desk.wording.catalogue import LANGUAGES, text

SEEDS = range(12)
DAYS = [plan(seed) for seed in SEEDS]
EACH = pytest.mark.parametrize("day", DAYS, ids=[str(seed) for seed in SEEDS])


def of(day: Day, what: str) -> list[Act]:
    """The acts of one kind, in their order."""
    return [act for act in day.acts if act.what == what]


def test_the_same_seed_gives_the_same_day_and_another_seed_another() -> None:
    assert plan(3) == plan(3)
    assert len({repr(day) for day in DAYS}) == len(DAYS)


@EACH
def test_the_day_is_as_busy_as_a_first_day_of_golden_week_and_in_order(day: Day) -> None:
    assert 40 <= len(day.claims) <= 70
    assert [each.number for each in day.claims] == list(range(1, len(day.claims) + 1))
    assert [act.at for act in day.acts] == sorted(act.at for act in day.acts)
    assert {act.claim for act in of(day, "lodge")} == {each.number for each in day.claims}
    assert all(OPENING - 1800 < each.at < CLOSING for each in day.claims)
    assert day.acts[-1].at < CLOSING
    assert {act.what for act in day.acts} <= set(WAYS)


@EACH
def test_published_cases_and_everyday_matters_come_by_every_route(day: Day) -> None:
    published = {case.id for case in load_published_cases()}
    cases = [each.matter.name for each in day.claims if each.matter.name in published]
    assert len(cases) >= 15
    assert len(set(cases)) == len(cases)
    routes = Counter(each.matter.route for each in day.claims)
    assert min(routes[route] for route in ("fast_refund", "docket", "needs_information", "refuse")) >= 1
    assert {each.channel for each in day.claims} == {"counter", "poster"}
    assert {each.language for each in day.claims} == set(LANGUAGES)


@EACH
def test_the_fund_runs_short_once_and_for_nobody_else(day: Day) -> None:
    available, refused = OPENED_MINOR, []
    for act in day.acts:
        if act.what == "agree":
            available = day.opens_with
        elif act.what == "top_up":
            available += TOPPED_UP_MINOR
        elif act.refused:
            refused.append((act.at, act.refused))
            assert int(act.told["amount"]) > available
        available -= amount_of(act)
        assert available >= 0
    assert refused == [(SHORT_AT, "fund_insufficient")]
    assert SHORT_AT < TOP_UP_AT < OUT_FROM


@EACH
def test_while_the_gateway_is_out_it_is_asked_for_one_payment_alone(day: Day) -> None:
    sent = [act for act in of(day, "send") if act.told["method"] != "cash"]
    meanwhile = [act.claim for act in sent if OUT_FROM - PAID_WITHIN < act.at <= OUT_UNTIL]
    assert meanwhile == [act.claim for act in of(day, "see_unknown")]
    assert len(meanwhile) == 1
    assert {act.claim for act in sent} == {act.claim for act in of(day, "see_paid")}


@EACH
def test_every_large_refund_is_looked_at_by_somebody_who_had_no_hand_in_it(day: Day) -> None:
    hands: dict[int, set[str]] = {}
    for act in day.acts:
        if act.what in ("lodge", "confirm", "propose") and act.by:
            hands.setdefault(act.claim, set()).add(act.by)
    approved = {act.claim: act.by for act in of(day, "approve")}
    assert all(by not in hands[claim] for claim, by in approved.items())
    large = {act.claim for act in of(day, "propose") if not act.refused and int(act.told["amount"]) >= SOLO_MINOR}
    assert set(approved) == large


@EACH
def test_nobody_is_paid_twice_and_no_payment_is_cut_short_by_the_evening(day: Day) -> None:
    proposed = Counter(act.claim for act in of(day, "propose") if not act.refused)
    assert set(proposed.values()) == {1}
    assert set(proposed) == {act.claim for act in (*of(day, "see_paid"), *of(day, "sign_for"))}


def test_every_line_that_is_told_is_written_in_both_languages_and_every_written_one_is_told() -> None:
    told = {act.line for day in DAYS for act in day.acts if act.line}
    params = dict.fromkeys(("reference", "access_code", "status_url", "amount", "merchant"), "x")
    assert all(text(f"demo.line.{line}", language, **params) for line in told for language in LANGUAGES)
    source = "\n".join(path.read_text(encoding="utf-8") for path in Path(desk.demo.__path__[0]).glob("*.py"))
    written = set(re.findall(r'"demo\.line\.(\w+)"', Path("desk/wording/catalogues/en.po").read_text(encoding="utf-8")))
    assert {line for line in written - told if f'"{line}"' not in source} == set()
