"""Many writers at once, in one process and in several: nobody is told "locked", nothing is lost, each race has one winner."""

import asyncio
import json
import secrets
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

import desk
from tests.gate.places import HOME, Place
from tests.gate.wire import CLAIMS, STATUS, Answer, Tally, Wire, by, claim_body, lodge_until

pytestmark = pytest.mark.slow

CLIENTS, SECONDS = 64, 4.0
CASES = Path(desk.__file__).parent / "packs" / "published_cases.jsonl"
ROUNDS = 12


@pytest.mark.parametrize(
    ("engine", "servers", "options"),
    [("sqlite", 1, ()), ("sqlite", 2, ()), ("postgresql", 1, ("--workers", "2"))],
    ids=["sqlite", "sqlite-2", "pg-2"],
)
def test_64_clients_and_an_import_are_all_served(
    place_on: Callable[[str], Place], engine: str, servers: int, options: tuple[str, ...], say: Callable[[str], None]
) -> None:
    place = place_on(engine)
    tally, logs = Tally(), ""
    with ExitStack() as running:
        served = [running.enter_context(place.serve(*options)) for _ in range(servers)]
        imported = asyncio.run(load(place, [each.url for each in served], tally))
        logs = "".join(each.output for each in served)
    assert (tally.refused, tally.halves, tally.sent) == ([], 0, {})
    assert "locked" not in logs
    assert '"event":"bug"' not in logs
    assert imported.returncode == 0, imported.stderr
    report = json.loads(imported.stdout)
    assert (report["claims"], report["agree"]) == (106, 106)
    stored = {reference for (reference,) in place.rows("SELECT reference FROM claim")}
    assert tally.references - stored == set()
    assert len(stored) == len(tally.acknowledged) + 106
    place.check()
    say(f"{engine} x {servers} {' '.join(options)}: {CLIENTS} clients, {len(tally.acknowledged)} lodged, 106 imported, 0 refused")


async def load(place: Place, urls: Sequence[str], tally: Tally) -> subprocess.CompletedProcess[str]:
    """Let all clients lodge at once, and import the published cases while they do."""
    until, token = time.monotonic() + SECONDS, place.token()
    importing = asyncio.create_task(asyncio.to_thread(place.desk, "claims", "import", str(CASES), "--site", HOME, "--json"))
    await asyncio.gather(*(lodge_until(tally, urls[number % len(urls)], token, until) for number in range(CLIENTS)))
    return await importing


def test_of_two_officers_who_decide_at_once_exactly_one_wins(place: Place) -> None:
    with place.serve() as here, place.serve() as there:
        outcomes = asyncio.run(duel(place, here.url, there.url))
    assert [sorted(pair) for pair in outcomes] == [[200, 409]] * ROUNDS, Counter(map(tuple, outcomes))
    moved = "SELECT count(*) FROM event WHERE kind = 'moved' AND to_state = 'docketed' GROUP BY subject"
    assert place.rows(moved) == [(1,)] * ROUNDS
    assert place.count("docket_entry") == ROUNDS
    place.check()


async def duel(place: Place, here: str, there: str) -> list[tuple[int, int]]:
    """Claims that two officers at two servers put on the docket at the same moment; what each was told."""
    told, choice = [], json.dumps({"confirm": "docket"}).encode()
    above = [{"kind": "refund", "asked": {"amount": "5000.00", "currency": "CNY"}}]
    async with Wire.open(here) as olga, Wire.open(there) as otto:
        for _ in range(ROUNDS):
            lodged = await olga.post(CLAIMS, claim_body(items=above), by(place.token(), secrets.token_hex(16)))
            path = f"{CLAIMS}/{lodged.document['reference']}/triage"
            pair = await asyncio.gather(
                olga.post(path, choice, by(place.token(place=0), secrets.token_hex(16))),
                otto.post(path, choice, by(place.token(place=1), secrets.token_hex(16))),
            )
            told.append((pair[0].status, pair[1].status))
    return told


def test_one_key_used_by_sixteen_at_once_lodges_one_claim(place: Place) -> None:
    with place.serve() as here, place.serve() as there:
        rounds = [asyncio.run(all_with_one_key(place, [here.url, there.url])) for _ in range(ROUNDS)]
    for answers in rounds:
        assert {answer.status for answer in answers} <= {201, 409}
        assert {answer.headers.get("retry-after") for answer in answers if answer.status == 409} <= {"1"}
        lodged = [answer for answer in answers if answer.status == 201]
        assert len({answer.body for answer in lodged}) == 1
        assert sum("idempotent-replayed" not in answer.headers for answer in lodged) == 1
    assert place.count("claim") == ROUNDS == place.count("idempotency_key")
    place.check()


async def all_with_one_key(place: Place, urls: Sequence[str]) -> list[Answer]:
    """Sixteen times the same request at the same moment, half of them at each server; at last once more."""
    key, body = secrets.token_hex(16), claim_body()
    start = asyncio.Event()

    async def ask(url: str) -> Answer:
        async with Wire.open(url) as wire:
            await start.wait()
            return await wire.post(CLAIMS, body, by(place.token(), key))

    asking = [asyncio.create_task(ask(urls[number % 2])) for number in range(16)]
    await asyncio.sleep(0.1)
    start.set()
    answers = await asyncio.gather(*asking)
    return [*answers, await ask(urls[0])]


def test_a_reader_sees_each_step_as_soon_as_it_was_answered(sqlite_place: Place) -> None:
    with sqlite_place.serve() as here, sqlite_place.serve() as there:
        seen = asyncio.run(follow(sqlite_place, here.url, there.url))
    assert seen == ["closed", "registered"] * ROUNDS


async def follow(place: Place, here: str, there: str) -> list[str]:
    """Act at one server and follow at the other, whose cache must not answer for yesterday."""
    stages = []
    async with Wire.open(here) as desk_side, Wire.open(there) as visitor_side:
        for _ in range(ROUNDS):
            lodged = (await desk_side.post(CLAIMS, claim_body(), by(place.token(), secrets.token_hex(16)))).document
            key = json.dumps({"token": lodged["status_url"].rpartition("/")[2]}).encode()
            await visitor_side.post(STATUS, key)
            path = f"{CLAIMS}/{lodged['reference']}"
            for step in ("withdraw", "reopen"):
                await desk_side.post(f"{path}/{step}", json.dumps({"text": "如来访者所说"}).encode(), by(place.token("manager")))
                stages.append((await visitor_side.post(STATUS, key)).document["state"])
    return stages
