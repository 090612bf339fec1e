"""kill -9 under load: what was acknowledged is there, whole, and what was not can be asked again and happens once (I15-I18)."""

import asyncio
import json
import random
import time
from collections.abc import Callable

import pytest

from tests.gate.places import Place
from tests.gate.wire import CLAIMS, Tally, Wire, by, lodge_until
from tests.processes import Served, free_port

pytestmark = pytest.mark.slow

CLIENTS = 24
ACKNOWLEDGED, FEWEST_KILLS, MOST_KILLS = 2_000, 4, 25

HANGS_ON = """
SELECT c.reference,
       (SELECT count(*) FROM event e WHERE e.subject = 'claim:' || c.id),
       (SELECT count(*) FROM person p WHERE p.claim_id = c.id),
       (SELECT count(*) FROM clock k WHERE k.claim_id = c.id),
       (SELECT count(*) FROM claim_item i WHERE i.claim_id = c.id)
FROM claim c"""
ORPHANS = "SELECT count(*) FROM event WHERE subject LIKE 'claim:%' AND subject NOT IN (SELECT 'claim:' || id FROM claim)"


async def load_and_kill(served: Served, token: str, tally: Tally) -> None:
    """Let the clients lodge, and in the middle of it end every process of the desk with kill -9."""
    clients = [asyncio.create_task(lodge_until(tally, served.url, token, time.monotonic() + 60)) for _ in range(CLIENTS)]
    await asyncio.sleep(random.uniform(0.8, 2.0))
    await asyncio.to_thread(served.kill)
    await asyncio.gather(*clients)


async def ask_again(served: Served, token: str, asked: dict[str, bytes]) -> dict[str, bytes]:
    """Send requests once more under their keys, twice each, eight at a time; returns the answers, the same both times."""
    told, waiting = dict[str, bytes](), list(asked.items())

    async def ask() -> None:
        async with Wire.open(served.url) as wire:
            while waiting:
                key, body = waiting.pop()
                first, second = [await wire.post(CLAIMS, body, by(token, key)) for _ in range(2)]
                assert (first.status, second.status, second.headers.get("idempotent-replayed")) == (201, 201, "true")
                assert first.body == second.body
                told[key] = first.body

    await asyncio.gather(*(ask() for _ in range(8)))
    return told


def all_is_there(place: Place, references: set[str]) -> None:
    """Expect every acknowledged claim, and of every claim all that hangs on it or none."""
    found = {reference: tuple(counts) for reference, *counts in place.rows(HANGS_ON)}
    assert references - set(found) == set()
    assert set(found.values()) <= {(1, 1, clocks, 1) for clocks in (3, 4)}, set(found.values())
    assert len(set(found.values())) == 1
    assert place.rows(ORPHANS) == [(0,)]


@pytest.mark.parametrize(
    ("engine", "options"), [("sqlite", ()), ("postgresql", ()), ("postgresql", ("--workers", "2"))], ids=["sqlite", "pg", "pg-2"]
)
def test_no_acknowledged_claim_is_lost_by_kill_9(
    place_on: Callable[[str], Place], engine: str, options: tuple[str, ...], say: Callable[[str], None]
) -> None:
    place, port, tally, kills, asked_again = place_on(engine), free_port(), Tally(), 0, 0
    token = place.token()
    while kills < FEWEST_KILLS or len(tally.acknowledged) < ACKNOWLEDGED:
        assert kills < MOST_KILLS, "too slow to reach the figure"
        with place.serve(*options, port=port) as served:
            asked_again += after_the_kill(place, served, token, tally)
            asyncio.run(load_and_kill(served, token, tally))
        kills += 1
        assert tally.refused == []
        all_is_there(place, tally.references)
    with place.serve(*options, port=port) as served:
        asked_again += after_the_kill(place, served, token, tally)
    place.check()
    say(f"{engine} {' '.join(options)}: {kills} kills, {len(tally.acknowledged)} acknowledged, 0 lost, {asked_again} asked again")


def after_the_kill(place: Place, served: Served, token: str, tally: Tally) -> int:
    """Ask again what stayed unanswered, and some of what was answered: each exists exactly once. Returns how many were open."""
    unanswered = {key: body for key, (body, _) in tally.sent.items()}
    answered = dict(random.sample(sorted(tally.acknowledged.items()), min(20, len(tally.acknowledged))))
    told = asyncio.run(ask_again(served, token, {**unanswered, **{key: body for key, (body, _) in answered.items()}}))
    assert {key: told[key] for key in answered} == {key: answer for key, (_, answer) in answered.items()}
    tally.acknowledged |= {key: (body, told[key]) for key, body in unanswered.items()}
    tally.sent.clear()
    assert place.count("claim") == len(tally.acknowledged) == place.count("idempotency_key")
    assert len({json.loads(answer)["reference"] for _, answer in tally.acknowledged.values()}) == len(tally.acknowledged)
    return len(unanswered)
