"""Trouble put between a desk and its database: the statement that fails, the process that dies at it. Judges nothing.

A statement is whatever SQLAlchemy hands to the driver of the writing engine, BEGIN, SAVEPOINT and RELEASE too; COMMIT counts as
one more. They are counted from 1 within a `Watch`.
"""

import os
import resource
import signal
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NoReturn

import psycopg
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

from desk.ports import Desk
from desk.store.engines import is_sqlite
from desk.store.tables import metadata

COMMIT = "COMMIT"
STANDING = {
    "balances": "SELECT site_id, name, balance_minor FROM fund_account WHERE name NOT LIKE 'receivable%'",
    "receivables": "SELECT site_id, sum(balance_minor) FROM fund_account WHERE name LIKE 'receivable%' GROUP BY site_id",
    "payouts": "SELECT state, amount_minor, calling FROM payout",
    "claims": "SELECT state, version FROM claim",
    "kinds": "SELECT kind, count(*) FROM event GROUP BY kind",
}


class Trouble(StrEnum):
    """How a statement fails."""

    IO_ERROR = "disk I/O error"
    FULL = "database or disk is full"
    INTERRUPTED = "interrupted"
    CUT = "connection cut"


CODES = {Trouble.IO_ERROR: sqlite3.SQLITE_IOERR, Trouble.FULL: sqlite3.SQLITE_FULL}
WRITES = ("INSERT", "UPDATE", "DELETE", COMMIT)
AT_REST = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", COMMIT)
"""Statements too short for SQLite to be interrupted in the middle of one."""


@dataclass
class Watch:
    """Counts statements, and lets `befall(connection, statement)` happen at one of them: before it, or after COMMIT."""

    at: int
    befall: Callable[[Connection, str], None]
    after_commit: bool = False
    seen: int = 0
    commits: int = 0
    writes: list[int] = field(default_factory=list)
    """Which of them write, COMMIT included: between two of these a file is what it was."""

    def reach(self, conn: Connection, statement: str) -> None:
        """One more statement is about to be run."""
        self.seen += 1
        if statement.startswith(WRITES):
            self.writes.append(self.seen)
        if self.seen == self.at and not self.after_commit:
            self.befall(conn, statement)

    def passed(self, conn: Connection) -> None:
        """A COMMIT is over."""
        self.commits += 1
        if self.commits == self.at and self.after_commit:
            self.befall(conn, COMMIT)

    @property
    def struck(self) -> bool:
        """Whether it came to that."""
        return (self.commits if self.after_commit else self.seen) >= self.at > 0


@contextmanager
def watching(desk: Desk, watch: Watch) -> Iterator[Watch]:
    """Let the watch see every statement by which the desk writes."""
    engine = writing_engine(desk)
    do_commit = engine.dialect.do_commit

    def before_statement(conn: Connection, _cursor: Any, statement: str, *_: Any) -> None:  # noqa: ANN401 - the driver's
        watch.reach(conn, statement)

    def before_commit(conn: Connection) -> None:
        watch.reach(conn, COMMIT)

    def commit(raw: Any) -> None:  # noqa: ANN401 - the driver's connection
        do_commit(raw)
        watch.passed(raw)

    event.listen(engine, "before_cursor_execute", before_statement)
    event.listen(engine, "commit", before_commit)
    engine.dialect.do_commit = commit  # type: ignore[method-assign,assignment] # nothing is told after a COMMIT
    try:
        yield watch
    finally:
        engine.dialect.do_commit = do_commit  # type: ignore[method-assign] # put back
        event.remove(engine, "before_cursor_execute", before_statement)
        event.remove(engine, "commit", before_commit)


def writing_engine(desk: Any) -> Engine:  # noqa: ANN401 - the desk of either engine
    """The engine behind the writing door."""
    writer = desk._writer
    found: Engine = writer._engine if hasattr(writer, "_engine") else writer.sync_engine
    return found


def failing(trouble: Trouble) -> Callable[[Connection, str], None]:
    """What befalls a statement that fails so."""

    def befall(conn: Connection, statement: str) -> None:
        if trouble is Trouble.CUT:
            _cut(conn)
        elif trouble is Trouble.INTERRUPTED and not statement.startswith(AT_REST):
            _interrupt(conn)
        else:
            _refuse(trouble, statement)

    return befall


@contextmanager
def no_room_past(size: int) -> Iterator[None]:
    """Let the kernel write to no file of this process past so many bytes: SQLite is told so in the middle of a page."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def die(_conn: Connection, _statement: str) -> None:
    """End this process with kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)


def _refuse(trouble: Trouble, statement: str) -> NoReturn:
    """What SQLite says when the disk fails: the statement is not run."""
    kind = trouble if trouble in CODES else Trouble.IO_ERROR
    failure = sqlite3.OperationalError(kind.value)
    failure.sqlite_errorcode = CODES[kind]
    raise OperationalError(statement, None, failure)


def _interrupt(conn: Connection) -> None:
    """Let SQLite itself give this statement up while it runs; it gives the whole transaction up with it when it was writing."""
    raw, times = conn.connection.dbapi_connection, iter([1])
    assert raw
    raw.set_progress_handler(lambda: next(times, 0), 1)


def _cut(conn: Connection) -> None:
    """Let PostgreSQL end this session: the statement finds nobody there."""
    raw: Any = conn.connection.dbapi_connection
    assert raw
    with psycopg.connect(_address(conn), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [raw.driver_connection.info.backend_pid])


def _address(conn: Connection) -> str:
    return conn.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")


@dataclass(frozen=True)
class Picture:
    """Every row of a database at one moment, by table; and how many there are and where money, payouts and claims stand."""

    rows: Mapping[str, Sequence[Any]]
    standing: Mapping[str, Sequence[Any]]


def picture(database: str) -> Picture:
    """What a connection of its own sees; rows stand in no order of the database's own."""
    connect: Any = sqlite3.connect if is_sqlite(database) else psycopg.connect
    address = database.removeprefix("sqlite:///").replace("+psycopg", "")
    with closing(connect(address)) as connection:
        rows = {name: _sorted(connection, f'SELECT * FROM "{name}"') for name in metadata.tables}
        standing = {name: _sorted(connection, query) for name, query in STANDING.items()}
        return Picture(rows, {**standing, **{name: [len(found)] for name, found in rows.items()}})


def _sorted(connection: Any, query: str) -> list[Any]:  # noqa: ANN401 - a connection of either driver
    return sorted(connection.execute(query).fetchall(), key=repr)
