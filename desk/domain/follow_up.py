"""After a claim has ended: the visitor's rating, the desk's tries, and when the file may be put away. Stores nothing.

A rating is the visitor's alone: no officer gives one, and none is about an officer.
"""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum

from desk.domain.claim import State
from desk.domain.lifecycle import LIFECYCLE, Step

RATED = frozenset({State.CLOSED, State.TERMINATED, State.REFUSED, State.TRANSFERRED})
"""Ends after which the visitor is asked how it went; never one they chose themselves. Source: SPEC 4.7."""

MOST_TRIES = 3
LOWEST, HIGHEST = 1, 5


class Kind(StrEnum):
    """A rating by the visitor's own link, or how a try of the desk by phone ended."""

    RATING = "rating"
    NOT_REACHED = "not_reached"
    REACHED = "reached"
    DECLINED = "declined"


TRIES = frozenset({Kind.NOT_REACHED, Kind.REACHED, Kind.DECLINED})
_DONE = frozenset({Kind.RATING, Kind.DECLINED})


def may_rate(state: State, kinds: Sequence[Kind], now: datetime, until: datetime | None) -> bool:
    """Whether the visitor may rate now, or change what they gave: that only inside the objection window.

    `kinds` are what followed this end of the claim, `until` is the window's last second, None for a claim put away.
    """
    if state not in RATED or until is None:
        return False
    return Kind.RATING not in kinds or now.replace(microsecond=0) <= until


def may_try(state: State, kinds: Sequence[Kind]) -> bool:
    """Whether the desk may try once more: at most three times, and not after an answer. Source: SPEC 4.7."""
    return state in RATED and not _DONE.intersection(kinds) and len(_tries(kinds)) < MOST_TRIES


def is_over(state: State, kinds: Sequence[Kind], ended_on: date, today: date) -> bool:
    """Whether the follow-up is done or was tried three times.

    Each whole day at the site on which the offer stood on the status page is a try, and so is each by phone. Who withdrew
    is not asked. Source: SPEC 4, step `archive`.
    """
    if state not in RATED or _DONE.intersection(kinds):
        return True
    stood = (today - ended_on).days - 1
    return stood + len(_tries(kinds)) >= MOST_TRIES


def may_archive(state: State, now: datetime, until: datetime, *, follow_up_over: bool, open_matters: bool) -> bool:
    """Whether an ended claim may be put away: follow-up over, window over, nothing open. Source: SPEC 4, step `archive`."""
    ended = (state, Step.ARCHIVE) in LIFECYCLE
    return ended and follow_up_over and not open_matters and now.replace(microsecond=0) > until


def _tries(kinds: Sequence[Kind]) -> list[Kind]:
    return [kind for kind in kinds if kind in TRIES]
