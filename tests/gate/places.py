"""A seeded desk on this machine: its folder, database and staff; served by the shipped command, read from the other side.

Nothing here goes through the desk's own store: what a test counts, it counts with the bare drivers.
"""

import json
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import psycopg

from tests.postgres import PgServer
from tests.processes import Served, environment, run, serving

HOME = "huangshan"
SLOW_START = {"public_url": "https://desk.example"}


VERIFY_SECONDS = 600
"""A desk that was fuzzed holds thousands of claims, and the machine has other work."""


@dataclass(frozen=True)
class Place:
    """Where one desk lives. `officers` are as `desk seed` printed them."""

    data: Path
    database: str
    officers: Sequence[dict[str, Any]]

    @property
    def is_sqlite(self) -> bool:
        """Whether its database is a file."""
        return self.database.startswith("sqlite")

    @property
    def engine(self) -> str:
        """What keeps its database."""
        return "sqlite" if self.is_sqlite else "postgresql"

    @property
    def file(self) -> Path:
        """The SQLite file."""
        return Path(self.database.removeprefix("sqlite:///"))

    def token(self, role: str = "intake", site: str = HOME, place: int = 0) -> str:
        """The token of one of the staff."""
        return str([one["token"] for one in self.officers if (one["role"], one["site"]) == (role, site)][place])

    def serve(self, *options: str, port: int | None = None, **settings: str) -> AbstractContextManager[Served]:
        """`desk serve`, without a worker unless `options` name one."""
        return serving(self.data, self.database, *options, port=port, **{**SLOW_START, **settings})

    def desk(self, *arguments: str) -> CompletedProcess[str]:
        """One `desk` command on this desk."""
        return run(*arguments, env=environment(self.data, self.database))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database says to a connection of its own."""
        if self.is_sqlite:
            with closing(sqlite3.connect(self.file, timeout=30)) as connection:
                return connection.execute(query).fetchall()
        with psycopg.connect(self.database.replace("+psycopg", ""), autocommit=True) as connection:
            return connection.execute(query).fetchall()

    def count(self, table: str) -> int:
        """How many rows a table holds."""
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])

    def check(self) -> None:
        """Expect every invariant to hold."""
        done = run("verify", "--json", env=environment(self.data, self.database), timeout=VERIFY_SECONDS)
        report = json.loads(done.stdout)
        broken = [each for each in report["invariants"] if not each["ok"]]
        assert (done.returncode, report["ok"], broken) == (0, True, []), done.stderr or broken


def seeded(data: Path, database: str) -> Place:
    """Prepare and seed a desk."""
    data.mkdir(parents=True)
    done = run("seed", "--json", env=environment(data, database))
    assert done.returncode == 0, done.stderr
    return Place(data, database, json.loads(done.stdout)["officers"])


def seeded_in(folder: Path) -> None:
    """Prepare and seed a desk on a file, and keep beside it who works there."""
    place = seeded(folder / "data", f"sqlite:///{folder}/data/desk.db")
    (folder / "officers.json").write_text(json.dumps(place.officers), encoding="utf-8")


def kept(folder: Path) -> Place:
    """The desk that `seeded_in` left in a folder, wherever that is by now."""
    officers = json.loads((folder / "officers.json").read_text(encoding="utf-8"))
    return Place(folder / "data", f"sqlite:///{folder}/data/desk.db", officers)


def sqlite_copy(template: Place, data: Path) -> Place:
    """The same desk once more, with the same keys and staff, in a folder of its own."""
    shutil.copytree(template.data, data)
    return Place(data, f"sqlite:///{data}/desk.db", template.officers)


def postgres_copy(template: Place, server: PgServer, name: str, data: Path) -> Place:
    """The same on PostgreSQL, in a database called `name`."""
    shutil.copytree(template.data, data)
    source = template.database.rpartition("/")[2]
    return Place(data, server.create_database(name, template=source), template.officers)
