"""Handing a claim to somebody else: who they are, how far a hand-off has come, when its message is sent again.

Knows no clock of the desk's own: a hand-off touches none of them. Source: SPEC 4.7.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from desk.domain.claim import Channel, State
from desk.domain.errors import WrongMoment
from desk.domain.retry import spread


class PartnerKind(StrEnum):
    """Who takes hand-offs, and hands claims in. Source: SPEC 4.7."""

    HOTLINE_12345 = "hotline_12345"
    CONSUMER_12315 = "consumer_12315"
    POLICE_110 = "police_110"
    SITE_SECURITY = "site_security"
    MARKET_REGULATOR = "market_regulator"
    OTHER_SITE = "other_site"

    @property
    def channel(self) -> Channel:
        """The channel of a claim that they hand in."""
        return Channel(self.value) if self.value in set(Channel) else Channel.API


class HandoffState(StrEnum):
    """How far a hand-off has come."""

    OFFERED = "offered"
    TAKEN = "taken"
    WORKING = "working"
    DONE = "done"
    RETURNED = "returned"


class Post(StrEnum):
    """What became of telling the partner's own system. `phone`: it has no address; `dropped`: nothing was to be told any more."""

    PHONE = "phone"
    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"
    DROPPED = "dropped"


NEXT: Mapping[HandoffState, frozenset[HandoffState]] = MappingProxyType(
    {
        HandoffState.OFFERED: frozenset({HandoffState.TAKEN, HandoffState.RETURNED}),
        HandoffState.TAKEN: frozenset({HandoffState.WORKING, HandoffState.RETURNED}),
        HandoffState.WORKING: frozenset({HandoffState.DONE, HandoffState.RETURNED}),
        HandoffState.DONE: frozenset(),
        HandoffState.RETURNED: frozenset(),
    }
)
"""Where each state leads. Source: SPEC 4.7; an offer that nobody wants comes back with its reason too: site policy."""

OPEN = frozenset(state for state, after in NEXT.items() if after)
HELD = frozenset({HandoffState.TAKEN, HandoffState.WORKING})
"""Somebody is responsible: as long as they are, nobody else is offered the claim, and nobody else takes it."""

OFFERED_FROM = frozenset(State) - {State.WITHDRAWN, State.ARCHIVED}
"""States in which a claim can be handed off: a docketed one may go to 110, a transferred one to whoever is in charge."""

FIRST_WAIT, GROWS, LONGEST_WAIT = timedelta(seconds=30), 3, timedelta(hours=12)
MOST_TRIES = 14
"""With the waits between them these last for more than three days, over a weekend on which nobody mends a partner's system."""


def check(state: HandoffState, to: HandoffState) -> None:
    """Raises WrongMoment where `to` does not follow `state`."""
    if to not in NEXT[state]:
        raise WrongMoment


def try_again_in(tries: int, lot: float) -> timedelta | None:
    """How long to wait after so many tries, None when that was the last. `lot` is drawn from 0 up to 1."""
    if not 0 < tries < MOST_TRIES:
        return None
    wait: timedelta = min(FIRST_WAIT * GROWS ** (tries - 1), LONGEST_WAIT)
    return spread(wait, lot)
