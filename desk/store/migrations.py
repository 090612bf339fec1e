"""Bringing a database to the newest schema, under a lock, and refusing one that is newer than this program.

The revisions themselves lie in `alembic/` (in a wheel: `desk/_migrations`).
"""

import contextlib
import fcntl
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from desk.store.engines import is_sqlite, plain_engine, sqlite_path
from desk.store.tables import metadata

_LOCK = 0x6465736B  # "desk"


class SchemaTooNew(Exception):  # noqa: N818 - named for the condition (DESIGN 5)
    """The database was upgraded by a newer desk; this one must not touch it."""

    def __init__(self, found: str) -> None:
        super().__init__(f"the database has schema {found}, which this desk does not know: install the newer desk that wrote it")


def script_folder() -> Path:
    """Where the revisions lie: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_migrations"
    return inside if inside.is_dir() else package.parent / "alembic"


def alembic_config() -> Config:
    """The settings alembic needs, made in code so that an installed desk needs no ini file."""
    config = Config()
    config.set_main_option("script_location", str(script_folder()).replace("%", "%%"))
    return config


@cache
def head() -> str:
    """The newest revision this program knows; the scripts are read once."""
    revision = ScriptDirectory.from_config(alembic_config()).get_current_head()
    if revision is None:
        msg = "no migrations found"
        raise RuntimeError(msg)
    return revision


def current(url: str) -> str | None:
    """The revision a database stands at, None when it is empty."""
    if is_sqlite(url) and not sqlite_path(url).exists():
        return None
    with plain_engine(url).connect() as conn:
        return revision_of(conn)


def revision_of(conn: Connection) -> str | None:
    """The revision seen through an open connection."""
    return MigrationContext.configure(conn).get_current_revision()


def upgrade(url: str) -> None:
    """Bring the database to `head`, while no other process does; a no-op at the head.

    Raises SchemaTooNew for a revision that this program does not know.
    """
    with _only_one(url), plain_engine(url).begin() as conn:
        if not is_sqlite(url):
            conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        found = revision_of(conn)
        if found == head():
            return
        _refuse_newer(found)
        config = alembic_config()
        config.attributes["connection"] = conn
        command.upgrade(config, "head")


def knows(revision: str) -> bool:
    """Whether this program has the revision; if not, a newer one wrote it."""
    return revision in {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}


def _refuse_newer(found: str | None) -> None:
    if found is not None and not knows(found):
        raise SchemaTooNew(found)


@contextlib.contextmanager
def _only_one(url: str) -> Iterator[None]:
    """On SQLite a lock file beside the database; PostgreSQL has its own lock, taken in the transaction."""
    if not is_sqlite(url):
        yield
        return
    path = sqlite_path(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


__all__ = ["SchemaTooNew", "current", "head", "knows", "metadata", "revision_of", "upgrade"]
