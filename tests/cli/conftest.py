"""A shell in this process: commands run as typed, on a database of the test's own, with their output apart."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest

from desk import wiring
from desk.actions.seed import STAFF, seed_desk
from desk.cli import main
from tests.cast import OPERATOR
from tests.postgres import LATER


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:  # noqa: ANN401 - whatever the command answers
        """The one JSON document on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Shell:
    """Types commands; `data` is the data folder of its desk."""

    data: Path
    database: str
    type: Callable[..., Ran]

    def __call__(self, *arguments: str) -> Ran:
        """Type `desk …`."""
        return self.type(*arguments)

    @property
    def settings(self) -> wiring.Settings:
        """The settings the commands see."""
        return wiring.load_settings()

    def seed(self) -> None:
        """Sites and staff as `desk seed` makes them, without waiting for their password hashes."""
        wiring.prepare(self.settings)

        async def inside() -> None:
            async with wiring.opened(self.settings) as desk:
                await desk.write(seed_desk, OPERATOR, dict.fromkeys(STAFF, "no password"))

        anyio.run(inside)


@pytest.fixture(params=["sqlite", LATER])
def database(request: pytest.FixtureRequest) -> str:
    """The address of a freshly migrated database: once on each engine, on PostgreSQL in the gate."""
    address: str = request.getfixturevalue(f"{request.param}_database")
    return address


@pytest.fixture
def shell_on(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[[str], Shell]:
    """Makes a shell whose settings name this database."""

    def run(*arguments: str) -> Ran:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["desk", *arguments])
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capfd.readouterr()
        return Ran(code, said.out, said.err)

    def make(database: str) -> Shell:
        # The log's set-up is for a whole process and would outlive the test.
        monkeypatch.setattr(wiring, "start_logs", lambda **_: None)
        monkeypatch.setenv("DESK_DATA_DIR", str(tmp_path / "data"))
        monkeypatch.setenv("DESK_DATABASE_URL", database)
        monkeypatch.setenv("LC_ALL", "C.UTF-8")
        return Shell(tmp_path / "data", database, run)

    return make


@pytest.fixture
def shell(shell_on: Callable[[str], Shell], database: str) -> Shell:
    """A shell on a migrated database, once on each engine."""
    return shell_on(database)


@pytest.fixture
def quick_shell(shell_on: Callable[[str], Shell], sqlite_database: str) -> Shell:
    """A shell on SQLite alone, for what no database has a say in."""
    return shell_on(sqlite_database)
