"""The server over real sockets: half-sent requests are ended, while everybody else is served."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from time import monotonic

import httpx
import pytest
import uvicorn
from fastapi import APIRouter, Request

from desk.web.server import SERVER
from desk.web.slow_senders import PatientOnce
from tests.web.shell import PHONE, shell

HEAD_SECONDS = BODY_SECONDS = 0.6
router = APIRouter()


class Hurried(PatientOnce):
    head_seconds = HEAD_SECONDS


@router.post("/api/things")
async def things_add(request: Request) -> int:
    return len(await request.body())


@router.get("/api/slow")
async def things_slow() -> str:
    await asyncio.sleep(2 * HEAD_SECONDS)
    return "done"


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[int]:
    """The shell behind uvicorn as `desk serve` sets it up, in this loop; yields its port."""
    app = shell(router, body_seconds=BODY_SECONDS)
    server = uvicorn.Server(uvicorn.Config(app, **{**SERVER, "http": Hurried}))
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)
    running = asyncio.create_task(server.serve([listening]))
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    yield listening.getsockname()[1]
    server.should_exit = True
    await running


async def said(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """Everything the server says until it closes, to what is sent in pieces."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(pause)
    answer = await asyncio.wait_for(reader.read(), 10 * HEAD_SECONDS)
    writer.close()
    return answer


async def test_sixty_half_sent_requests_are_closed_while_health_answers() -> None:
    async with served() as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        began = monotonic()
        half = [asyncio.create_task(said(port, b"POST /api/things HTTP/1.1\r\nHost: a\r\nX-Half: ")) for _ in range(60)]
        statuses = []
        while not all(one.done() for one in half):
            statuses.append((await client.get("/healthz")).status_code)
            await asyncio.sleep(0.05)
        answers = [one.result() for one in half]
    assert set(statuses) == {200}
    assert monotonic() - began < 5 * HEAD_SECONDS
    assert all(answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n") for answer in answers)
    assert all(b"application/problem+json" in answer and b"content-security-policy" in answer for answer in answers)


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
async def test_a_connection_that_asks_nothing_is_closed_without_a_word(sent: bytes) -> None:
    async with served() as port:
        assert await said(port, sent) == b""


async def test_a_trickle_does_not_wind_the_clock_up_again() -> None:
    async with served() as port:
        began = monotonic()
        with contextlib.suppress(ConnectionError):
            await said(port, b"GET / HTTP/1.1\r\n", *[b"a: b\r\n"] * 8, pause=HEAD_SECONDS / 4)
        assert monotonic() - began < 3 * HEAD_SECONDS


async def test_half_a_body_is_answered_and_cut() -> None:
    async with served() as port:
        answer = await said(port, b"POST /api/things HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer
    assert b'"request_timeout"' in answer


async def test_a_slow_answer_is_not_a_slow_sender() -> None:
    async with served() as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        assert (await client.get("/api/slow")).json() == "done"
        assert (await client.get("/healthz")).status_code == 200


async def test_a_half_sent_second_request_does_not_cost_the_first_its_answer() -> None:
    async with served() as port:
        answer = await said(port, b"GET /api/slow HTTP/1.1\r\nHost: a\r\n\r\nGET /heal")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"done"' in answer


async def test_a_body_refused_for_its_size_leaves_the_answer_readable() -> None:
    async with served() as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        for size, status in [(256 * 1024, 200), (256 * 1024 + 1, 413), (2_000_000, 413)]:
            assert (await client.post("/api/things", content=b"x" * size)).status_code == status


async def test_a_body_sent_for_ever_after_its_refusal_is_cut() -> None:
    head = b"POST /api/things HTTP/1.1\r\nHost: a\r\nContent-Length: 900000000\r\n\r\n"
    async with served() as port:
        began = monotonic()
        with contextlib.suppress(ConnectionError):
            await said(port, head, *[b"x" * 1000] * 12, pause=HEAD_SECONDS / 4)
        assert monotonic() - began < 4 * HEAD_SECONDS


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 40_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 40_000, 431),
        (b"GET /" + b"x" * 40_000, 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: x\r\n" * 101 + b"\r\n", 431),
        (PHONE.encode() + b" nonsense\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx", 400),
    ],
)
async def test_a_head_too_large_or_unreadable_is_answered_as_a_problem(head: bytes, status: int) -> None:
    async with served() as port:
        answer = await said(port, head)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"application/problem+json" in answer
    assert PHONE.encode() not in answer


async def test_a_head_of_exactly_the_limits_is_served() -> None:
    lines = b"X: x\r\n" * (PatientOnce.head_lines - 2)
    async with served() as port:
        answer = await said(port, b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + lines + b"\r\n")
        fixed = len(b"/healthz" + b"Host" + b"a" + b"Connection" + b"close" + b"X")
        long = b"X: " + b"x" * (PatientOnce.head_bytes - fixed)
        at_limit = await said(port, b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + long + b"\r\n\r\n")
        beyond = await said(port, b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + long + b"x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert at_limit.startswith(b"HTTP/1.1 200 ")
    assert beyond.startswith(b"HTTP/1.1 431 ")
