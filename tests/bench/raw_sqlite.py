"""The yardstick on SQLite: the standard library's driver in one process, writing the very rows of one lodging.

WAL and synchronous=FULL as the desk has them. The values are made beforehand: only statements and commits are timed.
"""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from time import perf_counter

from desk.outside.lots import SystemLots
from tests.bench.rows import Added, Cell, Fresh, Id

_IDS_EACH, _MADE_AT_ONCE = 32, 1_024
Claim = list[list[tuple[object, ...]]]


def run(path: Path, rows: Sequence[Added], *, batch: int, seconds: float = 0, transactions: int = 0) -> float:
    """Claims a second, `batch` of them in a transaction, for some seconds or for some transactions."""
    statements = [_insert(table) for table in rows]
    base, done, spent = SystemLots().number(), 0, 0.0
    with closing(_opened(path)) as connection:
        while spent < seconds or done < transactions * batch:
            count = min(_MADE_AT_ONCE, transactions * batch or _MADE_AT_ONCE)
            made = [_claim(rows, base + (done + one) * _IDS_EACH) for one in range(count)]
            began = perf_counter()
            for start in range(0, count, batch):
                _commit(connection, statements, made[start : start + batch])
            spent, done = spent + perf_counter() - began, done + count
    return done / spent


def copy(origin: Path, target: Path) -> Path:
    """A copy of a database that others may have open."""
    with closing(sqlite3.connect(origin)) as source, closing(sqlite3.connect(target)) as into:
        source.backup(into)
    return target


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=512)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _commit(connection: sqlite3.Connection, statements: list[str], claims: list[Claim]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for place, statement in enumerate(statements):
        connection.executemany(statement, [row for claim in claims for row in claim[place]])
    connection.execute("COMMIT")


def _insert(table: Added) -> str:
    columns = ", ".join(f'"{name}"' for name in table.columns)
    return f'INSERT INTO "{table.table}" ({columns}) VALUES ({", ".join("?" * len(table.columns))})'


def _claim(rows: Sequence[Added], base: int) -> Claim:
    """The values of one claim, table by table."""
    return [[tuple(_value(cell, base) for cell in row) for row in table.rows] for table in rows]


def _value(cell: Cell, base: int) -> object:
    if isinstance(cell, Id):
        return f"{cell.before}{base + cell.place}" if cell.before else base + cell.place
    if isinstance(cell, Fresh):
        return os.urandom(cell.length) if cell.binary else os.urandom(cell.length).hex()[: cell.length]
    return cell.value
