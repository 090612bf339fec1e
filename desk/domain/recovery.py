"""A recovery's life as one table, its ageing, its plan of instalments, and what a bank return takes back. Moves no money.

A recovery (追偿) is what a respondent owes the fund for one settled payout. Its amount has four parts: recovered, written off,
returned by the bank, and what is still open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from desk.domain.errors import BadInput, WrongMoment
from desk.domain.fund import AVAILABLE, RECOVERED_IN_ERROR, WRITTEN_OFF, EntryKind, Posting


class RecoveryState(StrEnum):
    """Where a recovery stands. The last four are ends: nothing is open any more. Source: SPEC 5.7."""

    OPENED = "opened"
    DEMANDED = "demanded"
    ACCEPTED = "accepted"
    CONTESTED = "contested"
    INSTALMENTS = "instalments"
    RECOVERED = "recovered"
    DEPOSIT_USED = "deposit_used"
    WRITTEN_OFF = "written_off"
    RETURNED = "returned"


class RecoveryStep(StrEnum):
    """One thing that is done about a recovery."""

    DEMAND = "demand"
    ACCEPT = "accept"
    CONTEST = "contest"
    UPHOLD = "uphold"
    REDUCE = "reduce"
    VOID = "void"
    PLAN = "plan"
    PAY = "pay"
    PAY_LATE = "pay_late"
    USE_DEPOSIT = "use_deposit"
    WRITE_OFF = "write_off"
    RETURN = "return"


class DecisionKind(StrEnum):
    """What two persons decide together: give the rest up, or find after a contest that less, or nothing, was owed."""

    WRITE_OFF = "write_off"
    REDUCE = "reduce"
    VOID = "void"


class How(StrEnum):
    """How a respondent pays."""

    CASH = "cash"
    TRANSFER = "transfer"


class AgeBand(StrEnum):
    """How long ago the payout settled, in whole days. Source: SPEC 5.7."""

    UP_TO_30 = "0-30"
    UP_TO_60 = "31-60"
    UP_TO_90 = "61-90"
    OVER_90 = "over-90"


@dataclass(frozen=True, slots=True)
class RecoveryMove:
    """Where a step leads while something stays open, where it leads when nothing does, and the entry it writes.

    `to` None: the state stays as it is. `ends` None: the step leaves the open part alone. A bank return's entry is the payout's.
    """

    to: RecoveryState | None = None
    ends: RecoveryState | None = None
    entry: EntryKind | None = None


_S, _P, _E = RecoveryState, RecoveryStep, EntryKind
ENDED = frozenset({_S.RECOVERED, _S.DEPOSIT_USED, _S.WRITTEN_OFF, _S.RETURNED})
OPEN = tuple(state for state in RecoveryState if state not in ENDED)
"""Both in the order of the life; an ended recovery owes nothing that is still asked for."""

_ASKED = (_S.DEMANDED, _S.ACCEPTED, _S.INSTALMENTS)
_STATES = tuple(RecoveryState)

RECOVERY_LIFE: Mapping[tuple[RecoveryState, RecoveryStep], RecoveryMove] = MappingProxyType(
    {
        (_S.OPENED, _P.DEMAND): RecoveryMove(_S.DEMANDED),
        **{(state, _P.DEMAND): RecoveryMove() for state in _ASKED},
        (_S.DEMANDED, _P.ACCEPT): RecoveryMove(_S.ACCEPTED),
        (_S.CONTESTED, _P.ACCEPT): RecoveryMove(_S.ACCEPTED),
        (_S.DEMANDED, _P.CONTEST): RecoveryMove(_S.CONTESTED),
        (_S.CONTESTED, _P.UPHOLD): RecoveryMove(_S.DEMANDED),
        (_S.CONTESTED, _P.REDUCE): RecoveryMove(_S.DEMANDED, _S.WRITTEN_OFF, _E.WRITTEN_OFF),
        (_S.CONTESTED, _P.VOID): RecoveryMove(None, _S.WRITTEN_OFF, _E.WRITTEN_OFF),
        (_S.ACCEPTED, _P.PLAN): RecoveryMove(_S.INSTALMENTS),
        (_S.INSTALMENTS, _P.PLAN): RecoveryMove(),
        **{(state, _P.PAY): RecoveryMove(None, _S.RECOVERED, _E.RECOVERED) for state in OPEN},
        (_S.WRITTEN_OFF, _P.PAY_LATE): RecoveryMove(None, None, _E.RECOVERED_AFTER_WRITE_OFF),
        **{(state, _P.USE_DEPOSIT): RecoveryMove(None, _S.DEPOSIT_USED, _E.DEPOSIT_USED) for state in _ASKED},
        **{(state, _P.WRITE_OFF): RecoveryMove(None, _S.WRITTEN_OFF, _E.WRITTEN_OFF) for state in (_S.OPENED, *_ASKED)},
        **{(state, _P.RETURN): RecoveryMove(_S.RETURNED) for state in _STATES if state is not _S.RETURNED},
    }
)
"""Every allowed move. A contest is reviewed before more is demanded, used or given up; money that comes is always taken.

A demand to who has accepted is a reminder: it restarts the limitation and changes nothing else. Source: SPEC 5.7; LAW R5.
"""

OF_A_RECOVERY = frozenset(move.entry for move in RECOVERY_LIFE.values() if move.entry)
"""The entries that are about a payout, but are its recovery's."""

REVIEWS = frozenset({DecisionKind.REDUCE, DecisionKind.VOID})
"""Decisions that end the review of a contest; a third end, upheld, needs one person only."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a recovery's amount, in minor units; they always add up to it. Raises ValueError where they cannot."""

    amount: int
    recovered: int = 0
    written_off: int = 0
    returned: int = 0

    def __post_init__(self) -> None:
        if min(self.recovered, self.written_off, self.returned, self.open) < 0:
            msg = "no part of a recovery is below nothing"
            raise ValueError(msg)

    @property
    def open(self) -> int:
        """What is still asked for."""
        return self.amount - self.recovered - self.written_off - self.returned

    def after(self, step: RecoveryStep, minor: int) -> "Parts":
        """The parts after so much was paid, taken from the deposit, written off, or came back from the bank."""
        recovered, written_off, returned = self.recovered, self.written_off, self.returned
        if step in (_P.PAY, _P.USE_DEPOSIT):
            recovered += minor
        elif step is _P.PAY_LATE:
            recovered, written_off = recovered + minor, written_off - minor
        elif step in (_P.WRITE_OFF, _P.REDUCE, _P.VOID):
            written_off += minor
        elif step is _P.RETURN:
            returned, written_off = self.amount - recovered, 0
        return Parts(self.amount, recovered, written_off, returned)


def recovery_move(state: RecoveryState, step: RecoveryStep) -> RecoveryMove:
    """What `step` does in `state`. Raises WrongMoment for a pair outside the table."""
    move = RECOVERY_LIFE.get((state, step))
    if move is None:
        raise WrongMoment
    return move


def state_after(state: RecoveryState, step: RecoveryStep, parts: Parts) -> RecoveryState:
    """Where a recovery stands after a step that left these parts. Raises WrongMoment for a pair outside the table."""
    move = recovery_move(state, step)
    if step is _P.PAY_LATE:
        return state if parts.written_off else _S.RECOVERED
    if move.ends and not parts.open:
        return move.ends
    return move.to or state


def returned_lines(parts: Parts, receivable: str) -> tuple[Posting, ...]:
    """The lines of the entry by which a bank returns a settled payout; `parts` are those before it.

    The open part is no longer owed, what was recovered is now the respondent's own money, what was written off is back.
    A part that is not there has no line. Source: SPEC 5.2, "returned by the bank after settling".
    """
    parted = ((receivable, parts.open), (RECOVERED_IN_ERROR, parts.recovered), (WRITTEN_OFF, parts.written_off))
    return tuple(Posting(AVAILABLE, account, minor) for account, minor in parted if minor)


def age_band(days: int) -> AgeBand:
    """The band of a recovery so many whole days after its payout settled; the last day of a band belongs to it."""
    return next((band for band, (_, last) in BANDS.items() if last is None or days <= last), AgeBand.OVER_90)


BANDS: Mapping[AgeBand, tuple[int, int | None]] = MappingProxyType(
    {AgeBand.UP_TO_30: (0, 30), AgeBand.UP_TO_60: (31, 60), AgeBand.UP_TO_90: (61, 90), AgeBand.OVER_90: (91, None)}
)
"""First and last day of each band, both included; None: without end. Source: SPEC 5.7."""

MOST_INSTALMENTS = 60


@dataclass(frozen=True, slots=True)
class Instalment:
    """So much, in minor units, until the end of a day at the site."""

    due_on: date
    minor: int


def check_plan(plan: Sequence[Instalment], open_minor: int, today: date) -> None:
    """Raise BadInput unless the instalments pay exactly what is open, each on a later day than the one before, none today.

    `today` is the day at the site. Source: SPEC 5.7.
    """
    if not plan:
        raise BadInput("/instalments", "missing")
    if len(plan) > MOST_INSTALMENTS:
        raise BadInput("/instalments", "too_many", limit=MOST_INSTALMENTS)
    before = today
    for place, one in enumerate(plan):
        if one.due_on <= before:
            raise BadInput(f"/instalments/{place}/due_on", "in_past" if one.due_on <= today else "not_in_order")
        before = one.due_on
    if sum(one.minor for one in plan) != open_minor:
        raise BadInput("/instalments", "not_the_open_part")


def behind(plan: Sequence[Instalment], open_minor: int, today: date) -> int:
    """How much of a plan is overdue on a day at the site, in minor units: what was due on earlier days and is not paid.

    `open_minor` is what is open now; what was paid since the plan was made pays the earliest instalments first.
    """
    paid = sum(one.minor for one in plan) - open_minor
    return max(0, sum(one.minor for one in plan if one.due_on < today) - paid)


def still_to_give_back(paid: Mapping[int | None, int], given: Mapping[int, int], respondent: int) -> int:
    """What a merchant can still be given back of what was recovered in error, in minor units.

    `paid` is what each merchant had paid for refunds that came back, `given` what each was given back. What was paid for one whom
    nobody had named is under None, and is whosever two persons say. Source: SPEC 5.2.
    """
    beyond = sum(max(0, minor - paid.get(whose, 0)) for whose, minor in given.items() if whose != respondent)
    return paid.get(respondent, 0) + paid.get(None, 0) - beyond - given.get(respondent, 0)
