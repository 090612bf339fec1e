"""Answers that no honest server gives: half of one, none at all, a connection torn down. Knows nothing of payments."""

import asyncio
import socket
import struct

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LINE = "line"


class KnownLine(HttpToolsProtocol):
    """uvicorn's protocol; every request knows its own connection, so that the connection can be broken."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Put the connection where the request's state is copied from."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, LINE: transport}


class Reset(Response):
    """No answer: the connection is torn down, as by a machine that fell over."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - nothing is sent
        """Tear it down."""
        line = _line(scope)
        # Lingering for no seconds makes the kernel say RST instead of FIN.
        line.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.abort()
        await _gone(receive)


class Silence(Response):
    """No answer for so many seconds, then the connection is dropped."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - nothing is sent
        """Wait until the other side gives up, or until the time is over."""
        try:
            async with asyncio.timeout(self._seconds):
                await _gone(receive)
        except TimeoutError:
            pass
        finally:
            # Also when the server ends: it would answer 500 for what it cancels.
            _line(scope).abort()
        await _gone(receive)


class Truncated(Response):
    """An answer that announces its whole length and ends in the middle."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half of it and hang up."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body[: len(self.body) // 2], "more_body": True})
        _line(scope).close()
        await _gone(receive)


def _line(scope: Scope) -> asyncio.Transport:
    line: asyncio.Transport = scope["state"][LINE]
    return line


async def _gone(receive: Receive) -> None:
    """Return when the connection is lost; a server that is told of no answer before that would make one up."""
    while (await receive())["type"] != "http.disconnect":
        pass
