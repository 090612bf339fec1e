"""Collective disputes: when claims of one cause propose one, when people make it an incident, how its level rises.

Counts nothing. About places, merchants and causes: who complained counts for no level.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from desk.domain.claim import PAYABLE, State
from desk.domain.lifecycle import Step

MOST_PEOPLE = 99_999
"""The largest number of people that anybody can count on the scene."""
GONE = frozenset({State.WITHDRAWN, State.REFUSED, State.TRANSFERRED, State.ARCHIVED})
"""Claims in these states propose nothing, and their people are not in an incident."""


class IncidentLevel(StrEnum):
    """How large an incident is, the smallest first. Source: SPEC 4.6."""

    GENERAL = "general"
    LARGER = "larger"
    MAJOR = "major"

    @property
    def rank(self) -> int:
        """Its place among the levels, from 1."""
        return list(IncidentLevel).index(self) + 1


class IncidentStage(StrEnum):
    """Proposed: claims of one cause alone. Open: an incident, its clocks run. Closed: no claim joins any more."""

    PROPOSED = "proposed"
    OPEN = "open"
    CLOSED = "closed"


class IncidentStep(StrEnum):
    """What an open incident waits for, in the order in which it is due."""

    FIRST_REPORT = "first_report"
    ARRIVAL = "arrival"
    REPORT = "report"
    PLAN = "plan"


class MemberState(StrEnum):
    """Found: of the same cause, asked for nothing. Joined: opted in. Left: goes on alone, with all its own dates."""

    FOUND = "found"
    JOINED = "joined"
    LEFT = "left"


def may_join(state: str, closed_at: datetime | None, claim_state: str) -> bool:
    """Whether a claim can opt in: found, its collective dispute not closed, itself not over or elsewhere."""
    return state == MemberState.FOUND and closed_at is None and claim_state not in GONE


STOPS: Mapping[IncidentStep, str] = MappingProxyType(
    {
        IncidentStep.FIRST_REPORT: "incident_first_report",
        IncidentStep.ARRIVAL: "incident_on_scene",
        IncidentStep.REPORT: "incident_report",
        IncidentStep.PLAN: "incident_plan",
    }
)
"""Which clock each step stops; opening starts them all. Source: SPEC 3."""
INCIDENT_CLOCKS = tuple(STOPS.values())


@dataclass(frozen=True, slots=True)
class Scale:
    """How many claims propose a collective claim, and from how many people each level begins.

    Raises ValueError unless the levels rise.
    """

    claims: int
    general: int
    larger: int
    major: int

    def __post_init__(self) -> None:
        if not self.general < self.larger < self.major:
            msg = "the levels of an incident rise with its people"
            raise ValueError(msg)

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> Self:
        """The scale of a pack's counts."""
        return cls(*(counts[name] for name in ("collective_window", "incident_general", "incident_larger", "incident_major")))

    def level_of(self, people: int) -> IncidentLevel | None:
        """The level that so many people make; the threshold itself reaches it, None below the first."""
        reached = (self.general, self.larger, self.major)
        found = [level for level, least in zip(IncidentLevel, reached, strict=True) if people >= least]
        return found[-1] if found else None

    def proposes(self, claims: int) -> bool:
        """Whether so many claims of one cause propose a collective claim."""
        return claims >= self.claims


def level_after(before: IncidentLevel | None, people: int, scale: Scale) -> IncidentLevel | None:
    """The level of an incident once so many people are known of: it rises and never falls while the incident is open."""
    now = scale.level_of(people)
    both = [level for level in (before, now) if level is not None]
    return max(both, key=lambda level: level.rank, default=None)


def stage_of(*, opened: bool, closed: bool) -> IncidentStage:
    """Where a collective dispute stands."""
    if closed:
        return IncidentStage.CLOSED
    return IncidentStage.OPEN if opened else IncidentStage.PROPOSED


class Vote(StrEnum):
    """What a member says to what the plan offers them. Nothing said is a no."""

    YES = "yes"
    NO = "no"


KEEPS_A_YES = frozenset({Step.PAYOUT_SETTLED, Step.RETURN_REFUNDED})
"""Steps out of a decided refund that pay it; after every other the decision that a yes was for stands no more."""


def undoes_a_yes(step: str, from_state: str | None) -> bool:
    """Whether a claim's step takes away what its member had agreed to: withdrawn, reopened, or out of a decided refund unpaid."""
    return step in (Step.WITHDRAW, Step.REOPEN) or (from_state in PAYABLE and step not in KEEPS_A_YES)


class LineState(StrEnum):
    """What became of one row of a batch. Waiting: not handed in yet. Refused: no payout was proposed, it may be tried again."""

    WAITING = "waiting"
    PROPOSED = "proposed"
    REFUSED = "refused"


MOST_REPRESENTATIVES = 3
"""How many members may speak for the others, at least one. Source: SPEC 4.6."""


def may_represent(number: int) -> bool:
    """Whether so many members can speak for the others."""
    return 1 <= number <= MOST_REPRESENTATIVES
