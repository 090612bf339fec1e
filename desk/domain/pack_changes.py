"""What differs between two rule packs, figure by figure. Says nothing about claims: that is `replaying`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from desk.domain.alerts import AlertRule
from desk.domain.ladder import Ladder
from desk.domain.money import Money
from desk.domain.pack import ClockRule, Limit, RulePack

_Figure = TypeVar("_Figure")

Value = Money | int | bool | str | date | frozenset[str] | Ladder | None
"""What a field of a figure may hold; None stands for a figure that a pack does not have, and for an open end."""


class Sort(StrEnum):
    """Which part of a pack a figure belongs to; `pack` is the pack itself."""

    PACK = "pack"
    LIMIT = "limit"
    CLOCK = "clock"
    COUNT = "count"
    ALERT = "alert"


class Kind(StrEnum):
    """What became of a figure from the first pack to the second."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a figure, as the first pack has it and as the second does."""

    field: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class PackChange:
    """One figure that differs, with every field that does; of a figure only one pack has, with all its fields."""

    sort: Sort
    id: str
    kind: Kind
    fields: tuple[FieldChange, ...]


def pack_changes(before: RulePack, after: RulePack) -> tuple[PackChange, ...]:
    """Every difference from one pack to the other: the pack itself, limits, clocks, counts, alert levels, each in order of name.

    Version and title are names, not figures, and are not compared. Empty when the packs say the same. Source: SPEC 3.
    """
    return (
        *_compared(Sort.PACK, {Sort.PACK: before}, {Sort.PACK: after}, _of_pack),
        *_compared(Sort.LIMIT, before.limits, after.limits, _of_limit),
        *_compared(Sort.CLOCK, before.clocks, after.clocks, _of_clock),
        *_compared(Sort.COUNT, _counted(before), _counted(after), dict),
        *_compared(Sort.ALERT, _levels(before), _levels(after), _of_alert),
    )


def _compared(
    sort: Sort, before: Mapping[str, _Figure], after: Mapping[str, _Figure], read: Callable[[_Figure], Mapping[str, Value]]
) -> Iterator[PackChange]:
    for name in sorted(before.keys() | after.keys()):
        old = read(before[name]) if name in before else {}
        new = read(after[name]) if name in after else {}
        fields = tuple(FieldChange(each, old.get(each), new.get(each)) for each in old or new if old.get(each) != new.get(each))
        if fields:
            yield PackChange(sort, name, Kind.CHANGED if old and new else Kind.REMOVED if old else Kind.ADDED, fields)


def _of_pack(pack: RulePack) -> Mapping[str, Value]:
    return {
        "in_force_from": pack.in_force_from,
        "in_force_until": pack.in_force_until,
        "late_filing_refuses": pack.late_filing_refuses,
    }


def _of_limit(limit: Limit) -> Mapping[str, Value]:
    return {"amount": limit.amount, "confirmed": limit.confirmed, "source": limit.source}


def _of_clock(clock: ClockRule) -> Mapping[str, Value]:
    return {
        "length": clock.length, "unit": clock.unit.value, "starts": clock.starts, "stops": clock.stops, "pauses": clock.pauses,
        "extendable": clock.extendable, "ladder": clock.ladder, "confirmed": clock.confirmed, "source": clock.source,
    }  # fmt: skip


def _counted(pack: RulePack) -> Mapping[str, Mapping[str, Value]]:
    return {
        name: {"number": number, "confirmed": pack.sources[name].confirmed, "source": pack.sources[name].text}
        for name, number in pack.counts.items()
    }


def _levels(pack: RulePack) -> Mapping[str, AlertRule]:
    return {level.value: rule for level, rule in pack.alerts.items()}


def _of_alert(rule: AlertRule) -> Mapping[str, Value]:
    told = frozenset(role.value for role in rule.tells)
    return {
        **rule.figures,
        "tells": told,
        "task": rule.task,
        "minutes": rule.minutes,
        "confirmed": rule.confirmed,
        "source": rule.source,
    }
