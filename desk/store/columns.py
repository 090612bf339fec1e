"""Column types that mean the same on both engines, and short ways to declare columns. Holds no table."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
    text,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
"""Stands for "no time known" where a NOT NULL column is sorted by."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant. SQLite keeps one fixed-width text that sorts by time, PostgreSQL a timestamptz.

    Raises ValueError for a naive datetime.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on SQLite, timestamptz elsewhere."""
        return dialect.type_descriptor(String(27) if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ANN401 - the driver's own form
        """Refuse naive input, hand the driver UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "a time without zone cannot be stored"
            raise ValueError(msg)
        moment = value.astimezone(UTC)
        return moment.isoformat(timespec="microseconds").replace("+00:00", "Z") if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002 - the driver's own form
        """Give back aware UTC."""
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return value.astimezone(UTC) if isinstance(value, datetime) else None


_ID = BigInteger().with_variant(Integer, "sqlite")
"""64 bits on both engines; on SQLite the declared type INTEGER makes the id the row's own place, without a second index."""


def key() -> Column[int]:
    """The primary key: an id made by `Lots`, never by the database."""
    return Column(_ID, primary_key=True, autoincrement=False)


def key_of(target: str) -> Column[int]:
    """A primary key that is the id of another row: one row here for each there."""
    return Column(_ID, ForeignKey(target), primary_key=True, autoincrement=False)


def named_key(length: int) -> Column[str]:
    """A primary key that is a name."""
    return Column(String(length), primary_key=True)


def refers(target: str, *, optional: bool = False, index: bool = False) -> Column[int]:
    """A foreign key to `target`, "table.column"."""
    return Column(BigInteger, ForeignKey(target), nullable=optional, index=index)


def words(length: int, *, optional: bool = False, unique: bool = False) -> Column[str]:
    """Text of at most `length` characters."""
    return Column(String(length), nullable=optional, unique=unique)


def prose(*, optional: bool = False) -> Column[str]:
    """Text whose limit stands in a CHECK of its table."""
    return Column(Text, nullable=optional)


def moment(*, optional: bool = False) -> Column[datetime]:
    """An instant."""
    return Column(UtcDateTime, nullable=optional)


def day(*, optional: bool = False) -> Column[Any]:
    """A calendar day at the site."""
    return Column(Date, nullable=optional)


def whole(*, optional: bool = False) -> Column[int]:
    """A 32-bit number."""
    return Column(Integer, nullable=optional)


def serial(*, optional: bool = False) -> Column[int]:
    """A number made by `Lots` that is not the row's key."""
    return Column(BigInteger, nullable=optional)


def amount(*, optional: bool = False) -> Column[int]:
    """An amount in minor units."""
    return Column(BigInteger, nullable=optional)


def truth() -> Column[bool]:
    """Yes or no."""
    return Column(Boolean, nullable=False)


def octets(*, optional: bool = False) -> Column[bytes]:
    """Raw bytes: hashes, sealed fields, wrapped keys."""
    return Column(LargeBinary, nullable=optional)


def document() -> Column[Any]:
    """A small JSON value, read and written whole."""
    return Column(JSON, nullable=False)


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """CHECK that a column holds a value of the StrEnum `values`."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def at_most(column: str, characters: int) -> CheckConstraint:
    """CHECK on the length of a text, in characters."""
    return CheckConstraint(f"length({column}) <= {characters}", name=f"{column}_length")


def only_where(condition: str) -> dict[str, Any]:
    """Makes an Index partial on both engines."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
