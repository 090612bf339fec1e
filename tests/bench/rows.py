"""What requests wrote, row by row, as a pattern from which a yardstick can write any number of the same. Writes nothing.

Values stay as they are, except those that a key or an index tells apart: ids and what names them, references, hashes, keys.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Index, LargeBinary, String, Table, UniqueConstraint

from desk.store.engines import is_sqlite, plain_engine, sqlite_reader
from desk.store.tables import metadata

Stored = dict[str, set[tuple[Any, ...]]]


@dataclass(frozen=True)
class Id:
    """The nth id of the pattern, `before` it a name such as `claim:`."""

    place: int
    before: str = ""


@dataclass(frozen=True)
class Fresh:
    """Random bytes, or as many random letters: something that an index tells apart."""

    length: int
    binary: bool


@dataclass(frozen=True)
class Same:
    """A value that all may share."""

    value: Any


@dataclass(frozen=True)
class More:
    """A number that grows by so much, as the balance of an account does that all share."""

    by: int


Cell = Id | Fresh | Same


@dataclass(frozen=True)
class Added:
    """The rows that are added to one table."""

    table: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Changed:
    """A row that is changed: its id, and the new values of those columns that change."""

    table: str
    row: Cell
    columns: tuple[str, ...]
    values: tuple[Cell | More, ...]


Written = Sequence[Added | Changed]


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
    found = written(before, after, new_ids(before, after))
    if changed := [one.table for one in found if isinstance(one, Changed)]:
        msg = f"lodging changed rows of {changed}: the yardstick only inserts"
        raise ValueError(msg)
    return [one for one in found if isinstance(one, Added)]


def new_ids(before: Stored, after: Stored) -> list[str]:
    """The ids that were given in between; their places name them in a pattern."""
    return [str(row[_place(table, "id")]) for table, rows in _new(before, after).items() if "id" in table.c for row in rows]


def written(before: Stored, after: Stored, ids: list[str]) -> list[Added | Changed]:
    """The pattern of what was added and changed in between, parents before children; `ids` are those of the whole pattern.

    Rows that are changed are in the order of their ids, so that no two writers block each other. Raises ValueError where a
    row is gone.
    """
    added = [
        Added(table.name, tuple(table.c.keys()), tuple(_cells(table, row, ids) for row in rows))
        for table, rows in _new(before, after).items()
        if rows
    ]
    return [*added, *(one for table in metadata.sorted_tables for one in _changed(table, before, after, ids))]


def _new(before: Stored, after: Stored) -> dict[Table, list[tuple[Any, ...]]]:
    """The rows of each table whose key was not there before."""
    known = {table: {_key(table, row) for row in before[table.name]} for table in metadata.sorted_tables}
    return {
        table: sorted((row for row in after[table.name] if _key(table, row) not in keys), key=str)
        for table, keys in known.items()
    }


def _changed(table: Table, before: Stored, after: Stored, ids: list[str]) -> Iterator[Changed]:
    now = {_key(table, row): row for row in after[table.name]}
    for row in sorted(before[table.name] - after[table.name], key=lambda row: _key(table, row)):
        if _key(table, row) not in now:
            msg = f"a row of {table.name} is gone: the yardstick inserts and updates"
            raise ValueError(msg)
        differ = [
            (column, was, value) for column, was, value in zip(table.c, row, now[_key(table, row)], strict=True) if was != value
        ]
        own = _cell(table.c["id"], row[_place(table, "id")], ids)
        values = tuple(
            More(int(value) - int(was)) if isinstance(own, Same) else _cell(column, value, ids) for column, was, value in differ
        )
        yield Changed(table.name, own, tuple(column.name for column, _, _ in differ), values)


def _key(table: Table, row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(row[_place(table, column.name)] for column in table.primary_key.columns)


def _everything(table: Table, engine: str) -> str:
    cast = "::text" if engine == "postgresql" else ""
    columns = ", ".join(f'"{column.name}"{cast}' for column in table.c)
    return f'SELECT {columns} FROM "{table.name}"'


def _cells(table: Table, row: tuple[Any, ...], ids: list[str]) -> tuple[Cell, ...]:
    return tuple(_cell(column, value, ids) for column, value in zip(table.c, row, strict=True))


def _cell(column: Column[Any], value: Any, ids: list[str]) -> Cell:  # noqa: ANN401 - the driver's own form
    if str(value) in ids:
        return Id(ids.index(str(value)))
    # An event's hash is what the next one of its chain names as its predecessor, and no two may name the same.
    apart = isinstance(column.type, String | LargeBinary) and (column in _leading(column.table) or column.name == "hash")
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
