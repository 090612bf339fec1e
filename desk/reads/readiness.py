"""What `/readyz` and `/metrics` ask the database: its schema, its keys, how the worker keeps up. Compares nothing itself."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, inspect, select, text

from desk.ports import Kit
from desk.store import checks, jobs
from desk.store.tables import metadata

_INSTALLATION = metadata.tables["installation"]


@dataclass(frozen=True, slots=True)
class Readiness:
    """The revision, None for an empty database; the names of the keys, None where none were ever bound to it."""

    schema: str | None
    master_key_id: str | None
    pepper_id: str | None


@dataclass(frozen=True, slots=True)
class Upkeep:
    """How the worker keeps up: seconds the oldest due job waits, jobs set aside, and the last check of every invariant.

    `checked_at` is None before the first check; `failing` are the ids of invariants that did not hold then.
    """

    queue_seconds: int
    set_aside: int
    checked_at: datetime | None
    failing: tuple[str, ...]


def upkeep(conn: Connection, kit: Kit) -> Upkeep:
    """How the worker keeps up now."""
    now = kit.clock.now()
    queue, last = jobs.queue(conn, now), checks.latest(conn)
    waits = int((now - queue.oldest_due_at).total_seconds()) if queue.oldest_due_at else 0
    return Upkeep(waits, queue.set_aside, last.ran_at if last else None, tuple(last.failing) if last else ())


def readiness(conn: Connection) -> Readiness:
    """How this database stands."""
    known = set(inspect(conn).get_table_names())
    schema = conn.scalar(text("SELECT version_num FROM alembic_version")) if "alembic_version" in known else None
    keys = select(_INSTALLATION.c.master_key_id, _INSTALLATION.c.pepper_id)
    bound = conn.execute(keys).first() if _INSTALLATION.name in known else None
    return Readiness(schema, *(bound or (None, None)))
