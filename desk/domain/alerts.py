"""Alert levels of a site or a merchant: what was counted, compared with the pack's thresholds. Counts nothing and tells nobody.

About places, merchants and promises alone: no number here knows who complained.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from desk.domain.claim import Category
from desk.domain.policy import Role

LATELY = timedelta(hours=24)
WEEK_DAYS = 7
WEEK = timedelta(days=WEEK_DAYS)
TOLD = frozenset({Role.INTAKE, Role.MANAGER})
"""Who can be told of an alert: those who read alerts and can do something about one."""
LONGEST_MINUTES = 60 * 24 * 30


class Level(StrEnum):
    """How serious it is, the least first. Source: SPEC 4.6."""

    BLUE = "blue"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"

    @property
    def rank(self) -> int:
        """Its place among the levels, from 1."""
        return list(Level).index(self) + 1

    def reaches(self, other: "Level") -> bool:
        """Whether it is as serious as another one, or more."""
        return self.rank >= other.rank


class Cause(StrEnum):
    """Why there is an alert."""

    CLAIMS = "claims"
    MISSED = "missed"
    INJURY = "injury"
    GROWTH = "growth"
    SAME_CAUSE = "same_cause"
    SAFETY = "safety"
    INCIDENT = "incident"


class Task(StrEnum):
    """What must be done at a level."""

    LOOK_INTO = "look_into"
    TALK = "talk"
    RECTIFY = "rectify"
    REPORT = "report"


FIGURES: Mapping[Level, frozenset[str]] = MappingProxyType(
    {
        Level.BLUE: frozenset({"claims", "missed"}),
        Level.YELLOW: frozenset({"claims", "injury", "incident"}),
        Level.ORANGE: frozenset({"claims", "growth", "week_claims", "incident"}),
        Level.RED: frozenset({"sites", "cause_claims", "safety"}),
    }
)
"""The thresholds that a pack publishes for each level. `growth` is per cent, `cause_claims` makes a cause one of a site."""


def is_risk(category: str) -> bool:
    """Whether a claim of this category tells of a safety risk. Source: SPEC 4.6, red."""
    return category == Category.INJURY_SAFETY.value


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One level: its thresholds, the roles at the site that are told, and what is due within how many minutes of the rise.

    Raises ValueError for thresholds that are not those of the level or below 1, roles that cannot act, or an empty source.
    """

    level: Level
    figures: Mapping[str, int]
    tells: frozenset[Role]
    task: Task
    minutes: int
    source: str
    confirmed: bool

    def __post_init__(self) -> None:
        _require(self.figures.keys() == FIGURES[self.level], f"the thresholds are {', '.join(sorted(FIGURES[self.level]))}")
        _require(all(type(figure) is int and figure > 0 for figure in self.figures.values()), "a threshold is above zero")
        _require(bool(self.tells) and self.tells <= TOLD, "an alert tells staff who can act")
        _require(1 <= self.minutes <= LONGEST_MINUTES, f"minutes must be from 1 to {LONGEST_MINUTES}")
        _require(bool(self.source.strip()), "source is empty")
        object.__setattr__(self, "figures", MappingProxyType(dict(self.figures)))

    def due_at(self, since: datetime) -> datetime:
        """By when it must be done after a rise."""
        return since + timedelta(minutes=self.minutes)


Rules = Mapping[Level, AlertRule]


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted of a site or a merchant.

    `claims` are those on one merchant in the last 24 hours, none for a site; `missed`, `injuries` and `risks` of the same time.
    `last_week` is None where the desk was not there for a whole week before this one: then nothing is compared.
    `sites` is at how many sites the same cause is one now, `people` how many there are in the largest incident that is open.
    """

    claims: int = 0
    missed: int = 0
    injuries: int = 0
    risks: int = 0
    this_week: int = 0
    last_week: int | None = None
    sites: int = 0
    people: int = 0


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a level is reached: the figure that was counted, and the threshold; of growth both are claims of a week."""

    cause: Cause
    figure: int
    limit: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """A level that is reached, with every reason for it in the order of the causes."""

    level: Level
    reasons: tuple[Reason, ...]


def alarm(counts: Counts, rules: Rules) -> Alarm | None:
    """The highest level that the counts reach; None below blue.

    It is the same rule for rising and for falling: a level stands as long as what was counted in its windows supports it.
    A threshold itself reaches its level; growth must be above its own. Source: SPEC 4.6; falling: site policy.
    """
    for level in reversed(Level):
        if level in rules and (reasons := _reasons(level, counts, rules[level].figures)):
            return Alarm(level, reasons)
    return None


def growth_limit(last_week: int, per_cent: int) -> int:
    """How many claims of this week are no more than so much growth: at 200 per cent three times as many as last week."""
    return last_week * (100 + per_cent) // 100


def _reasons(level: Level, counts: Counts, figures: Mapping[str, int]) -> tuple[Reason, ...]:
    compared = {
        Cause.CLAIMS: (counts.claims, figures.get("claims")),
        Cause.MISSED: (counts.missed, figures.get("missed")),
        Cause.INJURY: (counts.injuries, figures.get("injury")),
        Cause.SAME_CAUSE: (counts.sites, figures.get("sites")),
        Cause.SAFETY: (counts.risks, figures.get("safety")),
        Cause.INCIDENT: (counts.people, figures.get("incident")),
    }
    found = [Reason(cause, figure, limit) for cause, (figure, limit) in compared.items() if limit and figure >= limit]
    if level is Level.ORANGE and _has_grown(counts, figures):
        found.append(Reason(Cause.GROWTH, counts.this_week, counts.last_week or 0))
    order = list(Cause)
    return tuple(sorted(found, key=lambda reason: order.index(reason.cause)))


def _has_grown(counts: Counts, figures: Mapping[str, int]) -> bool:
    """Whether there are enough claims this week, and more than so much growth; from none at all any number is."""
    if counts.last_week is None or counts.this_week < figures["week_claims"]:
        return False
    return counts.this_week > growth_limit(counts.last_week, figures["growth"])


def _require(holds: bool, problem: str) -> None:  # noqa: FBT001 - the condition itself is the argument
    if not holds:
        raise ValueError(problem)
