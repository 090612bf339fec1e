"""Everybody presses "send", again and again, at several servers: each payout leaves once and is paid once (I07, I08, I15)."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.gate.paying import Floor, Staff, at_once, each_of, floor, fresh, standings
from tests.gate.places import Place
from tests.gate.wire import Answer

pytestmark = pytest.mark.slow

PAYOUTS, PRESSES, TOGETHER = 50, 20, 10
AMOUNTS = ("150.00", "250.00")
WHOLE, PAID = 100_000_00, 25 * 150_00 + 25 * 250_00
SETTLED_SECONDS = 30
MAY_BE_TOLD = {"wrong_moment", "idempotency_key_in_flight"}


async def storm(shop: Floor) -> tuple[list[list[Answer]], float]:
    """Make payouts ready, and press for each of them twenty times at once, ten payouts together; each one's answers."""

    async def ready(staff: Staff, number: int) -> str:
        return await staff.ready(AMOUNTS[number % 2], cashier=number // 2 % 2)

    payouts = await each_of(shop.place, shop.url, ready, PAYOUTS)
    answers, began = list[list[Answer]](), time.monotonic()
    for first in range(0, PAYOUTS, TOGETHER):
        presses = [each for payout in payouts[first : first + TOGETHER] for each in presses_of(payout)]
        came = await at_once(shop.place, shop.url, presses)
        answers += [came[place : place + PRESSES] for place in range(0, len(came), PRESSES)]
    return answers, time.monotonic() - began


def presses_of(payout: str) -> list[Callable[[Staff], Awaitable[Answer]]]:
    """The two cashiers press in turn; half of each one's presses are one request that was repeated, half are new ones."""
    repeated = (fresh(), fresh())
    return [press(payout, number % 2, repeated[number % 2] if number % 4 < 2 else fresh()) for number in range(PRESSES)]


def press(payout: str, cashier: int, key: str) -> Callable[[Staff], Awaitable[Answer]]:
    """One press of a cashier."""
    return lambda staff: staff.step(payout, "send", place=cashier, key=key)


def sent_once(answers: list[Answer]) -> None:
    """Expect one press to have sent the payout, its repetitions to be told the same, and all others that they came late."""
    took = [answer for answer in answers if answer.status == 200]
    assert sum("idempotent-replayed" not in answer.headers for answer in took) == 1
    assert len({answer.body for answer in took}) == 1
    assert took[0].document["state"] == "sending"
    late = [answer for answer in answers if answer.status != 200]
    assert {answer.status for answer in late} == {409}
    assert {answer.document["code"] for answer in late} <= MAY_BE_TOLD


def test_a_payout_that_is_sent_twenty_times_at_once_is_paid_once(
    place: Place, tmp_path: Path, say: Callable[[str], None]
) -> None:
    with floor(place, tmp_path / "gateway", "--workers", "2") as shop:
        with shop.open() as served:
            answers, took = asyncio.run(storm(shop))
            settling = shop.settled_within(SETTLED_SECONDS)
            log = served.output
        for each in answers:
            sent_once(each)
        keys = shop.amounts()
        assert len(keys) == PAYOUTS
        assert {each["key"]: each["amount_minor"] for each in shop.gateway.payments()} == keys
        assert shop.paid() == dict.fromkeys(keys, 1)
        assert {key: shop.gateway.asked(key) for key in keys} == dict.fromkeys(keys, 1)
    assert '"event":"bug"' not in log
    balances = standings(place)
    assert (balances["available"], balances["reserved"], balances["in_transit"]) == (WHOLE - PAID, 0, 0)
    place.check()
    told = Counter(answer.status for each in answers for answer in each)
    say(
        f"{place.engine}: {PAYOUTS * PRESSES} presses in {took:.1f} s ({told[200]} x 200, {told[409]} x 409), "
        f"{PAYOUTS} payouts left once and were paid once, the last one settled {settling:.1f} s later"
    )
