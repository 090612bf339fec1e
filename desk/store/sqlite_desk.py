"""The doors on SQLite: one writer thread, and reads in the event loop on a connection that cannot write."""

from collections.abc import AsyncIterator, Callable, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from desk.ports import Insertion, Kit, Work
from desk.store.commits import FileCommits
from desk.store.engines import sqlite_path, sqlite_reader, sqlite_writer
from desk.store.waiting import Lookups, Query
from desk.store.writer import Writer

P = ParamSpec("P")
T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")


class SqliteDesk:
    """`ports.Desk` on one SQLite file."""

    def __init__(self, kit: Kit, writer: Writer, reader: Connection, commits: FileCommits) -> None:
        self._kit = kit
        self._writer = writer
        self._reader = reader
        self._commits = commits
        self._lookups = Lookups(self._ask)

    @property
    def kit(self) -> Kit:
        """The kit that the doors hand to actions."""
        return self._kit

    @property
    def writes(self) -> Hashable:
        """What changes whenever any connection, of this process or another, has committed something."""
        return self._commits.seen()

    async def write(self, action: Callable[Concatenate[Work, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Queue the action for the writer thread."""

        def run(work: Work) -> T:
            return action(work, *args, **kwargs)

        result: T = await self._writer.submit(run)
        return result

    async def append(self, insertion: Insertion[Any, Any, T]) -> T:
        """Queue the insertion; those of one batch share their statements."""
        result: T = await self._writer.submit(insertion)
        return result

    async def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Read one snapshot, here and now: a point lookup is faster than a hop to a thread."""
        self._reader.exec_driver_sql("BEGIN")
        try:
            return query(self._reader, *args, **kwargs)
        finally:
            self._reader.exec_driver_sql("COMMIT")

    async def lookup(self, query: Callable[[Connection, Sequence[K]], Mapping[K, V]], key: K) -> V | None:
        """One statement sees one moment by itself; requests that came together share it."""
        return await self._lookups.find(query, key)

    async def _ask(self, query: Query, keys: Sequence[Any]) -> Mapping[Any, Any]:
        return query(self._reader, keys)


@asynccontextmanager
async def open_sqlite(url: str, kit: Kit) -> AsyncIterator[SqliteDesk]:
    """Open the doors; on leaving, finish what is queued and close."""
    engine = sqlite_reader(url)
    with engine.connect() as reader:
        reader.exec_driver_sql("SELECT 1 FROM sqlite_master").all()
        writer, commits = Writer(sqlite_writer(url), kit), FileCommits(sqlite_path(url))
        writer.start()
        try:
            yield SqliteDesk(kit, writer, reader, commits)
        finally:
            await writer.stop()
