"""Whom a clock tells when: before its deadline, at it, after it; and when somebody must look at it next."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.domain import clocks
from desk.domain.calendar import WorkingCalendar
from desk.domain.clocks import Clock
from desk.domain.ladder import (
    Ladder,
    Rung,
    check_ladder,
    ladder_from_json,
    ladder_to_json,
    next_look,
    reached,
    rung_of,
)
from desk.domain.pack import ClockRule, Overlay, RulePack, Unit, overlaid
from desk.domain.policy import Role
from desk.packs.loader import load_packs

BASE = datetime(2026, 10, 1, 4, tzinfo=UTC)
DUE = BASE + timedelta(hours=2)
ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkingCalendar("test", frozenset({2026}), {})


def rung(minutes: int, *roles: Role) -> Rung:
    return Rung(minutes, frozenset(roles or {Role.INTAKE}))


LADDER: Ladder = (rung(-30), rung(0, Role.INTAKE, Role.MANAGER), rung(60, Role.MANAGER))


def at(minutes: float) -> datetime:
    """So many minutes after the deadline."""
    return DUE + timedelta(minutes=minutes)


def running(ladder: Ladder = LADDER, *, hours: int = 2, pauses: tuple[str, ...] = ()) -> Clock:
    rule = ClockRule(
        "acceptance", hours, Unit.HOUR, "lodged", "decided", frozenset(pauses), "a test", confirmed=False, ladder=ladder
    )
    return clocks.start(rule, BASE, "test", ZONE, CALENDAR)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (-120, None), (-30.02, None), (-30, -30), (-1, -30), (0, -30), (0.01, -30), (1 / 60, 0), (30, 0), (60, 0), (60.02, 60),
        (100_000, 60),
    ],
)  # fmt: skip
def test_the_last_reminder_whose_time_has_come_is_told(now: float, told: int | None) -> None:
    found = reached(LADDER, BASE, DUE, at(now))
    assert (found.minutes if found else None) == told


def test_what_would_have_been_due_before_the_clock_began_is_left_out() -> None:
    early = (rung(-180), rung(-120), rung(-60))
    assert reached(early, BASE, DUE, BASE) is None
    assert reached(early, BASE, DUE, at(-60)) == early[2]
    assert next_look(early, BASE, DUE, BASE) == at(-60)


@pytest.mark.parametrize(
    ("after", "look"),
    [(-120, at(-30)), (-30, at(1 / 60)), (0, at(1 / 60)), (1 / 60, at(60) + timedelta(seconds=1)), (61, None)],
)
def test_somebody_looks_at_the_next_reminder_or_in_the_second_after_the_deadline(after: float, look: datetime | None) -> None:
    assert next_look(LADDER, BASE, DUE, at(after)) == look


def test_a_clock_without_a_ladder_is_looked_at_once_when_it_is_missed() -> None:
    clock = running(())
    assert clocks.next_look_at(clock, BASE) == DUE + timedelta(seconds=1)
    assert clocks.next_look_at(clock, DUE + timedelta(seconds=1)) is None
    assert clocks.reminder(clock, at(600)) is None


def test_only_a_clock_that_runs_and_is_final_reminds() -> None:
    clock = running(pauses=("waiting_for_visitor",))
    asked = clocks.pause(clock, BASE + timedelta(hours=1), "waiting_for_visitor")
    stopped, void = clocks.stop(clock, at(5)), clocks.void(clock, at(5))
    assert [clocks.reminder(one, at(90)) for one in (asked, stopped, void)] == [None, None, None]
    assert [clocks.next_look_at(one, BASE) for one in (asked, stopped, void)] == [None, None, None]
    again = clocks.resume(asked, at(90), ZONE, CALENDAR)
    assert clocks.next_look_at(again, at(90)) == again.due_at - timedelta(minutes=30)


def test_a_longer_clock_reminds_by_its_new_deadline() -> None:
    clock = clocks.extend(running(), 3, ZONE, CALENDAR)
    assert clock.due_at == DUE + timedelta(hours=3)
    assert clocks.reminder(clock, at(100)) is None
    assert clocks.next_look_at(clock, at(100)) == at(150)


@pytest.mark.parametrize(
    "told",
    [
        {}, {"minutes": 5}, {"minutes": "5", "tells": ["intake"]}, {"minutes": True, "tells": ["intake"]},
        {"minutes": 5, "tells": "intake"}, {"minutes": 5, "tells": []}, {"minutes": 5, "tells": ["auditor"]},
        {"minutes": 5, "tells": ["nobody"]}, {"minutes": 5, "tells": ["intake"], "more": 1},
        {"minutes": 86_401, "tells": ["manager"]},
        {"minutes": -86_401, "tells": ["intake"]},
    ],
)  # fmt: skip
def test_a_reminder_that_is_none_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        rung_of(told)


@pytest.mark.parametrize("ladder", [(rung(0), rung(-5)), (rung(0), rung(0)), tuple(rung(minute) for minute in range(7))])
def test_reminders_come_in_order_each_once_and_are_few(ladder: Ladder) -> None:
    with pytest.raises(ValueError, match="order"):
        check_ladder(ladder)


_ladders = st.lists(st.integers(-500, 500), unique=True, max_size=6).map(
    lambda found: tuple(rung(each) for each in sorted(found))
)


@given(_ladders, st.integers(1, 600), st.lists(st.integers(0, 1_500), min_size=1, max_size=30).map(sorted))
def test_whoever_looks_when_told_to_misses_no_reminder_and_tells_none_twice_or_early(
    ladder: Ladder, length: int, looks: list[int]
) -> None:
    due = BASE + timedelta(minutes=length)
    told, look = list[int](), next_look(ladder, BASE, due, BASE)
    for now in (BASE + timedelta(minutes=minute) for minute in looks):
        if look is None or now < look:
            continue
        if (found := reached(ladder, BASE, due, now)) and found.minutes not in told[-1:]:
            assert found.at(due) <= now
            told.append(found.minutes)
        look = next_look(ladder, BASE, due, now)
    end = BASE + timedelta(minutes=looks[-1])
    last = [each.minutes for each in ladder if BASE < each.at(due) <= end]
    assert told == sorted(set(told))
    assert told[-1:] == last[-1:]


def test_a_ladder_travels_as_plain_json() -> None:
    assert ladder_to_json(LADDER) == [[-30, ["intake"]], [0, ["intake", "manager"]], [60, ["manager"]]]
    assert ladder_from_json(ladder_to_json(LADDER)) == LADDER


def test_an_overlay_that_names_no_reminders_keeps_the_national_ones() -> None:
    def pack_of(length: int, ladder: Ladder) -> dict[str, ClockRule]:
        return {
            "acceptance": ClockRule("acceptance", length, Unit.DAY, "a", "b", frozenset(), "x", confirmed=True, ladder=ladder)
        }

    titles = {"zh-CN": "甲", "en": "A"}
    national = RulePack("one", titles, None, None, {}, pack_of(5, LADDER))
    stricter, own = (Overlay("two", titles, None, None, {}, pack_of(3, ladder)) for ladder in ((), (rung(-1),)))
    assert overlaid(national, stricter).clocks["acceptance"].ladder == LADDER
    assert overlaid(national, own).clocks["acceptance"].ladder == (rung(-1),)


def test_every_promise_that_runs_on_a_claim_tells_somebody_before_and_after() -> None:
    for pack in load_packs().versions.values():
        for kind in ("fast_payment", "first_answer", "acceptance", "mediation", "mediator_contact", "return_close"):
            minutes = [each.minutes for each in pack.clocks[kind].ladder]
            assert min(minutes) < 0 <= max(minutes), (pack.version, kind)
