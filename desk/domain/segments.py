"""Segments: the running and paused stretches a clock's deadline is counted from. Knows no lengths and no rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from desk.domain.opening import Windows, open_spans

RUNNING = "running"
_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a clock's life, in UTC: "running", or the reason of a pause. `end` is excluded, None while it lasts."""

    kind: str
    start: datetime
    end: datetime | None = None


def segments_to_json(segments: Sequence[Segment]) -> list[dict[str, str | None]]:
    """Plain dicts of kind, start and end, times in ISO 8601 UTC."""
    return [
        {"kind": part.kind, "start": part.start.isoformat(), "end": part.end.isoformat() if part.end else None}
        for part in segments
    ]


def segments_from_json(data: Sequence[Mapping[str, str | None]]) -> tuple[Segment, ...]:
    """Read what `segments_to_json` wrote; raises ValueError for anything else."""
    return tuple(_segment(part) for part in data)


def until_pause(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """The segments up to the last running one: a pause that nothing has followed gives no time back yet."""
    return segments[:-1] if segments[-1].kind != RUNNING else segments


def paused_days(segments: tuple[Segment, ...], zone: ZoneInfo) -> dict[date, str]:
    """The local days of which any part was spent in a pause that is over, each with the reason of its first pause."""
    days: dict[date, str] = {}
    for part in until_pause(segments):
        if part.kind == RUNNING or part.end is None or part.end == part.start:
            continue
        day, last = part.start.astimezone(zone).date(), (part.end - _INSTANT).astimezone(zone).date()
        while day <= last:
            days.setdefault(day, part.kind)
            day += _DAY
    return days


def stretches(segments: tuple[Segment, ...], windows: Windows, zone: ZoneInfo) -> Iterator[Segment]:
    """The open running stretches, none longer than a local day, and the pauses, in order.

    They go on as if the last running segment never ended; raises ValueError when the windows open too seldom.
    """
    *past, last = until_pause(segments)
    for part in (*past, replace(last, end=None)):
        if part.kind != RUNNING:
            yield part
            continue
        for low, high in open_spans(part.start, part.end, windows, zone):
            yield Segment(RUNNING, low, high)


def in_utc(at: datetime) -> datetime:
    """The same instant in UTC; raises ValueError for a naive one."""
    if at.tzinfo is None:
        msg = "a clock takes aware instants"
        raise ValueError(msg)
    return at.astimezone(UTC)


def _segment(part: Mapping[str, str | None]) -> Segment:
    kind, began, end = (part.get(name) for name in ("kind", "start", "end"))
    if not kind or not began:
        msg = "a segment has a kind and a start"
        raise ValueError(msg)
    return Segment(kind, in_utc(datetime.fromisoformat(began)), in_utc(datetime.fromisoformat(end)) if end else None)
