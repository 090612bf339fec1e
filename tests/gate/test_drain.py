"""Everybody wants the last money: a fund is given out to its last cent and never below, and no cent is lost on the way (I03)."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.gate.paying import Staff, at_once, each_of, standings
from tests.gate.places import Place
from tests.gate.wire import Answer, Wire

pytestmark = pytest.mark.slow

CLAIMED, COVERED = 200, 50
WHOLE = 100_000_00
LOOK_SECONDS = 0.05


async def drain(place: Place, url: str) -> tuple[list[Answer], list[dict[str, int]], float]:
    """Make the claims, propose for all of them at one moment, and look at the fund all the while."""
    slips = await each_of(place, url, lambda staff, _: staff.agreed("2000.00"), CLAIMED)
    looks: list[dict[str, int]] = []
    looking = asyncio.create_task(look_on(place, url, looks))
    began = time.monotonic()
    proposing = [propose(slip.reference, number % 2) for number, slip in enumerate(slips)]
    answers = await at_once(place, url, proposing)
    took = time.monotonic() - began
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking
    return answers, looks, took


def propose(reference: str, cashier: int) -> Callable[[Staff], Any]:
    """One of the two cashiers proposes for a claim."""
    return lambda staff: staff.propose(reference, "cash", cashier)


async def look_on(place: Place, url: str, looks: list[dict[str, int]]) -> None:
    """Look at the fund again and again."""
    async with Wire.open(url) as wire:
        while True:
            looks.append(await Staff(place, wire).fund())
            await asyncio.sleep(LOOK_SECONDS)


@pytest.mark.parametrize(
    ("engine", "options"),
    [("sqlite", ()), ("sqlite", ("--workers", "2")), ("postgresql", ("--workers", "2"))],
    ids=["sqlite", "sqlite-2", "pg-2"],
)
def test_of_200_proposals_at_once_exactly_those_that_the_fund_covers_are_held(
    place_on: Callable[[str], Place], engine: str, options: tuple[str, ...], say: Callable[[str], None]
) -> None:
    place = place_on(engine)
    with place.serve(*options) as served:
        answers, looks, took = asyncio.run(drain(place, served.url))
        log = served.output
    short = CLAIMED - COVERED
    assert Counter(outcome(answer) for answer in answers) == {"awaiting_approval": COVERED, "fund_insufficient": short}
    assert min(look["available"] for look in looks) >= 0
    assert {look["available"] + look["reserved"] for look in looks} == {WHOLE}
    assert standings(place) == {"available": 0, "reserved": WHOLE, "source:site": WHOLE}
    assert place.count("payout") == COVERED
    assert place.rows("SELECT count(*), count(DISTINCT claim_id) FROM notice WHERE kind = 'fund_short'") == [(short, short)]
    assert '"event":"bug"' not in log
    place.check()
    between = sum(0 < look["available"] < WHOLE for look in looks)
    say(
        f"{' '.join((engine, *options))}: {CLAIMED} proposals in {took:.1f} s, {COVERED} held, {short} refused, "
        f"{len(looks)} looks at the fund, {between} on the way"
    )


def outcome(answer: Answer) -> str:
    """The state of what was proposed, or the code of the refusal."""
    return str(answer.document["state" if answer.status == 201 else "code"])
