"""Running time limits: started, paused, resumed, stopped, and how each deadline was counted. Reads no wall clock."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo

from desk.domain.calendar import Counted, DayKind, WorkingCalendar
from desk.domain.ladder import Ladder, Rung, next_look, reached
from desk.domain.opening import Windows, check_windows, midnight
from desk.domain.pack import ClockRule, Unit
from desk.domain.segments import (
    RUNNING,
    Segment,
    in_utc,
    paused_days,
    segments_from_json,
    segments_to_json,
    stretches,
    until_pause,
)

__all__ = [
    "RUNNING",
    "UNPUBLISHED_YEAR",
    "Clock",
    "ClockState",
    "Line",
    "Segment",
    "extend",
    "is_late",
    "next_look_at",
    "pause",
    "recount",
    "reminder",
    "resume",
    "segments_from_json",
    "segments_to_json",
    "start",
    "stop",
    "void",
    "working",
]

UNPUBLISHED_YEAR = "unpublished_year"
_SECOND = timedelta(seconds=1)
_BY_TIME = {Unit.MINUTE: timedelta(minutes=1), Unit.HOUR: timedelta(hours=1)}


class ClockState(StrEnum):
    """Whether a clock runs. Void: it no longer applies, and was neither kept nor missed."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Clock:
    """One time limit of one claim, as stored. Instants are aware UTC.

    `due_at` is the last second in time, itself included; of a clock in days it is 23:59:59 at the site on the last
    day. While paused it stands as if the pause ended at once, and moves when the clock resumes. It follows from
    base, length, unit, windows, segments, zone and calendar version alone, so it can always be recounted.
    `segments` join without gaps from `base_at` on; the last one is open while the clock runs or is paused.
    A provisional deadline causes no legal consequence (SPEC 3). Raises ValueError for a contradiction between these.
    """

    kind: str
    length: int
    unit: Unit
    pauses: frozenset[str]
    pack: str
    confirmed: bool
    provisional: bool
    base_at: datetime
    due_at: datetime
    stopped_at: datetime | None
    state: ClockState
    segments: tuple[Segment, ...]
    calendar: str
    windows: Windows = ()
    ladder: Ladder = ()

    def __post_init__(self) -> None:
        ended = self.state in (ClockState.STOPPED, ClockState.VOID)
        edges = [self.base_at, *(segment.end for segment in self.segments)]
        joined = bool(self.segments) and [segment.start for segment in self.segments] == edges[:-1]
        if not joined or self.segments[0].kind != RUNNING or edges[-1] != self.stopped_at or ended is (self.stopped_at is None):
            msg = "a clock's segments join from its base to its stop"
            raise ValueError(msg)
        if not ended and (self.segments[-1].kind == RUNNING) is (self.state is ClockState.PAUSED):
            msg = "a clock's last segment is of its state"
            raise ValueError(msg)

    def ended(self, at: datetime, state: ClockState) -> Self:
        """The clock with its last segment closed at `at`, never before that segment began."""
        if self.stopped_at is not None:
            return self
        end = _not_before(at, self.segments[-1])
        last = replace(self.segments[-1], end=end)
        return replace(self, state=state, stopped_at=end, segments=(*self.segments[:-1], last))

    def switched(self, at: datetime, kind: str, state: ClockState) -> Self:
        """The clock with a new last segment of `kind` from `at` on, never before the last one began."""
        end = _not_before(at, self.segments[-1])
        last = replace(self.segments[-1], end=end)
        return replace(self, state=state, segments=(*self.segments[:-1], last, Segment(kind, end)))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a deadline's working; wording makes the sentence.

    Clocks in days: one line a day from the start day to the due day; `number` is the day's ordinal, None when it was
    not counted. Minute and hour clocks: one line for each open stretch or pause of a local day up to `due_at`;
    `number` is the whole minutes counted by its end, `from_at` and `to_at` its ends in UTC.
    `kind` is a DayKind, or "running"; `note` is empty, the reason of a pause, or "unpublished_year".
    """

    day: date
    kind: str
    number: int | None
    note: str = ""
    from_at: datetime | None = None
    to_at: datetime | None = None


def start(
    rule: ClockRule, at: datetime, pack_version: str, zone: ZoneInfo, calendar: WorkingCalendar, windows: Windows = ()
) -> Clock:
    """Start the clock of `rule` at the instant `at`.

    Minute and hour clocks run 24x7, or only inside `windows` when the site names some; clocks in days ignore them.
    Raises ValueError for a naive `at` or impossible windows. Source: SPEC 3, Counting; Civil Code 201.
    """
    base = in_utc(at)
    used = windows if rule.unit in _BY_TIME else ()
    check_windows(used)
    clock = Clock(
        kind=rule.id, length=rule.length, unit=rule.unit, pauses=rule.pauses, pack=pack_version,
        confirmed=rule.confirmed, provisional=False, base_at=base, due_at=base, stopped_at=None,
        state=ClockState.RUNNING, segments=(Segment(RUNNING, base),), calendar=calendar.version, windows=used,
        ladder=rule.ladder,
    )  # fmt: skip
    return _counted_anew(clock, zone, calendar)


def stop(clock: Clock, at: datetime) -> Clock:
    """Stop the clock; the first stop holds. An instant before its last segment counts as that segment's beginning."""
    return clock.ended(in_utc(at), ClockState.STOPPED)


def void(clock: Clock, at: datetime) -> Clock:
    """End a clock that no longer applies; it is never late. A clock that has ended stays as it is."""
    return clock.ended(in_utc(at), ClockState.VOID)


def pause(clock: Clock, at: datetime, reason: str) -> Clock:
    """Pause a running clock for a reason its rule names; for any other reason, or if it does not run, it stays unchanged.

    One reason at a time: where a second one still holds at the resuming, the caller pauses again. Source: SPEC 3.
    """
    if clock.state is not ClockState.RUNNING or reason not in clock.pauses:
        return clock
    return clock.switched(in_utc(at), reason, ClockState.PAUSED)


def resume(clock: Clock, at: datetime, zone: ZoneInfo, calendar: WorkingCalendar) -> Clock:
    """Let a paused clock run on and count its deadline anew; a clock that is not paused stays unchanged.

    Minute and hour clocks get back exactly the time spent paused (inside the windows, where there are some). Clocks
    in days do not count a local day of which any part was spent paused. A pause after the deadline gives nothing back.
    """
    if clock.state is not ClockState.PAUSED:
        return clock
    return _counted_anew(clock.switched(in_utc(at), RUNNING, ClockState.RUNNING), zone, calendar)


def extend(clock: Clock, more: int, zone: ZoneInfo, calendar: WorkingCalendar) -> Clock:
    """Lengthen a clock that has not ended by `more` of its units, counted from its original base.

    Raises ValueError when `more` is below 1.
    """
    if more < 1:
        msg = "an extension makes longer"
        raise ValueError(msg)
    if clock.stopped_at is not None:
        return clock
    return _counted_anew(replace(clock, length=clock.length + more), zone, calendar)


def recount(clock: Clock, zone: ZoneInfo, calendar: WorkingCalendar) -> Clock:
    """Count a provisional deadline with a newer calendar, stopped clocks too; any other clock stays unchanged."""
    if not clock.provisional or clock.state is ClockState.VOID:
        return clock
    return _counted_anew(clock, zone, calendar)


def is_late(clock: Clock, now: datetime) -> bool:
    """Whether the deadline was missed: the clock ran beyond the second that `due_at` names.

    A paused clock, or one stopped while paused, is late only when it was late as the pause began; a void one never is.
    """
    if clock.state is ClockState.VOID:
        return False
    ran_until = until_pause(clock.segments)[-1].end or in_utc(now)
    return ran_until.replace(microsecond=0) > clock.due_at


def reminder(clock: Clock, now: datetime) -> Rung | None:
    """Whom a running clock's ladder tells at `now`, the last time that has come; a provisional deadline reminds nobody."""
    return reached(clock.ladder, clock.base_at, clock.due_at, now) if _is_watched(clock) else None


def next_look_at(clock: Clock, after: datetime) -> datetime | None:
    """When the clock must next be seen to, for a reminder or because it was missed; None while it does not run."""
    return next_look(clock.ladder, clock.base_at, clock.due_at, after) if _is_watched(clock) else None


def working(clock: Clock, zone: ZoneInfo, calendar: WorkingCalendar) -> tuple[Line, ...]:
    """How the deadline was counted, in order, ending with the line it falls in. Pass the calendar the clock names."""
    if clock.unit in _BY_TIME:
        return tuple(_time_lines(clock, zone))
    return tuple(_day_lines(clock, zone, calendar))


def _is_watched(clock: Clock) -> bool:
    return clock.state is ClockState.RUNNING and not clock.provisional


def _counted_anew(clock: Clock, zone: ZoneInfo, calendar: WorkingCalendar) -> Clock:
    if clock.unit in _BY_TIME:
        return replace(clock, due_at=_time_due(clock, zone), calendar=calendar.version)
    counted = _days(clock, zone, calendar, paused_days(clock.segments, zone))
    due = midnight(counted.last + timedelta(days=1), zone) - _SECOND
    return replace(clock, due_at=due, provisional=counted.provisional, calendar=calendar.version)


def _days(clock: Clock, zone: ZoneInfo, calendar: WorkingCalendar, paused: Mapping[date, str]) -> Counted:
    began = clock.base_at.astimezone(zone).date()
    if clock.unit is Unit.YEAR:
        return calendar.last_day_of_years(began, clock.length)
    count = calendar.last_working_day_of if clock.unit is Unit.WORKING_DAY else calendar.last_day_of
    return count(began, clock.length, paused)


def _time_due(clock: Clock, zone: ZoneInfo) -> datetime:
    left = clock.length * _BY_TIME[clock.unit]
    if not clock.windows and len(clock.segments) == 1:
        return clock.base_at + left
    for part in stretches(clock.segments, clock.windows, zone):
        if part.kind == RUNNING and part.end is not None:
            if part.end - part.start >= left:
                return part.start + left
            left -= part.end - part.start
    raise AssertionError  # the stretches go on until the windows refuse


def _day_lines(clock: Clock, zone: ZoneInfo, calendar: WorkingCalendar) -> Iterator[Line]:
    paused = paused_days(clock.segments, zone)
    counted = _days(clock, zone, calendar, paused)
    for day in counted.days:
        note = paused[day.day] if day.why is DayKind.PAUSED else ""
        # In a count of calendar days only its end asks the calendar, so only there does an unpublished year matter.
        asked = day.why not in (DayKind.START, DayKind.PAUSED, DayKind.CALENDAR) or day.number == clock.length
        if asked and not calendar.is_published(day.day):
            note = UNPUBLISHED_YEAR
        yield Line(day.day, day.why, day.number, note)


def _time_lines(clock: Clock, zone: ZoneInfo) -> Iterator[Line]:
    left = whole = clock.length * _BY_TIME[clock.unit]
    for part in stretches(clock.segments, clock.windows, zone):
        day, end = part.start.astimezone(zone).date(), part.end or part.start
        if part.kind != RUNNING:
            yield Line(day, DayKind.PAUSED, None, part.kind, part.start, end)
            continue
        end = min(end, part.start + left)
        left -= end - part.start
        yield Line(day, RUNNING, (whole - left) // _BY_TIME[Unit.MINUTE], "", part.start, end)
        if not left:
            return


def _not_before(at: datetime, segment: Segment) -> datetime:
    return max(at, segment.start)
