"""Many callers' rows in a few statements: what the `append` door does inside its transaction, the same on both engines.

Decides nothing about the rows: each caller's `build` made them.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, text
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError

from desk.ports import Insertion, Kit, Row, Rows, Work
from desk.store.tables import metadata

FOUND_BY_DERIVED_ID = frozenset({"respondent"})
"""Tables whose ids follow from their content: a row that is already there is the same row."""

TRIES = 3

MOST_WAITING = 2000
"""How many callers a door lets wait: at a thousand a second the last one is answered within two."""

Outcome = tuple[Any, BaseException | None]


def work_at(conn: Connection, kit: Kit) -> Work:
    """A unit of work at this instant."""
    return Work(conn, kit.clock.now(), kit)


def run_insertions(conn: Connection, kit: Kit, insertions: Sequence[Insertion[Any, Any, Any]]) -> list[Outcome]:
    """Build and insert a whole batch under one savepoint; if two callers collide, one by one.

    Returns one (result, refusal) a caller, in order; nothing of a refused caller is left behind.
    """
    try:
        with conn.begin_nested():
            return _together(conn, kit, insertions)
    except IntegrityError:
        return [_alone(conn, kit, insertion) for insertion in insertions]


def _alone(conn: Connection, kit: Kit, insertion: Insertion[Any, Any, Any]) -> Outcome:
    """A collision is asked and built again, with fresh lots: a key that was taken meanwhile is then found, not broken."""
    for attempt in range(TRIES):
        try:
            with conn.begin_nested():
                return _together(conn, kit, [insertion])[0]
        except IntegrityError as collision:
            if attempt == TRIES - 1:
                return None, collision
    return None, None


def _together(conn: Connection, kit: Kit, insertions: Sequence[Insertion[Any, Any, Any]]) -> list[Outcome]:
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
    """Insert the rows of all callers, one statement a table, parents before children."""
    merged: dict[str, list[Row]] = {}
    for rows in built:
        for name, added in rows.items():
            merged.setdefault(name, []).extend(added)
    insert_many = _insert_postgres if conn.dialect.name == "postgresql" else _insert_sqlite
    for table in metadata.sorted_tables:
        if merged.get(table.name):
            insert_many(conn, table, merged[table.name])


def _insert_sqlite(conn: Connection, table: Table, rows: list[Row]) -> None:
    if table.name in FOUND_BY_DERIVED_ID:
        conn.execute(sqlite_insert(table).on_conflict_do_nothing(), rows)
    else:
        conn.execute(insert(table), rows)


def _insert_postgres(conn: Connection, table: Table, rows: list[Row]) -> None:
    """One fixed statement whatever the number of rows: the rows travel as one JSON array, PostgreSQL unfolds it."""
    columns = ", ".join(f'"{name}"' for name in rows[0])
    ignore = " ON CONFLICT DO NOTHING" if table.name in FOUND_BY_DERIVED_ID else ""
    conn.execute(
        text(
            f'INSERT INTO "{table.name}" ({columns}) '
            f'SELECT {columns} FROM json_populate_recordset(NULL::"{table.name}", CAST(:rows AS json)){ignore}'
        ),
        {"rows": json.dumps(rows, default=_as_json, ensure_ascii=False)},
    )


def _as_json(value: object) -> str:
    """How PostgreSQL reads instants, days and bytes out of JSON."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            msg = "a time without zone cannot be stored"
            raise ValueError(msg)
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    msg = f"{type(value).__name__} cannot be stored"
    raise TypeError(msg)
