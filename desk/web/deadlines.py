"""An end to how long a body may take to arrive, kept by one timer for all requests. Answers nobody."""

import asyncio
from collections.abc import Awaitable, Generator
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")


class Deadlines:
    """Cancels the tasks that are still waiting after `seconds`, looking once in a while.

    A timer a request costs more than the rest of its receipt, so all requests share one, late by a tenth at most.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[asyncio.Task[Any], float] = {}
        self._over: set[asyncio.Task[Any]] = set()
        self._ticking = False

    def within(self, awaited: Awaitable[T]) -> Awaitable[T]:
        """Wait for this, but not beyond the deadline; what is there already is handed over without a look at any clock."""
        return _Within(self, awaited)

    def begin(self) -> None:
        """Give the running task its time."""
        loop = asyncio.get_running_loop()
        self._until[_running()] = loop.time() + self._seconds
        if not self._ticking:
            self._ticking = True
            loop.call_later(self._seconds / 10, self._tick, loop)

    def is_over(self) -> bool:
        """Whether the running task was cancelled by its deadline, and by nobody else besides. Tells it once."""
        task = _running()
        if task not in self._over:
            return False
        self._over.discard(task)
        return task.uncancel() == 0

    def end(self) -> None:
        """The running task has what it waited for."""
        self._until.pop(_running(), None)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for task in [task for task, until in self._until.items() if until <= now]:
            del self._until[task]
            self._over.add(task)
            task.cancel()
        self._ticking = bool(self._until)
        if self._ticking:
            loop.call_later(self._seconds / 10, self._tick, loop)


class _Within(Generic[T]):
    """Most bodies come with their head: the deadline begins only where the first step finds nothing."""

    __slots__ = ("_awaited", "_deadlines")

    def __init__(self, deadlines: Deadlines, awaited: Awaitable[T]) -> None:
        self._deadlines, self._awaited = deadlines, awaited

    def __await__(self) -> Generator[Any, Any, T]:
        steps = self._awaited.__await__()
        try:
            first = next(steps)
        except StopIteration as done:
            return cast("T", done.value)
        self._deadlines.begin()
        try:
            yield first
            return (yield from steps)
        finally:
            self._deadlines.end()
            steps.close()


def _running() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task
