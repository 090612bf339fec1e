"""The stage of every claim: all states, outcomes, payouts and ends, as a table."""

from itertools import product

import pytest

from desk.domain.claim import Outcome, State
from desk.domain.payout import PayoutState
from desk.domain.stage import PublicState, Stage, public_state, stage

ENDS = (State.CLOSED, State.TERMINATED, State.REFUSED, State.TRANSFERRED, State.WITHDRAWN)
PUBLIC = {
    PublicState.REGISTERED: {Stage.REGISTERED},
    PublicState.BEING_CHECKED: {Stage.BEING_CHECKED, Stage.RETURN_IN_PROGRESS},
    PublicState.WAITING_FOR_YOU: {Stage.WAITING_FOR_YOU},
    PublicState.REFUND_AGREED: {Stage.REFUND_AGREED, Stage.REFUND_BEING_CONFIRMED},
    PublicState.REFUND_SENT: {Stage.REFUND_SENT},
    PublicState.IN_MEDIATION: {Stage.IN_MEDIATION, Stage.AGREEMENT_REACHED},
    PublicState.CLOSED: {
        Stage.CLOSED_REFUNDED, Stage.CLOSED_PERFORMED, Stage.CLOSED_TERMINATED,
        Stage.CLOSED_REFUSED, Stage.CLOSED_TRANSFERRED, Stage.CLOSED_WITHDRAWN,
    },
}  # fmt: skip
EVERYTHING = list(
    product(State, (None, *Outcome), (None, *PayoutState), (False, True), (None, *State)),
)


def _impossible(state: State, outcome: Outcome | None, ended_as: State | None) -> bool:
    end = ended_as if state is State.ARCHIVED else state
    return (state is State.ARCHIVED and ended_as not in ENDS) or (end is State.CLOSED and outcome is None)


def test_every_claim_that_a_row_can_hold_has_a_stage_and_no_other_has() -> None:
    for state, outcome, payout, assessed, ended_as in EVERYTHING:
        if _impossible(state, outcome, ended_as):
            with pytest.raises(ValueError, match=r"archived|closed"):
                stage(state, outcome, payout, assessed, ended_as)
        else:
            assert stage(state, outcome, payout, assessed, ended_as) in Stage


def test_every_stage_is_reached_by_some_claim() -> None:
    reached = {stage(s, o, p, a, e) for s, o, p, a, e in EVERYTHING if not _impossible(s, o, e)}
    assert reached == set(Stage)


def test_a_received_claim_is_being_checked_once_somebody_has_assessed_it() -> None:
    assert stage(State.RECEIVED, None, None, assessed=False) is Stage.REGISTERED
    assert stage(State.RECEIVED, None, None, assessed=True) is Stage.BEING_CHECKED


@pytest.mark.parametrize(
    ("payout", "expected"),
    [
        (None, Stage.REFUND_AGREED),
        (PayoutState.AWAITING_APPROVAL, Stage.REFUND_AGREED),
        (PayoutState.RESERVED, Stage.REFUND_AGREED),
        (PayoutState.FAILED, Stage.REFUND_AGREED),
        (PayoutState.CANCELLED, Stage.REFUND_AGREED),
        (PayoutState.SETTLED, Stage.REFUND_AGREED),
        (PayoutState.SENDING, Stage.REFUND_BEING_CONFIRMED),
        (PayoutState.UNKNOWN, Stage.REFUND_BEING_CONFIRMED),
        (PayoutState.AWAITING_VISITOR, Stage.REFUND_SENT),
    ],
)
def test_a_fast_refund_is_as_far_as_its_payout(payout: PayoutState | None, expected: Stage) -> None:
    assert stage(State.FAST_REFUND, None, payout, assessed=True) is expected


@pytest.mark.parametrize(
    ("state", "outcome", "expected"),
    [
        (State.AWAITING_INFORMATION, None, Stage.WAITING_FOR_YOU),
        (State.DOCKETED, None, Stage.IN_MEDIATION),
        (State.SETTLED, None, Stage.AGREEMENT_REACHED),
        (State.RETURNING, None, Stage.RETURN_IN_PROGRESS),
        (State.CLOSED, Outcome.REFUNDED, Stage.CLOSED_REFUNDED),
        (State.CLOSED, Outcome.PERFORMED, Stage.CLOSED_PERFORMED),
        (State.TERMINATED, None, Stage.CLOSED_TERMINATED),
        (State.REFUSED, None, Stage.CLOSED_REFUSED),
        (State.TRANSFERRED, None, Stage.CLOSED_TRANSFERRED),
        (State.WITHDRAWN, None, Stage.CLOSED_WITHDRAWN),
    ],
)
def test_each_other_state_has_its_stage(state: State, outcome: Outcome | None, expected: Stage) -> None:
    assert stage(state, outcome, None, assessed=True) is expected


RETURN_STAGES = {
    PayoutState.SENDING: Stage.REFUND_BEING_CONFIRMED, PayoutState.UNKNOWN: Stage.REFUND_BEING_CONFIRMED,
    PayoutState.AWAITING_VISITOR: Stage.REFUND_SENT,
}  # fmt: skip


@pytest.mark.parametrize("payout", [None, *PayoutState])
def test_a_return_is_in_progress_until_its_money_is_out(payout: PayoutState | None) -> None:
    found = stage(State.RETURNING, None, payout, assessed=False)
    assert found is (RETURN_STAGES.get(payout, Stage.RETURN_IN_PROGRESS) if payout else Stage.RETURN_IN_PROGRESS)


@pytest.mark.parametrize("ended_as", ENDS)
@pytest.mark.parametrize("outcome", list(Outcome))
def test_an_archived_claim_keeps_the_stage_of_its_end(ended_as: State, outcome: Outcome) -> None:
    archived = stage(State.ARCHIVED, outcome, None, assessed=True, ended_as=ended_as)
    assert archived is stage(ended_as, outcome, None, assessed=True)


def test_every_stage_belongs_to_its_public_state() -> None:
    assert {of: {one for one in Stage if public_state(one) is of} for of in PublicState} == PUBLIC
