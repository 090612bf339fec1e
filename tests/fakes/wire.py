"""A small HTTP server on loopback for a fake provider, which may also hang, or cut the line. Speaks for no provider itself."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request; header names in lower case, `target` as it was sent."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Manner:
    """How a fake behaves from now on.

    `state`: what a new order comes to. `refuse`: the status and code with which everything is refused before it is done.
    `after`: `hang`, `cut` or `500` once it is done. `sign`: `right`, `forged`, `none`, `stale`, `other_serial`, `other_body`.
    `lies`: fields that are told otherwise. `on`: `pay`, `query` or `all`.
    """

    state: str = ""
    refuse: tuple[int, str] | None = None
    after: str = ""
    sign: str = "right"
    lies: Mapping[str, Any] = field(default_factory=dict)
    on: str = "pay"

    def at(self, kind: str) -> "Manner":
        """The manner in which a request of this kind is answered."""
        return self if self.on in (kind, "all") else Manner()


Handler = Callable[[Asked], Awaitable[Reply | None]]
"""What answers; None cuts the line."""


@contextlib.asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[str]:
    """A server at a free port, by its address, until the block ends."""
    talks = set[asyncio.Task[None]]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        talks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                reply = await handler(await _asked(reader))
                if reply is not None:
                    writer.write(_raw(reply))
                    await writer.drain()
        finally:
            talks.discard(task)
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await server.wait_closed()


async def _asked(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    return Asked(method, target, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


def _raw(reply: Reply) -> bytes:
    reason = HTTPStatus(reply.status).phrase
    headers = {"Content-Type": "application/json", "Connection": "close", **reply.headers, "Content-Length": str(len(reply.body))}
    lines = [f"HTTP/1.1 {reply.status} {reason}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + reply.body
