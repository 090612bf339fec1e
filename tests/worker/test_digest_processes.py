"""Two shipped workers when ten o'clock comes: one digest a site, one signed call to the hook, also where one worker is killed."""

import asyncio
import json
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desk.domain.signature import signed_right
from tests.fakes.wire import Asked, Reply, served
from tests.gate.places import HOME, Place
from tests.postgres import LATER
from tests.processes import environment, free_port, started
from tests.worker.conftest import SeededOn
from tests.worker.test_notification_processes import lodge

pytestmark = pytest.mark.slow

SECRET = "geheim-der-tests"
SECONDS = 45.0


def next_ten() -> datetime:
    """The next 22:00 at the seeded sites (UTC+8), at least a minute away."""
    soon = datetime.now(UTC) + timedelta(minutes=1)
    ten = soon.replace(hour=14, minute=0, second=0, microsecond=0)
    return ten if ten > soon else ten + timedelta(days=1)


async def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it comes true soon; the hook answers meanwhile."""
    for _ in range(int(SECONDS / 0.1)):
        if await asyncio.to_thread(holds):
            return True
        await asyncio.sleep(0.1)
    return False


def made(place: Place, ten: datetime) -> list[int]:
    """How many digests of ten o'clock there are of each site."""
    rows = place.rows(f"SELECT count(*) FROM digest WHERE due_at = '{ten:%Y-%m-%dT%H:%M:%S.%fZ}' GROUP BY site_id")
    return [int(row[0]) for row in rows]


def sent(place: Place, ten: datetime) -> bool:
    """Whether the hook has the digest of ten o'clock."""
    of_ten = f"SELECT id FROM digest WHERE due_at = '{ten:%Y-%m-%dT%H:%M:%S.%fZ}'"
    return place.rows(f"SELECT state FROM digest_letter WHERE channel = 'hook' AND digest_id IN ({of_ten})") == [("sent",)]


@pytest.mark.parametrize("engine", ["sqlite", LATER])
async def test_ten_o_clock_comes_for_two_workers_and_one_of_them_dies(seeded_on: SeededOn, engine: str, tmp_path: Path) -> None:
    asked, clock, ten = list[Asked](), tmp_path / "clock", next_ten()

    async def handle(request: Asked) -> Reply:
        asked.append(request)
        return Reply(202)

    clock.write_text(str((ten - datetime.now(UTC)).total_seconds() - 1))
    async with served(handle) as address:
        settings = {
            "digest_hook_url": f"{address}/digests", "digest_hook_secret": SECRET, "public_url": "https://desk.example",
            "clock_file": str(clock),
        }  # fmt: skip
        with seeded_on(engine) as place, place.serve("--no-worker", port=free_port(), **settings) as desk:
            reference = await lodge(place, desk)
            env = environment(place.data, place.database, **settings)
            with started(place.data, "work", url="", env=env) as one, started(place.data, "work", url="", env=env) as two:
                assert await eventually(lambda: len(made(place, ten)) == 2), one.output + two.output
                os.kill(one.process.pid, signal.SIGKILL)
                assert await eventually(
                    lambda: place.rows("SELECT state FROM digest_letter WHERE channel = 'hook'") == [("sent",)]
                )
                await asyncio.sleep(2)
            await asyncio.to_thread(place.check)
            counted = await asyncio.to_thread(made, place, ten)
    calls = [call for call in asked if "22:00" in json.loads(call.body)["text"]]
    assert (counted, len({call.headers["webhook-id"] for call in calls})) == ([1, 1], 1)
    told = json.loads(calls[0].body)
    assert (told["to"], told["channel"], reference in told["text"]) == (HOME, "hook", False)
    number, at, signature = (calls[0].headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
    assert signed_right(SECRET.encode(), number, at, signature, calls[0].body, datetime.fromtimestamp(int(at), UTC))
