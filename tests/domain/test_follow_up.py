"""When a visitor may rate, when the desk may try, and when a file is put away, written out by hand from SPEC 4 and 4.7."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.domain.claim import OPEN_STATES, State
from desk.domain.follow_up import MOST_TRIES, RATED, TRIES, Kind, is_over, may_archive, may_rate, may_try

UNTIL = datetime(2026, 9, 15, 15, 59, 59, tzinfo=UTC)
INSIDE, LAST_SECOND, AFTER = UNTIL - timedelta(days=3), UNTIL + timedelta(milliseconds=999), UNTIL + timedelta(seconds=1)
ENDED_ON = date(2026, 9, 8)
ENDS = (State.CLOSED, State.TERMINATED, State.REFUSED, State.TRANSFERRED, State.WITHDRAWN)
R, N, D = Kind.RATING, Kind.NOT_REACHED, Kind.DECLINED
FOLLOWED = st.lists(st.sampled_from(Kind), max_size=6)


@pytest.mark.parametrize(
    ("kinds", "now", "may"),
    [
        ([], INSIDE, True), ([], AFTER, True), ([N, N], AFTER, True), ([D], INSIDE, True),
        ([R], INSIDE, True), ([R], LAST_SECOND, True), ([R], AFTER, False), ([R, R], INSIDE, True), ([N, R], AFTER, False),
    ],
)  # fmt: skip
def test_a_rating_is_given_until_the_file_is_put_away_and_changed_inside_the_window(
    kinds: list[Kind], now: datetime, may: bool
) -> None:  # fmt: skip
    assert {may_rate(state, kinds, now, UNTIL) for state in RATED} == {may}
    assert not may_rate(State.ARCHIVED, kinds, now, None)


def test_nobody_is_asked_about_a_claim_that_is_open_or_that_they_withdrew() -> None:
    for state in (*OPEN_STATES, State.WITHDRAWN, State.ARCHIVED):
        assert not may_rate(state, [], INSIDE, UNTIL)
        assert not may_try(state, [])


@pytest.mark.parametrize(
    ("kinds", "may"),
    [([], True), ([N], True), ([N, N], True), ([N, N, N], False), ([R], False), ([N, D], False), ([N, N, R], False)],
)
def test_the_desk_tries_three_times_at_most_and_not_after_an_answer(kinds: list[Kind], may: bool) -> None:
    assert may_try(State.CLOSED, kinds) is may


@pytest.mark.parametrize(
    ("state", "kinds", "days", "over"),
    [
        (State.CLOSED, [], 0, False), (State.CLOSED, [], 3, False), (State.CLOSED, [], 4, True),
        (State.CLOSED, [N], 2, False), (State.CLOSED, [N], 3, True), (State.CLOSED, [N, N], 2, True),
        (State.CLOSED, [N] * 3, 1, True), (State.CLOSED, [N] * 3, 0, False),
        (State.REFUSED, [R], 0, True), (State.REFUSED, [D], 0, True),
        (State.WITHDRAWN, [], 0, True),
    ],
)  # fmt: skip
def test_whole_days_of_the_offer_and_calls_are_tries(state: State, kinds: list[Kind], days: int, over: bool) -> None:
    assert is_over(state, kinds, ENDED_ON, ENDED_ON + timedelta(days=days)) is over


def test_a_file_is_put_away_only_when_everything_is_over() -> None:
    for state, over, held_open, now in product(State, (True, False), (True, False), (INSIDE, UNTIL, LAST_SECOND, AFTER)):
        away = may_archive(state, now, UNTIL, follow_up_over=over, open_matters=held_open)
        assert away is (state in ENDS and over and not held_open and now is AFTER), (state, over, held_open, now)


@given(FOLLOWED, st.integers(0, 30))
def test_once_over_a_follow_up_stays_over(kinds: list[Kind], days: int) -> None:
    today = ENDED_ON + timedelta(days=days)
    if is_over(State.CLOSED, kinds, ENDED_ON, today):
        assert all(is_over(State.CLOSED, [*kinds, more], ENDED_ON, today + timedelta(days=1)) for more in Kind)
    assert sum(kind in TRIES for kind in kinds) < MOST_TRIES or not may_try(State.CLOSED, kinds)
