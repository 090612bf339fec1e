"""Many callers' rows in a few statements: what the `append` door does inside its transaction, the same on both engines.

Decides nothing about the rows: each caller's `build` made them.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Dialect, LargeBinary, TextClause, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError

from desk.ports import Insertion, Kit, Row, Rows, Work
from desk.store.columns import UtcDateTime
from desk.store.tables import metadata
from desk.store.waiting import Outcome

FOUND_BY_DERIVED_ID = frozenset({"respondent"})
"""Tables whose ids follow from their content: a row that is already there is the same row."""

TRIES = 3
Cell = tuple[str, Callable[[Any], Any]]
_SQLITE: Dialect = sqlite.dialect(json_serializer=lambda document: msgspec.json.encode(document).decode())

MOST_WAITING = 2000
"""How many callers a door lets wait: at a thousand a second the last one is answered within two."""


def work_at(conn: Connection, kit: Kit) -> Work:
    """A unit of work at this instant."""
    return Work(conn, kit.clock.now(), kit)


def run_insertions(conn: Connection, kit: Kit, insertions: Sequence[Insertion[Any, Any, Any]]) -> list[Outcome]:
    """Build and insert a whole batch under one savepoint; if two callers collide, one by one.

    Returns one (result, refusal) a caller, in order; nothing of a refused caller is left behind.
    """
    try:
        with conn.begin_nested():
            return insert_together(conn, kit, insertions)
    except IntegrityError:
        return [_alone(conn, kit, insertion) for insertion in insertions]


def _alone(conn: Connection, kit: Kit, insertion: Insertion[Any, Any, Any]) -> Outcome:
    """A collision is asked and built again, with fresh lots: a key that was taken meanwhile is then found, not broken."""
    for attempt in range(TRIES):
        try:
            with conn.begin_nested():
                return insert_together(conn, kit, [insertion])[0]
        except IntegrityError as collision:
            if attempt == TRIES - 1:
                return None, collision
    return None, None


def insert_together(conn: Connection, kit: Kit, insertions: Sequence[Insertion[Any, Any, Any]]) -> list[Outcome]:
    """Ask, build and insert a batch; returns one (result, refusal) a caller, in order. Raises IntegrityError on a collision.

    On PostgreSQL everything is inserted by one statement, which is all or nothing even without a transaction around it.
    """
    work, outcomes, built = work_at(conn, kit), list[Outcome](), list[Rows]()
    for insertion, answer in zip(insertions, _answers(conn, insertions), strict=True):
        try:
            rows, result = insertion.build(work, answer)
        except Exception as refusal:  # noqa: BLE001 - handed to its own caller, the others go on
            outcomes.append((None, refusal))
        else:
            built.append(rows)
            outcomes.append((result, None))
    insert_rows(conn, built)
    return outcomes


def _answers(conn: Connection, insertions: Sequence[Insertion[Any, Any, Any]]) -> list[Any]:
    """Ask each kind of question once for all who ask it, and put the answers back in the callers' order."""
    asked: dict[Any, list[int]] = {}
    for place, insertion in enumerate(insertions):
        asked.setdefault(insertion.ask, []).append(place)
    answers: list[Any] = [None] * len(insertions)
    for ask, places in asked.items():
        for place, answer in zip(places, ask(conn, [insertions[place].question for place in places]), strict=True):
            answers[place] = answer
    return answers


def insert_rows(conn: Connection, built: Iterable[Rows]) -> None:
    """Insert the rows of all callers, parents before children: a statement a table on SQLite, one for all on PostgreSQL."""
    merged: dict[str, list[Row]] = {}
    for rows in built:
        for name, added in rows.items():
            merged.setdefault(name, []).extend(added)
    ordered = {name: merged[name] for name in _parents_first() if merged.get(name)}
    if ordered and conn.dialect.name == "postgresql":
        _insert_postgres(conn, ordered)
    elif ordered:
        _insert_sqlite(conn, ordered)


@cache
def _parents_first() -> tuple[str, ...]:
    return tuple(table.name for table in metadata.sorted_tables)


def _insert_sqlite(conn: Connection, ordered: dict[str, list[Row]]) -> None:
    """Straight to the driver: what SQLAlchemy does for each row by name is done once a statement, by place."""
    for name, rows in ordered.items():
        statement, cells = _sqlite_statement(name, tuple(rows[0]), len(rows))
        conn.exec_driver_sql(statement, tuple(to_stored(row[column]) for row in rows for column, to_stored in cells))


@cache
def _sqlite_statement(name: str, columns: tuple[str, ...], many: int) -> tuple[str, list[Cell]]:
    """An INSERT, and for each of its places the column and how its type hands a value to the driver."""
    types = [metadata.tables[name].c[column].type.dialect_impl(_SQLITE) for column in columns]
    cells: list[Cell] = [(column, one.bind_processor(_SQLITE) or _as_it_is) for column, one in zip(columns, types, strict=True)]
    places = ", ".join("?" * len(columns))
    return f'INSERT INTO "{name}" ({_listed(columns)}) VALUES {", ".join([f"({places})"] * many)}{_on_conflict(name)}', cells


def _insert_postgres(conn: Connection, ordered: dict[str, list[Row]]) -> None:
    """The rows of each table travel as one JSON array, PostgreSQL unfolds it; foreign keys are checked at the end."""
    statement = _postgres_statement(tuple((name, tuple(rows[0])) for name, rows in ordered.items()))
    conn.execute(statement, {name: _as_json(name, rows) for name, rows in ordered.items()})


@cache
def _postgres_statement(tables: tuple[tuple[str, tuple[str, ...]], ...]) -> TextClause:
    """One fixed statement for these tables and columns, whatever the number of rows."""
    inserts = [
        f'INSERT INTO "{name}" ({_listed(columns)}) SELECT {_listed(columns)} '
        f'FROM json_populate_recordset(NULL::"{name}", CAST(:{name} AS json)){_on_conflict(name)}'
        for name, columns in tables
    ]
    before = ", ".join(f"into_{place} AS ({one})" for place, one in enumerate(inserts[:-1]))
    return text(f"WITH {before} {inserts[-1]}" if before else inserts[-1])


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _on_conflict(name: str) -> str:
    return " ON CONFLICT DO NOTHING" if name in FOUND_BY_DERIVED_ID else ""


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - whatever the driver takes
    return value


def _as_json(name: str, rows: list[Row]) -> str:
    """Rows as PostgreSQL reads them: bytes in hexadecimal, times with their zone."""
    cells = _to_translate(name)
    plain = [
        {**row, **{column: to_text(row[column]) for column, to_text in cells if row.get(column) is not None}} for row in rows
    ]
    return msgspec.json.encode(plain).decode()


@cache
def _to_translate(name: str) -> tuple[Cell, ...]:
    """The columns of a table whose values JSON has no form for, or a form that could be misread, each with how it is told."""
    told: dict[type[Any], Callable[[Any], Any]] = {LargeBinary: _hexadecimal, UtcDateTime: _zoned}
    return tuple((column.name, told[type(column.type)]) for column in metadata.tables[name].c if type(column.type) in told)


def _hexadecimal(value: bytes) -> str:
    return "\\x" + value.hex()


def _zoned(value: datetime) -> datetime:
    if value.tzinfo is None:
        msg = "a time without zone cannot be stored"
        raise ValueError(msg)
    return value
