"""Starting on a database that is empty, half made, newer, or without its keys, with the shipped processes (I19, I20)."""

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import chain, count
from pathlib import Path

import pytest

from desk.store.migrations import head
from tests.gate.places import Place
from tests.postgres import PgServer
from tests.processes import environment, free_port, started

_numbers = count(1)

KILLED_AT = """
import os, signal, sys
from itertools import chain, count
from sqlalchemy import Engine, event
from desk import wiring

seen = count(1)

@event.listens_for(Engine, "after_cursor_execute")
def killed(*_):
    if next(seen) == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)

wiring.prepare(wiring.load_settings())
"""

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Place]]:
    """Makes empty databases, once on each engine."""
    made: list[str] = []
    with ExitStack() as stack:

        def on_file() -> Place:
            data = tmp_path / f"empty-{next(_numbers)}"
            data.mkdir()
            return Place(data, f"sqlite:///{data}/desk.db", ())

        def on_server() -> Place:
            server: PgServer = request.getfixturevalue("durable_server")
            made.append(f"desk_empty_{next(_numbers)}")
            stack.callback(server.drop_database, made[-1])
            data = tmp_path / made[-1]
            data.mkdir()
            return Place(data, server.create_database(made[-1]), ())

        yield on_file if request.param == "sqlite" else on_server


def test_two_that_start_at_once_on_an_empty_database_both_come_up(empty: Callable[[], Place]) -> None:
    place = empty()
    env = environment(place.data, place.database)
    with ExitStack() as running:
        both = []
        for port in (free_port(), free_port()):
            serve = ("serve", "--port", str(port), "--no-worker")
            both.append(running.enter_context(started(place.data, *serve, url=f"http://127.0.0.1:{port}", env=env)))
        for served in both:
            served.wait_ready()
    assert place.rows("SELECT version_num FROM alembic_version") == [(head(),)]
    assert place.count("installation") == 1
    place.check()


def test_a_preparation_killed_at_any_statement_is_completed_by_the_next(
    empty: Callable[[], Place], say: Callable[[str], None]
) -> None:
    killed, made = [], set()
    for statement in chain((1, 8, 30, 120), count(300, 300)):
        place = empty()
        env = environment(place.data, place.database)
        script = [sys.executable, "-c", KILLED_AT, str(statement)]
        done = subprocess.run(script, env=env, capture_output=True, check=False, timeout=60)
        killed.append(done.returncode == -signal.SIGKILL)
        assert place.desk("db", "upgrade").returncode == 0, statement
        assert place.rows("SELECT version_num FROM alembic_version") == [(head(),)]
        made.add(tuple(place.count(table) for table in ("installation", "calendar_year", "calendar_day")))
        if not killed[-1]:
            break
    assert sum(killed) >= 5, "the last one came to its end, so the kills reached from first to last"
    assert len(made) == 1, "killed or not, the same was made"
    say(f"{sum(killed)} preparations killed, each completed by the next")


def refused(place: Place) -> str:
    """What `desk serve` says where it will not start; one line, soon, and nothing listens."""
    done = place.desk("serve", "--port", str(free_port()))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    return done.stderr


def test_what_must_not_be_served_is_refused_in_one_line(sqlite_place: Place, tmp_path: Path) -> None:
    keys = sqlite_place.data / "keys"
    (keys / "master.key").chmod(0o644)
    assert "can be read by others: chmod 600" in refused(sqlite_place)
    (keys / "master.key").chmod(0o600)
    shutil.move(keys, tmp_path / "away")
    assert "master.key and pepper.key missing" in refused(sqlite_place)
    assert not (keys / "master.key").exists()
    shutil.rmtree(keys, ignore_errors=True)
    shutil.move(tmp_path / "away", keys)
    with closing(sqlite3.connect(sqlite_place.file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    assert "9999" in refused(sqlite_place)
    with closing(sqlite3.connect(sqlite_place.file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (head(),))
        connection.commit()
    with sqlite_place.serve():
        sqlite_place.check()
