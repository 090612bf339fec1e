"""Desks for tests with real processes: seeded once a run on each engine, copied for each test. PostgreSQL keeps its fsync."""

import os
import random
import secrets
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests import postgres
from tests.conftest import ASKED
from tests.gate.places import Place, postgres_copy, seeded, sqlite_copy

_numbers = count(1)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Name each operation's test for itself: xdist runs one of those that have one name, and schemathesis gives all the same."""
    if label := getattr(item, "operation_label", None):
        item._id = item.id.with_params(label)


@pytest.fixture(autouse=True)
def seed() -> int:
    """What chance follows from here on, told where a test fails: `DESK_TEST_SEED=…` draws the same lots again."""
    drawn = int(ASKED.get("DESK_TEST_SEED", secrets.randbits(32)))
    random.seed(drawn)
    print(f"the same lots again: DESK_TEST_SEED={drawn}")
    return drawn


@pytest.fixture(scope="session")
def durable_server() -> Iterator[postgres.PgServer]:
    """A PostgreSQL that syncs its commits, as an operator's would; `DESK_TEST_PG_URL` is taken as it is."""
    try:
        with postgres.running(ASKED.get("DESK_TEST_PG_URL"), durable=True) as server:
            yield server
    except postgres.NoPostgresError as error:
        if ASKED.get("DESK_REQUIRE_PG") == "1":
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def seeded_on_postgresql(durable_server: postgres.PgServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The same on PostgreSQL."""
    name = f"desk_gate_{os.getpid()}"
    yield seeded(tmp_path_factory.mktemp("seeded_pg") / "data", durable_server.create_database(name))
    durable_server.drop_database(name)


@pytest.fixture
def sqlite_place(seeded_on_sqlite: Place, tmp_path: Path) -> Place:
    """A seeded desk on a file."""
    return sqlite_copy(seeded_on_sqlite, tmp_path / "data")


@pytest.fixture
def postgresql_place(durable_server: postgres.PgServer, seeded_on_postgresql: Place, tmp_path: Path) -> Iterator[Place]:
    """A seeded desk on a server, dropped afterwards."""
    name = f"desk_gate_{os.getpid()}_{next(_numbers)}"
    yield postgres_copy(seeded_on_postgresql, durable_server, name, tmp_path / "data")
    durable_server.drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> Place:
    """A seeded desk, once on each engine."""
    found: Place = request.getfixturevalue(f"{request.param}_place")
    return found


@pytest.fixture
def place_on(request: pytest.FixtureRequest) -> Callable[[str], Place]:
    """A seeded desk on the engine named."""

    def on(engine: str) -> Place:
        found: Place = request.getfixturevalue(f"{engine}_place")
        return found

    return on


@pytest.fixture
def say(record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a figure where whoever runs the gate sees it."""

    def line(text: str) -> None:
        record_property("figure", text)
        with capsys.disabled():
            print(f"\n    {text}", end="")

    return line
