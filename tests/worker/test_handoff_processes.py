"""A partner's system is told by the shipped worker, on this machine only where a setting lets it stand there."""

import asyncio
import json
import sqlite3
from contextlib import closing
from typing import Any

import httpx
import pytest

from tests.fakes.wire import served
from tests.gate.places import HOME, Place
from tests.processes import Served, environment, free_port, started
from tests.worker.conftest import SeededOn
from tests.worker.test_handoffs import Receiver
from tests.worker.test_notification_processes import eventually, lodge

ALLOWED = {"handoff_loopback": "true", "public_url": "https://desk.example"}


async def called(place: Place, desk: Served, who: str, path: str, **body: Any) -> Any:  # noqa: ANN401 - the JSON
    """POST as somebody of the seeded staff."""
    headers = {"Authorization": f"Bearer {place.token(who)}", "Idempotency-Key": f"key-{path}"}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        answer = await client.post(f"{desk.url}/api/v1{path}", json=body, headers=headers)
    return answer.json() | {"status": answer.status_code} if not answer.is_success else answer.json()


def posts(place: Place) -> list[tuple[Any, ...]]:
    """What became of telling partners."""
    return place.rows("SELECT post, tries, why FROM handoff ORDER BY id")


def hurried(place: Place) -> None:
    """Let the next try be due now."""
    with closing(sqlite3.connect(place.file, timeout=30)) as connection, connection:
        connection.execute("UPDATE job SET due_at = made_at, leased_until = NULL WHERE kind = 'handoff'")


@pytest.mark.slow
async def test_the_shipped_worker_tells_a_partner_and_only_where_it_is_allowed_to_on_this_machine(seeded_on: SeededOn) -> None:
    receiver = Receiver()
    async with served(receiver.handle) as address:
        with seeded_on("sqlite") as place:
            with place.serve("--no-worker", port=free_port(), **ALLOWED) as desk:
                reference = await lodge(place, desk, phone="+8613800138000")
                told = {"kind": "hotline_12345", "name": "12345", "hook_url": f"{address}/desk"}
                hand = await called(place, desk, "manager", f"/sites/{HOME}/partners", **told)
                await called(place, desk, "intake", f"/claims/{reference}/handoffs", partner=hand["id"], asked="请核查。")
                with started(place.data, "work", url="", env=environment(place.data, place.database)) as worker:
                    assert await eventually(lambda: posts(place) == [("waiting", 1, "unfit_address")]), worker.output
                assert receiver.asked == []
                hurried(place)
                with started(place.data, "work", url="", env=environment(place.data, place.database, **ALLOWED)) as worker:
                    assert await eventually(lambda: posts(place) == [("sent", 2, None)]), worker.output
                logs = worker.output + desk.output
            await asyncio.to_thread(place.check)
    (asked,) = receiver.asked
    assert json.loads(asked.body)["reference"] == reference
    assert not any(word in logs for word in (hand["secret"], hand["token"], "13800138000", "Traceback"))
