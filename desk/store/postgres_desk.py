"""The doors on PostgreSQL: a pooled connection an action, shared statements for insertions and for lookups of one moment."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from desk.domain.errors import Busy, DeskError
from desk.ports import Insertion, Kit, Work
from desk.store.commits import TELL, ToldCommits
from desk.store.engines import postgres_reader, postgres_writer
from desk.store.failures import refusal_for, worth_again
from desk.store.insertions import MOST_WAITING, TRIES, insert_together, work_at
from desk.store.waiting import Lookups, Outcome, Query, Waiting, settle

P = ParamSpec("P")
T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")

BATCH = 32
FLUSHERS = 2
WRITERS = 8
READERS = 8


class PostgresDesk:
    """`ports.Desk` on a PostgreSQL database."""

    def __init__(self, kit: Kit, writer: AsyncEngine, reader: AsyncEngine) -> None:
        self._kit = kit
        self._commits = ToldCommits()
        self._writer = writer
        self._appender = writer.execution_options(isolation_level="AUTOCOMMIT")
        self._reader = reader
        self._insertions: asyncio.Queue[Waiting] = asyncio.Queue()
        self._lookups = Lookups(self._ask)

    @property
    def kit(self) -> Kit:
        """The kit that the doors hand to actions."""
        return self._kit

    @property
    def writes(self) -> Hashable | None:
        """Differs once this process wrote through `write` or heard that another did; None while it may have missed that."""
        return self._commits.seen()

    async def write(self, action: Callable[Concatenate[Work, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the action on a connection of its own; one that collided with another writer is run again."""

        def run(conn: Connection) -> T:
            return action(work_at(conn, self._kit), *args, **kwargs)

        try:
            return await self._run(run)
        finally:
            self._commits.note()

    async def _run(self, run: Callable[[Connection], T]) -> T:
        """Run in a transaction, again where it collided with another writer."""
        for attempt in range(TRIES):
            try:
                async with self._writer.begin() as conn:
                    result = await conn.run_sync(run)
                    await conn.exec_driver_sql(TELL)
                    return result
            except DeskError:
                raise
            except Exception as failure:
                if attempt < TRIES - 1 and worth_again(failure):
                    continue
                if refusal := refusal_for(failure):
                    raise refusal from failure
                raise
        raise AssertionError

    async def append(self, insertion: Insertion[Any, Any, T]) -> T:
        """Queue the insertion for the next batch and wait for its commit. Raises Busy when too many wait already."""
        if self._insertions.qsize() >= MOST_WAITING:
            raise Busy
        reply: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._insertions.put_nowait((insertion, reply))
        return await reply

    async def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Read one snapshot: REPEATABLE READ, read only."""
        try:
            async with self._reader.connect() as conn:
                await conn.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                try:
                    return await conn.run_sync(lambda sync: query(sync, *args, **kwargs))
                finally:
                    await conn.exec_driver_sql("ROLLBACK")
        except DeskError:
            raise
        except Exception as failure:
            if refusal := refusal_for(failure):
                raise refusal from failure
            raise

    async def lookup(self, query: Callable[[Connection, Sequence[K]], Mapping[K, V]], key: K) -> V | None:
        """Wait one tick of the loop for others who look for the same kind of thing, then ask once for all."""
        return await self._lookups.find(query, key)

    async def _ask(self, query: Query, keys: Sequence[Any]) -> Mapping[Any, Any]:
        async with self._reader.connect() as conn:
            return await conn.run_sync(query, keys)

    async def listen_for_ever(self) -> None:
        """Hear what other processes commit, over a reading connection kept for that."""
        await self._commits.listen_for_ever(self._reader)

    async def flush_for_ever(self) -> None:
        """Take what is queued, insert it together, answer after the commit. One of `FLUSHERS` such tasks."""
        while True:
            batch = [await self._insertions.get()]
            while len(batch) < BATCH and not self._insertions.empty():
                batch.append(self._insertions.get_nowait())
            await self._flush(batch)

    async def _flush(self, batch: list[Waiting]) -> None:
        try:
            outcomes = await self._insert([insertion for insertion, _ in batch])
        except asyncio.CancelledError:
            settle(batch, [(None, asyncio.CancelledError())] * len(batch))
            raise
        except Exception as failure:  # noqa: BLE001 - every caller of the batch must be answered
            refusal = refusal_for(failure)
            if refusal is None and len(batch) > 1:
                # Somebody's rows, not the database: each caller is tried alone.
                for waiting in batch:
                    await self._flush([waiting])
                return
            settle(batch, [(None, refusal or failure)] * len(batch))
        else:
            settle(batch, [(result, failure and (refusal_for(failure) or failure)) for result, failure in outcomes])

    async def _insert(self, insertions: list[Insertion[Any, Any, Any]]) -> list[Outcome]:
        """One statement that inserts everything and commits itself; a single caller that collided is built again."""
        for attempt in range(TRIES):
            try:
                async with self._appender.connect() as conn:
                    return await conn.run_sync(insert_together, self._kit, insertions)
            except IntegrityError:
                if len(insertions) > 1 or attempt == TRIES - 1:
                    raise
        raise AssertionError


@dataclass(frozen=True, slots=True)
class PoolSizes:
    """Connections a process may hold open, beside the one that listens."""

    writers: int = WRITERS
    readers: int = READERS


@asynccontextmanager
async def open_postgres(url: str, kit: Kit, sizes: PoolSizes = PoolSizes()) -> AsyncIterator[PostgresDesk]:
    """Open the doors; on leaving, stop what runs beside them and close the pools."""
    writer, reader = postgres_writer(url, sizes.writers), postgres_reader(url, sizes.readers + 1)
    desk = PostgresDesk(kit, writer, reader)
    beside = [asyncio.create_task(run()) for run in (desk.listen_for_ever, *[desk.flush_for_ever] * FLUSHERS)]
    try:
        yield desk
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await writer.dispose()
        await reader.dispose()
