"""SQLite's one writer: a thread that runs queued actions, each in a savepoint, and commits a batch before anyone is answered.

Knows nothing of what the actions do.
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from desk.domain.errors import Busy
from desk.ports import Insertion, Kit, Work
from desk.store.failures import refusal_for
from desk.store.insertions import MOST_WAITING, run_insertions, work_at
from desk.store.waiting import Outcome, settle

BATCH = 32
PATIENCE_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class Queued:
    """One caller: what to run, and where the answer goes."""

    run: Callable[[Work], Any] | Insertion[Any, Any, Any]
    reply: asyncio.Future[Any]


class Writer:
    """Owns the only writing connection of this process. `start` it inside the loop whose callers it answers."""

    def __init__(self, engine: Engine, kit: Kit) -> None:
        self._engine = engine
        self._kit = kit
        self._queue: queue.SimpleQueue[Queued | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="desk-writer", daemon=True)
        self._loop = asyncio.get_running_loop()
        self._conn: Connection | None = None
        self._came = 0

    def start(self) -> None:
        """Begin to take work."""
        self._thread.start()

    async def stop(self) -> None:
        """Finish what is queued, then close the connection."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    async def submit(self, run: Callable[[Work], Any] | Insertion[Any, Any, Any]) -> Any:  # noqa: ANN401 - the action's own result
        """Queue one action and wait until its batch is committed. Raises Busy when too many wait already."""
        if self._queue.qsize() >= MOST_WAITING:
            raise Busy
        reply: asyncio.Future[Any] = self._loop.create_future()
        self._queue.put(Queued(run, reply))
        return await reply

    def _serve(self) -> None:
        while batch := self._next_batch():
            outcomes = self._outcomes(batch)
            self._loop.call_soon_threadsafe(settle, [(queued.run, queued.reply) for queued in batch], outcomes)
        if self._conn is not None:
            self._conn.close()

    def _outcomes(self, batch: Sequence[Queued]) -> list[Outcome]:
        """What became of each caller. Whatever fails, they are answered, and the next batch begins on a new connection."""
        try:
            if self._conn is None:
                self._conn = self._engine.connect()
            return self._commit(self._conn, batch)
        except Exception as failure:  # noqa: BLE001 - a writer that dies would leave every later caller waiting for ever
            self._drop_connection()
            return [(None, refusal_for(failure) or failure)] * len(batch)

    def _drop_connection(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            with contextlib.suppress(Exception):
                conn.invalidate()
                conn.close()

    def _next_batch(self) -> list[Queued]:
        """Wait for work, then a moment for as many callers as came last time; empty when the writer is to stop.

        Callers who are answered together mostly come again together: who takes the first of them at once commits for one.
        """
        batch: list[Queued] = []
        patience, until = None, 0.0
        with contextlib.suppress(queue.Empty):
            while len(batch) < BATCH:
                queued = self._queue.get(timeout=patience)
                if queued is None:
                    self._queue.put(None) if batch else None
                    break
                until = until or monotonic() + PATIENCE_SECONDS
                batch.append(queued)
                patience = max(0.0, until - monotonic()) if len(batch) < self._came else 0.0
        self._came = len(batch)
        return batch

    def _commit(self, conn: Connection, batch: Sequence[Queued]) -> list[Outcome]:
        """Run and commit a batch. When SQLite gives the whole transaction up, every member is tried alone.

        A lock that another process would not give back is waited for once, not once a member.
        """
        try:
            with conn.begin():
                return self._run(conn, batch)
        except Exception as failure:  # noqa: BLE001 - every caller of the batch must be answered
            _leave_transaction(conn)
            refusal = refusal_for(failure)
            if len(batch) == 1 or isinstance(refusal, Busy):
                return [(None, refusal or failure)] * len(batch)
        return [self._commit(conn, [queued])[0] for queued in batch]

    def _run(self, conn: Connection, batch: Sequence[Queued]) -> list[Outcome]:
        """Insertions first and together, then the other actions in their order, a savepoint each."""
        outcomes: list[Outcome] = [(None, None)] * len(batch)
        insertions = [(place, queued.run) for place, queued in enumerate(batch) if isinstance(queued.run, Insertion)]
        if insertions:
            done = run_insertions(conn, self._kit, [insertion for _, insertion in insertions])
            for (place, _), outcome in zip(insertions, done, strict=True):
                outcomes[place] = outcome
        for place, queued in enumerate(batch):
            if not isinstance(queued.run, Insertion):
                outcomes[place] = self._run_action(conn, queued.run)
        return outcomes

    def _run_action(self, conn: Connection, action: Callable[[Work], Any]) -> Outcome:
        """Run one action in its savepoint. A savepoint that can be neither kept nor given up fails the whole batch.

        SQLAlchemy leaves what was done under a RELEASE that failed to the surrounding transaction: its COMMIT would
        keep what the caller is told did not happen.
        """
        savepoint = conn.begin_nested()
        try:
            result = action(work_at(conn, self._kit))
        except Exception as failure:
            if isinstance(failure, DBAPIError) and not _in_transaction(conn):
                raise  # a full disk or an I/O error ended the whole transaction: the batch is run again, one by one
            savepoint.rollback()
            return None, refusal_for(failure) or failure
        savepoint.commit()
        return result, None


def _leave_transaction(conn: Connection) -> None:
    """A COMMIT that failed may leave the transaction open, and SQLAlchemy does not end it: the next BEGIN would fail for ever."""
    if not conn.invalidated and _in_transaction(conn):
        conn.invalidate()


def _in_transaction(conn: Connection) -> bool:
    return bool(getattr(conn.connection.dbapi_connection, "in_transaction", False))
