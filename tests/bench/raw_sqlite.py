"""The yardstick on SQLite: the standard library's driver in one process, writing the very rows of one lodging or payment.

WAL and synchronous=FULL as the desk has them. The values are made beforehand: only statements and commits are timed.
"""

import os
import sqlite3
from base64 import b64encode
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from time import perf_counter

from desk.outside.lots import SystemLots
from tests.bench.rows import Added, Cell, Changed, Fresh, Id, More, Written

_IDS_EACH, _MADE_AT_ONCE = 64, 1_024
Values = list[list[tuple[object, ...]]]
"""For each statement of a pattern the rows it is run with."""


def run(path: Path, rows: Written, *, batch: int, seconds: float = 0, transactions: int = 0) -> float:
    """Claims a second, `batch` of them in a transaction, for some seconds or for some transactions."""
    statements = [_statement(one) for one in rows]
    base, done, spent = SystemLots().number(), 0, 0.0
    with closing(_opened(path)) as connection:
        while spent < seconds or done < transactions * batch:
            count = min(_MADE_AT_ONCE, transactions * batch or _MADE_AT_ONCE)
            made = [_values(rows, base + (done + one) * _IDS_EACH) for one in range(count)]
            began = perf_counter()
            for start in range(0, count, batch):
                _commit(connection, statements, made[start : start + batch])
            spent, done = spent + perf_counter() - began, done + count
    return done / spent


def pay(path: Path, before: Written, steps: Sequence[Written], number: int) -> float:
    """Payments a second: so many are brought `before` the first step, then each is taken through all, a transaction a step."""
    base = SystemLots().number()
    statements = [[_statement(one) for one in step] for step in steps]
    with closing(_opened(path)) as connection:
        every = [base + place * _IDS_EACH for place in range(number)]
        _commit(connection, [_statement(one) for one in before], [_values(before, one) for one in every])
        made = [[_values(step, one) for step in steps] for one in every]
        began = perf_counter()
        for values in made:
            for place, own in enumerate(values):
                _commit(connection, statements[place], [own])
        return number / (perf_counter() - began)


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


def _commit(connection: sqlite3.Connection, statements: list[str], many: list[Values]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for place, statement in enumerate(statements):
        connection.executemany(statement, [row for values in many for row in values[place]])
    connection.execute("COMMIT")


def _statement(one: Added | Changed) -> str:
    if isinstance(one, Added):
        columns = ", ".join(f'"{name}"' for name in one.columns)
        return f'INSERT INTO "{one.table}" ({columns}) VALUES ({", ".join("?" * len(one.columns))})'
    values = ", ".join(
        f'"{name}" = "{name}" + ?' if isinstance(cell, More) else f'"{name}" = ?'
        for name, cell in zip(one.columns, one.values, strict=True)
    )
    return f'UPDATE "{one.table}" SET {values} WHERE "id" = ?'


def _values(written: Written, base: int) -> Values:
    """What each statement is run with for one claim."""
    return [
        [tuple(_value(cell, base) for cell in row) for row in one.rows]
        if isinstance(one, Added)
        else [tuple(_value(cell, base) for cell in (*one.values, one.row))]
        for one in written
    ]


def _value(cell: Cell | More, base: int) -> object:
    if isinstance(cell, Id):
        return f"{cell.before}{base + cell.place}" if cell.before else base + cell.place
    if isinstance(cell, Fresh):
        drawn = os.urandom(cell.length)
        return drawn if cell.binary else b64encode(drawn, b"ab").decode()[: cell.length]
    return cell.by if isinstance(cell, More) else cell.value
