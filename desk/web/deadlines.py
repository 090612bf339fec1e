"""An end to how long a body may take to arrive, kept by one timer for all requests. Answers nobody."""

import asyncio
from typing import Any


class Deadlines:
    """Cancels the tasks that are still at it after `seconds`, looking once in a while.

    A timer a request costs more than the rest of its receipt, so all requests share one, late by a tenth at most.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[asyncio.Task[Any], float] = {}
        self._over: set[asyncio.Task[Any]] = set()
        self._ticking = False

    def begin(self) -> None:
        """Give the running task its time."""
        loop = asyncio.get_running_loop()
        self._until[_running()] = loop.time() + self._seconds
        if not self._ticking:
            self._ticking = True
            loop.call_later(self._seconds / 10, self._tick, loop)

    def is_over(self) -> bool:
        """Whether the running task was cancelled by its deadline, and by nobody else besides."""
        task = _running()
        return task in self._over and task.uncancel() == 0

    def end(self) -> None:
        """The running task has what it waited for."""
        task = _running()
        self._until.pop(task, None)
        self._over.discard(task)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for task in [task for task, until in self._until.items() if until <= now]:
            del self._until[task]
            self._over.add(task)
            task.cancel()
        self._ticking = bool(self._until)
        if self._ticking:
            loop.call_later(self._seconds / 10, self._tick, loop)


def _running() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task
