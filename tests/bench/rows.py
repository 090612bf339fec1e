"""What one lodging wrote, row by row, as a pattern from which a yardstick can write any number of the same. Writes nothing.

Values stay as they are, except those that a key or an index tells apart: ids and what names them, references, hashes, keys.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Index, LargeBinary, String, Table, UniqueConstraint

from desk.store.engines import is_sqlite, plain_engine, sqlite_reader
from desk.store.tables import metadata

Stored = dict[str, set[tuple[Any, ...]]]


@dataclass(frozen=True)
class Id:
    """The nth id of the lodging, `before` it a name such as `claim:`."""

    place: int
    before: str = ""


@dataclass(frozen=True)
class Fresh:
    """Random bytes, or as many random letters: something that an index tells apart."""

    length: int
    binary: bool


@dataclass(frozen=True)
class Same:
    """A value that every lodging may share."""

    value: Any


Cell = Id | Fresh | Same


@dataclass(frozen=True)
class Added:
    """The rows that one lodging adds to one table."""

    table: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def stored(url: str) -> Stored:
    """Every row of every table: as the file holds it on SQLite, each value as text on PostgreSQL."""
    with _reading(url) as conn:
        return {
            table.name: {tuple(row) for row in conn.exec_driver_sql(_everything(table, conn.dialect.name))}
            for table in metadata.sorted_tables
        }


def counts(url: str) -> dict[str, int]:
    """The number of rows by table."""
    with _reading(url) as conn:
        return {
            table.name: int(conn.exec_driver_sql(f"SELECT count(*) FROM {table.name}").scalar_one())
            for table in metadata.sorted_tables
        }


def added(before: Stored, after: Stored) -> list[Added]:
    """The pattern of what was added in between, parents before children. Raises ValueError where a row was changed."""
    if changed := [name for name, rows in before.items() if rows - after[name]]:
        msg = f"lodging changed rows of {changed}: the yardstick only inserts"
        raise ValueError(msg)
    new = {table: sorted(after[table.name] - before[table.name], key=str) for table in metadata.sorted_tables}
    ids = [str(row[_place(table, "id")]) for table, rows in new.items() if "id" in table.c for row in rows]
    return [
        Added(table.name, tuple(table.c.keys()), tuple(_cells(table, row, ids) for row in rows))
        for table, rows in new.items()
        if rows
    ]


def _everything(table: Table, engine: str) -> str:
    cast = "::text" if engine == "postgresql" else ""
    columns = ", ".join(f'"{column.name}"{cast}' for column in table.c)
    return f'SELECT {columns} FROM "{table.name}"'


def _cells(table: Table, row: tuple[Any, ...], ids: list[str]) -> tuple[Cell, ...]:
    return tuple(_cell(column, value, ids) for column, value in zip(table.c, row, strict=True))


def _cell(column: Column[Any], value: Any, ids: list[str]) -> Cell:  # noqa: ANN401 - the driver's own form
    if str(value) in ids:
        return Id(ids.index(str(value)))
    apart = isinstance(column.type, String | LargeBinary) and column in _leading(column.table)
    if value is None or column.foreign_keys or not apart:
        return Same(value)
    for place, one in enumerate(ids):
        if str(value).endswith(one):
            return Id(place, str(value).removesuffix(one))
    binary = isinstance(column.type, LargeBinary)
    return Fresh((len(value) - 2) // 2 if binary and isinstance(value, str) else len(value), binary)


def _leading(table: Any) -> set[Column[Any]]:  # noqa: ANN401 - a table, or whatever else a column may hang on
    """The columns that an index or a unique constraint of the table begins with."""
    assert isinstance(table, Table)
    unique = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    together: list[UniqueConstraint | Index] = [*unique, *table.indexes]
    return {next(iter(one.columns)) for one in together if len(one.columns)}


def _place(table: Table, name: str) -> int:
    return table.c.keys().index(name)


@contextmanager
def _reading(url: str) -> Iterator[Connection]:
    engine = sqlite_reader(url) if is_sqlite(url) else plain_engine(url)
    with engine.connect() as conn:
        yield conn
    engine.dispose()
