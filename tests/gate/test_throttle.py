"""Guessing a code: at most five tries are judged, however parallel, and no answer tells why it is no (I28, I30)."""

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import pytest

from desk.domain.reference import reference_of
from desk.domain.throttle import STATUS_TRIES
from tests.gate.places import Place
from tests.gate.wire import CLAIMS, STATUS, Answer, Wire, by, claim_body

ENGINES = pytest.mark.parametrize(
    ("engine", "options"),
    [("sqlite", ()), pytest.param("postgresql", ("--workers", "2"), marks=pytest.mark.slow)],
    ids=["sqlite", "pg-2"],
)
GUESSES, SAMPLES = 50, 25
OWN = {"date", "x-request-id"}


def network() -> dict[str, str]:
    """A guess from a network of its own, so that only the claim's bucket can fill."""
    return {"X-Forwarded-For": ".".join(str(secrets.randbelow(200) + 1) for _ in range(4)), "Accept-Language": "en"}


def seen(answer: Answer) -> tuple[int, bytes, dict[str, str]]:
    """All that a guesser can tell answers apart by, but the time."""
    return answer.status, answer.body, {name: value for name, value in answer.headers.items() if name not in OWN}


def names(answer: Answer) -> list[str]:
    """The header lines in their order, by name."""
    return list(answer.headers)


async def lodge(wire: Wire, place: Place) -> dict[str, Any]:
    """A claim, as its visitor was told."""
    answer = await wire.post(CLAIMS, claim_body(), by(place.token(), secrets.token_hex(16)))
    claim: dict[str, Any] = answer.document
    return claim


async def guess(wire: Wire, reference: str, code: str) -> Answer:
    """One try with a code."""
    return await wire.post(STATUS, json.dumps({"reference": reference, "access_code": code}).encode(), network())


def wrong(claim: dict[str, Any]) -> str:
    """A code that is not the claim's."""
    return f"{(int(claim['access_code']) + 1 + secrets.randbelow(99_999_998)) % 100_000_000:08}"


async def storm(url: str, place: Place) -> tuple[list[Answer], Answer, Answer]:
    """Fifty wrong codes at once, then the right one, then the token."""
    async with Wire.open(url) as wire:
        claim = await lodge(wire, place)

        async def one() -> Answer:
            async with Wire.open(url) as own:
                return await guess(own, claim["reference"], wrong(claim))

        guesses = await asyncio.gather(*(one() for _ in range(GUESSES)))
        right = await guess(wire, claim["reference"], claim["access_code"])
        token = json.dumps({"token": claim["status_url"].rpartition("/")[2]}).encode()
        return list(guesses), right, await wire.post(STATUS, token, network())


@pytest.mark.slow
@ENGINES
def test_fifty_guesses_at_once_are_five_and_the_token_still_opens(
    place_on: Callable[[str], Place], engine: str, options: tuple[str, ...]
) -> None:
    place, began = place_on(engine), time.time()
    with place.serve(*options, trusted_proxies="127.0.0.1") as served:
        guesses, right, by_token = asyncio.run(storm(served.url, place))
    assert {answer.status for answer in guesses} == {404}
    assert seen(right) == seen(guesses[0]) == seen(guesses[-1])
    assert by_token.status == 200
    [(empty_at_us,)] = place.rows("SELECT empty_at_us FROM try_bucket WHERE name LIKE 'claim:%'")
    judged = (empty_at_us - began * 1_000_000) / STATUS_TRIES.each_us
    # Each try that is judged fills its claim's bucket first; what leaked since is under one try.
    assert STATUS_TRIES.burst <= judged < STATUS_TRIES.burst + 1


async def kinds_of_no(url: str, place: Place) -> dict[str, list[tuple[Answer, float]]]:
    """The answers for an absent reference, one that cannot be, a wrong code and a full bucket, with their seconds."""
    told: dict[str, list[tuple[Answer, float]]] = {}

    async def note(kind: str, reference: str, code: str) -> None:
        began = time.perf_counter()
        answer = await guess(wire, reference, code)
        told.setdefault(kind, []).append((answer, time.perf_counter() - began))

    async with Wire.open(url) as wire:
        claims = [await lodge(wire, place) for _ in range(SAMPLES)]
        full, absent = claims[0], absent_reference()
        for claim in claims:
            await note("wrong code", claim["reference"], wrong(claim))
            await note("absent", absent_reference(), wrong(claim))
            await note("no reference", "HELLO WORLD", wrong(claim))
        for _ in range(2 * STATUS_TRIES.burst):
            await guess(wire, full["reference"], wrong(full))
            await guess(wire, absent, wrong(full))
        for _ in range(SAMPLES):
            await note("throttled", full["reference"], wrong(full))
            await note("throttled, right code", full["reference"], full["access_code"])
            await note("throttled, absent", absent, wrong(full))
    return told


def absent_reference() -> str:
    """A reference as it could be, which nobody was given."""
    return reference_of(secrets.randbits(45))


@pytest.mark.slow
@ENGINES
def test_every_no_is_the_same_no(
    place_on: Callable[[str], Place], engine: str, options: tuple[str, ...], say: Callable[[str], None]
) -> None:
    place = place_on(engine)
    with place.serve(*options, trusted_proxies="127.0.0.1") as served:
        told = asyncio.run(kinds_of_no(served.url, place))
    first = told["wrong code"][0][0]
    for answers in told.values():
        for answer, _ in answers:
            assert seen(answer) == seen(first)
            assert names(answer) == names(first)
    took = {kind: median(seconds for _, seconds in answers) * 1_000 for kind, answers in told.items()}
    say(f"{engine}: medians in ms " + ", ".join(f"{kind} {ms:.1f}" for kind, ms in took.items()))
    alike(took, ("wrong code", "absent"))
    alike(took, ("throttled", "throttled, right code", "throttled, absent"))


def alike(took: dict[str, float], kinds: Sequence[str]) -> None:
    """The same history, the same class of time: nobody sees from afar which it was."""
    times = [took[kind] for kind in kinds]
    assert max(times) < 3 * min(times) + 1, took
