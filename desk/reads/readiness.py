"""What `/readyz` asks the database: which schema it has, and which keys it belongs to. Compares nothing itself."""

from dataclasses import dataclass

from sqlalchemy import Connection, inspect, select, text

from desk.store.tables import metadata

_INSTALLATION = metadata.tables["installation"]


@dataclass(frozen=True, slots=True)
class Readiness:
    """The revision, None for an empty database; the names of the keys, None where none were ever bound to it."""

    schema: str | None
    master_key_id: str | None
    pepper_id: str | None


def readiness(conn: Connection) -> Readiness:
    """How this database stands."""
    known = set(inspect(conn).get_table_names())
    schema = conn.scalar(text("SELECT version_num FROM alembic_version")) if "alembic_version" in known else None
    keys = select(_INSTALLATION.c.master_key_id, _INSTALLATION.c.pepper_id)
    bound = conn.execute(keys).first() if _INSTALLATION.name in known else None
    return Readiness(schema, *(bound or (None, None)))
