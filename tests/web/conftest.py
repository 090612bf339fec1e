"""The desk behind its web application: `front` on both engines, `sqlite_front` where the edge alone decides.

One furnished desk an engine stays open for the whole run; each test finds it without claims, at the same hour of the morning.
"""

import os
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from desk.ports import Work
from tests.builders import MORNING, House, open_house
from tests.postgres import PgServer
from tests.web.front import Front, opened_front

FORGOTTEN = (
    "DELETE FROM duplicate_tag", "DELETE FROM claim_link", "DELETE FROM clock", "DELETE FROM message", "DELETE FROM note",
    "DELETE FROM docket_entry", "DELETE FROM assessment", "DELETE FROM verdict", "DELETE FROM claim_item", "DELETE FROM person",
    "DELETE FROM event WHERE subject LIKE 'claim:%'", "DELETE FROM claim", "DELETE FROM counter", "DELETE FROM try_bucket",
    "DELETE FROM idempotency_key",
    "DELETE FROM respondent WHERE added_at > (SELECT max(added_at) FROM officer)",
)  # fmt: skip
"""What happened at the counter, children first; sites, staff and their merchants stay."""


@pytest.fixture(scope="session")
async def sqlite_house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A furnished desk on SQLite, open for the whole run."""
    path = shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("house") / "desk.db")
    async with open_house(f"sqlite:///{path}") as house:
        yield house


@pytest.fixture(scope="session")
async def postgresql_house(pg_server: PgServer, postgresql_template: str) -> AsyncIterator[House]:
    """A furnished desk on PostgreSQL, open for the whole run."""
    name = f"desk_house_{os.getpid()}"
    async with open_house(pg_server.create_database(name, template=postgresql_template)) as house:
        yield house
    pg_server.drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest) -> House:
    """The furnished desk: the test runs once on each engine."""
    furnished: House = request.getfixturevalue(f"{request.param}_house")
    return furnished


@pytest.fixture
async def front(house: House) -> AsyncIterator[Front]:
    """The running application on either engine."""
    await _clear(house)
    async with opened_front(house) as opened:
        yield opened


@pytest.fixture
async def sqlite_front(sqlite_house: House) -> AsyncIterator[Front]:
    """The running application on SQLite."""
    await _clear(sqlite_house)
    async with opened_front(sqlite_house) as opened:
        yield opened


async def _clear(house: House) -> None:
    house.clock.at, house.clock.tick = MORNING + timedelta(seconds=1), timedelta(milliseconds=1)
    await house.desk.write(_forget)


def _forget(work: Work) -> None:
    for statement in FORGOTTEN:
        work.conn.execute(text(statement))
