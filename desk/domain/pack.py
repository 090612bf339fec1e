"""Rule packs: every limit and clock as data with its source, and which pack holds for a claim. Holds no figure itself."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from desk.domain.alerts import AlertRule, Level
from desk.domain.incident import Scale
from desk.domain.ladder import Ladder, check_ladder
from desk.domain.money import Money

LIMIT_IDS = frozenset({"fast_limit", "solo_limit", "cashier_day_limit", "site_day_limit"})
CLOCK_IDS = frozenset(
    {
        "fast_payment", "auto_receipt", "first_answer", "acceptance", "respondent_answer", "mediator_contact",
        "mediation", "hearing_target", "late_filing", "return_window", "return_answer", "return_close",
        "incident_first_report", "incident_on_scene", "incident_report", "incident_plan", "collective_window",
        "objection_window", "rectification", "confirmation_window", "recovery_limitation",
    }
)  # fmt: skip
OVERLAY_CLOCK_IDS = CLOCK_IDS | {"pass_on"}
COUNT_IDS = frozenset({"collective_window", "incident_general", "incident_larger", "incident_major"})
PAUSE_REASONS = frozenset({"waiting_for_visitor", "waiting_for_goods", "appraisal", "recusal", "adjournment"})
TITLE_LANGUAGES = frozenset({"zh-CN", "en"})

_CODE = re.compile(r"[a-z][a-z_]*", re.ASCII)
_VERSION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\+[a-z0-9]+(-[a-z0-9]+)*)*", re.ASCII)
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Unit(StrEnum):
    """What a clock is counted in. `day` is a calendar day, `working_day` a Chinese working day."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WORKING_DAY = "working_day"
    YEAR = "year"


LONGEST = {Unit.MINUTE: 525_600, Unit.HOUR: 8_760, Unit.DAY: 3_660, Unit.WORKING_DAY: 2_600, Unit.YEAR: 30}
# A later unit is stretched by more: years and days by rest days at the end, working days by every holiday between.
_STRETCH = {Unit.MINUTE: 0, Unit.HOUR: 0, Unit.DAY: 1, Unit.YEAR: 1, Unit.WORKING_DAY: 2}
_MINUTES_A_DAY = 1440


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure comes from. Confirmed: LAW.md marks it [S] statute text or [P] publisher's page."""

    text: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Limit:
    """An amount that a rule compares with. Raises ValueError for an unknown id or an empty source."""

    id: str
    amount: Money
    source: str
    confirmed: bool

    def __post_init__(self) -> None:
        _require(self.id in LIMIT_IDS, "unknown limit")
        _require(bool(self.source.strip()), "source is empty")


@dataclass(frozen=True, slots=True)
class ClockRule:
    """A time limit: `length` units from the event `starts` to the event `stops`; it may pause only for `pauses`.

    `extendable` is by how many of its units a manager may lengthen it, in all; `ladder` is who is told when about its deadline.
    Raises ValueError for an unknown id or pause reason, a length outside its unit's range, or pauses of a clock in years.
    """

    id: str
    length: int
    unit: Unit
    starts: str
    stops: str
    pauses: frozenset[str]
    source: str
    confirmed: bool
    extendable: int = 0
    ladder: Ladder = ()

    def __post_init__(self) -> None:
        _require(self.id in OVERLAY_CLOCK_IDS, "unknown clock")
        whole = type(self.length) is int and 1 <= self.length <= LONGEST[self.unit]
        _require(whole, f"length must be a whole number from 1 to {LONGEST[self.unit]}")
        longer = type(self.extendable) is int and 0 <= self.extendable <= LONGEST[self.unit] - self.length
        _require(longer, "extendable must be a whole number that its unit allows")
        check_ladder(self.ladder)
        _require(_CODE.fullmatch(self.starts) is not None, "starts must be the code of an event")
        _require(_CODE.fullmatch(self.stops) is not None, "stops must be the code of an event")
        unknown = sorted(self.pauses - PAUSE_REASONS)
        _require(not unknown, f"pauses: unknown reason {unknown}")
        _require(not (self.pauses and self.unit is Unit.YEAR), "pauses: a clock in years does not pause")
        _require(bool(self.source.strip()), "source is empty")


@dataclass(frozen=True, slots=True)
class RulePack:
    """All figures a claim is judged by. `in_force_until` is the last day in force; None is an open end.

    `sources` names where each of `counts` comes from; limits, clocks and alert levels carry their own source.
    Raises ValueError for unknown ids, a count below 1 or without a source, or dates the wrong way round.
    """

    version: str
    title: Mapping[str, str]
    in_force_from: date | None
    in_force_until: date | None
    limits: Mapping[str, Limit]
    clocks: Mapping[str, ClockRule]
    counts: Mapping[str, int] = field(default_factory=dict)
    late_filing_refuses: bool = False
    sources: Mapping[str, Source] = field(default_factory=dict)
    alerts: Mapping[Level, AlertRule] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_partial(self)
        _require(all(level is rule.level for level, rule in self.alerts.items()), "an alert level holds another's rule")
        _require(self.counts.keys() <= COUNT_IDS, "unknown count")
        _require(all(number > 0 for number in self.counts.values()), "a count is above zero")
        _require(self.counts.keys() == self.sources.keys(), "each count has its source")
        if self.counts.keys() == COUNT_IDS:
            Scale.of(self.counts)
        for name in ("title", "limits", "clocks", "counts", "sources", "alerts"):
            object.__setattr__(self, name, _frozen(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class Overlay:
    """A province's or a site's own figures, to be laid over a national pack.

    `replaces` names the figures that hold even where the national one is stricter.
    """

    version: str
    title: Mapping[str, str]
    in_force_from: date | None
    in_force_until: date | None
    limits: Mapping[str, Limit]
    clocks: Mapping[str, ClockRule]
    replaces: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        _check_partial(self)
        _require(self.replaces <= self.limits.keys() | self.clocks.keys(), "replaces a figure it does not set")
        for name in ("title", "limits", "clocks"):
            object.__setattr__(self, name, _frozen(getattr(self, name)))

    def is_in_force(self, day: date) -> bool:
        """Whether the overlay holds on `day`; both ends count."""
        return (self.in_force_from or date.min) <= day <= (self.in_force_until or date.max)


def pack_in_force(packs: Iterable[RulePack], day: date) -> RulePack:
    """The pack in force on `day`, a date at the site; before the first pack, the earliest one.

    Raises ValueError when the packs end before `day`, leave a gap there, or there is none. Source: SPEC 3.
    """
    ordered = sorted(packs, key=lambda pack: pack.in_force_from or date.min)
    _require(bool(ordered), "there is no pack")
    begun = [pack for pack in ordered if (pack.in_force_from or date.min) <= day]
    pack = begun[-1] if begun else ordered[0]
    _require(not begun or day <= (pack.in_force_until or date.max), "no pack is in force on that day")
    return pack


def overlaid(national: RulePack, overlay: Overlay) -> RulePack:
    """The national pack with the overlay's figures: the stricter one each time, unless the overlay's replaces it.

    Equal figures keep the national one. A clock for which the overlay names no reminders keeps the national ones.
    Of two limits the lower is the stricter: it lets less out of the fund unseen. Clocks only the overlay sets are added.
    Raises ValueError when limits differ in currency. Source: SPEC 3.
    """
    limits, clocks = dict(national.limits), dict(national.clocks)
    for name, limit in overlay.limits.items():
        if name in overlay.replaces or name not in limits or _is_lower(limit, limits[name]):
            limits[name] = limit
    for name, clock in overlay.clocks.items():
        known = clocks.get(name)
        if name in overlay.replaces or known is None or is_stricter(clock, known):
            clocks[name] = replace(clock, ladder=clock.ladder or known.ladder) if known else clock
    return replace(national, version=f"{national.version}+{overlay.version}", limits=limits, clocks=clocks)


def is_stricter(left: ClockRule, right: ClockRule) -> bool:
    """Whether `left` ends before `right`.

    The same unit compares by length. Different units compare by the longest they can last in weeks without
    holidays: n days end within n + 1 times 24 hours, n working days take two rest days more for every five begun.
    A tie goes to the unit that holidays stretch less, so days beat working days in doubt.
    """
    if left.unit is right.unit:
        return left.length < right.length
    return _longest(left) < _longest(right)


def _longest(clock: ClockRule) -> tuple[int, int]:
    length = clock.length
    minutes = {
        Unit.MINUTE: length,
        Unit.HOUR: length * 60,
        Unit.DAY: (length + 1) * _MINUTES_A_DAY,
        Unit.WORKING_DAY: (length + 2 * -(-length // 5) + 1) * _MINUTES_A_DAY,
        Unit.YEAR: (length * 366 + 1) * _MINUTES_A_DAY,
    }
    return minutes[clock.unit], _STRETCH[clock.unit]


def _is_lower(left: Limit, right: Limit) -> bool:
    _require(left.amount.currency == right.amount.currency, f"{left.id} is in another currency")
    return left.amount.minor < right.amount.minor


def _check_partial(pack: RulePack | Overlay) -> None:
    _require(_VERSION.fullmatch(pack.version) is not None, "version must be lower-case letters, digits and hyphens")
    _require(pack.title.keys() >= TITLE_LANGUAGES, "title must be given in zh-CN and en")
    _require(all(text.strip() for text in pack.title.values()), "title is empty")
    _require((pack.in_force_from or date.min) <= (pack.in_force_until or date.max), "in_force_until is before in_force_from")
    figures: Mapping[str, Limit | ClockRule] = {**pack.limits, **pack.clocks}
    for name, figure in figures.items():
        _require(name == figure.id, f"{name} holds the figure {figure.id}")


def _frozen(mapping: Mapping[_Key, _Value]) -> Mapping[_Key, _Value]:
    return MappingProxyType(dict(mapping))


def _require(holds: bool, problem: str) -> None:  # noqa: FBT001 - the condition itself is the argument
    if not holds:
        raise ValueError(problem)
