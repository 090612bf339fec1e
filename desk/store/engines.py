"""How the two databases are opened. Runs no statement of the desk's own beyond what makes a connection safe.

SQLite has two engines: a writer that begins IMMEDIATE and a reader that cannot write. PostgreSQL has two pools likewise.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

BUSY_MS = 10_000
WAL_LIMIT = 64 * 1024 * 1024
# A plan that was prepared while a table was small reads all of it for each lookup until statistics are next gathered. Without
# sequential scans it goes by the index from the first day on; what has no index is read whole all the same. That is given an
# absurd cost, for which PostgreSQL would compile the query for tens of milliseconds: so no compiling either.
_PG = "-c lock_timeout=10s -c statement_timeout=30s -c synchronous_commit=on -c timezone=UTC -c enable_seqscan=off -c jit=off"
# A desk whose machine died says no goodbye: what it held, an idempotency key among it, is let go half a minute later (I16).
_PG_WRITER = f"{_PG} -c idle_in_transaction_session_timeout=30s"
_PG_READER = f"{_PG} -c default_transaction_read_only=on"
_PG_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"


def is_sqlite(url: str) -> bool:
    """Whether the address names a SQLite file."""
    return make_url(url).get_backend_name() == "sqlite"


def sqlite_path(url: str) -> Path:
    """The database file. Raises ValueError for an address without one: the desk never keeps claims in memory only."""
    name = make_url(url).database
    if not name or name == ":memory:":
        msg = "the SQLite address must name a file"
        raise ValueError(msg)
    return Path(name)


def sqlite_writer(url: str) -> Engine:
    """The writing engine: WAL, every commit synced, foreign keys on, each unit of work starts with BEGIN IMMEDIATE."""
    engine = _sqlite(url)
    event.listen(engine, "connect", _make_durable)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def sqlite_reader(url: str) -> Engine:
    """The reading engine: it cannot write, and outside an explicit BEGIN every statement sees the newest commit."""
    engine = _sqlite(url)
    event.listen(engine, "connect", _make_read_only)
    return engine


def _sqlite(url: str) -> Engine:
    arguments = {"isolation_level": None, "check_same_thread": False, "timeout": BUSY_MS / 1000, "cached_statements": 512}
    return create_engine(url, connect_args=arguments, poolclass=NullPool, hide_parameters=True)


def _make_durable(connection: Any, _record: object) -> None:  # noqa: ANN401 - a raw driver connection
    for pragma in (
        f"busy_timeout={BUSY_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"journal_size_limit={WAL_LIMIT}"
    ):  # fmt: skip
        connection.execute(f"PRAGMA {pragma}")
    found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")]
    if found != ["wal", 2, 1]:
        msg = f"SQLite would not keep acknowledged writes: journal_mode, synchronous, foreign_keys are {found}"
        raise RuntimeError(msg)


def _make_read_only(connection: Any, _record: object) -> None:  # noqa: ANN401 - a raw driver connection
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    connection.execute("PRAGMA query_only=1")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def postgres_writer(url: str, size: int) -> AsyncEngine:
    """The writing pool: READ COMMITTED, at most `size` connections, waiting 10 s for a lock and 30 s for a statement."""
    return create_async_engine(url, connect_args={"options": _PG_WRITER}, **_pool(size))


def postgres_reader(url: str, size: int) -> AsyncEngine:
    """The reading pool: it cannot write; each statement stands alone unless a snapshot is asked for."""
    return create_async_engine(url, isolation_level="AUTOCOMMIT", connect_args={"options": _PG_READER}, **_pool(size))


def _pool(size: int) -> dict[str, Any]:
    """No more than `size` connections, and no values in error messages: they are what visitors wrote."""
    return {"pool_size": size, "max_overflow": 0, "pool_timeout": 10, "hide_parameters": True}


def plain_engine(url: str) -> Engine:
    """A single connection for migrations and checks, on either database."""
    if is_sqlite(url):
        return sqlite_writer(url)
    options = "-c lock_timeout=60s -c timezone=UTC"
    return create_engine(url, poolclass=NullPool, connect_args={"options": options}, hide_parameters=True)


@contextmanager
def snapshot(url: str) -> Iterator[Connection]:
    """A reading connection of its own that sees one moment, for checks that take long. It cannot write and stops no writer."""
    engine, begin = (sqlite_reader(url), "BEGIN") if is_sqlite(url) else (plain_engine(url), _PG_SNAPSHOT)
    with engine.connect() as conn:
        conn.exec_driver_sql(begin)
        try:
            yield conn
        finally:
            conn.rollback()
