"""Clocks: what holds for every rule, zone, window and order of pauses."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from desk.domain import clocks
from desk.domain.calendar import WorkingCalendar
from desk.domain.clocks import Clock, ClockState
from desk.domain.opening import Windows
from desk.domain.pack import ClockRule, Unit
from tests.domain.test_clocks import CAIRO, CALENDAR, HOURS, LONDON, NIGHT, PUBLISHED, REASON, SHANGHAI, rule

ZONES = st.sampled_from([SHANGHAI, LONDON, CAIRO])
MOMENTS = st.datetimes(datetime(2023, 1, 1), datetime(2027, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is beside it
RULES = st.one_of(
    st.builds(rule, st.integers(1, 500), st.just("minute"), st.just(REASON)),
    st.builds(rule, st.integers(1, 80), st.just("hour"), st.just(REASON)),
    st.builds(rule, st.integers(1, 60), st.sampled_from(["day", "working_day"]), st.just(REASON)),
)
WINDOWS = st.sampled_from([(), HOURS, NIGHT])
WAITS = st.lists(st.timedeltas(timedelta(0), timedelta(days=4)), max_size=6)


def switched(clock: Clock, waits: list[timedelta], zone: ZoneInfo) -> list[Clock]:
    """The clock after each switch: paused, resumed, paused and so on, with the waits between."""
    moment, history = clock.base_at, [clock]
    for wait in waits:
        moment += wait
        last = history[-1]
        running = last.state is ClockState.RUNNING
        history.append(clocks.pause(last, moment, REASON) if running else clocks.resume(last, moment, zone, CALENDAR))
    return history


@settings(deadline=None)
@given(RULES, MOMENTS, ZONES, WINDOWS, WAITS)
def test_pauses_never_shorten_a_deadline_and_leave_no_gap(
    limit: ClockRule, moment: datetime, zone: ZoneInfo, windows: Windows, waits: list[timedelta]
) -> None:
    history = switched(clocks.start(limit, moment, "cn-2026", zone, CALENDAR, windows), waits, zone)
    assert all(before.due_at <= after.due_at for before, after in pairwise(history))
    assert moment < history[0].due_at
    last = history[-1]
    assert clocks.segments_from_json(json.loads(json.dumps(clocks.segments_to_json(last.segments)))) == last.segments


@settings(deadline=None)
@given(RULES, MOMENTS, ZONES, WINDOWS, WAITS, st.timedeltas(-timedelta(days=9), timedelta(days=9)))
def test_a_stop_is_never_before_the_start_and_moves_no_deadline(
    limit: ClockRule, moment: datetime, zone: ZoneInfo, windows: Windows, waits: list[timedelta], wait: timedelta
) -> None:
    clock = switched(clocks.start(limit, moment, "cn-2026", zone, CALENDAR, windows), waits, zone)[-1]
    stopped = clocks.stop(clock, moment + wait)
    assert stopped.stopped_at is not None
    assert stopped.stopped_at >= stopped.base_at
    assert all(part.end is not None and part.start <= part.end for part in stopped.segments)
    assert stopped.due_at == clock.due_at


@settings(deadline=None)
@given(RULES, MOMENTS, ZONES, WINDOWS)
def test_a_longer_clock_is_never_due_earlier(limit: ClockRule, moment: datetime, zone: ZoneInfo, windows: Windows) -> None:
    clock = clocks.start(limit, moment, "cn-2026", zone, CALENDAR, windows)
    assert clock.due_at <= clocks.extend(clock, 1, zone, CALENDAR).due_at


@settings(deadline=None)
@given(RULES, MOMENTS, ZONES, WAITS, st.sampled_from([CALENDAR, PUBLISHED]))
def test_recounting_twice_is_recounting_once(
    limit: ClockRule, moment: datetime, zone: ZoneInfo, waits: list[timedelta], calendar: WorkingCalendar
) -> None:
    clock = switched(clocks.start(limit, moment, "cn-2026", zone, CALENDAR), waits, zone)[-1]
    once = clocks.recount(clock, zone, calendar)
    assert clocks.recount(once, zone, calendar) == once
    if calendar is CALENDAR:
        assert once == clock


@settings(deadline=None)
@given(RULES, MOMENTS, ZONES, WINDOWS, WAITS)
def test_the_working_ends_at_the_deadline_with_the_full_number(
    limit: ClockRule, moment: datetime, zone: ZoneInfo, windows: Windows, waits: list[timedelta]
) -> None:
    clock = switched(clocks.start(limit, moment, "cn-2026", zone, CALENDAR, windows), waits, zone)[-1]
    lines = clocks.working(clock, zone, CALENDAR)
    whole = limit.length * (60 if limit.unit is Unit.HOUR else 1)
    assert max(line.number or 0 for line in lines) == whole
    if limit.unit in {Unit.DAY, Unit.WORKING_DAY}:
        assert lines[-1].day == clock.due_at.astimezone(zone).date()
    else:
        assert lines[-1].to_at == clock.due_at
