"""Closing a cashier's day: what should have left by their hand, what was counted, and where to look for a difference.

Reads no payout and knows no day: what is to be counted comes in as lines.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from desk.domain.policy import Role

MOST_LINES = 500
"""A close counts so many payouts at the most, the oldest first; what is left waits for another one the same day."""

LONGEST_REASON = 2000


@dataclass(frozen=True, slots=True)
class Line:
    """A settled payout to be counted: minor units, and when it settled, UTC."""

    payout_id: int
    amount: int
    settled_at: datetime


@dataclass(frozen=True, slots=True)
class Count:
    """What the cashier counted: minor units of `currency`, nothing included. Raises ValueError below that."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int or self.minor < 0:
            msg = "what is counted is a whole number of minor units, or nothing"
            raise ValueError(msg)


def expected(lines: Sequence[Line]) -> int:
    """What these payouts come to, in minor units."""
    return sum(line.amount for line in lines)


def seen(lines: Sequence[Line]) -> str:
    """Names exactly these payouts in this order, so that a count is never taken for that of others with the same sum."""
    return hashlib.sha256(",".join(f"{line.payout_id}" for line in lines).encode()).hexdigest()[:32]


def difference(counted: int, due: int) -> int:
    """What was counted above what was expected; negative where some is missing."""
    return counted - due


def needs_reason(counted: int, due: int, *, for_another: bool = False) -> bool:
    """Whether the count must be explained: any difference is, and whatever was counted for another. Source: issue 6."""
    return for_another or difference(counted, due) != 0


def has_left(roles: Collection[Role]) -> bool:
    """Whether somebody who is this at a site now, nothing once disabled, no longer counts the till they left there."""
    return Role.CASHIER not in roles


def suspects(lines: Sequence[Line], off: int) -> list[int]:
    """The payouts of exactly the amount of the difference: one of them was likely left out, or counted twice. Source: UX J5.

    Only one side is counted here, so half the difference, which tells of an entry on the wrong side, tells nothing.
    """
    return [line.payout_id for line in lines if line.amount == abs(off)]
