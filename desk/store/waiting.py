"""Callers that wait for one answer given to many: how they are answered, and how lookups of one moment find together.

Runs no statement itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection

from desk.store.failures import refusal_for

K = TypeVar("K")
V = TypeVar("V")

Waiting = tuple[Any, "asyncio.Future[Any]"]
Outcome = tuple[Any, BaseException | None]
Query = Callable[[Connection, Sequence[Any]], Mapping[Any, Any]]


def settle(waiting: Sequence[Waiting], outcomes: Sequence[Outcome]) -> None:
    """Give each caller its result or its failure; one that went away has its work done all the same."""
    for (_, reply), (result, failure) in zip(waiting, outcomes, strict=True):
        if reply.done():
            continue
        if failure is None:
            reply.set_result(result)
        else:
            reply.set_exception(failure)


class Lookups:
    """Keys of one kind that are looked for at about the same time, asked with one statement.

    One statement of a kind is under way at a time; who comes meanwhile waits for the next one, never for that one, and so
    sees whatever was committed before they asked.
    """

    def __init__(self, ask: Callable[[Query, Sequence[Any]], Awaitable[Mapping[Any, Any]]]) -> None:
        self._ask = ask
        self._waiting: dict[Query, list[Waiting]] = {}
        self._asking: dict[Query, asyncio.Task[None]] = {}

    async def find(self, query: Callable[[Connection, Sequence[K]], Mapping[K, V]], key: K) -> V | None:
        """What the query finds under this key."""
        reply: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(query, []).append((key, reply))
        if query not in self._asking:
            self._asking[query] = asyncio.create_task(self._answer(query))
        return await reply

    async def _answer(self, query: Query) -> None:
        """Begin one tick later than the first to ask, so that the others of its moment are there; end when nobody waits."""
        await asyncio.sleep(0)
        while waiting := self._waiting.pop(query, []):
            try:
                found = await self._ask(query, list({key for key, _ in waiting}))
            except Exception as failure:  # noqa: BLE001 - every caller must be answered
                settle(waiting, [(None, refusal_for(failure) or failure)] * len(waiting))
            else:
                settle(waiting, [(found.get(key), None) for key, _ in waiting])
        del self._asking[query]
