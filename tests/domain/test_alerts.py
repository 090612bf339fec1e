"""Alert levels from counts and thresholds: just below, at and above each, the highest one, growth, what a pack may publish."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.domain.alerts import FIGURES, AlertRule, Cause, Counts, Level, Reason, Task, alarm, growth_limit
from desk.domain.policy import Role
from desk.packs.loader import load_packs

PACKS = load_packs()
RULES = PACKS.by_version("cn-2026").alerts


def reached(counts: Counts) -> tuple[str, list[str]] | None:
    """The level and the causes."""
    found = alarm(counts, RULES)
    return (found.level.value, [reason.cause.value for reason in found.reasons]) if found else None


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (Counts(), None),
        (Counts(claims=2), None),
        (Counts(claims=3), ("blue", ["claims"])),
        (Counts(claims=4), ("blue", ["claims"])),
        (Counts(claims=5), ("yellow", ["claims"])),
        (Counts(claims=9), ("yellow", ["claims"])),
        (Counts(claims=10), ("orange", ["claims"])),
        (Counts(claims=1_000), ("orange", ["claims"])),
        (Counts(missed=1), ("blue", ["missed"])),
        (Counts(missed=50), ("blue", ["missed"])),
        (Counts(claims=3, missed=1), ("blue", ["claims", "missed"])),
        (Counts(injuries=1), ("yellow", ["injury"])),
        (Counts(claims=5, injuries=2), ("yellow", ["claims", "injury"])),
        (Counts(claims=3, injuries=1), ("yellow", ["injury"])),
        (Counts(sites=1), None),
        (Counts(sites=2), ("red", ["same_cause"])),
        (Counts(sites=3), ("red", ["same_cause"])),
        (Counts(risks=1), ("red", ["safety"])),
        (Counts(claims=10, injuries=1, risks=1, sites=2), ("red", ["same_cause", "safety"])),
    ],
)
def test_each_threshold_itself_reaches_its_level_and_the_highest_one_counts(
    counts: Counts, expected: tuple[str, list[str]] | None
) -> None:
    assert reached(counts) == expected


@pytest.mark.parametrize(
    ("this_week", "last_week", "expected"),
    [
        (4, 0, None), (5, 0, "orange"), (4, 1, None), (5, 1, "orange"), (5, 2, None), (6, 2, None), (7, 2, "orange"),
        (30, 10, None), (31, 10, "orange"), (5, None, None), (500, None, None), (0, 0, None), (5, 50, None),
    ],
)  # fmt: skip
def test_growth_is_above_two_hundred_per_cent_with_at_least_five_and_needs_a_week_before(
    this_week: int, last_week: int | None, expected: str | None
) -> None:
    found = reached(Counts(this_week=this_week, last_week=last_week))
    assert (found[0] if found else None) == expected


def test_growth_tells_both_weeks() -> None:
    found = alarm(Counts(this_week=12, last_week=3), RULES)
    assert found is not None
    assert found.reasons == (Reason(Cause.GROWTH, 12, 3),)


def test_the_other_reasons_tell_the_figure_and_its_threshold() -> None:
    found = alarm(Counts(claims=11, this_week=12, last_week=0), RULES)
    assert found is not None
    assert found.reasons == (Reason(Cause.CLAIMS, 11, 10), Reason(Cause.GROWTH, 12, 0))


numbers = st.integers(0, 40)


@given(st.builds(Counts, numbers, numbers, numbers, numbers, numbers, st.none() | numbers, st.integers(0, 4)))
def test_a_level_falls_once_and_only_once_its_window_no_longer_supports_it(counts: Counts) -> None:
    found = alarm(counts, RULES)
    emptied = replace(counts, claims=0, missed=0, injuries=0, risks=0, this_week=0, sites=0)
    assert alarm(emptied, RULES) is None
    more = alarm(replace(counts, claims=counts.claims + 1), RULES)
    assert (more.level.rank if more else 0) >= (found.level.rank if found else 0)
    assert found is None or found.reasons


@given(st.integers(0, 500), st.integers(1, 1_000))
def test_no_more_than_the_limit_is_no_growth_beyond_the_percentage(last_week: int, per_cent: int) -> None:
    limit = growth_limit(last_week, per_cent)
    assert limit * 100 <= last_week * (100 + per_cent) < (limit + 1) * 100


def test_a_pack_without_alert_levels_raises_none() -> None:
    assert alarm(Counts(claims=100, risks=3), {}) is None


@pytest.mark.parametrize("version", sorted(PACKS.versions))
def test_every_pack_publishes_each_level_with_who_is_told_and_what_is_due(version: str) -> None:
    alerts = PACKS.by_version(version).alerts
    assert list(alerts) == list(Level)
    assert [(rule.task, rule.minutes) for rule in alerts.values()] == [
        (Task.LOOK_INTO, 1440), (Task.TALK, 720), (Task.RECTIFY, 120), (Task.REPORT, 60),
    ]  # fmt: skip
    assert all(rule.tells == {Role.INTAKE, Role.MANAGER} and not rule.confirmed for rule in alerts.values())


def test_what_is_due_is_counted_from_the_rise() -> None:
    since = datetime(2026, 10, 1, 4, tzinfo=UTC)
    assert RULES[Level.RED].due_at(since) == since + timedelta(hours=1)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"figures": {"claims": 3}}, "thresholds are claims, missed"),
        ({"figures": {"claims": 3, "missed": 1, "growth": 3}}, "thresholds are"),
        ({"figures": {"claims": 0, "missed": 1}}, "above zero"),
        ({"figures": {"claims": True, "missed": 1}}, "above zero"),
        ({"tells": frozenset()}, "staff who can act"),
        ({"tells": frozenset({Role.CASHIER})}, "staff who can act"),
        ({"minutes": 0}, "minutes"), ({"minutes": 43_201}, "minutes"), ({"source": " "}, "source is empty"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_meant_is_refused(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        replace(RULES[Level.BLUE], **changed)


def test_every_level_has_its_own_thresholds() -> None:
    assert FIGURES.keys() == set(Level)
    assert [level.rank for level in Level] == [1, 2, 3, 4]
    assert isinstance(RULES[Level.BLUE], AlertRule)
