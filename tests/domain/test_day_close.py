"""What a cashier's count comes to, when it must be explained, and where a difference is looked for."""

from datetime import UTC, datetime

import pytest

from desk.domain.day_close import Count, Line, difference, expected, has_left, needs_reason, seen, suspects
from desk.domain.policy import Role

NOON = datetime(2026, 9, 8, 4, tzinfo=UTC)
LINES = [Line(1, 12_800, NOON), Line(2, 2_000, NOON), Line(3, 2_000, NOON)]


def test_expected_is_the_sum_of_the_lines() -> None:
    assert (expected(LINES), expected([])) == (16_800, 0)


@pytest.mark.parametrize(
    ("counted", "off", "explained"), [(16_800, 0, False), (16_799, -1, True), (16_801, 1, True), (0, -16_800, True)]
)
def test_any_difference_must_be_explained(counted: int, off: int, explained: bool) -> None:
    assert (difference(counted, 16_800), needs_reason(counted, 16_800)) == (off, explained)


@pytest.mark.parametrize(
    ("off", "found"), [(-2_000, [2, 3]), (2_000, [2, 3]), (-12_800, [1]), (-1_000, []), (-4_000, []), (1, [])]
)
def test_a_difference_is_looked_for_among_payouts_of_exactly_its_amount(off: int, found: list[int]) -> None:
    assert suspects(LINES, off) == found


def test_a_count_belongs_to_exactly_these_payouts() -> None:
    others = [Line(1, 12_800, NOON), Line(2, 2_000, NOON), Line(4, 2_000, NOON)]
    assert len({seen(LINES), seen(others), seen(LINES[:2]), seen([])}) == 4
    assert seen(LINES) == seen([*LINES])


@pytest.mark.parametrize("minor", [-1, True, 1.0])
def test_a_count_is_a_whole_number_and_never_below_nothing(minor: int) -> None:
    with pytest.raises(ValueError, match="whole number"):
        Count(minor, "CNY")
    assert Count(0, "CNY").minor == 0


@pytest.mark.parametrize(
    ("counted", "for_another", "due"), [(100, False, False), (99, False, True), (100, True, True), (99, True, True)]
)
def test_what_differs_and_what_is_anothers_must_be_explained(counted: int, for_another: bool, due: bool) -> None:
    assert needs_reason(counted, 100, for_another=for_another) is due


@pytest.mark.parametrize(
    ("roles", "left"),
    [(set(), True), ({Role.MANAGER, Role.INTAKE}, True), ({Role.CASHIER}, False), ({Role.CASHIER, Role.MANAGER}, False)],
)
def test_who_is_no_cashier_any_more_has_left_their_till(roles: set[Role], left: bool) -> None:
    assert has_left(roles) is left
