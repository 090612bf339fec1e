"""A claim's life, written out by hand from SPEC 4: every (state, step, by whom), also each that is refused."""

import pytest

from desk.domain.claim import OPEN_STATES, Outcome, State
from desk.domain.errors import WrongMoment
from desk.domain.lifecycle import LIFECYCLE, By, Step, move_for

COUNTER, MANAGER, VISITOR = "intake manager", "manager", "intake manager visitor"
# (from, step) → (to, who may take it, outcome)
EXPECTED: dict[tuple[str | None, str], tuple[str, str, str | None]] = {
    (None, "lodge"): ("received", "intake manager visitor handoff", None),
    ("received", "confirm_needs_information"): ("awaiting_information", COUNTER, None),
    ("received", "confirm_fast_refund"): ("fast_refund", COUNTER, None),
    ("received", "confirm_docket"): ("docketed", COUNTER, None),
    ("received", "confirm_refuse"): ("refused", COUNTER, None),
    ("received", "confirm_transfer"): ("transferred", COUNTER, None),
    ("received", "override_needs_information"): ("awaiting_information", COUNTER, None),
    ("received", "override_fast_refund"): ("fast_refund", MANAGER, None),
    ("received", "override_docket"): ("docketed", COUNTER, None),
    ("received", "override_refuse"): ("refused", COUNTER, None),
    ("received", "override_transfer"): ("transferred", COUNTER, None),
    ("received", "start_return"): ("returning", "intake visitor", None),
    ("received", "withdraw"): ("withdrawn", VISITOR, None),
    ("awaiting_information", "answer"): ("received", VISITOR, None),
    ("awaiting_information", "no_answer"): ("received", COUNTER, None),
    ("awaiting_information", "withdraw"): ("withdrawn", VISITOR, None),
    # An override moves a claim: from a route into the same route there is no step.
    ("fast_refund", "override_needs_information"): ("awaiting_information", COUNTER, None),
    ("fast_refund", "override_docket"): ("docketed", COUNTER, None),
    ("fast_refund", "override_refuse"): ("refused", COUNTER, None),
    ("fast_refund", "override_transfer"): ("transferred", COUNTER, None),
    ("fast_refund", "object"): ("docketed", "visitor", None),
    ("fast_refund", "contest"): ("docketed", "respondent", None),
    ("fast_refund", "payout_settled"): ("closed", "desk", "refunded"),
    ("fast_refund", "respondent_paid"): ("closed", "cashier", "performed"),
    ("fast_refund", "withdraw"): ("withdrawn", VISITOR, None),
    ("docketed", "override_needs_information"): ("awaiting_information", COUNTER, None),
    ("docketed", "override_fast_refund"): ("fast_refund", MANAGER, None),
    ("docketed", "override_refuse"): ("refused", COUNTER, None),
    ("docketed", "override_transfer"): ("transferred", COUNTER, None),
    ("docketed", "agree"): ("settled", "mediator", None),
    ("docketed", "terminate"): ("terminated", "mediator", None),
    ("docketed", "withdraw"): ("withdrawn", VISITOR, None),
    ("returning", "return_refunded"): ("closed", "desk", "refunded"),
    ("returning", "return_refused"): ("received", COUNTER, None),  # SPEC 8: returns are refused by both
    ("returning", "withdraw"): ("withdrawn", VISITOR, None),
    ("settled", "performed"): ("closed", "mediator", "performed"),
    ("settled", "default"): ("docketed", "calendar", None),
    ("closed", "bank_return"): ("fast_refund", "desk", None),
    ("closed", "reopen"): ("received", "manager visitor", None),
    ("closed", "archive"): ("archived", "calendar", None),
    ("refused", "reopen"): ("received", "manager visitor", None),
    ("refused", "archive"): ("archived", "calendar", None),
    ("transferred", "reopen"): ("received", "manager visitor", None),
    ("transferred", "archive"): ("archived", "calendar", None),
    ("terminated", "reopen"): ("received", "manager visitor", None),
    ("terminated", "archive"): ("archived", "calendar", None),
    ("withdrawn", "reopen"): ("received", "manager visitor", None),
    ("withdrawn", "archive"): ("archived", "calendar", None),
}
STATES: tuple[State | None, ...] = (None, *State)


@pytest.mark.parametrize("state", STATES)
def test_every_step_that_the_spec_does_not_name_is_refused(state: State | None) -> None:
    for step in Step:
        if (state, step) not in EXPECTED:
            with pytest.raises(WrongMoment):
                move_for(state, step)


@pytest.mark.parametrize(("state", "step"), list(EXPECTED))
def test_every_state_step_and_role_is_as_the_spec_says(state: State | None, step: Step) -> None:
    to, may, outcome = EXPECTED[state, step]
    move = move_for(state, step)
    assert (move.to, move.outcome) == (to, outcome)
    assert {by.value: by in move.by for by in By} == {by.value: by in may.split() for by in By}


def test_the_table_names_only_states_steps_and_roles_that_exist() -> None:
    assert {state for state, _ in EXPECTED} <= {None, *State}
    assert {step for _, step in EXPECTED} == set(Step)
    assert {by for _, may, _ in EXPECTED.values() for by in may.split()} == set(By)
    assert set(LIFECYCLE) == set(EXPECTED)


def test_only_a_step_into_closed_writes_an_outcome() -> None:
    assert all((move.to is State.CLOSED) is (move.outcome is not None) for move in LIFECYCLE.values())
    assert {move.outcome for move in LIFECYCLE.values()} == {None, *Outcome}


def test_every_state_can_be_reached_and_only_the_archive_is_left_by_nobody() -> None:
    reached = {move.to for move in LIFECYCLE.values()}
    left = {state for state, _ in LIFECYCLE}
    assert reached == set(State)
    assert set(State) - left == {State.ARCHIVED}


def test_open_claims_cannot_be_archived_or_reopened() -> None:
    for state in OPEN_STATES:
        assert (state, Step.ARCHIVE) not in LIFECYCLE
        assert (state, Step.REOPEN) not in LIFECYCLE
