"""How many failed tries are too many: the figures of SPEC 6 as weights in microseconds."""

import pytest

from desk.domain.throttle import HOUR_US, POSTER_LODGINGS, STATUS_TRIES, Allowance


def test_a_claim_may_be_guessed_at_five_times_then_ten_times_an_hour() -> None:
    assert (STATUS_TRIES.burst, STATUS_TRIES.per_hour) == (5, 10)
    assert STATUS_TRIES.each_us == 6 * 60 * 1_000_000
    assert STATUS_TRIES.full_us == 30 * 60 * 1_000_000


@pytest.mark.parametrize("allowance", [STATUS_TRIES, POSTER_LODGINGS, Allowance(1, 1), Allowance(3, 7)])
def test_tries_are_evenly_spaced_over_the_hour(allowance: Allowance) -> None:
    assert HOUR_US - allowance.per_hour < allowance.each_us * allowance.per_hour <= HOUR_US
    assert allowance.full_us == allowance.burst * allowance.each_us


def test_a_whole_site_behind_one_address_can_still_file() -> None:
    assert POSTER_LODGINGS.burst >= 30
