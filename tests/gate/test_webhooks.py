"""A thousand messages of a gateway in any order, each several times, a tenth of them not to be believed (I09, I13).

The gateway's truth is kept here: what became of each key. Whatever came first and whatever was slipped in between, that is where
each payout must stand in the end.
"""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from desk.domain.signature import secret_bytes, sign
from tests.gate.paying import Staff, at_once, each_of, standings, told
from tests.gate.places import Place
from tests.gate.wire import Wire
from tests.sandbox import SECRET

pytestmark = pytest.mark.slow

PAYOUTS, MESSAGES, MOST_TIMES = 60, 1_000, 5
AMOUNT, MINOR, WHOLE = "100.00", 100_00, 100_000_00
EVENTS, HANDS = "/api/v1/gateway/events", 16
NOBODY = "http://127.0.0.1:9"
LATE_SECONDS = 400
TRUE = {"settled": "payout.settled", "failed": "payout.failed", "awaiting_visitor": "payout.awaiting_visitor"}


@dataclass(frozen=True)
class Message:
    """What is delivered: the bytes, how they are signed, and what must be answered."""

    id: str
    body: bytes
    signed: bytes
    secret: bytes
    age: int
    expected: int

    def headers(self) -> dict[str, str]:
        """As the gateway, or whoever pretends to be it, sends it."""
        stamp = int(time.time()) - self.age
        signature = sign(self.secret, self.id, stamp, self.signed)
        named = {"webhook-id": self.id, "webhook-timestamp": str(stamp), "webhook-signature": signature}
        return {"Content-Type": "application/json", **named}


def written(key: str, kind: str, **changed: object) -> dict[str, object]:
    """What a message about a payout says."""
    return {"type": kind, "key": key, "amount_minor": MINOR, "currency": "CNY", "gateway_id": f"gw-{key}", **changed}


def messages(truth: dict[str, str], lots: random.Random) -> list[Message]:
    """A thousand: nine tenths tell the truth about a key, each with an id of its own; a tenth are what nobody may believe."""
    keys, secret = sorted(truth), secret_bytes(SECRET)
    made = [honest(number, keys, truth, secret, lots) for number in range(MESSAGES * 9 // 10)]
    made += [FALSE[number % len(FALSE)](number, lots.choice(keys), truth, secret) for number in range(MESSAGES // 10)]
    return made


def honest(number: int, keys: Sequence[str], truth: dict[str, str], secret: bytes, lots: random.Random) -> Message:
    """The truth about a key; of one that has ended also what was true before, that the money awaited its visitor."""
    key = keys[number % len(keys)]
    kind = TRUE[truth[key]] if number < 2 * len(keys) or lots.random() < 0.7 else TRUE["awaiting_visitor"]
    body = json.dumps(written(key, kind)).encode()
    return Message(f"true-{number}", body, body, secret, 0, 200)


def wrong_kind(key: str, truth: dict[str, str]) -> dict[str, object]:
    """The opposite of the truth."""
    return written(key, TRUE["failed" if truth[key] != "failed" else "settled"])


def forged(number: int, key: str, truth: dict[str, str], _: bytes) -> Message:
    """A lie signed with another secret."""
    body = json.dumps(wrong_kind(key, truth)).encode()
    return Message(f"forged-{number}", body, body, b"another secret", 0, 401)


def stale(number: int, key: str, truth: dict[str, str], secret: bytes) -> Message:
    """Signed right, more than five minutes ago."""
    body = json.dumps(wrong_kind(key, truth)).encode()
    return Message(f"stale-{number}", body, body, secret, LATE_SECONDS, 401)


def foreign(number: int, _key: str, _truth: dict[str, str], secret: bytes) -> Message:
    """Signed right, about a payout that is not ours: kept for a person, and moving nothing."""
    body = json.dumps(written(f"payout-{number + 7}", TRUE["settled"])).encode()
    return Message(f"foreign-{number}", body, body, secret, 0, 200)


def reserialised(number: int, key: str, truth: dict[str, str], secret: bytes) -> Message:
    """The same document in other bytes than those that were signed."""
    document = wrong_kind(key, truth)
    return Message(f"other-{number}", json.dumps(document, indent=1).encode(), json.dumps(document).encode(), secret, 0, 401)


FALSE: Sequence[Callable[[int, str, dict[str, str], bytes], Message]] = (forged, stale, foreign, reserialised)


async def make_ready(place: Place, url: str, lots: random.Random) -> dict[str, str]:
    """Payouts that the gateway is paying and says nothing of; what it will have done with each, by key."""
    numbers = await each_of(place, url, lambda staff, _: staff.ready(AMOUNT), PAYOUTS)

    def send(number: str) -> Callable[[Staff], Any]:
        return lambda staff: staff.step(number, "send")

    for answer in await at_once(place, url, [send(number) for number in numbers]):
        assert told(answer)["state"] == "sending"
    outcomes = ["settled"] * 4 + ["failed"] * 2 + ["awaiting_visitor"]
    return {f"payout-{number}": lots.choice(outcomes) for number in numbers}


async def deliver(url: str, made: Sequence[Message], lots: random.Random) -> Counter[str]:
    """Deliver all of them shuffled, each one to five times, over several connections; how often each id was delivered."""
    times = [message for message in made for _ in range(lots.randint(1, MOST_TIMES))]
    lots.shuffle(times)
    waiting = iter(times)

    async def one() -> None:
        async with Wire.open(url) as wire:
            for message in waiting:
                answer = await wire.post(EVENTS, message.body, message.headers())
                assert answer.status == message.expected, (message.id, answer.status, answer.body)

    await asyncio.gather(*(one() for _ in range(HANDS)))
    return Counter(message.id for message in times)


def test_of_a_thousand_messages_in_any_order_only_the_true_ones_move_anything(
    place: Place, seed: int, say: Callable[[str], None]
) -> None:
    lots = random.Random(seed)
    say(f"{place.engine}: the same messages again with DESK_TEST_SEED={seed}")
    with place.serve("--no-worker", gateway_url=NOBODY, gateway_secret=SECRET) as served:
        truth = asyncio.run(make_ready(place, served.url, lots))
        made = messages(truth, lots)
        began = time.monotonic()
        delivered = asyncio.run(deliver(served.url, made, lots))
        took = time.monotonic() - began
        log = served.output
    assert len(delivered) == MESSAGES
    assert dict(place.rows("SELECT key, state FROM payout")) == truth
    kept = dict(place.rows("SELECT id, fate FROM gateway_event"))
    assert set(kept) == {message.id for message in made if message.expected == 200}
    assert place.count("gateway_event") == len(kept)
    assert {fate for name, fate in kept.items() if name.startswith("foreign")} == {"parked"}
    ends = Counter(truth.values())
    balances = standings(place)
    left = WHOLE - MINOR * (ends["settled"] + ends["awaiting_visitor"])
    assert (balances["available"], balances["reserved"], balances["in_transit"]) == (left, 0, MINOR * ends["awaiting_visitor"])
    assert '"event":"bug"' not in log
    place.check()
    say(f"{place.engine}: {delivered.total()} deliveries of {MESSAGES} messages in {took:.1f} s, {dict(ends)}")
