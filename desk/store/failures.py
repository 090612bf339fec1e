"""What a failing database means for the caller: full, busy, or two writers who collided. Retries nothing itself."""

import sqlite3

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from desk.domain.errors import Busy, DeskError, StorageFull

_SQLITE_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})
_SQLITE_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_PG_FULL = frozenset({"53100", "53200", "58030", "25006"})
_PG_BUSY = frozenset({"55P03", "57014", "53300", "57P01", "57P03", "08006", "08001", "08003"})
_PG_COLLIDED = frozenset({"40001", "40P01"})


def refusal_for(error: BaseException) -> DeskError | None:
    """The refusal that tells the caller what happened, or None when the error is our own bug."""
    if isinstance(error, DeskError):
        return error
    if isinstance(error, PoolTimeout | InterfaceError):
        return Busy()
    return _refusal_of_database(error) or (refusal_for(error.__context__) if error.__context__ else None)


def _refusal_of_database(error: BaseException) -> DeskError | None:
    if not isinstance(error, DBAPIError):
        return None
    code = _code(error)
    if code in _SQLITE_FULL or code in _PG_FULL:
        return StorageFull()
    if code in _SQLITE_BUSY or code in _PG_BUSY or code in _PG_COLLIDED or error.connection_invalidated:
        return Busy()
    return None


def worth_again(error: BaseException) -> bool:
    """Whether the same action may well succeed when run once more: it collided with another writer."""
    return isinstance(error, IntegrityError) or (isinstance(error, DBAPIError) and _code(error) in _PG_COLLIDED)


def _code(error: DBAPIError) -> object:
    """SQLite's primary result code or PostgreSQL's SQLSTATE."""
    extended = getattr(error.orig, "sqlite_errorcode", None)
    if isinstance(extended, int):
        return extended & 0xFF
    return getattr(error.orig, "sqlstate", None)
