"""Results of the hourly check as rows. Judges none."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from desk.ports import Work
from desk.store.tables import VerificationRow, metadata

CHECK = metadata.tables["verification"]


def add(work: Work, took_ms: int, failing: list[str]) -> None:
    """Keep a result."""
    row = {
        "id": work.kit.lots.number(), "ran_at": work.now, "took_ms": took_ms, "ok": not failing, "failing": failing
    }  # fmt: skip
    work.conn.execute(insert(CHECK), row)


def latest(conn: Connection) -> VerificationRow | None:
    """The last result, None before the first check."""
    row = conn.execute(select(CHECK).order_by(CHECK.c.ran_at.desc(), CHECK.c.id.desc()).limit(1)).mappings().first()
    return VerificationRow(**row) if row else None


def forget(conn: Connection, before: datetime) -> None:
    """Drop results from before an instant."""
    conn.execute(delete(CHECK).where(CHECK.c.ran_at < before))
