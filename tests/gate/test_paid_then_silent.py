"""kill -9 while money is on its way: whatever the gateway had heard by then, each payout is paid once and settles (I08, I17)."""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from tests.gate.paying import PAYOUTS as PAYOUTS_PATH
from tests.gate.paying import Floor, Staff, at_once, each_of, floor, fresh, standings, told
from tests.gate.places import Place
from tests.gate.wire import Cut, Wire, by
from tests.processes import Served

pytestmark = pytest.mark.slow

PAYOUTS, FIRST_FEW = 100, 3
BEFORE_EACH, LATE = 10, 0.4
KILLED_WHILE: Sequence[tuple[str, dict[str, object]]] = (
    ("normal", {}), ("slow", {"seconds": 0.3, "events": "none"}), ("slow", {"seconds": 0.3}),
)  # fmt: skip
SETTLED_SECONDS, ASKED_SECONDS = 60, 5
AMOUNT, MINOR, WHOLE = "100.00", 100_00, 100_000_00
PATIENT, HASTY = {"gateway_timeout": "15"}, {"gateway_timeout": "3"}


def test_what_was_paid_before_the_kill_is_found_and_not_paid_again(
    place: Place, tmp_path: Path, say: Callable[[str], None]
) -> None:
    with floor(place, tmp_path / "gateway", **HASTY) as shop:
        shop.gateway.behave("silent_after_paying", events="none", seconds=SETTLED_SECONDS)
        with shop.open() as served:
            asyncio.run(make_ready(shop, PAYOUTS))
            asyncio.run(send_and_kill(shop, served, lambda: len(shop.gateway.payments()) >= PAYOUTS // 2))
        paid, calling = set(shop.paid()), shop.calling()
        assert PAYOUTS // 2 <= len(paid) < PAYOUTS
        assert len(paid & calling) >= FIRST_FEW, "nobody told the desk that these were paid"
        shop.gateway.behave()
        took = recovers(shop)
        assert {key: shop.gateway.asked(key) for key in shop.amounts()} == dict.fromkeys(shop.amounts(), 1)
    assert place.rows("SELECT id FROM event WHERE to_state = 'failed'") == [], "none was ever shown as failed"
    say(
        f"{place.engine}: of {PAYOUTS} killed with {len(paid)} paid, {len(calling)} of them waiting for a word; "
        f"all settled {took:.1f} s after the restart, each paid once"
    )


def test_nothing_is_paid_twice_wherever_the_kill_hits(place: Place, tmp_path: Path, say: Callable[[str], None]) -> None:
    with floor(place, tmp_path / "gateway", **PATIENT) as shop:
        calling = [len(kill_at_random(shop, *manner)) for manner in KILLED_WHILE]
        unheard = kill_with_calls_unheard(shop)
        assert len(unheard) >= FIRST_FEW
        assert {shop.gateway.asked(key) for key in unheard} == {0}
        took = recovers(shop)
        many = len(shop.amounts())
    say(
        f"{place.engine}: {len(calling)} kills at random with {calling} calls open, one with {len(unheard)} begun and unheard; "
        f"all {many} settled {took:.1f} s after the last restart, each paid once"
    )


def test_a_gateway_that_keeps_no_keys_is_not_asked_again_and_two_persons_decide(
    place: Place, tmp_path: Path, say: Callable[[str], None]
) -> None:
    with floor(place, tmp_path / "gateway", gateway_honours_keys="false", **PATIENT) as shop:
        unheard = kill_with_calls_unheard(shop)
        asked_before = {key: shop.gateway.asked(key) for key in shop.amounts()}
        shop.gateway.behave(events="none")
        with shop.open():
            lost = asyncio.run(decide(shop, unheard))
        assert (
            {key: shop.gateway.asked(key) for key in lost} == {key: asked_before[key] for key in lost} == dict.fromkeys(lost, 0)
        )
        assert not set(shop.paid()) & lost
        assert all(times == 1 for times in shop.paid().values())
    assert dict(place.rows("SELECT state, count(*) FROM payout WHERE state = 'failed' GROUP BY state")) == {"failed": len(lost)}
    place.check()
    say(f"{place.engine}: {len(lost)} calls begun and unheard were not made again; two persons decided each")


async def decide(shop: Floor, keys: set[str]) -> set[str]:
    """Wait until all of these are unknown and were asked for, then let two persons say that they failed; the keys."""
    body = json.dumps({"outcome": "failed", "evidence": "网关记录截图"}).encode()
    async with Wire.open(shop.url) as wire:
        staff = Staff(shop.place, wire)
        for number in (key.removeprefix("payout-") for key in sorted(keys)):
            await staff.until(number, "unknown", seconds=SETTLED_SECONDS)
        await asyncio.sleep(ASKED_SECONDS)
        for number in (key.removeprefix("payout-") for key in sorted(keys)):
            for role, place in (("manager", 0), ("cashier", 1)):
                headers = by(shop.place.token(role, place=place), fresh())
                said = told(await wire.post(f"{PAYOUTS_PATH}/{number}/resolve", body, headers))
            assert said["state"] == "failed"
    return keys


def kill_at_random(shop: Floor, mode: str, more: dict[str, object]) -> set[str]:
    """Kill the desk soon after the gateway has begun to pay, while it behaves like this; the keys whose calls were open."""
    shop.gateway.behave(mode, **more)
    with shop.open() as served:
        earlier = set(shop.amounts())
        asyncio.run(make_ready(shop, BEFORE_EACH))
        before = len(shop.gateway.payments())
        asyncio.run(send_and_kill(shop, served, lambda: len(shop.gateway.payments()) > before, late=LATE))
    return shop.calling() - earlier


def kill_with_calls_unheard(shop: Floor) -> set[str]:
    """Kill the desk when it has written down that it calls, and the gateway has heard nothing; the keys of such calls."""
    with shop.open() as served:
        earlier = set(shop.amounts())
        asyncio.run(make_ready(shop, BEFORE_EACH))
        shop.gateway.freeze()
        asyncio.run(send_and_kill(shop, served, lambda: len(shop.calling() - earlier) >= FIRST_FEW))
    shop.gateway.kill()
    shop.gateway.start()
    return shop.calling() - earlier


async def make_ready(shop: Floor, many: int) -> None:
    """So many more payouts that may be sent."""
    await each_of(shop.place, shop.url, lambda staff, _: staff.ready(AMOUNT), many)


async def send_and_kill(shop: Floor, served: Served, due: Callable[[], bool], late: float = 0) -> None:
    """Send all that is reserved, and end every process of the desk with kill -9 when it is due, or up to `late` seconds later."""
    payouts = shop.reserved()
    sending = asyncio.create_task(at_once(shop.place, shop.url, [press(payout) for payout in payouts]))
    await asyncio.to_thread(wait_until, due)
    await asyncio.sleep(random.uniform(0, late))
    await asyncio.to_thread(served.kill)
    acknowledged = {payout for payout, said in zip(payouts, await sending, strict=True) if said}
    assert acknowledged & set(shop.reserved()) == set(), "a send that was acknowledged was lost"


def wait_until(due: Callable[[], bool]) -> None:
    """Return when it is due; raises TimeoutError when it never is."""
    deadline = time.monotonic() + SETTLED_SECONDS
    while not due():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.01)


def press(payout: str) -> Callable[[Staff], Awaitable[bool]]:
    """Send a payout; whether the desk lived to say that it does."""

    async def pressed(staff: Staff) -> bool:
        try:
            return bool(told(await staff.step(payout, "send"))["state"] == "sending")
        except Cut:
            return False

    return pressed


def recovers(shop: Floor) -> float:
    """Serve the desk again, send what is still reserved, and expect each to be paid once; seconds until all is settled."""
    began = time.monotonic()
    with shop.open() as served:
        asyncio.run(at_once(shop.place, shop.url, [press(payout) for payout in shop.reserved()]))
        shop.settled_within(SETTLED_SECONDS - (time.monotonic() - began))
        took, log = time.monotonic() - began, served.output
    keys = shop.amounts()
    assert [(each["amount_minor"], each["state"]) for each in shop.gateway.payments()] == [(MINOR, "settled")] * len(keys)
    assert shop.paid() == dict.fromkeys(keys, 1)
    assert '"event":"bug"' not in log
    balances = standings(shop.place)
    assert (balances["available"], balances["reserved"], balances["in_transit"]) == (WHOLE - MINOR * len(keys), 0, 0)
    shop.place.check()
    return took
