"""What became of promises, as numbers that can be added up: those a clock stands for, and what they come to. Stores nothing.

About promises alone: no number here knows whose claim it comes from.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from math import ceil
from typing import NamedTuple
from zoneinfo import ZoneInfo

from desk.domain.clocks import RUNNING, Clock, ClockState, is_late
from desk.domain.opening import open_spans
from desk.domain.pack import Unit

PAID_FAST = "fast_payment"
"""The one promise whose end has two times: sent, at which its clock stops, and received. Source: SPEC 3."""

EXACT_BITS = 6
RESOLUTION = 2.0 ** (1 - EXACT_BITS)
"""Times are kept to so many binary digits: under 64 seconds to the second, above within this part of the time."""


class Fate(StrEnum):
    """What is counted of a promise. Received: a time alone, for no promise is kept or missed by it."""

    MADE = "made"
    KEPT = "kept"
    MISSED = "missed"
    VOID = "void"
    TOOK = "took"
    RECEIVED = "received"


BY_TIME = frozenset({Unit.MINUTE, Unit.HOUR})
"""Of what is counted in these only the time inside a site's windows counts."""


class Tallied(NamedTuple):
    """What one number counts: of promises of a kind and pack made on this day of the site; `seconds` of a time, else 0."""

    on: date
    kind: str
    pack: str
    what: Fate
    seconds: int = 0


Missed = Collection[tuple[str, datetime]]
"""The deadlines of a claim that are written down as missed: clock id and deadline."""


def tallied(clock: Clock, zone: ZoneInfo, missed: Missed) -> Counter[Tallied]:
    """What a clock stands for as it is. It counts for the site's day on which the promise was made.

    Missed is what is written down as missed, also of a promise that no longer applied later. One that ended by a deadline
    that is still provisional is neither kept nor missed until its year is known. Source: SPEC 3.
    """
    found = [Fate.MADE]
    if is_missed(clock, missed):
        found.append(Fate.MISSED)
    elif clock.state is ClockState.VOID:
        found.append(Fate.VOID)
    elif clock.state is ClockState.STOPPED and not clock.provisional:
        found.append(Fate.KEPT)
    on = clock.base_at.astimezone(zone).date()
    counted = Counter(Tallied(on, clock.kind, clock.pack, what) for what in found)
    if clock.state is ClockState.STOPPED:
        counted[Tallied(on, clock.kind, clock.pack, Fate.TOOK, kept_to(seconds_of(clock, zone)))] += 1
    return counted


def received(clock: Clock, zone: ZoneInfo, at: datetime) -> Tallied:
    """When the money of a promise of payment was there, counted as its clock counts."""
    on = clock.base_at.astimezone(zone).date()
    return Tallied(on, clock.kind, clock.pack, Fate.RECEIVED, kept_to(seconds_of(clock, zone, at)))


def is_missed(clock: Clock, missed: Missed) -> bool:
    """Whether this very clock is the one that missed its deadline: another of its kind may have had the same."""
    if (clock.kind, clock.due_at) not in missed:
        return False
    return clock.stopped_at is None or is_late(replace(clock, state=ClockState.STOPPED), clock.stopped_at)


def seconds_of(clock: Clock, zone: ZoneInfo, until: datetime | None = None) -> int:
    """Whole seconds that an ended clock ran, without its pauses; of minutes and hours only those inside its windows.

    `until`: as if it had run on to then.
    """
    last = clock.segments[-1]
    ran = [part for part in (*clock.segments[:-1], replace(last, end=until or last.end)) if part.kind == RUNNING]
    if not clock.windows:
        return int(sum((part.end - part.start).total_seconds() for part in ran if part.end))
    spans = [span for part in ran if part.end for span in open_spans(part.start, part.end, clock.windows, zone)]
    return int(sum((high - low).total_seconds() for low, high in spans))


def kept_to(seconds: int) -> int:
    """A time as it is kept: cut to its highest binary digits."""
    cut = max(0, seconds.bit_length() - EXACT_BITS)
    return seconds >> cut << cut


def at_most(kept: int) -> int:
    """The longest time that is kept as this one."""
    return kept + (1 << max(0, kept.bit_length() - EXACT_BITS)) - 1


def within(times: Mapping[int, int], share: float) -> int | None:
    """The time, in seconds, within which this share of them ended; None without any. Nearest rank, never cut short."""
    wanted, reached = ceil(share * sum(times.values())), 0
    for seconds in sorted(times):
        reached += times[seconds]
        if reached >= max(1, wanted):
            return at_most(seconds)
    return None


def all_of(counted: Iterable[Counter[Tallied]]) -> Counter[Tallied]:
    """Counts added up."""
    whole = Counter[Tallied]()
    for one in counted:
        whole.update(one)
    return whole
