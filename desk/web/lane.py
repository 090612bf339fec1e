"""A lane of its own for slow work (password hashes, pictures): so many at once, so many waiting, and no more."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from desk.domain.errors import Busy

T = TypeVar("T")


class Lane:
    """Runs blocking calls in threads, `at_once` of them, while at most `waiting` others queue."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._room = at_once + waiting
        self._inside = 0

    async def run(self, call: Callable[..., T], *args: Any) -> T:  # noqa: ANN401 - whatever the call takes
        """What the call returns, once it is its turn. Raises Busy when too many wait already."""
        if self._inside >= self._room:
            raise Busy
        self._inside += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(call, *args)
        finally:
            self._inside -= 1
