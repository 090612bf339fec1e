"""The gateway's statement against the books, one to one: what does not pair is a break. Reads nothing and freezes nothing.

Under one key the books have one payout and the statement one line; whatever is missing, besides or otherwise is told once,
by what it is about, and stays until a manager has said what became of it. Source: SPEC 5.8; RELIABILITY I11.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from desk.domain.payout import Method, PayoutState

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the gateway's clock may be from ours, so that a payment near midnight stands on the neighbouring day."""

GRACE = timedelta(hours=1)
"""How long after a statement is made it may still be on its way to us without being late."""

LEFT = frozenset({PayoutState.SENDING, PayoutState.UNKNOWN, PayoutState.AWAITING_VISITOR, PayoutState.SETTLED})
"""States in which the books know that the gateway has the money or paid it; it may tell the statement before it tells us."""

Name = tuple[str, str | None, str]
"""Kind of a break, the gateway that told the line if any, and the line's number or the payout's key."""


class StopCause(StrEnum):
    """Why no refund of a site may leave: a manager or the operator said so, or books and statement differ."""

    MANAGER = "manager"
    BREAK = "break"


class BreakKind(StrEnum):
    """How books and statement differ."""

    MISSING_ON_STATEMENT = "missing_on_statement"
    MISSING_IN_BOOKS = "missing_in_books"
    AMOUNT_DIFFERS = "amount_differs"
    PAID_TWICE = "paid_twice"
    ID_DIFFERS = "id_differs"


@dataclass(frozen=True, slots=True)
class Booked:
    """A payout as the books have it; amounts in minor units, times UTC. `sent_at` is when it left, or at least was proposed.

    `gateway` is who sent it, None where no name was kept; `by_officers` that not the gateway said what became of it.
    """

    payout_id: int
    claim_id: int
    site_id: int
    key: str
    state: PayoutState
    method: Method
    amount_minor: int
    currency: str
    gateway_id: str | None
    sent_at: datetime
    settled_at: datetime | None
    returned: bool
    gateway: str | None = None
    by_officers: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the statement: the gateway's own number, our key, minor units, when it paid, UTC, and which gateway told it.

    One that is not `final` was in process when the statement was made, and no later statement says what became of it.
    """

    gateway_id: str
    key: str
    amount_minor: int
    currency: str
    paid_at: datetime
    gateway: str | None = None
    final: bool = True


@dataclass(frozen=True, slots=True)
class Break:
    """One difference. One side may be absent: the line, or the payout where no payout of ours has the key."""

    kind: BreakKind
    booked: Booked | None
    told: Told | None

    @property
    def key(self) -> str:
        """The key it is about."""
        return self.told.key if self.told else self.booked.key if self.booked else ""

    @property
    def name(self) -> Name:
        """What it is known by for ever: its kind with a gateway and its number, or with the key where there is no line."""
        told = self.told
        return (self.kind.value, told.gateway, told.gateway_id) if told else (self.kind.value, None, self.key)


def pair(booked: Booked | None, told: Sequence[Told], given: AbstractSet[date]) -> list[Break]:
    """What does not pair under one key; `given` are the UTC days whose whole statement its gateway gave and is kept.

    Of several lines the payout's own is the one with its number there, or else the earliest; all others were paid besides. What
    another gateway tells of a payout is nothing that the books have.
    """
    here = [line for line in told if booked is None or same_gateway(booked.gateway, line.gateway)]
    strange = [Break(BreakKind.MISSING_IN_BOOKS, booked, line) for line in told if line not in here]
    if not here:
        missed = booked is not None and _is_missed(booked, given)
        return [Break(BreakKind.MISSING_ON_STATEMENT, booked, None), *strange] if missed else strange
    number = booked.gateway_id if booked else None
    own, *others = sorted(here, key=lambda line: (line.gateway_id != number, line.paid_at, line.gateway_id))
    kind = _differs(booked, own)
    first = [Break(kind, booked, own)] if kind else []
    return first + [Break(BreakKind.PAID_TWICE, booked, line) for line in others] + strange


def same_gateway(one: str | None, other: str | None) -> bool:
    """Whether two names may be one gateway's; a name that an older program did not keep may be any."""
    return one is None or other is None or one == other


def days_of(sent_at: datetime, settled_at: datetime) -> AbstractSet[date]:
    """The UTC days on whose statement a payment can stand."""
    first, last = (sent_at - CLOCKS_DIFFER).date(), (settled_at + CLOCKS_DIFFER).date()
    return {first + timedelta(days=number) for number in range((last - first).days + 1)}


def day_over(now: datetime, after: timedelta = CLOCKS_DIFFER) -> date:
    """The newest UTC day that ended so long ago; unless told, one that is over on the gateway's clock too."""
    return (now - after).date() - timedelta(days=1)


def days_missing(first: date | None, last: date | None, kept: AbstractSet[date]) -> list[date]:
    """The days from the first to the last whose statement is not kept, oldest first; none before anything was paid or made."""
    if first is None or last is None:
        return []
    every = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in every if day not in kept]


def age(found_at: datetime, until: datetime) -> int:
    """For how many whole days a break has been known."""
    return max((until - found_at) // timedelta(days=1), 0)


def _is_missed(booked: Booked, given: AbstractSet[date]) -> bool:
    if booked.state is not PayoutState.SETTLED or booked.settled_at is None or booked.returned or booked.method is Method.CASH:
        return False
    return given >= days_of(booked.sent_at, booked.settled_at)


def _differs(booked: Booked | None, line: Told) -> BreakKind | None:
    if booked is None or booked.method is Method.CASH or not (booked.state in LEFT or _came_to_nothing(booked, line)):
        return BreakKind.MISSING_IN_BOOKS
    if (booked.amount_minor, booked.currency) != (line.amount_minor, line.currency):
        return BreakKind.AMOUNT_DIFFERS
    return None if booked.gateway_id in (None, line.gateway_id) else BreakKind.ID_DIFFERS


def _came_to_nothing(booked: Booked, line: Told) -> bool:
    """Whether what was in process has failed since, as the gateway itself said; officers cannot know that it will not go on."""
    return not line.final and booked.state is PayoutState.FAILED and not booked.by_officers
