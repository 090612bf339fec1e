"""Queries for the rows whose column is among some values, built once: building one anew costs more than asking it."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, Connection, CursorResult, Select, any_, bindparam

_VALUES = "among"


def takes_arrays(conn: Connection) -> bool:
    """Whether the database takes many values as one."""
    return conn.dialect.name == "postgresql"


def is_among(column: Column[Any], name: str, *, arrays: bool) -> ColumnElement[bool]:
    """Whether the column holds one of the values that travel under this name."""
    if arrays:
        return column == any_(bindparam(name, type_=ARRAY(column.type)))
    return column.in_(bindparam(name, expanding=True))


class Among:
    """`rows` of the query where `column` holds one of some values.

    On PostgreSQL the values travel as one array, so that the statement is the same for any number and stays prepared.
    """

    def __init__(self, query: Select[Any], column: Column[Any]) -> None:
        self._on_postgres = query.where(is_among(column, _VALUES, arrays=True))
        self._on_sqlite = query.where(is_among(column, _VALUES, arrays=False))

    def rows(self, conn: Connection, values: Iterable[Any]) -> CursorResult[Any]:
        """The rows, in no order."""
        query = self._on_postgres if takes_arrays(conn) else self._on_sqlite
        return conn.execute(query, {_VALUES: list(values)})
