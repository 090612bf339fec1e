"""The desk behind its web application: `front` on both engines, `sqlite_front` where the edge alone decides.

One furnished desk an engine stays open for the whole run; each test finds it without claims, at the same hour of the morning.
"""

import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import anyio
import psycopg
import pytest
from sqlalchemy import text

from desk.domain.calendar import WorkingCalendar
from desk.ports import Work
from desk.store.sites import _LATELY
from desk.store.tables import metadata
from tests.builders import MORNING, House, open_house
from tests.cast import Cast
from tests.postgres import LATER, PgServer
from tests.web.front import Front, opened_front

_numbers = count(1)
FORGOTTEN = (
    "DELETE FROM job WHERE kind = 'handoff'", "DELETE FROM handed_in", "DELETE FROM handoff", "DELETE FROM partner",
    "DELETE FROM settlement_line", "DELETE FROM settlement",
    "DELETE FROM goods_return", "DELETE FROM pledge",
    "DELETE FROM rectification_answer", "DELETE FROM rectification", "DELETE FROM alert",
    "DELETE FROM digest_letter", "DELETE FROM digest", "DELETE FROM job WHERE kind IN ('digest', 'digest_letter')",
    "DELETE FROM duty", "DELETE FROM officer_mail",
    "DELETE FROM evidence",
    "DELETE FROM promise_delta", "DELETE FROM promise_count", "DELETE FROM follow_up",
    "DELETE FROM clock_reminder", "DELETE FROM clock_breach",
    "DELETE FROM incident_report", "DELETE FROM incident_clock", "DELETE FROM incident_member", "DELETE FROM incident",
    "DELETE FROM duplicate_tag", "DELETE FROM claim_link", "DELETE FROM clock", "DELETE FROM message", "DELETE FROM note",
    "DELETE FROM docket_entry", "DELETE FROM assessment", "DELETE FROM verdict", "DELETE FROM claim_item", "DELETE FROM person",
    "DELETE FROM claim", "DELETE FROM counter", "DELETE FROM try_bucket",
    "DELETE FROM idempotency_key",
    "DELETE FROM respondent WHERE added_at > (SELECT max(added_at) FROM officer)",
)  # fmt: skip
"""What happened at the counter, children first; sites, staff and their merchants stay, and so do the audit chains: nobody
can delete those."""


@pytest.fixture(scope="session")
async def sqlite_day(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    """A furnished desk on SQLite, open for the whole run."""
    path = shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("house") / "desk.db")
    async with open_house(f"sqlite:///{path}") as house, opened_front(house) as opened:
        yield opened


@pytest.fixture(scope="session")
async def postgresql_day(pg_server: PgServer, postgresql_template: str) -> AsyncIterator[Front]:
    """A furnished desk on PostgreSQL, open for the whole run."""
    name = f"desk_house_{os.getpid()}"
    database = pg_server.create_database(name, template=postgresql_template)
    async with open_house(database) as house, opened_front(house) as opened:
        yield opened
    pg_server.drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def day(request: pytest.FixtureRequest) -> Front:
    """The open desk: the test runs once on each engine."""
    opened: Front = request.getfixturevalue(f"{request.param}_day")
    return opened


@pytest.fixture
async def front(day: Front) -> Front:
    """The running application on either engine."""
    return await _morning(day)


@pytest.fixture
async def sqlite_front(sqlite_day: Front) -> Front:
    """The running application on SQLite."""
    return await _morning(sqlite_day)


@pytest.fixture(scope="session")
def sqlite_furnished(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Cast]:
    """A furnished file to copy, and who works there."""
    path = Path(shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("furnished") / "desk.db"))
    cast = anyio.run(_furnished, f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path, cast


@pytest.fixture(scope="session")
def postgresql_furnished(pg_server: PgServer, postgresql_template: str) -> Iterator[tuple[str, Cast]]:
    """The name of a furnished database to copy, and who works there."""
    name = f"desk_furnished_{os.getpid()}"
    yield name, anyio.run(_furnished, pg_server.create_database(name, template=postgresql_template))
    pg_server.drop_database(name)


async def _furnished(database: str) -> Cast:
    async with open_house(database) as house:
        return house.cast


@pytest.fixture
def sqlite_till(sqlite_furnished: tuple[Path, Cast], tmp_path: Path) -> tuple[str, Cast]:
    """The address of a furnished file of one's own."""
    return f"sqlite:///{shutil.copyfile(sqlite_furnished[0], tmp_path / 'till.db')}", sqlite_furnished[1]


@pytest.fixture
def postgresql_till(pg_server: PgServer, postgresql_furnished: tuple[str, Cast]) -> Iterator[tuple[str, Cast]]:
    """The address of a furnished database of one's own."""
    name = f"desk_till_{os.getpid()}_{next(_numbers)}"
    yield pg_server.create_database(name, template=postgresql_furnished[0]), postgresql_furnished[1]
    pg_server.drop_database(name)


@pytest.fixture(params=["sqlite", LATER])
def till_of_ones_own(request: pytest.FixtureRequest) -> tuple[str, Cast]:
    """A furnished database and who works there: once on each engine, on PostgreSQL in the gate."""
    found: tuple[str, Cast] = request.getfixturevalue(f"{request.param}_till")
    return found


@pytest.fixture(scope="session")
async def postgresql_counter(
    pg_server: PgServer, postgresql_furnished: tuple[str, Cast]
) -> AsyncIterator[tuple[House, WorkingCalendar]]:
    """A furnished desk on PostgreSQL that stays open for the whole run and can be made as it was, and its calendar."""
    name = f"desk_counter_{os.getpid()}"
    database = pg_server.create_database(name, template=postgresql_furnished[0])
    remember(database)
    async with open_house(database, cast=postgresql_furnished[1]) as house:
        yield house, house.shelf.calendar
    pg_server.drop_database(name)


@pytest.fixture
async def postgresql_as_it_was(postgresql_counter: tuple[House, WorkingCalendar]) -> House:
    """That desk as it was furnished: a database of one's own takes its server five times longer, and starts cold."""
    house, calendar = postgresql_counter
    house.clock.at, house.clock.tick, house.shelf.calendar = MORNING, timedelta(milliseconds=1), calendar
    await house.desk.write(as_it_was)
    _LATELY.clear()
    return replace(house)


@pytest.fixture
async def sqlite_as_it_was(sqlite_till: tuple[str, Cast]) -> AsyncIterator[House]:
    """A furnished desk on a file of its own."""
    database, cast = sqlite_till
    async with open_house(database, cast=cast) as house:
        yield house


@pytest.fixture(params=["sqlite", LATER])
def house_as_it_was(request: pytest.FixtureRequest) -> House:
    """A furnished desk that nobody used: what money wrote, nobody can delete again by the desk's own means."""
    found: House = request.getfixturevalue(f"{request.param}_as_it_was")
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def house_on_both(request: pytest.FixtureRequest) -> House:
    """The same, on both engines at once: for the tests that show that a step is built."""
    found: House = request.getfixturevalue(f"{request.param}_as_it_was")
    return found


@pytest.fixture
async def till(house_as_it_was: House) -> AsyncIterator[Front]:
    """The running application on such a desk, on either engine."""
    async with opened_front(house_as_it_was) as opened:
        yield opened


@pytest.fixture
async def sqlite_till_front(sqlite_as_it_was: House) -> AsyncIterator[Front]:
    """The same on SQLite alone, where the edge decides."""
    async with opened_front(sqlite_as_it_was) as opened:
        yield opened


def remember(database: str) -> None:
    """Keep a PostgreSQL database's rows in a schema beside it, and a function that brings them back past every guard."""
    with psycopg.connect(database.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE SCHEMA furnished")
        tables = [table.name for table in metadata.sorted_tables]
        steps = [f"DELETE FROM {table};" for table in tables]
        for table in tables:
            connection.execute(f"CREATE TABLE furnished.{table} AS TABLE {table}")
            if connection.execute(f"SELECT 1 FROM {table}").fetchone():
                steps.append(f"INSERT INTO {table} SELECT * FROM furnished.{table};")
        connection.execute(f"CREATE FUNCTION as_it_was() RETURNS void LANGUAGE plpgsql AS $$BEGIN {' '.join(steps)} END$$")


def as_it_was(work: Work) -> None:
    """Bring back what `remember` kept, and nothing else."""
    work.conn.execute(text("SET LOCAL session_replication_role = replica"))
    work.conn.execute(text("SELECT as_it_was()"))


async def _morning(day: Front) -> Front:
    """The same application on the same morning, without claims and with callers of its own."""
    day.house.clock.at, day.house.clock.tick = MORNING, timedelta(milliseconds=1)
    await day.house.desk.write(_forget)
    return Front(day.house, day.app)


def _forget(work: Work) -> None:
    for statement in FORGOTTEN:
        work.conn.execute(text(statement))
