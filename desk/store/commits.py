"""Hears that something was committed, by whichever process: what a reader keeps is stale then."""

import asyncio
import contextlib
import os
from collections.abc import Hashable
from mmap import ACCESS_READ, mmap
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

HEADER = 48
TELL = "NOTIFY desk_commits"
LISTEN = "LISTEN desk_commits"
BEAT_SECONDS, SURE_SECONDS = 0.5, 2.0


class FileCommits:
    """Commits to a SQLite file, told by shared memory instead of by asking SQLite.

    In WAL mode every commit rewrites the header of the `-shm` file before it returns (sqlite.org/walformat.html, 2.1: a format
    version, a counter of transactions, the checksum of the last frame). Comparing those bytes takes a tenth of a microsecond;
    `PRAGMA data_version` takes and gives back a lock each time.

    To be opened while a connection in WAL mode has read the file. POSIX gives up all locks of a process on a file as soon as it
    closes any descriptor of it (sqlite.org/howtocorrupt.html, 2.2), so a descriptor stays open until its file is gone, as it is
    when the last connection of all processes has closed.
    """

    def __init__(self, database: Path) -> None:
        self._shared = _shared(database.with_name(f"{database.name}-shm"))

    def seen(self) -> Hashable:
        """Equal to an earlier answer only if nothing was committed in between."""
        return self._shared[:HEADER]


_open_files: dict[tuple[int, int], tuple[int, mmap]] = {}


def _shared(path: Path) -> mmap:
    """The file in memory, one of each in a process; those whose file is gone are let go."""
    for name, (file, shared) in list(_open_files.items()):
        if os.fstat(file).st_nlink == 0:
            shared.close()
            os.close(file)
            del _open_files[name]
    found = path.stat()
    name = (found.st_dev, found.st_ino)
    if name not in _open_files:
        file = os.open(path, os.O_RDONLY)
        _open_files[name] = (file, mmap(file, HEADER, access=ACCESS_READ))
    return _open_files[name][1]


class ToldCommits:
    """Commits to a PostgreSQL database: each writing transaction carries `TELL`, and every process listens.

    A notice comes some milliseconds after its commit. A question sent down the same line proves that none is missing, for
    notices come before its answer; without such a proof of late nothing is known. Insertions tell nothing: what they add,
    nobody can have kept.
    """

    def __init__(self) -> None:
        self._heard = 0
        self._sure_until = 0.0

    def seen(self) -> Hashable | None:
        """Equal to an earlier answer only if nothing was heard in between; None while something may have been missed."""
        return self._heard if monotonic() < self._sure_until else None

    def note(self) -> None:
        """Count something of this process's own."""
        self._heard += 1

    async def listen_for_ever(self, engine: AsyncEngine) -> None:
        """Hear of every notice over one connection of the engine, over a new one whenever that breaks."""
        while True:
            with contextlib.suppress(SQLAlchemyError, psycopg.Error, OSError):
                async with engine.connect() as conn:
                    try:
                        await self._listen(conn)
                    finally:
                        # It must not go back to the pool, where it would go on listening.
                        await conn.invalidate()
            await asyncio.sleep(BEAT_SECONDS)

    async def _listen(self, conn: AsyncConnection) -> None:
        """Raises whatever the line breaks with, TimeoutError for one on which nothing comes back."""
        driver: Any = (await conn.get_raw_connection()).driver_connection
        await driver.execute(LISTEN)
        self.note()
        while True:
            asked_at = monotonic()
            async with asyncio.timeout(SURE_SECONDS):
                await driver.execute("SELECT 1")
            self._sure_until = asked_at + SURE_SECONDS
            async for _ in driver.notifies(timeout=BEAT_SECONDS):
                self.note()
