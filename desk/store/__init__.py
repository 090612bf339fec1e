"""The database: engines and doors, every table, SQL that changes rows or loads them for change."""

from desk.store.tables import metadata

__all__ = ["metadata"]
