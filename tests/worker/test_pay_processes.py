"""A refund from claim to visitor through the shipped processes: a desk, its worker, and a gateway that keeps its own books."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.gate.paying import Floor, Slip, Staff, floor, standings, told, yuan
from tests.gate.wire import Wire
from tests.worker.conftest import SeededOn

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def pay_floor(request: pytest.FixtureRequest, seeded_on: SeededOn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """A seeded desk served beside a gateway, once on each engine; it must stand whole when all is paid."""
    folder = tmp_path_factory.mktemp("paying")
    with seeded_on(request.param) as place, floor(place, folder / "gateway", gateway_timeout="2") as shop, shop.open():
        yield shop
        place.check()


@pytest.fixture
async def staff(pay_floor: Floor) -> AsyncIterator[Staff]:
    """The staff before a gateway that behaves."""
    pay_floor.gateway.behave()
    async with Wire.open(pay_floor.url) as wire:
        yield Staff(pay_floor.place, wire)


async def sent(staff: Staff, amount: str) -> tuple[Slip, dict[str, Any]]:
    """A claim, and its payout that the cashier has just sent through the gateway."""
    slip = await staff.agreed(amount)
    payout = told(await staff.propose(slip.reference), 201)
    return slip, told(await staff.step(payout["id"], "send"))


async def refunded(staff: Staff, slip: Slip, amount: str) -> dict[str, Any]:
    """What the visitor sees; expects them to be told that all of it has come, and when."""
    shown = await staff.status(slip)
    assert (shown["state"], shown["stage"], shown["amounts"]["agreed"]) == ("closed", "closed_refunded", yuan(amount))
    moments = [datetime.fromisoformat(shown["amounts"][name]) for name in ("sent_at", "received_at")]
    assert moments == sorted(moments)
    return shown


def paid_once(shop: Floor, payout: dict[str, Any]) -> None:
    """Expect the gateway's books to hold this payment once, of this amount, and nobody to have asked for it twice."""
    key = f"payout-{payout['id']}"
    payments = shop.gateway.payments(key)
    assert [(each["amount_minor"], each["currency"], each["state"]) for each in payments] == [
        (shop.amounts()[key], "CNY", "settled")
    ]
    assert shop.gateway.asked(key) == 1


def fates(shop: Floor, payout: dict[str, Any]) -> list[str]:
    """What became of the gateway's messages about a payout, as the database says."""
    return [fate for (fate,) in shop.place.rows(f"SELECT fate FROM gateway_event WHERE payout_id = {payout['id']}")]


@pytest.mark.parametrize(("amount", "review"), [("199.99", []), ("200.00", ["solo_limit"])])
async def test_a_refund_goes_from_the_counter_through_the_gateway_to_the_visitor(
    pay_floor: Floor, staff: Staff, amount: str, review: list[str]
) -> None:
    before, slip = await staff.fund(), await staff.agreed(amount)
    payout = told(await staff.propose(slip.reference), 201)
    assert (payout["state"], payout["review"]) == ("awaiting_approval" if review else "reserved", review)
    if review:
        assert told(await staff.step(payout["id"], "send"), 409)["code"] == "second_officer_needed"
        assert told(await staff.step(payout["id"], "approve", role="manager"))["state"] == "reserved"
    assert pay_floor.gateway.payments(f"payout-{payout['id']}") == []
    assert told(await staff.step(payout["id"], "send"))["state"] == "sending"
    settled = await staff.until(payout["id"], "settled")
    shown = await refunded(staff, slip, amount)
    assert (shown["amounts"]["sent_at"], shown["amounts"]["received_at"]) == (settled["sent_at"], settled["settled_at"])
    paid_once(pay_floor, payout)
    after, minor = await staff.fund(), pay_floor.amounts()[f"payout-{payout['id']}"]
    assert {name: after[name] - before[name] for name in after} == {
        "available": -minor, "reserved": 0, "in_transit": 0, "paid": minor, "receivable": minor, "recovered": 0, "written_off": 0,
    }  # fmt: skip
    assert standings(pay_floor.place)["available"] == after["available"]


async def test_cash_is_handed_over_and_signed_for_without_the_gateway(pay_floor: Floor, staff: Staff) -> None:
    slip, asked = await staff.agreed("88.00"), len(pay_floor.gateway.payments())
    payout = told(await staff.propose(slip.reference, "cash"), 201)
    assert told(await staff.step(payout["id"], "send"))["state"] == "awaiting_visitor"
    assert (await staff.status(slip))["stage"] == "refund_sent"
    assert told(await staff.step(payout["id"], "received"))["state"] == "settled"
    await refunded(staff, slip, "88.00")
    assert len(pay_floor.gateway.payments()) == asked


async def test_without_its_messages_the_gateways_answer_settles(pay_floor: Floor, staff: Staff) -> None:
    pay_floor.gateway.behave(events="none")
    slip, payout = await sent(staff, "120.00")
    await staff.until(payout["id"], "settled")
    assert fates(pay_floor, payout) == []
    await refunded(staff, slip, "120.00")
    paid_once(pay_floor, payout)


async def test_without_its_answer_the_gateways_message_settles(pay_floor: Floor, staff: Staff) -> None:
    pay_floor.gateway.behave("silent_after_paying")
    slip, payout = await sent(staff, "121.00")
    await staff.until(payout["id"], "settled")
    assert fates(pay_floor, payout) == ["moved"]
    await refunded(staff, slip, "121.00")
    paid_once(pay_floor, payout)


async def test_without_either_it_is_unknown_until_the_gateway_is_asked(pay_floor: Floor, staff: Staff) -> None:
    pay_floor.gateway.behave("silent_after_paying", events="none")
    slip, payout = await sent(staff, "122.00")
    lost = await staff.until(payout["id"], "unknown")
    assert lost["unknown_since"]
    assert (await staff.status(slip))["stage"] == "refund_being_confirmed"
    assert told(await staff.step(payout["id"], "send"), 409)["code"] == "wrong_moment"
    assert (await staff.fund())["in_transit"] == 12_200
    await staff.until(payout["id"], "settled")
    assert fates(pay_floor, payout) == []
    await refunded(staff, slip, "122.00")
    paid_once(pay_floor, payout)
