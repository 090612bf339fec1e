"""The demo's clock: at its pace, never backwards, and no further than the next act however late the machine is."""

import time
from datetime import UTC, datetime
from pathlib import Path

from desk.demo.clock import DAY, Pace, clock_time
from desk.outside.clock import ShiftedClock

NINE = 9 * 3600


def seconds(moment: datetime) -> float:
    """Since midnight of the demo's day."""
    return (moment - DAY).total_seconds()


def test_the_desks_own_clock_follows_the_pace(tmp_path: Path) -> None:
    pace, desk = Pace(tmp_path / "clock", 3600), ShiftedClock(tmp_path / "clock")
    pace.put(NINE)
    pace.begin(NINE)
    began = time.monotonic()
    seen = [seconds(desk.now()) for _ in pace.until(NINE + 1800)]
    assert 0.45 < time.monotonic() - began < 2
    assert seen == sorted(seen)
    assert len(seen) >= 3
    assert NINE + 1800 <= seconds(desk.now()) < NINE + 1802
    assert abs(seconds(desk.now()) - seconds(pace.now())) < 1
    assert list(tmp_path.iterdir()) == [tmp_path / "clock"]


def test_a_day_that_is_late_goes_from_act_to_act_and_never_beyond(tmp_path: Path) -> None:
    pace = Pace(tmp_path / "clock", 3600)
    pace.begin(NINE)
    time.sleep(0.1)
    assert list(pace.until(NINE + 60)) == []
    assert NINE + 60 <= seconds(pace.now()) < NINE + 62
    pace.put(NINE)
    assert seconds(pace.now()) >= NINE + 60


def test_after_the_last_act_the_clock_goes_on_as_the_machines_does(tmp_path: Path) -> None:
    pace, desk = Pace(tmp_path / "clock", 3600), ShiftedClock(tmp_path / "clock")
    pace.put(NINE)
    first, machine = desk.now(), datetime.now(UTC)
    time.sleep(0.05)
    assert abs((desk.now() - first) - (datetime.now(UTC) - machine)).total_seconds() < 0.02


def test_times_are_told_as_a_clock_shows_them() -> None:
    assert [clock_time(at) for at in (NINE, NINE + 61, 18 * 3600)] == ["09:00", "09:01", "18:00"]
