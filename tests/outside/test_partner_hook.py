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
from desk.outside.couriers.hook import HookCourier
from desk.outside.couriers.partner import PartnerHook
from desk.ports import Delivery, Posting
from tests.outside.test_couriers import TEXT, own_certificate

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


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (200, SENT), (202, SENT), (410, Delivery(Fate.REFUSED, "status_410")), (503, Delivery(Fate.LATER, "status_503")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("drips", [True, False], ids=["drips", "floods"])
async def test_the_status_line_decides_and_what_follows_it_is_not_waited_for(
    status: int, word: Delivery, *, drips: bool
) -> None:  # fmt: skip
    async def page() -> AsyncIterator[bytes]:
        yield f"HTTP/1.1 {status} Word\r\nContent-Length: 1000000\r\n\r\n".encode()
        if drips:
            while True:
                await asyncio.sleep(SECONDS / 10)
                yield b"x"
        yield b"x" * 1_000_000

    async with keeping(page) as (port, heads):
        here = f"http://127.0.0.1:{port}/desk"
        async with PartnerHook(lambda: NOW, on_loopback=True, seconds=SECONDS) as partner:
            assert await partner.post(posting(here)) == word
        async with HookCourier(here, b"a secret of the tests", SECONDS, lambda: NOW) as text:
            assert await text.deliver(TEXT) == word
    assert len(heads) == 2


async def test_a_status_line_that_drips_is_waited_for_no_longer_than_any() -> None:
    async def never() -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nA: "
        while True:
            await asyncio.sleep(SECONDS / 10)
            yield b"x"

    async with keeping(never) as (port, _), PartnerHook(lambda: NOW, on_loopback=True, seconds=SECONDS) as hook:
        assert await hook.post(posting(f"http://127.0.0.1:{port}/desk")) == Delivery(Fate.LATER, "timeout")
