"""A shell in this process: commands run as typed, on a database of the test's own, with their output apart."""

import json
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from desk import wiring
from desk.actions.seed import STAFF, seed_desk
from desk.cli import main
from tests.cast import OPERATOR
from tests.once import once
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
    """Types commands; `data` is the data folder of its desk, `kept` the folder where a run keeps its seeded desk."""

    data: Path
    database: str
    type: Callable[..., Ran]
    kept: Callable[[Callable[[Path], object]], Path]

    def __call__(self, *arguments: str) -> Ran:
        """Type `desk …`."""
        return self.type(*arguments)

    @property
    def settings(self) -> wiring.Settings:
        """The settings the commands see."""
        return wiring.load_settings()

    def seed(self) -> None:
        """Sites and staff as `desk seed` makes them, without waiting for their password hashes; on a file, those of the run.

        Where the clock was moved they are made anew: nobody was there before the run began.
        """
        if self.settings.clock_file or not self.database.startswith("sqlite"):
            seed_in(self.settings)
            return
        folder = self.kept(lambda folder: seed_in(wiring.Settings(data_dir=folder, database_url=f"sqlite:///{folder}/desk.db")))
        shutil.copytree(folder, self.data, dirs_exist_ok=True, ignore=shutil.ignore_patterns("desk.db"))
        shutil.copyfile(folder / "desk.db", self.database.removeprefix("sqlite:///"))


def seed_in(settings: wiring.Settings) -> None:
    """Make a desk with its sites and staff."""
    wiring.prepare(settings)

    async def inside() -> None:
        async with wiring.opened(settings) as desk:
            await desk.write(seed_desk, OPERATOR, dict.fromkeys(STAFF, "no password"))

    anyio.run(inside)
    if settings.database_url.startswith("sqlite"):
        with closing(sqlite3.connect(settings.data_dir / "desk.db")) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@pytest.fixture(params=["sqlite", LATER])
def database(request: pytest.FixtureRequest) -> str:
    """The address of a freshly migrated database: once on each engine, on PostgreSQL in the gate."""
    address: str = request.getfixturevalue(f"{request.param}_database")
    return address


@pytest.fixture
def shell_on(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Shell]:
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
        return Shell(tmp_path / "data", database, run, partial(once, tmp_path_factory, "shell"))

    return make


@pytest.fixture
def shell(shell_on: Callable[[str], Shell], database: str) -> Shell:
    """A shell on a migrated database, once on each engine."""
    return shell_on(database)


@pytest.fixture
def quick_shell(shell_on: Callable[[str], Shell], sqlite_database: str) -> Shell:
    """A shell on SQLite alone, for what no database has a say in."""
    return shell_on(sqlite_database)
