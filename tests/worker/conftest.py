"""Seeded desks for the tests of a shipped worker, one for each test or file on the engine that it names."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count

import pytest

from tests.gate.places import Place, seeded, sqlite_copy
from tests.postgres import PgServer

SeededOn = Callable[[str], AbstractContextManager[Place]]
_numbers = count(1)


@pytest.fixture(scope="session")
def seeded_on(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SeededOn:
    """A seeded desk of one's own on the engine named; its database is dropped afterwards."""

    @contextmanager
    def on(engine: str) -> Iterator[Place]:
        data = tmp_path_factory.mktemp("place") / "data"
        if engine == "sqlite":
            yield sqlite_copy(request.getfixturevalue("seeded_on_sqlite"), data)
            return
        server: PgServer = request.getfixturevalue("pg_server")
        name = f"desk_worker_{os.getpid()}_{next(_numbers)}"
        try:
            yield seeded(data, server.create_database(name))
        finally:
            server.drop_database(name)

    return on
