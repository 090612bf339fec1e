"""What a reader keeps goes stale as soon as somebody commits, whichever process that was."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection

from desk.store.commits import HEADER, FileCommits
from desk.store.engines import sqlite_path
from tests.builders import House, open_house

SOON_SECONDS = 10.0


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
    commits.close()


async def test_on_postgresql_each_process_hears_of_the_others_and_again_after_its_line_broke(postgresql_database: str) -> None:
    async with open_house(postgresql_database) as here, open_house(postgresql_database, cast=here.cast) as there:
        await _heard_there(here, there)
        assert await here.desk.read(_end_the_lines_of_others) >= 2
        await _heard_there(here, there)


async def _heard_there(here: House, there: House) -> None:
    """Write here until it is heard there."""
    async with asyncio.timeout(SOON_SECONDS):
        before = there.desk.writes
        while there.desk.writes == before:
            await here.desk.write(lambda work: work.now)
            await asyncio.sleep(0.05)


def _end_the_lines_of_others(conn: Connection) -> int:
    """End every connection that listens to the database, as a restarted network would."""
    listening = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%%'"
    )
    return len(conn.exec_driver_sql(listening).all())
