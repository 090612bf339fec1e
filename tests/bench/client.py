"""The load generator where there is no wrk: `python -m tests.bench.client HOST PORT CONNECTIONS SECONDS`, files as in load.lua.

Knows just enough HTTP to tell one answer from the next: every answer of the desk states its length.
"""

import asyncio
import json
import os
import random
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from statistics import quantiles
from time import perf_counter

from tests.bench.load import Load

_PLACE = re.compile(rb"@([A-Z]+)@")
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


class Caller(asyncio.Protocol):
    """One connection: the next request goes out when the last answer is in, until the time or the requests are over."""

    def __init__(self, fresh: Callable[[], bytes], until: float) -> None:
        self._fresh, self._until = fresh, until
        self._transport: asyncio.Transport | None = None
        self._got, self._began, self._finished = b"", 0.0, False
        self.seconds: list[float] = []
        self.errors = 0
        self.over = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._got += data
        head = self._got.find(b"\r\n\r\n")
        length = _LENGTH.search(self._got, 0, head) if head >= 0 else None
        if length is None or len(self._got) < head + 4 + int(length[1]):
            return
        self.seconds.append(perf_counter() - self._began)
        self.errors += self._got[9:10] != b"2"
        self._got = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the loop's signature
        """The end, or an answer that never came."""
        self.errors += not self._finished
        if not self.over.done():
            self.over.set_result(None)

    def _send(self) -> None:
        assert self._transport is not None
        request = self._fresh() if perf_counter() < self._until else b""
        if not request:
            self._finished = True
            self._transport.close()
            return
        self._began = perf_counter()
        self._transport.write(request)


def filler(template: bytes, tokens: list[bytes]) -> Callable[[], bytes]:
    """A function that makes one request after another out of the template."""

    def fresh(place: re.Match[bytes]) -> bytes:
        if place[1] == b"KEY":
            return os.urandom(16).hex().encode()
        return b"%.2f" % (random.randint(1_000_000, 9_999_999) / 100) if place[1] == b"SUM" else random.choice(tokens)

    return lambda: _PLACE.sub(fresh, template)


async def call(host: str, port: int, seconds: float, fresh: Sequence[Callable[[], bytes]]) -> Load:
    """Load the server, on a connection for each way to make requests, and return what came of it."""
    loop, began = asyncio.get_running_loop(), perf_counter()
    made = [partial(Caller, one, began + seconds) for one in fresh]
    callers = [(await loop.create_connection(one, host, port))[1] for one in made]
    await asyncio.wait([caller.over for caller in callers], timeout=seconds + 10)
    took = sorted(one for caller in callers for one in caller.seconds)
    parts = quantiles(took, n=100) if len(took) > 1 else [0.0] * 99
    unanswered = sum(not caller.over.done() for caller in callers)
    return Load(
        answered=len(took), errors=sum(caller.errors for caller in callers) + unanswered, seconds=perf_counter() - began,
        p50_ms=parts[49] * 1000, p99_ms=parts[98] * 1000,
    )  # fmt: skip


def main() -> None:
    """Print the fields of a `Load` as one line of JSON."""
    template, tokens = Path(os.environ["BENCH_REQUEST"]), os.environ.get("BENCH_TOKENS")
    fresh = filler(template.read_bytes(), Path(tokens).read_bytes().split() if tokens else [])
    host, port, connections, seconds = sys.argv[1:]
    print(json.dumps(asdict(asyncio.run(call(host, int(port), float(seconds), [fresh] * int(connections))))))


if __name__ == "__main__":
    main()
