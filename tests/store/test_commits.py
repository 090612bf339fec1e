"""What a reader keeps goes stale as soon as somebody commits, whichever process that was."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import Callable, Hashable
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection

from desk.store.commits import HEADER, FileCommits
from desk.store.engines import sqlite_path
from tests.builders import House, open_house

LOOKS = 200


async def test_what_another_process_commits_is_noticed_at_once(sqlite_database: str) -> None:
    async with open_house(sqlite_database) as house:
        with closing(sqlite3.connect(sqlite_path(sqlite_database))) as other:
            for statement in ("CREATE TABLE of_another_process (n)", "INSERT INTO of_another_process VALUES (1)"):
                before = house.desk.writes
                other.execute(statement)
                other.commit()
                assert house.desk.writes != before
            before = house.desk.writes
            other.execute("SELECT count(*) FROM of_another_process").fetchall()
            assert house.desk.writes == before


async def test_a_checkpoint_and_a_new_log_hide_no_commit(sqlite_database: str) -> None:
    async with open_house(sqlite_database) as house:
        with closing(sqlite3.connect(sqlite_path(sqlite_database))) as other:
            other.execute("CREATE TABLE of_another_process (n)")
            for _ in range(3):
                other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                before = house.desk.writes
                other.execute("INSERT INTO of_another_process VALUES (1)")
                other.commit()
                assert house.desk.writes != before


def test_the_header_is_where_sqlite_keeps_it(tmp_path: Path) -> None:
    database = tmp_path / "one.db"
    with closing(sqlite3.connect(database)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE one (n)")
        commits = FileCommits(database)
        pages = database.with_name("one.db-shm").read_bytes()
        assert commits.seen() == pages[:HEADER] == pages[HEADER : 2 * HEADER]


async def test_on_postgresql_each_process_hears_of_the_others_and_again_after_its_line_broke(postgresql_database: str) -> None:
    async with open_house(postgresql_database) as here, open_house(postgresql_database, cast=here.cast) as there:
        await _heard_there(here, there)
        lines = await here.desk.read(_listening)
        assert len(lines) == 2
        await here.desk.read(lambda conn: [conn.exec_driver_sql(f"SELECT pg_terminate_backend({line})") for line in lines])
        await _heard_there(here, there)
        assert not set(await here.desk.read(_listening)) & set(lines)


async def test_over_a_line_on_which_nothing_comes_any_more_nothing_is_sure(postgresql_database: str) -> None:
    async with open_house(postgresql_database) as house:
        await _sure(house)
        (line,) = await house.desk.read(_listening)
        os.kill(line, signal.SIGSTOP)
        try:
            await house.desk.write(lambda work: work.now)
            await _until(lambda: house.desk.writes is None)
            assert house.desk.writes is None
        finally:
            os.kill(line, signal.SIGCONT)
        await _sure(house)


async def _until(holds: Callable[[], bool]) -> None:
    """Look every moment; raises TimeoutError when it never does."""
    for _ in range(LOOKS):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise TimeoutError


async def _sure(house: House) -> Hashable:
    """Wait until the desk can tell that it missed nothing."""
    await _until(lambda: house.desk.writes is not None)
    return house.desk.writes


async def _heard_there(here: House, there: House) -> None:
    """Write here, and wait until it is heard there."""
    before = await _sure(there)
    await here.desk.write(lambda work: work.now)
    await _until(lambda: there.desk.writes not in (before, None))


def _listening(conn: Connection) -> list[int]:
    """The server's processes that keep a line to a listener of this database."""
    said = "query IN ('SELECT 1', 'LISTEN desk_commits')"
    return list(conn.exec_driver_sql(f"SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND {said}").scalars())
