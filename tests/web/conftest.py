"""A furnished desk behind its web application, copied for each test: `front` on both engines, `sqlite_front` on one."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from functools import partial
from itertools import count
from pathlib import Path

import anyio
import pytest

from tests.builders import House, open_house
from tests.cast import Cast
from tests.postgres import PgServer
from tests.web.front import Front, opened_front

_numbers = count(1)


async def _furnished(database: str) -> Cast:
    async with open_house(database) as house:
        return house.cast


@pytest.fixture(scope="session")
def furnished_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Cast]:
    """A SQLite file with sites and staff; nothing writes to it any more."""
    path = Path(shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("furnished") / "desk.db"))
    return path, anyio.run(partial(_furnished, f"sqlite:///{path}"))


@pytest.fixture(scope="session")
def furnished_postgresql(pg_server: PgServer, postgresql_template: str) -> Iterator[tuple[str, Cast]]:
    """The name of a PostgreSQL database with sites and staff."""
    name = f"desk_furnished_{os.getpid()}"
    cast = anyio.run(partial(_furnished, pg_server.create_database(name, template=postgresql_template)))
    yield name, cast
    pg_server.drop_database(name)


@pytest.fixture
def on_sqlite(furnished_sqlite: tuple[Path, Cast], tmp_path: Path) -> tuple[str, Cast]:
    """The address of a copy of the furnished SQLite file."""
    path, cast = furnished_sqlite
    return f"sqlite:///{shutil.copyfile(path, tmp_path / 'desk.db')}", cast


@pytest.fixture
def on_postgresql(pg_server: PgServer, furnished_postgresql: tuple[str, Cast]) -> Iterator[tuple[str, Cast]]:
    """The address of a copy of the furnished PostgreSQL database."""
    template, cast = furnished_postgresql
    name = f"desk_web_{os.getpid()}_{next(_numbers)}"
    yield pg_server.create_database(name, template=template), cast
    pg_server.drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def furnished(request: pytest.FixtureRequest) -> tuple[str, Cast]:
    """A furnished database: the test runs once on each engine."""
    copy: tuple[str, Cast] = request.getfixturevalue(f"on_{request.param}")
    return copy


@pytest.fixture
async def front(furnished: tuple[str, Cast]) -> AsyncIterator[Front]:
    """The running application on either engine."""
    async for each in _front(*furnished):
        yield each


@pytest.fixture
async def sqlite_front(on_sqlite: tuple[str, Cast]) -> AsyncIterator[Front]:
    """The running application on SQLite, for what the edge alone decides."""
    async for each in _front(*on_sqlite):
        yield each


async def _front(database: str, cast: Cast) -> AsyncIterator[Front]:
    async with open_house(database, furnish=False) as bare:
        async with opened_front(House(bare.desk, bare.clock, bare.shelf, cast)) as front:
            yield front
