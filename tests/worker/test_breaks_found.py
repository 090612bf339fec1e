"""The shipped worker and a gateway that lies: after midnight UTC the breaks are listed, and the next refund does not leave."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from typing import Any

import httpx
import pytest

from tests.gate.paying import Floor, Staff, floor, fresh, told
from tests.gate.places import HOME
from tests.gate.wire import Answer, Wire, by
from tests.processes import environment, run
from tests.worker.conftest import SeededOn

BREAKS = f"/api/v1/sites/{HOME}/breaks"
WITHIN_SECONDS = 30.0
NOTHING = {"days": 0, "ok": True, "breaks": [], "unasked": {}}

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, seeded_on: SeededOn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """A seeded desk served beside a gateway, its clock in a file; it must stand whole when all is resolved."""
    folder = tmp_path_factory.mktemp("paying")
    with (
        seeded_on(request.param) as place,
        floor(place, folder / "gateway", clock_file=str(place.data.parent / "clock")) as opened,
        opened.open(),
    ):
        yield opened
        place.check()


async def test_a_lying_gateway_is_found_out_after_midnight_and_no_refund_leaves_until_it_is_resolved(shop: Floor) -> None:
    async with Wire.open(shop.url) as wire:
        staff = Staff(shop.place, wire)
        paid, waiting = [await staff.ready("40.00") for _ in range(2)]
        assert told(await staff.step(paid, "send"))["state"] == "sending"
        await staff.until(paid, "settled")
    pay_besides(shop, f"payout-{paid}")
    assert desk(shop, "reconcile", "--json") == (0, NOTHING)
    shop.gateway.behave("wrong_amount", on="statement")
    pass_midnight(shop)
    assert desk(shop, "work", "--once")[0] == 0
    async with Wire.open(shop.url) as wire:
        staff = Staff(shop.place, wire)
        found = await listed(staff, 2)
        assert {each["kind"] for each in found} == {"amount_differs", "paid_twice"}
        assert {each["key"] for each in found} == {f"payout-{paid}"}
        assert told(await staff.step(waiting, "send"), 409)["code"] == "sends_stopped"
    assert shop.gateway.asked(f"payout-{waiting}") == 0
    code, shown = desk(shop, "reconcile", "--json")
    assert (code, shown["ok"], len(shown["breaks"])) == (1, False, 2)
    assert "paid_twice" in desk(shop, "reconcile")[1]
    assert "the gateway's statement differs" in desk(shop, "sends", "list")[1]
    async with Wire.open(shop.url) as wire:
        staff = Staff(shop.place, wire)
        for each in found:
            assert told(await as_manager(staff, f"/api/v1/sites/{HOME}/sends/resume", {}), 409)["code"] == "breaks_open"
            resolved = await as_manager(staff, f"/api/v1/breaks/{each['id']}/resolve", {"reason": "网关已更正"})
            assert told(resolved)["resolved_at"]
        assert told(await staff.step(waiting, "send"))["state"] == "sending"
        await staff.until(waiting, "settled")
    assert shop.gateway.asked(f"payout-{waiting}") == 1
    assert desk(shop, "reconcile", "--json") == (0, NOTHING)


async def as_manager(staff: Staff, path: str, body: dict[str, str]) -> Answer:
    """What the manager of the home site sends once."""
    headers = {**by(staff.place.token("manager"), fresh())}
    return await staff.wire.post(path, json.dumps(body).encode(), headers)


def pay_besides(shop: Floor, key: str) -> None:
    """Let the gateway forget that it paid, and pay once more."""
    (payment,) = shop.gateway.payments(key)
    shop.gateway.behave("forgetful")
    body = {"key": key, "amount_minor": payment["amount_minor"], "currency": "CNY", "payee": {}, "memo": ""}
    headers = {"Idempotency-Key": key}
    httpx.post(f"{shop.gateway.url}/payouts", json=body, headers=headers, trust_env=False).raise_for_status()
    assert shop.paid()[key] == 2


def pass_midnight(shop: Floor) -> None:
    """Move the desk's clock to ten minutes after the next midnight UTC."""
    now = datetime.now(UTC)
    then = datetime.combine(now.date() + timedelta(days=1), clock_time(0, 10), UTC)
    (shop.place.data.parent / "clock").write_text(str((then - now).total_seconds()))


def desk(shop: Floor, *arguments: str) -> tuple[int, Any]:
    """A command of the desk beside its gateway: its exit code and what it printed."""
    settings = {**shop.gateway.settings, **shop.settings}
    done = run(*arguments, env=environment(shop.place.data, shop.place.database, **settings))
    return done.returncode, json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout + done.stderr


async def listed(staff: Staff, many: int) -> list[dict[str, Any]]:
    """The open breaks, once there are so many."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while True:
        found: list[dict[str, Any]] = told(await staff.wire.ask("GET", BREAKS, headers=by(staff.place.token("manager"))))[
            "breaks"
        ]
        if len(found) == many:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.2)  # noqa: ASYNC251 - nothing else runs meanwhile
