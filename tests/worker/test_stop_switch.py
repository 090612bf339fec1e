"""The stop switch while the shipped worker pays: pressed at a shell, counted in the gateway's own books."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.gate.paying import Floor, Staff, each_of, floor, told
from tests.gate.wire import Wire
from tests.worker.conftest import SeededOn

MANY, BOUND_SECONDS, WATCHED_SECONDS = 60, 2.0, 4.0

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, seeded_on: SeededOn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """A seeded desk served beside a gateway; it must stand whole when all is paid."""
    folder = tmp_path_factory.mktemp("paying")
    with seeded_on(request.param) as place, floor(place, folder / "gateway", gateway_timeout="5") as opened, opened.open():
        yield opened
        place.check()


async def test_a_stop_holds_every_send_within_two_seconds_and_resuming_loses_none(shop: Floor) -> None:
    numbers = await each_of(shop.place, shop.url, lambda staff, _: staff.ready("40.00"), MANY)
    shop.gateway.behave("slow", seconds=1)
    async with Wire.open(shop.url) as wire:
        staff = Staff(shop.place, wire)
        for number in numbers[:-1]:
            assert told(await staff.step(number, "send"))["state"] == "sending"
        stopped = shop.place.desk("sends", "stop", "--reason", "对账不符")
        assert (stopped.returncode, "huangshan: stopped" in stopped.stderr) == (0, True)
        refusal = told(await staff.step(numbers[-1], "send"), 409)
        assert refusal["code"] == "sends_stopped"
        await asyncio.sleep(BOUND_SECONDS)
        left = asked(shop, numbers)
        await asyncio.sleep(WATCHED_SECONDS)
        assert asked(shop, numbers) == left
        assert 0 < len(left) < MANY
        assert shop.states()["settled"] == len(left)
        assert shop.states()["reserved"] == MANY - len(left)
    assert shop.place.desk("sends", "resume").returncode == 0
    async with Wire.open(shop.url) as wire:
        for number in shop.reserved():
            assert told(await Staff(shop.place, wire).step(number, "send"))["state"] == "sending"
        shop.settled_within(60)
    assert shop.paid() == {f"payout-{number}": 1 for number in numbers}


def asked(shop: Floor, numbers: list[str]) -> set[str]:
    """The keys that the gateway was ever called with."""
    return {f"payout-{number}" for number in numbers if shop.gateway.asked(f"payout-{number}")}
