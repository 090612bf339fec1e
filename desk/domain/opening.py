"""Opening windows of a site: when minute and hour clocks run. Knows no holidays: a site that closes on one is not asked."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Windows = tuple[tuple[tuple[time, time], ...], ...]
"""Seven tuples, Monday first, each of (opens, closes) in local time; a close at 00:00 is the end of the day. `()` is 24x7."""

MIDNIGHT = time(0)
ALWAYS: Windows = (((MIDNIGHT, MIDNIGHT),),) * 7
_DAY = timedelta(days=1)
_FURTHEST = 20_000  # days looked ahead, so that windows of a minute a week end in a refusal and not in a long loop


def check_windows(windows: Windows) -> None:
    """Raise ValueError unless windows are empty, or seven days whose windows are in order, apart, and not all empty."""
    if not windows:
        return
    if len(windows) != len(ALWAYS) or not any(windows):
        msg = "opening windows name seven days, Monday first, and open on one of them"
        raise ValueError(msg)
    for day in windows:
        edges = [_minute(edge, closes=place == 1) for window in day for place, edge in enumerate(window)]
        if any(later <= earlier for earlier, later in zip(edges[::2], edges[1::2], strict=True)) or edges != sorted(edges):
            msg = "the windows of a day are in order, do not overlap, and close after they open"
            raise ValueError(msg)


def open_spans(start: datetime, end: datetime | None, windows: Windows, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """The open stretches of [start, end) in UTC, in order, none longer than a local day; `end` None runs on.

    Raises ValueError when a clock asks for more than 20 000 days of them.
    """
    first = start.astimezone(zone).date()
    for ahead in range(_FURTHEST):
        day = first + ahead * _DAY
        if end is not None and midnight(day, zone) >= end:
            return
        for opens, closes in (windows or ALWAYS)[day.weekday()]:
            low, high = max(start, local(day, opens, zone)), _closing(day, closes, zone)
            high = high if end is None else min(high, end)
            if low < high:
                yield low, high
    msg = "the windows open too seldom for this clock"
    raise ValueError(msg)


def windows_at(hours: Mapping[str, Any], what: str) -> Windows:
    """A site's windows by their name in its row: `open` those of the counter, `clocks` those of promises; none is 24x7."""
    return windows_from_json(hours.get(what) or [])


def next_span(at: datetime, windows: Windows, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The open stretch that `at` falls in, from `at` on, else the next one; in UTC, its end not included."""
    return next(open_spans(at, None, windows, zone))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of `day` at the site, in UTC; where a clock change skips midnight, the change itself."""
    return local(day, MIDNIGHT, zone)


def local(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant of a local date and time, in UTC; of a repeated hour the first."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def windows_to_json(windows: Windows) -> list[list[list[str]]]:
    """Plain lists of "HH:MM" pairs, Monday first."""
    return [[[f"{edge:%H:%M}" for edge in window] for window in day] for day in windows]


def windows_from_json(data: Sequence[Sequence[Sequence[str]]]) -> Windows:
    """Read what `windows_to_json` wrote; raises ValueError for anything else."""
    windows = tuple(tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in day) for day in data)
    check_windows(windows)
    return windows


def _closing(day: date, closes: time, zone: ZoneInfo) -> datetime:
    return midnight(day + _DAY, zone) if closes == MIDNIGHT else local(day, closes, zone)


def _minute(edge: time, *, closes: bool) -> int:
    if edge != edge.replace(second=0, microsecond=0, tzinfo=None):
        msg = "windows open and close on whole minutes of local time"
        raise ValueError(msg)
    return 24 * 60 if closes and edge == MIDNIGHT else edge.hour * 60 + edge.minute
