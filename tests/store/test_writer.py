"""SQLite's writer outlives its connection, and waits once for a lock that others hold."""

import sqlite3
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from desk.domain.errors import Busy, StorageFull
from desk.ports import Work
from desk.store.engines import sqlite_path
from tests.builders import House, all_of, open_house


def engine_of(house: House) -> Engine:
    """The writer's engine."""
    engine: Engine = house.desk._writer._engine  # type: ignore[attr-defined] # the desk on SQLite has one
    return engine


def write(work: Work) -> int:
    """Something that needs the database."""
    return int(work.conn.execute(text("SELECT 1")).scalar_one())


async def test_a_writer_whose_connection_cannot_be_made_again_answers_and_recovers(sqlite_database: str) -> None:
    async with open_house(sqlite_database) as house:
        writer: Any = house.desk._writer  # type: ignore[attr-defined]
        assert await house.desk.write(write) == 1
        faults = iter([True, True])

        def refuse(*_: object) -> None:
            if next(faults, False):
                failure = sqlite3.OperationalError("disk I/O error")
                failure.sqlite_errorcode = sqlite3.SQLITE_IOERR
                raise OperationalError("connect", None, failure)

        event.listen(engine_of(house), "do_connect", refuse)
        writer._conn.invalidate()
        for _ in range(2):
            with pytest.raises(StorageFull):
                await house.desk.write(write)
        assert await house.desk.write(write) == 1
        assert (await house.lodge()).reference


async def test_a_lock_that_is_not_given_back_is_waited_for_once_a_batch(
    sqlite_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.store.engines.BUSY_MS", 200)
    async with open_house(sqlite_database) as house:
        tried: list[int] = []
        event.listen(engine_of(house), "begin", lambda _conn: tried.append(1))
        holder = sqlite3.connect(sqlite_path(sqlite_database), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        answers = await all_of(*(house.desk.write(write) for _ in range(8)))
        holder.execute("ROLLBACK")
        holder.close()
        assert {type(answer) for answer in answers} == {Busy}
        assert len(tried) < 8
        assert await house.desk.write(write) == 1
