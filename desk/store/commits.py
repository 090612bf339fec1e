"""Hears that something was committed, by whichever process: what a reader keeps is stale then."""

import asyncio
import contextlib
from collections.abc import Hashable
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

HEADER = 48
TELL = "NOTIFY desk_commits"
LISTEN = "LISTEN desk_commits"
AGAIN_SECONDS = 1.0


class FileCommits:
    """Commits to a SQLite file, told by shared memory instead of by asking SQLite.

    In WAL mode every commit rewrites the header of the `-shm` file before it returns (sqlite.org/walformat.html, 2.1: a format
    version, a counter of transactions, the checksum of the last frame). Comparing those bytes takes a tenth of a microsecond;
    `PRAGMA data_version` takes and gives back a lock each time.

    To be opened while a connection in WAL mode has read the file, and closed once no connection of this process is open: POSIX
    gives up all locks of a process on a file as soon as it closes any descriptor of it (sqlite.org/howtocorrupt.html, 2.2).
    """

    def __init__(self, database: Path) -> None:
        self._file = database.with_name(f"{database.name}-shm").open("rb")
        self._shared = mmap(self._file.fileno(), HEADER, access=ACCESS_READ)

    def seen(self) -> Hashable:
        """Equal to an earlier answer only if nothing was committed in between."""
        return self._shared[:HEADER]

    def close(self) -> None:
        """Let the file go."""
        self._shared.close()
        self._file.close()


class ToldCommits:
    """Commits to a PostgreSQL database: each writing transaction carries `TELL`, and every process listens.

    A notice comes some milliseconds after its commit, and none while the line is broken: keep nothing for long on its word.
    Insertions tell nothing: what they add, nobody can have kept.
    """

    def __init__(self) -> None:
        self._heard = 0

    def seen(self) -> Hashable:
        """Equal to an earlier answer only if nothing was heard in between."""
        return self._heard

    def note(self) -> None:
        """Count something of this process's own."""
        self._heard += 1

    async def listen_for_ever(self, engine: AsyncEngine) -> None:
        """Hear of every notice over one connection of the engine, over a new one whenever that breaks."""
        while True:
            with contextlib.suppress(SQLAlchemyError, OSError):
                async with engine.connect() as conn:
                    await conn.exec_driver_sql(LISTEN)
                    driver: Any = (await conn.get_raw_connection()).driver_connection
                    self.note()
                    async for _ in driver.notifies():
                        self.note()
            await asyncio.sleep(AGAIN_SECONDS)
