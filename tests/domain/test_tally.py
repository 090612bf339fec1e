"""What a clock stands for in the counts, how long it took, and what so many times come to."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.domain import clocks
from desk.domain.calendar import WorkingCalendar
from desk.domain.clocks import Clock
from desk.domain.pack import ClockRule, Unit
from desk.domain.tally import RESOLUTION, Fate, at_most, kept_to, received, seconds_of, tallied, within

ZONE = ZoneInfo("Asia/Shanghai")
LATE_EVENING = datetime(2026, 10, 1, 15, 58, tzinfo=UTC)
CALENDAR = WorkingCalendar("0-unread", frozenset(), {})
HALF_HOUR = ClockRule(
    "fast_payment", 30, Unit.MINUTE, "a", "b", frozenset({"waiting_for_visitor"}), "site promise", confirmed=False
)
DAY = date(2026, 10, 1)
OPEN = ((((time(8), time(12)), (time(14), time(18)))),) * 7


def begun(at: datetime = LATE_EVENING, rule: ClockRule = HALF_HOUR, **more: object) -> Clock:
    return clocks.start(rule, at, "cn-2026", ZONE, CALENDAR, **more)  # type: ignore[arg-type]


def fates(clock: Clock, *, missed: bool = False) -> dict[str, int]:
    counted = tallied(clock, ZONE, {(clock.kind, clock.due_at)} if missed else set())
    assert {(one.on, one.kind, one.pack) for one in counted} == {(DAY, "fast_payment", "cn-2026")}
    return {one.what.value: number for one, number in counted.items()}


def after(**on: float) -> datetime:
    return LATE_EVENING + timedelta(**on)


@pytest.mark.parametrize(
    ("clock", "missed", "stands_for"),
    [
        (begun(), False, {"made": 1}),
        (begun(), True, {"made": 1, "missed": 1}),
        (clocks.pause(begun(), after(minutes=5), "waiting_for_visitor"), False, {"made": 1}),
        (clocks.stop(begun(), after(minutes=30)), False, {"made": 1, "kept": 1, "took": 1}),
        (clocks.stop(begun(), after(minutes=31)), True, {"made": 1, "missed": 1, "took": 1}),
        (clocks.void(begun(), after(minutes=5)), False, {"made": 1, "void": 1}),
        (clocks.void(begun(), after(minutes=31)), True, {"made": 1, "missed": 1}),
        (replace(clocks.stop(begun(), after(minutes=5)), provisional=True), False, {"made": 1, "took": 1}),
    ],
)
def test_a_clock_stands_for_what_became_of_it_on_the_day_the_promise_was_made(
    clock: Clock, missed: bool, stands_for: dict[str, int]
) -> None:  # fmt: skip
    assert fates(clock, missed=missed) == stands_for


def test_another_clock_of_the_same_deadline_does_not_make_a_kept_one_missed() -> None:
    kept, due = clocks.stop(begun(), after(minutes=5)), begun().due_at
    assert Fate.MISSED not in {one.what for one in tallied(kept, ZONE, {("fast_payment", due)})}


def test_pauses_and_closed_hours_take_no_time() -> None:
    clock = clocks.pause(begun(), after(minutes=10), "waiting_for_visitor")
    clock = clocks.resume(clock, after(hours=5), ZONE, CALENDAR)
    assert seconds_of(clocks.stop(clock, after(hours=5, minutes=12)), ZONE) == 22 * 60
    noon = datetime(2026, 10, 1, 11, 50, tzinfo=ZONE)
    over_lunch = clocks.stop(begun(noon, windows=OPEN), noon + timedelta(hours=2, minutes=25))
    assert seconds_of(over_lunch, ZONE) == 25 * 60
    assert seconds_of(clocks.stop(begun(noon, windows=OPEN), noon), ZONE) == 0


def test_what_is_received_later_than_it_was_sent_is_counted_as_the_clock_counts() -> None:
    sent = clocks.stop(begun(), after(minutes=10))
    assert received(sent, ZONE, after(minutes=40)) == (DAY, "fast_payment", "cn-2026", Fate.RECEIVED, kept_to(40 * 60))
    waiting = clocks.resume(clocks.pause(begun(), after(minutes=5), "waiting_for_visitor"), after(minutes=25), ZONE, CALENDAR)
    assert received(clocks.stop(waiting, after(minutes=30)), ZONE, after(minutes=35)).seconds == kept_to(15 * 60)


@given(st.integers(0, 10**8))
def test_a_time_is_kept_within_its_resolution_and_never_told_too_short(seconds: int) -> None:
    kept = kept_to(seconds)
    assert kept_to(kept) == kept
    assert kept <= seconds <= at_most(kept)
    assert at_most(kept) - kept <= RESOLUTION * max(1, seconds)
    assert seconds >= 64 or at_most(kept) == seconds


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60), st.sampled_from([0.5, 0.9, 1.0]))
def test_the_time_of_a_share_is_the_one_of_its_rank(times: list[int], share: float) -> None:
    exact = sorted(times)[ceil(share * len(times)) - 1]
    told = within(Counter(kept_to(seconds) for seconds in times), share)
    assert told is not None
    assert exact <= told <= at_most(kept_to(exact))
    assert within({}, share) is None
