"""The one row that says which keys this database belongs to, and the lock under which a database is set up."""

from sqlalchemy import Connection, insert, select, text

from desk.ports import Work
from desk.store.tables import InstallationRow, metadata

INSTALLATION = metadata.tables["installation"]
_LOCK = 0x6465736C


def lock(conn: Connection) -> None:
    """Let no other process set up or republish until this transaction ends; on SQLite a writing unit is alone anyway."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def find(conn: Connection) -> InstallationRow | None:
    """The row, None before the first set-up."""
    row = conn.execute(select(INSTALLATION)).mappings().first()
    return InstallationRow(**row) if row else None


def add(work: Work) -> None:
    """Bind this database to the keys in use."""
    sealer = work.kit.sealer
    row = {"id": 1, "master_key_id": sealer.key_id, "pepper_id": sealer.pepper_id, "made_at": work.now}
    work.conn.execute(insert(INSTALLATION), row)
