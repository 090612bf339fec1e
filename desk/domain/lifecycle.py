"""A claim's life as one table: (state, step) → where it goes and who may take it.

Holds no conditions on money, verdict or time: an action checks those before it takes the step.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from desk.domain.claim import Outcome, Route, State
from desk.domain.errors import WrongMoment


class Step(StrEnum):
    """One thing that moves a claim. Source: SPEC 4."""

    LODGE = "lodge"
    CONFIRM_NEEDS_INFORMATION = "confirm_needs_information"
    ANSWER = "answer"
    NO_ANSWER = "no_answer"
    CONFIRM_FAST_REFUND = "confirm_fast_refund"
    CONFIRM_DOCKET = "confirm_docket"
    CONFIRM_REFUSE = "confirm_refuse"
    CONFIRM_TRANSFER = "confirm_transfer"
    OVERRIDE_FAST_REFUND = "override_fast_refund"
    OVERRIDE_DOCKET = "override_docket"
    OVERRIDE_NEEDS_INFORMATION = "override_needs_information"
    OVERRIDE_REFUSE = "override_refuse"
    OVERRIDE_TRANSFER = "override_transfer"
    OBJECT = "object"
    CONTEST = "contest"
    PAYOUT_SETTLED = "payout_settled"
    RESPONDENT_PAID = "respondent_paid"
    BANK_RETURN = "bank_return"
    START_RETURN = "start_return"
    RETURN_REFUNDED = "return_refunded"
    RETURN_REFUSED = "return_refused"
    AGREE = "agree"
    PERFORMED = "performed"
    DEFAULT = "default"
    TERMINATE = "terminate"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"
    ARCHIVE = "archive"


class By(StrEnum):
    """Who may take a step: a role of the site, a party, or the desk itself."""

    INTAKE = "intake"
    CASHIER = "cashier"
    MEDIATOR = "mediator"
    MANAGER = "manager"
    VISITOR = "visitor"
    RESPONDENT = "respondent"
    HANDOFF = "handoff"
    DESK = "desk"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class Move:
    """Where a step leads, who may take it, and the outcome it writes."""

    to: State
    by: frozenset[By]
    outcome: Outcome | None = None


_COUNTER = frozenset({By.INTAKE, By.MANAGER})
_COUNTER_AND_VISITOR = _COUNTER | {By.VISITOR}
_ROUTED = {
    Route.FAST_REFUND: State.FAST_REFUND,
    Route.DOCKET: State.DOCKETED,
    Route.NEEDS_INFORMATION: State.AWAITING_INFORMATION,
    Route.REFUSE: State.REFUSED,
    Route.TRANSFER: State.TRANSFERRED,
}
CONFIRM = MappingProxyType({route: Step(f"confirm_{route}") for route in Route})
OVERRIDE = MappingProxyType({route: Step(f"override_{route}") for route in Route})


def _confirmations() -> dict[tuple[State | None, Step], Move]:
    return {(State.RECEIVED, CONFIRM[route]): Move(to, _COUNTER) for route, to in _ROUTED.items()}


def _overrides() -> dict[tuple[State | None, Step], Move]:
    """Any route out of received, fast_refund and docketed; into fast_refund only the manager; never to where it stands."""
    moves: dict[tuple[State | None, Step], Move] = {}
    for state in (State.RECEIVED, State.FAST_REFUND, State.DOCKETED):
        for route, to in _ROUTED.items():
            by = frozenset({By.MANAGER}) if route is Route.FAST_REFUND else _COUNTER
            if to is not state:
                moves[state, OVERRIDE[route]] = Move(to, by)
    return moves


def _each(states: tuple[State, ...], step: Step, move: Move) -> dict[tuple[State | None, Step], Move]:
    return {(state, step): move for state in states}


_WITHDRAWABLE = (State.RECEIVED, State.AWAITING_INFORMATION, State.FAST_REFUND, State.DOCKETED, State.RETURNING)
_REOPENABLE = (State.REFUSED, State.TRANSFERRED, State.TERMINATED, State.CLOSED, State.WITHDRAWN)
_ARCHIVABLE = (State.CLOSED, State.TERMINATED, State.REFUSED, State.TRANSFERRED, State.WITHDRAWN)

LIFECYCLE: Mapping[tuple[State | None, Step], Move] = MappingProxyType(
    {
        (None, Step.LODGE): Move(State.RECEIVED, _COUNTER_AND_VISITOR | {By.HANDOFF}),
        **_confirmations(),
        (State.AWAITING_INFORMATION, Step.ANSWER): Move(State.RECEIVED, _COUNTER_AND_VISITOR),
        (State.AWAITING_INFORMATION, Step.NO_ANSWER): Move(State.RECEIVED, _COUNTER),
        **_overrides(),
        (State.FAST_REFUND, Step.OBJECT): Move(State.DOCKETED, frozenset({By.VISITOR})),
        (State.FAST_REFUND, Step.CONTEST): Move(State.DOCKETED, frozenset({By.RESPONDENT})),
        (State.FAST_REFUND, Step.PAYOUT_SETTLED): Move(State.CLOSED, frozenset({By.DESK}), Outcome.REFUNDED),
        (State.FAST_REFUND, Step.RESPONDENT_PAID): Move(State.CLOSED, frozenset({By.CASHIER}), Outcome.PERFORMED),
        (State.CLOSED, Step.BANK_RETURN): Move(State.FAST_REFUND, frozenset({By.DESK})),
        (State.RECEIVED, Step.START_RETURN): Move(State.RETURNING, frozenset({By.INTAKE, By.VISITOR})),
        (State.RETURNING, Step.RETURN_REFUNDED): Move(State.CLOSED, frozenset({By.DESK}), Outcome.REFUNDED),
        (State.RETURNING, Step.RETURN_REFUSED): Move(State.RECEIVED, _COUNTER),
        (State.DOCKETED, Step.AGREE): Move(State.SETTLED, frozenset({By.MEDIATOR})),
        (State.SETTLED, Step.PERFORMED): Move(State.CLOSED, frozenset({By.MEDIATOR}), Outcome.PERFORMED),
        (State.SETTLED, Step.DEFAULT): Move(State.DOCKETED, frozenset({By.CALENDAR})),
        (State.DOCKETED, Step.TERMINATE): Move(State.TERMINATED, frozenset({By.MEDIATOR})),
        **_each(_WITHDRAWABLE, Step.WITHDRAW, Move(State.WITHDRAWN, _COUNTER_AND_VISITOR)),
        **_each(_REOPENABLE, Step.REOPEN, Move(State.RECEIVED, frozenset({By.MANAGER, By.VISITOR}))),
        **_each(_ARCHIVABLE, Step.ARCHIVE, Move(State.ARCHIVED, frozenset({By.CALENDAR}))),
    }
)
"""Every allowed move; a pair that is not here is refused. Source: SPEC 4."""

SETTLES = MappingProxyType({State.FAST_REFUND: Step.PAYOUT_SETTLED, State.RETURNING: Step.RETURN_REFUNDED})
"""The step by which a payout that settled closes its claim, by the state the claim is paid in."""


def move_for(state: State | None, step: Step) -> Move:
    """Where `step` leads from `state`. Raises WrongMoment for a pair outside the table."""
    move = LIFECYCLE.get((state, step))
    if move is None:
        raise WrongMoment
    return move
