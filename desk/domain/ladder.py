"""The ladder of a time limit: who is told before its deadline, at it and after it. Tells nobody and reads no clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk.domain.policy import Role

_SECOND = timedelta(seconds=1)
MOST_RUNGS = 6
FURTHEST_MINUTES = 60 * 24 * 60
TOLD = frozenset({Role.INTAKE, Role.CASHIER, Role.MEDIATOR, Role.MANAGER})
"""Who can be told: those who can do something about a claim."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One reminder: `minutes` after the deadline, below zero for before it; `tells` are the roles at the site.

    Raises ValueError for a reminder further away than sixty days, or to nobody.
    """

    minutes: int
    tells: frozenset[Role]

    def __post_init__(self) -> None:
        if not -FURTHEST_MINUTES <= self.minutes <= FURTHEST_MINUTES:
            msg = f"ladder: a reminder is at most {FURTHEST_MINUTES} minutes away from the deadline"
            raise ValueError(msg)
        if not self.tells or not self.tells <= TOLD:
            msg = "ladder: a reminder tells staff who can act"
            raise ValueError(msg)

    def at(self, due_at: datetime) -> datetime:
        """When it is due. The second that a deadline names still counts, so what comes at it or later comes after that second."""
        return due_at + timedelta(minutes=self.minutes) + (_SECOND if self.minutes >= 0 else timedelta())


Ladder = tuple[Rung, ...]
"""The reminders of one clock, in their order in time."""


def check_ladder(ladder: Ladder) -> None:
    """Raises ValueError for reminders out of order, two at one time, or more than six."""
    minutes = [rung.minutes for rung in ladder]
    if minutes != sorted(set(minutes)) or len(ladder) > MOST_RUNGS:
        msg = f"ladder: reminders come in their order in time, each once, at most {MOST_RUNGS}"
        raise ValueError(msg)


def reached(ladder: Ladder, base_at: datetime, due_at: datetime, now: datetime) -> Rung | None:
    """The last reminder whose time has come; None before the first.

    The earlier ones are not told any more: after a stand-still of the desk, or a jump of its clock, each promise is told once.
    What would have been due before the clock began is left out.
    """
    come = [rung for rung in ladder if base_at < rung.at(due_at) <= now]
    return come[-1] if come else None


def next_look(ladder: Ladder, base_at: datetime, due_at: datetime, after: datetime) -> datetime | None:
    """When somebody must next see to the clock: at its next reminder, or in the second after its deadline; None for never."""
    moments = {due_at + _SECOND, *(rung.at(due_at) for rung in ladder)}
    return min((moment for moment in moments if moment > max(after, base_at)), default=None)


def ladder_to_json(ladder: Ladder) -> list[list[object]]:
    """Each reminder as its minutes and its roles."""
    return [[rung.minutes, sorted(rung.tells)] for rung in ladder]


def ladder_from_json(data: Sequence[Sequence[object]]) -> Ladder:
    """Read what `ladder_to_json` wrote; raises ValueError for anything else."""
    return tuple(rung_of({"minutes": minutes, "tells": tells}) for minutes, tells in data)


def rung_of(told: Mapping[str, object]) -> Rung:
    """The reminder that a pack or a row tells of. Raises ValueError for what is none."""
    minutes, tells = told.get("minutes"), told.get("tells")
    if told.keys() != {"minutes", "tells"} or type(minutes) is not int or not isinstance(tells, list):
        msg = "ladder: a reminder has minutes and a list of roles it tells"
        raise ValueError(msg)
    return Rung(minutes, frozenset(Role(role) for role in tells))
