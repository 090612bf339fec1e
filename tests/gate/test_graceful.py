"""SIGTERM under load: what was asked before it is answered, nothing is half answered, nothing acknowledged is lost."""

import asyncio
import time
from collections.abc import Callable

import pytest

from tests.gate.places import Place
from tests.gate.wire import Tally, lodge_until
from tests.processes import Served

pytestmark = pytest.mark.slow

CLIENTS, AT_ONCE = 32, 0.02
LONGEST_SECONDS = 10


async def load_and_stop(served: Served, token: str, tally: Tally) -> tuple[int, float, float]:
    """Let the clients lodge, ask the desk to stop in the middle; its exit code, how long it took, and when it was asked."""
    clients = [asyncio.create_task(lodge_until(tally, served.url, token, time.monotonic() + 30)) for _ in range(CLIENTS)]
    await asyncio.sleep(1)
    asked = time.monotonic()
    code = await asyncio.to_thread(served.terminate)
    took = time.monotonic() - asked
    await asyncio.gather(*clients)
    return code, took, asked


@pytest.mark.parametrize(
    ("engine", "options"),
    [("sqlite", ()), ("postgresql", ("--workers", "2"))],
    ids=["sqlite", "pg-2"],
)
def test_a_polite_stop_answers_what_is_under_way(
    place_on: Callable[[str], Place], engine: str, options: tuple[str, ...], say: Callable[[str], None]
) -> None:
    place, tally = place_on(engine), Tally()
    with place.serve(*options) as served:
        code, took, asked = asyncio.run(load_and_stop(served, place.token(), tally))
        log = served.output
    assert (code, took < LONGEST_SECONDS) == (0, True)
    assert (tally.refused, tally.halves) == ([], 0)
    # Only a request that crossed with the closing of its idle connection may stay unread.
    assert [sent for _, sent in tally.sent.values() if sent < asked - AT_ONCE] == []
    assert tally.references - {reference for (reference,) in place.rows("SELECT reference FROM claim")} == set()
    assert "Traceback" not in log
    assert '"event":"bug"' not in log
    place.check()
    say(
        f"{engine} {' '.join(options)}: stopped in {took:.1f} s, {len(tally.acknowledged)} acknowledged, {len(tally.sent)} unread"
    )
