"""Clocks: deadlines to the second in several zones, pauses, opening windows, and how each was counted."""

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from desk.domain import clocks
from desk.domain.clocks import Clock, ClockState, Line, Segment
from desk.domain.opening import Windows, check_windows, windows_from_json, windows_to_json
from desk.domain.pack import ClockRule, Unit
from desk.packs.workdays import calendar_from, seed_days

SHANGHAI, LONDON, CAIRO = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/London"), ZoneInfo("Africa/Cairo")
YEARS, EXCEPTIONS = seed_days()
CALENDAR = calendar_from(EXCEPTIONS.items(), YEARS)
PUBLISHED = calendar_from({**EXCEPTIONS, date(2027, 1, 1): False, date(2027, 1, 3): True}.items(), YEARS | {2027})
HOURS: Windows = (((time(9), time(12)), (time(13), time(17))),) * 5 + (((time(10), time(12)),), ())
NIGHT: Windows = (((time(0), time(4)), (time(22), time(0))),) * 7
REASON = "waiting_for_visitor"


def rule(length: int, unit: str, *pauses: str) -> ClockRule:
    return ClockRule("acceptance", length, Unit(unit), "lodged", "decided", frozenset(pauses), "a test", confirmed=False)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def started(length: int, unit: str, when: str, zone: ZoneInfo = SHANGHAI, windows: Windows = ()) -> Clock:
    reasons = () if unit == "year" else (REASON, "appraisal")
    return clocks.start(rule(length, unit, *reasons), at(when, zone), "cn-2026", zone, CALENDAR, windows)


def due(clock: Clock, zone: ZoneInfo = SHANGHAI) -> str:
    return clock.due_at.astimezone(zone).replace(tzinfo=None).isoformat(" ")


DAYS = [
    # the last second of a day and the first of the next one
    (2, "working_day", "2026-09-28 23:59:59", "2026-09-30 23:59:59"),
    (2, "working_day", "2026-09-29 00:00:00", "2026-10-08 23:59:59"),
    (2, "working_day", "2026-09-29 23:59:59.999999", "2026-10-08 23:59:59"),
    (2, "working_day", "2026-09-30 00:00:00", "2026-10-09 23:59:59"),
    (3, "working_day", "2026-09-30 10:00:00", "2026-10-10 23:59:59"),
    (5, "working_day", "2026-10-01 12:00:00", "2026-10-13 23:59:59"),
    (5, "working_day", "2026-02-13 09:00:00", "2026-02-27 23:59:59"),
    (2, "working_day", "2026-10-10 09:00:00", "2026-10-13 23:59:59"),
    (60, "day", "2026-08-02 08:00:00", "2026-10-08 23:59:59"),
    (45, "day", "2026-08-02 08:00:00", "2026-09-16 23:59:59"),
    (7, "day", "2026-09-24 08:00:00", "2026-10-08 23:59:59"),
    (10, "day", "2026-09-30 08:00:00", "2026-10-10 23:59:59"),
    (1, "day", "2024-02-28 20:00:00", "2024-02-29 23:59:59"),
    (3, "year", "2023-10-01 20:00:00", "2026-10-08 23:59:59"),
]

TIMES = [
    (3, "minute", "2026-10-01 12:00:00", "2026-10-01 12:03:00"),
    (30, "minute", "2026-10-01 23:45:30", "2026-10-02 00:15:30"),
    (2, "hour", "2026-12-31 23:30:00", "2027-01-01 01:30:00"),
    (24, "hour", "2024-02-28 10:00:00", "2024-02-29 10:00:00"),
    (48, "hour", "2026-10-02 10:00:00.250000", "2026-10-04 10:00:00.250000"),
]

ABROAD = [
    # London: clocks go forward on 29 March 2026 at 01:00, back on 25 October at 02:00
    (LONDON, 2, "hour", "2026-03-29 00:30:00", "2026-03-29 03:30:00"),
    (LONDON, 24, "hour", "2026-03-28 12:00:00", "2026-03-29 13:00:00"),
    (LONDON, 24, "hour", "2026-10-24 12:00:00", "2026-10-25 11:00:00"),
    (LONDON, 30, "minute", "2026-10-25 00:45:00", "2026-10-25 01:15:00"),
    (LONDON, 1, "working_day", "2026-03-27 23:59:59", "2026-03-30 23:59:59"),
    (LONDON, 3, "day", "2026-10-23 00:00:00", "2026-10-26 23:59:59"),
    (LONDON, 1, "working_day", "2026-03-30 00:10:00", "2026-03-31 23:59:59"),
    # Cairo: the midnight before 24 April 2026 does not exist, the last hour of 29 October comes twice
    (CAIRO, 1, "working_day", "2026-04-22 12:00:00", "2026-04-23 23:59:59"),
    (CAIRO, 1, "working_day", "2026-10-28 12:00:00", "2026-10-29 23:59:59"),
]

OPEN_HOURS = [
    (120, "minute", "2026-03-16 09:00:00", "2026-03-16 11:00:00"),
    (180, "minute", "2026-03-16 09:00:00", "2026-03-16 12:00:00"),  # ends as the lunch break begins
    (181, "minute", "2026-03-16 09:00:00", "2026-03-16 13:01:00"),
    (2, "hour", "2026-03-16 11:00:00", "2026-03-16 14:00:00"),
    (2, "hour", "2026-03-16 12:30:00", "2026-03-16 15:00:00"),
    (2, "hour", "2026-03-16 16:00:00", "2026-03-17 10:00:00"),
    (2, "hour", "2026-03-16 20:00:00", "2026-03-17 11:00:00"),
    (2, "hour", "2026-03-20 16:30:00", "2026-03-21 11:30:00"),
    (2, "hour", "2026-03-21 11:00:00", "2026-03-23 10:00:00"),  # the Sunday is closed
    (2, "hour", "2026-03-22 09:00:00", "2026-03-23 11:00:00"),
    (48, "hour", "2026-03-16 09:00:00", "2026-03-24 14:00:00"),  # 35 h in the week, 2 on Saturday, 11 after it
]


@pytest.mark.parametrize(("length", "unit", "when", "end"), DAYS)
def test_clocks_in_days_end_with_the_last_second_of_a_day(length: int, unit: str, when: str, end: str) -> None:
    assert due(started(length, unit, when)) == end


@pytest.mark.parametrize(("length", "unit", "when", "end"), TIMES)
def test_minute_and_hour_clocks_run_day_and_night(length: int, unit: str, when: str, end: str) -> None:
    assert due(started(length, unit, when)) == end


@pytest.mark.parametrize(("zone", "length", "unit", "when", "end"), ABROAD)
def test_clock_changes_neither_give_nor_take_time(zone: ZoneInfo, length: int, unit: str, when: str, end: str) -> None:
    clock = started(length, unit, when, zone)
    assert due(clock, zone) == end
    if unit not in {"minute", "hour"}:
        assert (clock.due_at + timedelta(seconds=1)).astimezone(zone).date() == clock.due_at.astimezone(zone).date() + timedelta(
            1
        )


@pytest.mark.parametrize(("length", "unit", "when", "end"), OPEN_HOURS)
def test_only_open_minutes_count_where_the_site_names_windows(length: int, unit: str, when: str, end: str) -> None:
    assert due(started(length, unit, when, windows=HOURS)) == end


@pytest.mark.parametrize(
    ("when", "end"),
    [
        ("2026-03-29 00:30:00", "2026-03-29 03:30:00"),
        ("2026-03-28 23:00:00", "2026-03-29 02:00:00"),
        ("2026-10-24 23:00:00", "2026-10-25 01:00:00"),
    ],
)
def test_windows_over_a_clock_change_count_real_time(when: str, end: str) -> None:
    assert due(started(2, "hour", when, LONDON, NIGHT), LONDON) == end


def test_clocks_in_days_ignore_the_windows() -> None:
    assert started(2, "working_day", "2026-03-16 09:00:00", windows=HOURS) == started(2, "working_day", "2026-03-16 09:00:00")


@pytest.mark.parametrize(
    ("length", "unit", "when", "end", "provisional"),
    [
        (2, "working_day", "2026-12-29 10:00:00", "2026-12-31 23:59:59", False),
        (2, "working_day", "2026-12-30 10:00:00", "2027-01-01 23:59:59", True),
        (60, "day", "2026-11-01 10:00:00", "2026-12-31 23:59:59", False),
        (60, "day", "2026-11-03 10:00:00", "2027-01-04 23:59:59", True),
        (2, "hour", "2027-05-01 10:00:00", "2027-05-01 12:00:00", False),
    ],
)
def test_a_deadline_in_an_unpublished_year_is_provisional(length: int, unit: str, when: str, end: str, provisional: bool) -> None:
    clock = started(length, unit, when)
    assert (due(clock), clock.provisional) == (end, provisional)


def test_a_provisional_clock_is_recounted_when_the_year_is_published() -> None:
    clock = started(2, "working_day", "2026-12-30 10:00:00")
    recounted = clocks.recount(clock, SHANGHAI, PUBLISHED)
    assert (due(recounted), recounted.provisional, recounted.calendar) == ("2027-01-03 23:59:59", False, PUBLISHED.version)
    assert clocks.recount(recounted, SHANGHAI, CALENDAR) == recounted


def test_a_stopped_provisional_clock_is_recounted_too_and_a_void_one_is_not() -> None:
    clock = started(2, "working_day", "2026-12-30 10:00:00")
    stopped = clocks.stop(clock, at("2027-01-02 10:00:00"))
    assert clocks.is_late(stopped, stopped.due_at)
    assert not clocks.is_late(clocks.recount(stopped, SHANGHAI, PUBLISHED), stopped.due_at)
    voided = clocks.void(clock, at("2027-01-02 10:00:00"))
    assert clocks.recount(voided, SHANGHAI, PUBLISHED) == voided


@pytest.mark.parametrize(
    ("unit", "when", "now", "late"),
    [
        ("minute", "2026-10-01 12:00:00", "2026-10-01 12:02:00", False),
        ("minute", "2026-10-01 12:00:00", "2026-10-01 12:02:00.999999", False),
        ("minute", "2026-10-01 12:00:00", "2026-10-01 12:02:01", True),
        ("minute", "2026-10-01 12:00:00.700000", "2026-10-01 12:02:00.900000", False),
        ("minute", "2026-10-01 12:00:00.700000", "2026-10-01 12:02:01", True),
        ("working_day", "2026-09-30 12:00:00", "2026-10-09 23:59:59.999999", False),
        ("working_day", "2026-09-30 12:00:00", "2026-10-10 00:00:00", True),
    ],
)
def test_the_second_of_the_deadline_is_still_in_time(unit: str, when: str, now: str, late: bool) -> None:
    clock = started(2, unit, when)
    assert clocks.is_late(clock, at(now)) is late
    assert clocks.is_late(clocks.stop(clock, at(now)), at("2030-01-01 00:00:00")) is late


PAUSES = [
    # minute clocks get the paused time back exactly
    (30, "minute", "2026-10-01 12:00:00", "2026-10-01 12:10:00", "2026-10-01 12:25:30", "2026-10-01 12:45:30"),
    (30, "minute", "2026-10-01 12:00:00", "2026-10-01 12:00:00", "2026-10-02 12:00:00", "2026-10-02 12:30:00"),
    (2, "hour", "2026-10-01 23:00:00", "2026-10-01 23:30:00", "2026-10-03 08:00:00", "2026-10-03 09:30:00"),
    (30, "minute", "2026-10-01 12:00:00", "2026-10-01 12:40:00", "2026-10-01 13:00:00", "2026-10-01 12:30:00"),  # was late
    # clocks in days do not count a day touched by the pause
    (2, "working_day", "2026-03-16 09:00:00", "2026-03-17 09:00:00", "2026-03-17 09:05:00", "2026-03-19 23:59:59"),
    (2, "working_day", "2026-03-16 09:00:00", "2026-03-16 10:00:00", "2026-03-16 23:00:00", "2026-03-18 23:59:59"),
    (2, "working_day", "2026-03-16 09:00:00", "2026-03-17 09:00:00", "2026-03-19 00:00:00", "2026-03-20 23:59:59"),
    (2, "working_day", "2026-03-16 09:00:00", "2026-03-17 09:00:00", "2026-03-19 00:00:01", "2026-03-23 23:59:59"),
    (2, "working_day", "2026-09-29 09:00:00", "2026-10-01 09:00:00", "2026-10-07 09:00:00", "2026-10-08 23:59:59"),  # rest days
    (2, "working_day", "2026-03-16 09:00:00", "2026-03-20 09:00:00", "2026-03-30 09:00:00", "2026-03-18 23:59:59"),  # was late
    (10, "day", "2026-03-02 09:00:00", "2026-03-05 09:00:00", "2026-03-06 09:00:00", "2026-03-16 23:59:59"),  # 14 March moves
    (60, "day", "2026-03-02 09:00:00", "2026-03-05 09:00:00", "2026-04-05 00:00:00", "2026-06-01 23:59:59"),
]


@pytest.mark.parametrize(("length", "unit", "when", "paused", "resumed", "end"), PAUSES)
def test_a_pause_gives_back_its_time(length: int, unit: str, when: str, paused: str, resumed: str, end: str) -> None:
    clock = started(length, unit, when)
    waiting = clocks.pause(clock, at(paused), REASON)
    assert (waiting.state, waiting.due_at) == (ClockState.PAUSED, clock.due_at)
    assert due(clocks.resume(waiting, at(resumed), SHANGHAI, CALENDAR)) == end


def test_a_pause_inside_the_windows_gives_back_open_minutes_only() -> None:
    clock = started(2, "hour", "2026-03-16 16:00:00", windows=HOURS)
    waiting = clocks.pause(clock, at("2026-03-16 16:30:00"), REASON)
    assert due(clocks.resume(waiting, at("2026-03-17 08:00:00"), SHANGHAI, CALENDAR)) == "2026-03-17 10:30:00"


def test_two_pauses_add_up() -> None:
    clock = started(30, "minute", "2026-10-01 12:00:00")
    for begins, ends in (("12:05:00", "12:10:00"), ("12:20:00", "12:40:00")):
        waiting = clocks.pause(clock, at(f"2026-10-01 {begins}"), REASON)
        clock = clocks.resume(waiting, at(f"2026-10-01 {ends}"), SHANGHAI, CALENDAR)
    assert due(clock) == "2026-10-01 12:55:00"
    assert [part.kind for part in clock.segments] == ["running", REASON, "running", REASON, "running"]


def test_a_clock_pauses_only_for_a_reason_of_its_rule_and_only_while_running() -> None:
    clock = started(30, "minute", "2026-10-01 12:00:00")
    assert clocks.pause(clock, at("2026-10-01 12:10:00"), "recusal") == clock
    waiting = clocks.pause(clock, at("2026-10-01 12:10:00"), REASON)
    assert clocks.pause(waiting, at("2026-10-01 12:11:00"), "appraisal") == waiting
    stopped = clocks.stop(clock, at("2026-10-01 12:10:00"))
    assert clocks.pause(stopped, at("2026-10-01 12:11:00"), REASON) == stopped
    assert clocks.resume(stopped, at("2026-10-01 12:11:00"), SHANGHAI, CALENDAR) == stopped


def test_a_paused_clock_is_late_only_when_it_was_late_before_the_pause() -> None:
    clock = started(30, "minute", "2026-10-01 12:00:00")
    in_time = clocks.pause(clock, at("2026-10-01 12:10:00"), REASON)
    too_late = clocks.pause(clock, at("2026-10-01 12:31:00"), REASON)
    tomorrow = at("2026-10-02 12:00:00")
    assert [clocks.is_late(one, tomorrow) for one in (in_time, too_late)] == [False, True]
    assert [clocks.is_late(clocks.stop(one, tomorrow), tomorrow) for one in (in_time, too_late)] == [False, True]


def test_the_first_stop_holds_and_a_void_clock_is_never_late() -> None:
    clock = started(30, "minute", "2026-10-01 12:00:00")
    stopped = clocks.stop(clock, at("2026-10-01 12:10:00"))
    assert clocks.stop(stopped, at("2026-10-01 13:00:00")) == stopped
    assert clocks.void(stopped, at("2026-10-01 13:00:00")) == stopped
    voided = clocks.void(clock, at("2026-10-01 13:00:00"))
    assert (voided.state, clocks.is_late(voided, at("2026-10-01 14:00:00"))) == (ClockState.VOID, False)


def test_an_extension_counts_from_the_original_base() -> None:
    clock = started(45, "day", "2026-08-02 08:00:00")
    assert due(clocks.extend(clock, 30, SHANGHAI, CALENDAR)) == "2026-10-16 23:59:59"
    stopped = clocks.stop(clock, at("2026-08-03 08:00:00"))
    assert clocks.extend(stopped, 30, SHANGHAI, CALENDAR) == stopped
    with pytest.raises(ValueError, match="makes longer"):
        clocks.extend(clock, 0, SHANGHAI, CALENDAR)


def test_a_deadline_in_working_days_prints_how_it_was_counted() -> None:
    clock = started(2, "working_day", "2026-09-29 09:00:00")
    waiting = clocks.pause(clock, at("2026-09-30 09:00:00"), REASON)
    clock = clocks.resume(waiting, at("2026-09-30 10:00:00"), SHANGHAI, CALENDAR)
    assert clocks.working(clock, SHANGHAI, CALENDAR) == (
        Line(date(2026, 9, 29), "start", None),
        Line(date(2026, 9, 30), "paused", None, REASON),
        *(Line(date(2026, 10, day), "holiday", None) for day in (1, 2)),
        *(Line(date(2026, 10, day), "weekend", None) for day in (3, 4)),
        *(Line(date(2026, 10, day), "holiday", None) for day in (5, 6, 7)),
        Line(date(2026, 10, 8), "working", 1),
        Line(date(2026, 10, 9), "working", 2),
    )


def test_a_provisional_deadline_names_the_days_that_are_not_published() -> None:
    lines = clocks.working(started(2, "working_day", "2026-12-30 09:00:00"), SHANGHAI, CALENDAR)
    assert [line.note for line in lines] == ["", "", "unpublished_year"]
    lines = clocks.working(started(60, "day", "2026-11-03 09:00:00"), SHANGHAI, CALENDAR)
    assert [(line.day.day, line.note) for line in lines if line.note] == [(day, "unpublished_year") for day in (2, 3, 4)]


def test_an_hour_clock_prints_its_open_stretches_and_pauses() -> None:
    clock = started(2, "hour", "2026-03-16 11:30:00", windows=HOURS)
    waiting = clocks.pause(clock, at("2026-03-16 13:15:00"), REASON)
    clock = clocks.resume(waiting, at("2026-03-16 16:00:00"), SHANGHAI, CALENDAR)
    lines = clocks.working(clock, SHANGHAI, CALENDAR)
    assert [(line.kind, line.number, line.note) for line in lines] == [
        ("running", 30, ""),
        ("running", 45, ""),
        ("paused", None, REASON),
        ("running", 105, ""),
        ("running", 120, ""),
    ]
    assert lines[-1].to_at == clock.due_at == at("2026-03-17 09:15:00")


@pytest.mark.parametrize(
    ("windows", "problem"),
    [
        ((((time(9), time(12)),),) * 6, "seven days"),
        (((),) * 7, "seven days"),
        ((((time(12), time(9)),),) * 7, "in order"),
        ((((time(9), time(12, 0, 30)),),) * 7, "whole minutes"),
        ((((time(9), time(12, tzinfo=UTC)),),) * 7, "whole minutes"),
        ((((time(9), time(9)),),) * 7, "in order"),
        ((((time(9), time(13)), (time(12), time(17))),) * 7, "in order"),
        ((((time(13), time(17)), (time(9), time(12))),) * 7, "in order"),
        ((((time(9), time(0)), (time(13), time(17))),) * 7, "in order"),
    ],
)
def test_impossible_windows_are_refused(windows: Windows, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        started(2, "hour", "2026-03-16 09:00:00", windows=windows)


def test_windows_that_open_too_seldom_are_refused_and_not_waited_for() -> None:
    seldom: Windows = (((time(9), time(9, 1)),), *((),) * 6)
    with pytest.raises(ValueError, match="too seldom"):
        started(60, "hour", "2026-03-16 09:00:00", windows=seldom)


@pytest.mark.parametrize("windows", [HOURS, NIGHT, ()])
def test_windows_travel_as_plain_json(windows: Windows) -> None:
    check_windows(windows)
    assert windows_from_json(json.loads(json.dumps(windows_to_json(windows)))) == windows


def test_naive_instants_are_refused() -> None:
    clock = started(30, "minute", "2026-10-01 12:00:00")
    naive = datetime(2026, 10, 1, 12, 10)  # noqa: DTZ001 - the naive instant is what is refused
    with pytest.raises(ValueError, match="aware"):
        clocks.start(rule(30, "minute"), naive, "cn-2026", SHANGHAI, CALENDAR)
    for act in (clocks.stop, clocks.void, clocks.is_late):
        with pytest.raises(ValueError, match="aware"):
            act(clock, naive)


BASE = at("2026-10-01 12:00:00")
LATER = BASE + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("state", "stopped_at", "segments"),
    [
        (ClockState.RUNNING, None, ()),
        (ClockState.RUNNING, None, (Segment("running", LATER),)),
        (ClockState.RUNNING, None, (Segment(REASON, BASE),)),
        (ClockState.RUNNING, None, (Segment("running", BASE, LATER), Segment(REASON, LATER))),
        (ClockState.PAUSED, None, (Segment("running", BASE),)),
        (ClockState.RUNNING, None, (Segment("running", BASE, LATER),)),
        (ClockState.STOPPED, LATER, (Segment("running", BASE),)),
        (ClockState.STOPPED, None, (Segment("running", BASE),)),
        (ClockState.RUNNING, LATER, (Segment("running", BASE, LATER),)),
        (ClockState.PAUSED, None, (Segment("running", BASE, LATER), Segment(REASON, LATER + timedelta(1)))),
    ],
)
def test_a_clock_whose_parts_contradict_each_other_is_refused(
    state: ClockState, stopped_at: datetime | None, segments: tuple[Segment, ...]
) -> None:
    with pytest.raises(ValueError, match="segment"):
        Clock(
            kind="acceptance", length=30, unit=Unit.MINUTE, pauses=frozenset({REASON}), pack="cn-2026", confirmed=False,
            provisional=False, base_at=BASE, due_at=LATER, stopped_at=stopped_at, state=state, segments=segments, calendar="x",
        )  # fmt: skip


@pytest.mark.parametrize(
    "data", [{"kind": "running"}, {"kind": "", "start": BASE.isoformat()}, {"kind": "running", "start": "noon"}]
)
def test_segments_that_were_not_ours_are_refused(data: dict[str, str | None]) -> None:
    with pytest.raises(ValueError, match=r"segment|isoformat"):
        clocks.segments_from_json([data])
