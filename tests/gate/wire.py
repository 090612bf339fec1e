"""One HTTP connection that tells an answer from a cut one, and clients that lodge until they are cut off. Judges nothing."""

import asyncio
import json
import re
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import randint
from typing import Any, Self
from urllib.parse import urlsplit

from tests.bench.asked import lodging

CLAIMS = "/api/v1/claims"
STATUS = "/api/v1/status"
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


class Cut(ConnectionError):  # noqa: N818 - named for the condition (DESIGN 5)
    """The connection ended before an answer was whole; `partial` says whether some of it had come."""

    def __init__(self, *, partial: bool) -> None:
        super().__init__("cut in the middle of an answer" if partial else "closed without an answer")
        self.partial = partial


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:  # noqa: ANN401 - whatever was answered
        """The JSON in the body."""
        return json.loads(self.body)


class Wire:
    """A kept-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator[Self]:
        """Connect, and hang up after the block. Raises OSError."""
        address = urlsplit(url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            yield cls(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def post(self, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask and wait for the whole answer. Raises Cut."""
        return await self.ask("POST", path, body, {"Content-Type": "application/json", **(headers or {})})

    async def ask(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """The same with any method."""
        lines = {"Host": "127.0.0.1", "Content-Length": str(len(body)), **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        got = b""
        try:
            self._writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
            got = await self._reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(got)
            told = await self._reader.readexactly(int(length[1]) if length else 0)
        except asyncio.IncompleteReadError as ended:
            raise Cut(partial=bool(got or ended.partial)) from ended
        except ConnectionError as ended:
            raise Cut(partial=bool(got)) from ended
        first, *rest = got.decode("latin-1").strip().split("\r\n")
        pairs = (line.split(": ", 1) for line in rest)
        return Answer(int(first.split()[1]), {name.lower(): value for name, value in pairs}, told)


def claim_body(**told: object) -> bytes:
    """API.md's body with a sum of its own, or with whatever `told` says instead."""
    document = json.dumps({**lodging(), **told}, ensure_ascii=False)
    return document.replace("@SUM@", f"{randint(100, 4_999)}.{randint(0, 99):02}").encode()


def by(token: str, key: str | None = None) -> dict[str, str]:
    """The headers of an officer, with a key if one is given."""
    return {"Authorization": f"Bearer {token}", **({"Idempotency-Key": key} if key else {})}


@dataclass
class Tally:
    """What came of many lodgings, by key. `sent` holds those without an answer yet: body and moment."""

    acknowledged: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    sent: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    refused: list[int] = field(default_factory=list)
    halves: int = 0

    @property
    def references(self) -> set[str]:
        """The references that were handed out."""
        return {json.loads(answer)["reference"] for _, answer in self.acknowledged.values()}


async def lodge_until(tally: Tally, url: str, token: str, until: float) -> None:
    """Lodge one claim after another, each under a fresh key, until the time is over or the connection is cut."""
    async with Wire.open(url) as wire:
        while time.monotonic() < until:
            key, body = secrets.token_hex(16), claim_body()
            tally.sent[key] = body, time.monotonic()
            try:
                answer = await wire.post(CLAIMS, body, by(token, key))
            except Cut as cut:
                tally.halves += cut.partial
                return
            del tally.sent[key]
            if answer.status == 201:
                tally.acknowledged[key] = body, answer.body
            else:
                tally.refused.append(answer.status)
            if answer.headers.get("connection") == "close":
                return
