"""A visitor is written to by the shipped worker, through a mail server and a hook that keep what they get."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from desk.domain.signature import signed_right
from tests.fakes.smtp import FakeSmtp, fake_smtp
from tests.fakes.wire import Asked, Reply, served
from tests.gate.places import HOME, Place
from tests.processes import Served, environment, free_port, started
from tests.worker.conftest import SeededOn

pytestmark = pytest.mark.slow
SECRET = "geheim-der-tests"
PASSWORD = "geheim/und@mehr"
SECONDS = 40.0


class Outside:
    """A mail server and a hook, and the settings that name them."""

    def __init__(self, server: FakeSmtp, url: str, asked: list[Asked]) -> None:
        self.server, self.asked = server, asked
        server.users = {"desk": PASSWORD}
        self.settings: Mapping[str, str] = {
            "smtp_url": f"smtp://desk:geheim%2Fund%40mehr@127.0.0.1:{server.port}", "mail_from": "desk@site.example",
            "message_hook_url": url, "message_hook_secret": SECRET, "public_url": "https://desk.example",
        }  # fmt: skip


@asynccontextmanager
async def outside() -> AsyncIterator[Outside]:
    """Both of them, behaving."""
    asked = list[Asked]()

    async def handle(request: Asked) -> Reply:
        asked.append(request)
        return Reply(202)

    async with fake_smtp() as server, served(handle) as address:
        yield Outside(server, f"{address}/sms", asked)


async def lodge(place: Place, desk: Served, **visitor: str) -> str:
    """Lodge a claim over HTTP; returns its reference."""
    body: dict[str, Any] = {
        "site": HOME, "channel": "counter", "visitor": {"name": "王小薇", "language": "en", **visitor}, "respondent": None,
        "category": "other", "facts": "A bill without a price list.", "items": [],
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {place.token()}", "Idempotency-Key": f"key-{sorted(visitor)}"}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        answer = await client.post(f"{desk.url}/api/v1/claims", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


async def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it comes true soon; the servers outside go on meanwhile."""
    for _ in range(int(SECONDS / 0.1)):
        if await asyncio.to_thread(holds):
            return True
        await asyncio.sleep(0.1)
    return False


def states(place: Place) -> list[tuple[Any, ...]]:
    """The outbox."""
    return place.rows("SELECT channel, state, tries FROM notification ORDER BY channel")


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_one_mail_and_one_text_message_leave_through_the_shipped_worker(seeded_on: SeededOn, engine: str) -> None:
    async with outside() as out:
        with seeded_on(engine) as place, place.serve("--no-worker", port=free_port(), **out.settings) as desk:
            env = environment(place.data, place.database, **out.settings)
            with started(place.data, "work", url="", env=env) as worker:
                by_mail = await lodge(place, desk, email="vera@example.org")
                by_text = await lodge(place, desk, phone="+8613800138000")
                assert await eventually(lambda: states(place) == [("mail", "sent", 1), ("sms", "sent", 1)]), worker.output
            logs = worker.output + desk.output
            await asyncio.to_thread(place.check)
    (mail,), (text,) = out.server.mails, out.asked
    assert mail.to == "vera@example.org"
    assert by_mail in mail.text
    assert "https://desk.example/s\n" in mail.text
    number, at, signature = (text.headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
    told = json.loads(text.body)
    assert (told["to"], told["language"], by_text in told["text"]) == ("+8613800138000", "en", True)
    assert signed_right(SECRET.encode(), number, at, signature, text.body, _at(at))
    said = [word for word in ("geheim", PASSWORD, "vera@example.org", "13800138000", by_mail, "Traceback") if word in logs]
    assert said == []


async def test_a_worker_killed_after_the_server_took_the_mail_sends_it_again_by_the_same_name(seeded_on: SeededOn) -> None:
    async with outside() as out:
        with seeded_on("sqlite") as place, place.serve("--no-worker", port=free_port(), **out.settings) as desk:
            env = environment(place.data, place.database, **out.settings)
            out.server.stall = "data-end"
            with started(place.data, "work", url="", env=env) as worker:
                await lodge(place, desk, email="vera@example.org")
                assert await eventually(lambda: len(out.server.mails) == 1), worker.output
                os.kill(worker.process.pid, signal.SIGKILL)
                await asyncio.to_thread(worker.process.wait, 5)
            assert states(place) == [("mail", "waiting", 1)]
            out.server.stall = ""
            with started(place.data, "work", url="", env=env) as worker:
                assert await eventually(lambda: states(place) == [("mail", "sent", 2)]), worker.output
            await asyncio.to_thread(place.check)
    first, second = (mail.message["Message-ID"] for mail in out.server.mails)
    assert first == second


async def test_a_worker_is_not_kept_from_ending_by_a_server_that_hangs(seeded_on: SeededOn) -> None:
    async with outside() as out:
        with seeded_on("sqlite") as place, place.serve("--no-worker", port=free_port(), **out.settings) as desk:
            out.server.stall = "RCPT"
            env = environment(place.data, place.database, **out.settings)
            with started(place.data, "work", url="", env=env) as worker:
                await lodge(place, desk, email="vera@example.org")
                assert await eventually(lambda: "RCPT" in out.server.verbs), worker.output
                assert await asyncio.to_thread(worker.terminate, 12) == 0
                assert "Traceback" not in worker.output


def _at(seconds: str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
