"""What a claim looks like from outside: one of fifteen stages, each within one of seven public states.

Holds no sentences, no deadlines and no acts: `wording.stages` says those.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from desk.domain.claim import PAYABLE, Outcome, State
from desk.domain.payout import PayoutState


class PublicState(StrEnum):
    """The seven states that a visitor is told. Source: SPEC 6."""

    REGISTERED = "registered"
    BEING_CHECKED = "being_checked"
    WAITING_FOR_YOU = "waiting_for_you"
    REFUND_AGREED = "refund_agreed"
    REFUND_SENT = "refund_sent"
    IN_MEDIATION = "in_mediation"
    CLOSED = "closed"


class Stage(StrEnum):
    """Where a claim stands, finely enough for one true sentence. Source: SPEC 6."""

    REGISTERED = "registered"
    BEING_CHECKED = "being_checked"
    WAITING_FOR_YOU = "waiting_for_you"
    REFUND_AGREED = "refund_agreed"
    REFUND_BEING_CONFIRMED = "refund_being_confirmed"
    REFUND_SENT = "refund_sent"
    IN_MEDIATION = "in_mediation"
    AGREEMENT_REACHED = "agreement_reached"
    RETURN_IN_PROGRESS = "return_in_progress"
    CLOSED_REFUNDED = "closed_refunded"
    CLOSED_PERFORMED = "closed_performed"
    CLOSED_TERMINATED = "closed_terminated"
    CLOSED_REFUSED = "closed_refused"
    CLOSED_TRANSFERRED = "closed_transferred"
    CLOSED_WITHDRAWN = "closed_withdrawn"


_PLAIN: Mapping[State, Stage] = MappingProxyType(
    {
        State.AWAITING_INFORMATION: Stage.WAITING_FOR_YOU,
        State.DOCKETED: Stage.IN_MEDIATION,
        State.SETTLED: Stage.AGREEMENT_REACHED,
        State.REFUSED: Stage.CLOSED_REFUSED,
        State.TRANSFERRED: Stage.CLOSED_TRANSFERRED,
        State.TERMINATED: Stage.CLOSED_TERMINATED,
        State.WITHDRAWN: Stage.CLOSED_WITHDRAWN,
    }
)
_BACK: Mapping[State, Stage] = MappingProxyType(
    {State.FAST_REFUND: Stage.REFUND_AGREED, State.RETURNING: Stage.RETURN_IN_PROGRESS}
)
"""Where a claim that is paid stands while no money is out."""
_BY_PAYOUT: Mapping[PayoutState, Stage] = MappingProxyType(
    {
        PayoutState.SENDING: Stage.REFUND_BEING_CONFIRMED,
        PayoutState.UNKNOWN: Stage.REFUND_BEING_CONFIRMED,
        PayoutState.AWAITING_VISITOR: Stage.REFUND_SENT,
    }
)
_BY_OUTCOME: Mapping[Outcome, Stage] = MappingProxyType(
    {Outcome.REFUNDED: Stage.CLOSED_REFUNDED, Outcome.PERFORMED: Stage.CLOSED_PERFORMED}
)
_ARCHIVED_FROM = frozenset({State.CLOSED, State.TERMINATED, State.REFUSED, State.TRANSFERRED, State.WITHDRAWN})
_PUBLIC: Mapping[Stage, PublicState] = MappingProxyType(
    {
        Stage.REGISTERED: PublicState.REGISTERED,
        Stage.BEING_CHECKED: PublicState.BEING_CHECKED,
        Stage.RETURN_IN_PROGRESS: PublicState.BEING_CHECKED,
        Stage.WAITING_FOR_YOU: PublicState.WAITING_FOR_YOU,
        Stage.REFUND_AGREED: PublicState.REFUND_AGREED,
        Stage.REFUND_BEING_CONFIRMED: PublicState.REFUND_AGREED,
        Stage.REFUND_SENT: PublicState.REFUND_SENT,
        Stage.IN_MEDIATION: PublicState.IN_MEDIATION,
        Stage.AGREEMENT_REACHED: PublicState.IN_MEDIATION,
    }
)


def stage(
    state: State,
    outcome: Outcome | None,
    payout: PayoutState | None,
    assessed: bool,  # noqa: FBT001 - the order of the parameters is SPEC 6
    ended_as: State | None = None,
) -> Stage:
    """Where a claim stands, as visitor and officer are told.

    `payout` is the claim's latest one; it counts only where the claim is paid: one that failed, was cancelled or came
    back from the bank leaves the refund agreed, or the return in progress. `outcome` counts only where the claim closed. An
    archived claim keeps the stage of `ended_as`, the state it was archived from.

    Raises ValueError for what no row can hold: closed without an outcome, archived from a state that is not an end.
    Source: SPEC 6.
    """
    ended = _end_of(ended_as) if state is State.ARCHIVED else state
    if ended is State.RECEIVED:
        return Stage.BEING_CHECKED if assessed else Stage.REGISTERED
    if ended in PAYABLE:
        return _BY_PAYOUT.get(payout, _BACK[ended]) if payout else _BACK[ended]
    if ended is State.CLOSED:
        return _closed(outcome)
    return _PLAIN[ended]


def public_state(of: Stage) -> PublicState:
    """The one of the seven public states a stage belongs to. Source: SPEC 6."""
    return _PUBLIC.get(of, PublicState.CLOSED)


def _end_of(ended_as: State | None) -> State:
    if ended_as not in _ARCHIVED_FROM:
        msg = "an archived claim names the end it was archived from"
        raise ValueError(msg)
    return ended_as


def _closed(outcome: Outcome | None) -> Stage:
    if outcome is None:
        msg = "a closed claim has an outcome"
        raise ValueError(msg)
    return _BY_OUTCOME[outcome]
