"""A payment in cash as the bench measures it: made ready, handed over and signed for, and what these requests wrote.

Measures nothing itself but the answers of its own load.
"""

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

from tests.bench import client
from tests.bench.asked import step_request
from tests.bench.load import Load
from tests.bench.rows import Changed, Written, new_ids, stored, written
from tests.gate.paying import Staff, told
from tests.gate.places import Place
from tests.gate.wire import Wire

AMOUNT, STEPS, AT_ONCE, MOST_SECONDS = "1.00", ("send", "received"), 16, 60
SETTLED = "SELECT count(*) FROM payout WHERE state = 'settled'"


@dataclass(frozen=True)
class Payment:
    """What a payment wrote: until its money was reserved, and in each step from there on."""

    before: Written
    steps: tuple[Written, ...]

    def told(self) -> str:
        """The rows of the steps, in words."""
        every = [one for step in self.steps for one in step]
        inserted = sum(len(one.rows) for one in every if not isinstance(one, Changed))
        return f"{inserted} rows inserted and {sum(isinstance(one, Changed) for one in every)} changed"


def ready(place: Place, url: str, number: int) -> list[str]:
    """So many payouts whose money is reserved, each of a visitor of its own."""
    return asyncio.run(_ready(place, url, number))


def captured(place: Place, url: str) -> Payment:
    """What the second payment wrote: the first one opened the accounts that later ones find."""
    return asyncio.run(_captured(place, url))


def pay(place: Place, url: str, payouts: Sequence[str], connections: int) -> Load:
    """Hand over and have signed for, one payout after the other on each connection; `answered` counts both requests."""
    address, token = urlsplit(url), place.token("cashier")
    shares = [_asking(token, payouts[first::connections]) for first in range(connections)]
    return asyncio.run(client.call(str(address.hostname), address.port or 80, MOST_SECONDS, shares))


def settled(place: Place) -> int:
    """How many payouts are settled, as the database says."""
    return int(place.rows(SETTLED)[0][0])


def _asking(token: str, payouts: Sequence[str]) -> Callable[[], bytes]:
    """What one connection asks for, one request after the other, and nothing at the end."""
    requests = _requests(token, payouts)
    return lambda: next(requests, b"")


def _requests(token: str, payouts: Sequence[str]) -> Iterator[bytes]:
    for payout in payouts:
        for step in STEPS:
            yield step_request(payout, step, token).replace(b"@KEY@", os.urandom(16).hex().encode())


async def _ready(place: Place, url: str, number: int) -> list[str]:
    shares = [number // AT_ONCE + (first < number % AT_ONCE) for first in range(AT_ONCE)]
    return [payout for made in await asyncio.gather(*(_some_ready(place, url, share) for share in shares)) for payout in made]


async def _some_ready(place: Place, url: str, number: int) -> list[str]:
    async with Wire.open(url) as wire:
        staff = Staff(place, wire)
        return [await _reserved(staff) for _ in range(number)]


async def _reserved(staff: Staff) -> str:
    payout = told(await staff.propose((await staff.agreed(AMOUNT)).reference, "cash"), 201)
    assert payout["state"] == "reserved", payout["review"]
    return str(payout["id"])


async def _captured(place: Place, url: str) -> Payment:
    async with Wire.open(url) as wire:
        staff = Staff(place, wire)
        await _pay_one(staff, await _reserved(staff))
        seen = [stored(place.database)]
        payout = await _reserved(staff)
        seen.append(stored(place.database))
        for step in STEPS:
            told(await staff.step(payout, step))
            seen.append(stored(place.database))
    ids = new_ids(seen[0], seen[-1])
    before, *steps = (written(was, now, ids) for was, now in pairwise(seen))
    return Payment(before, tuple(steps))


async def _pay_one(staff: Staff, payout: str) -> None:
    for step in STEPS:
        told(await staff.step(payout, step))
