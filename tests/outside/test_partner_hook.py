"""Partners' systems on the wire: each host proves its own name, learns nothing of another, and is heard by its status line."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from ssl import SSLContext

import pytest

from desk.domain.notification import Fate
from desk.outside.couriers.partner import PartnerHook
from desk.ports import Delivery, Posting
from tests.outside.test_couriers import own_certificate

NOW = datetime(2026, 9, 8, 1, 30, tzinfo=UTC)
SECONDS = 1.0
SENT = Delivery(Fate.SENT)
KEEPING = b"HTTP/1.1 204 No Content\r\nSet-Cookie: who=city; Path=/\r\nConnection: keep-alive\r\n\r\n"


@asynccontextmanager
async def keeping(
    answer: Callable[[], AsyncIterator[bytes]], context: SSLContext | None = None
) -> AsyncIterator[tuple[int, list[str]]]:
    """A server that keeps its lines open, by its port, with the heads of what it was asked; it answers in pieces."""
    heads, talks = list[str](), set[asyncio.Task[None]]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        talks.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r")[0]))
                heads.append(head)
                async for piece in answer():
                    writer.write(piece)
                    await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], heads
    finally:
        server.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


async def kept() -> AsyncIterator[bytes]:
    """An answer after which the line stays open, with a cookie."""
    yield KEEPING


def posting(url: str) -> Posting:
    """A message to an address."""
    return Posting("handoff-7", url, b"a secret of the tests", b"{}")


async def test_partners_behind_one_address_each_prove_their_own_name_and_share_no_cookie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def here(_host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    context, certificate = own_certificate(tmp_path, "city.example", "market.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", here)
    async with keeping(kept, context) as (port, heads), PartnerHook(lambda: NOW, on_loopback=True, seconds=SECONDS) as hook:
        words = [
            await hook.post(posting(f"https://{name}.example:{port}/desk")) for name in ("city", "market", "stranger", "city")
        ]  # fmt: skip
    assert [word.fate for word in words] == [Fate.SENT, Fate.SENT, Fate.LATER, Fate.SENT]
    assert [head.partition("host: ")[2].partition(".")[0] for head in heads] == ["city", "market", "city"]
    assert not any("cookie" in head for head in heads)
