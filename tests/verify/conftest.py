"""The story told once an engine, and a copy of it for each test that breaks something."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from itertools import count
from pathlib import Path

import anyio
import pytest

from tests.builders import FOLDER
from tests.once import once
from tests.postgres import LATER, PgServer
from tests.verify.story import Story, tell

_numbers = count(1)


@pytest.fixture(scope="session")
def sqlite_story(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Story]:
    """A SQLite file of this process in which the day has happened, told once a run; nothing writes to it any more."""

    def make(folder: Path) -> None:
        path = shutil.copyfile(sqlite_template, folder / "desk.db")
        story = anyio.run(partial(tell, f"sqlite:///{path}"))
        (folder / "story.json").write_text(json.dumps(asdict(story)))
        shutil.copytree(FOLDER, folder / "files")

    folder = once(tmp_path_factory, "story", make)
    shutil.copytree(folder / "files", FOLDER, dirs_exist_ok=True)
    own = Path(shutil.copyfile(folder / "desk.db", tmp_path_factory.mktemp("story") / "desk.db"))
    return own, Story(**json.loads((folder / "story.json").read_text()))


@pytest.fixture(scope="session")
def postgresql_story(pg_server: PgServer, postgresql_template: str) -> Iterator[tuple[str, Story]]:
    """The name of a PostgreSQL database in which the day has happened."""
    name = f"desk_story_{os.getpid()}"
    story = anyio.run(partial(tell, pg_server.create_database(name, template=postgresql_template)))
    yield name, story
    pg_server.drop_database(name)


@pytest.fixture
def on_sqlite(sqlite_story: tuple[Path, Story], tmp_path: Path) -> tuple[str, Story]:
    """The address of a copy of the told SQLite file."""
    path, story = sqlite_story
    return f"sqlite:///{shutil.copyfile(path, tmp_path / 'desk.db')}", story


@pytest.fixture
def on_postgresql(pg_server: PgServer, postgresql_story: tuple[str, Story]) -> Iterator[tuple[str, Story]]:
    """The address of a copy of the told PostgreSQL database."""
    template, story = postgresql_story
    name = f"desk_broken_{os.getpid()}_{next(_numbers)}"
    yield pg_server.create_database(name, template=template), story
    pg_server.drop_database(name)


@pytest.fixture(params=["sqlite", LATER])
def story_kept(request: pytest.FixtureRequest) -> tuple[str, Story]:
    """The same without a copy, for tests that leave no trace."""
    place, story = request.getfixturevalue(f"{request.param}_story")
    return f"sqlite:///{place}" if request.param == "sqlite" else request.getfixturevalue("pg_server").url(place), story


@pytest.fixture(params=["sqlite", LATER])
def told(request: pytest.FixtureRequest) -> tuple[str, Story]:
    """The address of a database in which the day has happened, and its claims by name: once on each engine."""
    copy: tuple[str, Story] = request.getfixturevalue(f"on_{request.param}")
    return copy
