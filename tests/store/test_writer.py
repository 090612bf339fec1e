"""SQLite's writer outlives its connection, and waits once for a lock that others hold."""

import sqlite3
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text
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


def put_down(work: Work, *, gives_up: bool = False) -> None:
    """Leave a row, and fail after it where that is asked for."""
    statement = text("INSERT INTO counter (id, site_id, name, value) SELECT 1, min(id), 'put down', 1 FROM site")
    work.conn.execute(statement)
    if gives_up:
        raise ValueError


def put_downs(conn: Connection) -> int:
    """How many such rows there are."""
    return int(conn.execute(text("SELECT count(*) FROM counter WHERE name = 'put down'")).scalar_one())


def broken_disk() -> sqlite3.OperationalError:
    """What the driver says of one."""
    failure = sqlite3.OperationalError("disk I/O error")
    failure.sqlite_errorcode = sqlite3.SQLITE_IOERR
    return failure


async def test_a_writer_whose_connection_cannot_be_made_again_answers_and_recovers(sqlite_database: str) -> None:
    async with open_house(sqlite_database) as house:
        writer: Any = house.desk._writer  # type: ignore[attr-defined]
        assert await house.desk.write(write) == 1
        faults = iter([True, True])

        def refuse(*_: object) -> None:
            if next(faults, False):
                raise OperationalError("connect", None, broken_disk())

        event.listen(engine_of(house), "do_connect", refuse)
        writer._conn.invalidate()
        for _ in range(2):
            with pytest.raises(StorageFull):
                await house.desk.write(write)
        assert await house.desk.write(write) == 1
        assert (await house.lodge()).reference


@pytest.mark.parametrize("ending", ["RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT"])
async def test_a_savepoint_that_can_be_neither_kept_nor_given_up_takes_what_was_done_in_it_along(
    sqlite_database: str, ending: str
) -> None:
    async with open_house(sqlite_database) as house:
        faults = iter([True])

        def fail(_conn: object, _cursor: object, statement: str, *_: object) -> None:
            if statement.startswith(ending) and next(faults, False):
                raise OperationalError(statement, None, broken_disk())

        event.listen(engine_of(house), "before_cursor_execute", fail)
        with pytest.raises(StorageFull):
            await house.desk.write(put_down, gives_up=ending.startswith("ROLLBACK"))
        assert await house.desk.read(put_downs) == 0, "the caller was told that nothing was done"
        await house.desk.write(put_down)
        assert await house.desk.read(put_downs) == 1


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
