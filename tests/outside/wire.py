"""A server that says exactly these bytes to everybody, and remembers what it was told. Speaks no HTTP of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Parrot:
    """The running server."""

    url: str = ""
    heard: list[bytes] = field(default_factory=list)


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """One HTTP answer."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@asynccontextmanager
async def saying(*parts: bytes, pause: float = 0.0) -> AsyncIterator[Parrot]:
    """A server at a free port that reads a request, says the parts with a pause before each, and hangs up."""
    parrot = Parrot()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parrot.heard.append(await reader.read(64 * 1024))
        try:
            for part in parts:
                await asyncio.sleep(pause)
                writer.write(part)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        parrot.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield parrot
