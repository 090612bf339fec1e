"""When claims propose a collective claim, which level so many people make, and that a level never falls."""

import pytest

from desk.domain.incident import (
    INCIDENT_CLOCKS,
    STOPS,
    IncidentLevel,
    IncidentStage,
    IncidentStep,
    Scale,
    level_after,
    may_represent,
    stage_of,
)
from desk.packs.loader import load_packs

SCALE = Scale.of(load_packs().by_version("cn-2026").counts)
GENERAL, LARGER, MAJOR = IncidentLevel


@pytest.mark.parametrize(
    ("people", "level"),
    [(0, None), (9, None), (10, GENERAL), (19, GENERAL), (20, LARGER), (49, LARGER), (50, MAJOR), (99_999, MAJOR)],
)
def test_a_level_begins_at_its_own_figure(people: int, level: IncidentLevel | None) -> None:
    assert SCALE.level_of(people) is level


@pytest.mark.parametrize(
    ("before", "people", "after"),
    [
        (None, 9, None), (None, 10, GENERAL), (None, 50, MAJOR), (GENERAL, 3, GENERAL), (GENERAL, 20, LARGER),
        (LARGER, 10, LARGER), (MAJOR, 0, MAJOR), (MAJOR, 20, MAJOR), (GENERAL, 50, MAJOR),
    ],
)  # fmt: skip
def test_a_level_rises_and_never_falls(before: IncidentLevel | None, people: int, after: IncidentLevel | None) -> None:
    assert level_after(before, people, SCALE) is after


def test_four_claims_propose_and_three_do_not() -> None:
    assert [SCALE.proposes(claims) for claims in (3, 4, 5)] == [False, True, True]


@pytest.mark.parametrize("levels", [(10, 10, 50), (20, 10, 50), (10, 50, 50)])
def test_levels_that_do_not_rise_are_refused(levels: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="rise with its people"):
        Scale(4, *levels)


@pytest.mark.parametrize(
    ("opened", "closed", "stage"),
    [
        (False, False, IncidentStage.PROPOSED), (True, False, IncidentStage.OPEN), (False, True, IncidentStage.CLOSED),
        (True, True, IncidentStage.CLOSED),
    ],
)  # fmt: skip
def test_a_stage_follows_from_its_times(opened: bool, closed: bool, stage: IncidentStage) -> None:
    assert stage_of(opened=opened, closed=closed) is stage


def test_each_step_stops_a_clock_of_its_own() -> None:
    assert set(STOPS) == set(IncidentStep)
    assert len(set(INCIDENT_CLOCKS)) == len(IncidentStep)
    assert all(kind in load_packs().by_version("cn-2010").clocks for kind in INCIDENT_CLOCKS)


def test_one_to_three_represent() -> None:
    assert [may_represent(number) for number in range(5)] == [False, True, True, True, False]
