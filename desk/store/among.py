"""Queries for the rows whose column is among some values, built once: building one anew costs more than asking it."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, Column, Connection, CursorResult, Select, any_, bindparam

_VALUES = "among"


class Among:
    """`rows` of the query where `column` holds one of some values.

    On PostgreSQL the values travel as one array, so that the statement is the same for any number and stays prepared.
    """

    def __init__(self, query: Select[Any], column: Column[Any]) -> None:
        self._on_postgres = query.where(column == any_(bindparam(_VALUES, type_=ARRAY(column.type))))
        self._on_sqlite = query.where(column.in_(bindparam(_VALUES, expanding=True)))

    def rows(self, conn: Connection, values: Iterable[Any]) -> CursorResult[Any]:
        """The rows, in no order."""
        query = self._on_postgres if conn.dialect.name == "postgresql" else self._on_sqlite
        return conn.execute(query, {_VALUES: list(values)})
