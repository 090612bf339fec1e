"""A thousand promises, two shipped workers, killed and moved in time: each is told and missed once, none early, all soon."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.bench.desks import lodged
from tests.gate.places import Place
from tests.processes import Served, environment, started
from tests.worker.conftest import SeededOn

MANY, CATCH_UP_SECONDS, CLIENTS = 1000, 90.0, 8
"""Thirty seconds are what an idle machine is to need; in the gate two other tests run beside this one, on two cores."""

pytestmark = pytest.mark.slow


@dataclass
class Shift:
    """Two workers over one desk, whose clock a file moves."""

    place: Place
    clock: Path
    workers: list[Served] = field(default_factory=list)
    _open: ExitStack = field(default_factory=ExitStack)

    def hire(self) -> None:
        """Start one more worker."""
        env = environment(self.place.data, self.place.database, clock_file=str(self.clock))
        self.workers.append(self._open.enter_context(started(self.place.data, "work", url="", env=env)))

    def kill_one(self) -> None:
        """Kill the older worker where it stands, and start another."""
        os.kill(self.workers.pop(0).process.pid, signal.SIGKILL)
        self.hire()

    def go_to(self, hours: float) -> None:
        """Let it be so many hours after the beginning; the worker never reads a half-written file."""
        new = self.clock.with_suffix(".new")
        new.write_text(str(hours * 3600))
        new.replace(self.clock)

    def lodge(self, url: str) -> None:
        """Lodge claims until there are a thousand, a few clients at once."""

        async def all_of_them() -> None:
            await asyncio.gather(*(asyncio.to_thread(self._lodge_some, url, first) for first in range(CLIENTS)))

        asyncio.run(all_of_them())

    def _lodge_some(self, url: str, first: int) -> None:
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
            for number in range(first, MANY, CLIENTS):
                lodged(client, self.place.token(), 100 + number)

    def told(self, kind: str) -> list[tuple[Any, ...]]:
        """Every reminder of a kind of clock: claim, minutes, role, deadline, when told."""
        return self.place.rows(f"SELECT claim_id, minutes, role, due_at, told_at FROM clock_reminder WHERE kind = '{kind}'")

    def missed(self, kind: str) -> list[tuple[Any, ...]]:
        """Every promise of a kind that was written down as missed: claim, deadline, when written."""
        return self.place.rows(f"SELECT claim_id, due_at, recorded_at FROM clock_breach WHERE kind = '{kind}'")

    def close(self) -> None:
        """End the workers."""
        self._open.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def shift(request: pytest.FixtureRequest, seeded_on: SeededOn) -> Iterator[Shift]:
    """A thousand claims that wait for their first answer; the desk must stand whole in the end."""
    with seeded_on(request.param) as place:
        opened = Shift(place, place.data / "clock")
        opened.go_to(0)
        with place.serve("--no-worker", clock_file=str(opened.clock)) as served:
            opened.lodge(served.url)
        assert place.count("claim") == MANY
        try:
            yield opened
        finally:
            opened.close()
        place.check()


def moment(value: Any) -> datetime:  # noqa: ANN401 - what the driver gives
    """A stored instant, from either driver."""
    read = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def soon(shift: Shift, kind: str, many: int) -> float:
    """How long it took until so many promises were written down as missed; fails when it is not within the bound."""
    began = time.monotonic()
    while (found := len(shift.missed(kind))) < many:
        took = time.monotonic() - began
        assert took < CATCH_UP_SECONDS, f"{found} of {many} after {took:.0f} s"
        time.sleep(0.1)
    return time.monotonic() - began


def test_a_thousand_promises_are_told_and_missed_once_whatever_befalls_the_workers(shift: Shift) -> None:
    for _ in range(2):
        shift.hire()
    shift.go_to(1.6)
    until(lambda: len(shift.told("first_answer")) > MANY // 3)
    shift.kill_one()
    until(lambda: len(shift.told("first_answer")) == MANY)
    shift.go_to(2.2)
    until(lambda: len(shift.missed("first_answer")) > MANY // 3)
    shift.kill_one()
    soon(shift, "first_answer", MANY)
    shift.go_to(-0.8)
    time.sleep(6)
    assert len(shift.missed("first_answer")) == MANY
    shift.go_to(40 * 24)
    soon(shift, "acceptance", MANY)
    shift.go_to(2.2)
    shift.kill_one()
    time.sleep(6)
    each_once_and_none_early(shift)


def each_once_and_none_early(shift: Shift) -> None:
    """Expect one effect a promise, in the database's own count, with one event each, and none before its time."""
    for kind in ("first_answer", "acceptance"):
        missed = shift.missed(kind)
        assert len(missed) == len({claim for claim, *_ in missed}) == MANY
        assert all(moment(recorded) > moment(due) for _, due, recorded in missed)
    told = [(claim, minutes, role) for claim, minutes, role, *_ in shift.told("first_answer")]
    assert len(told) == len(set(told))
    assert {claim for claim, minutes, _ in told if minutes == -30} == {claim for claim, *_ in shift.missed("first_answer")}
    for _, minutes, _, due, at in shift.told("first_answer"):
        assert moment(at) >= moment(due) + timedelta(minutes=minutes)
    # A thousand claims of one cause are an incident too, whose four clocks are missed in the chain of the site.
    of_claims = "SELECT count(*) FROM event WHERE kind = 'clock_breached' AND subject LIKE 'claim:%'"
    assert shift.place.rows(of_claims) == [(2 * MANY,)]


def until(holds: Any, seconds: float = CATCH_UP_SECONDS) -> None:  # noqa: ANN401 - a question
    """Wait until it is so."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
