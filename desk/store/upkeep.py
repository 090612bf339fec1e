"""What grows and may be forgotten: found on a reading connection, dropped in small pieces. Decides no age."""

import contextlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, delete, or_, select

from desk.store.engines import is_sqlite, plain_engine
from desk.store.tables import metadata
from desk.store.tries import microseconds

JOB = metadata.tables["job"]
KEY = metadata.tables["idempotency_key"]
BUCKET = metadata.tables["try_bucket"]
CLOCK = metadata.tables["clock"]
_PATIENCE_MS = 1_000


def old_tags(conn: Connection, table: str, before: datetime, most: int) -> list[int]:
    """Tags of a table from before an instant."""
    tags = metadata.tables[table]
    return list(conn.execute(select(tags.c.id).where(tags.c.tagged_at < before).limit(most)).scalars())


def old_jobs(conn: Connection, before: datetime, most: int) -> list[int]:
    """Jobs that were done before an instant."""
    return list(conn.execute(select(JOB.c.id).where(JOB.c.done_at < before).limit(most)).scalars())


def old_keys(
    conn: Connection, lodged_before: datetime, others_before: datetime, lodging_route: str, for_ever: Sequence[str], most: int
) -> list[int]:  # fmt: skip
    """Answers given before an instant, of lodgings and of other routes, but of none that has a part `for_ever`."""
    lodging = and_(KEY.c.route == lodging_route, KEY.c.answered_at < lodged_before)
    other = and_(KEY.c.route != lodging_route, KEY.c.answered_at < others_before)
    kept = or_(*(KEY.c.route.contains(part) for part in for_ever))
    return list(conn.execute(select(KEY.c.id).where(or_(lodging, other), ~kept).limit(most)).scalars())


def drop(conn: Connection, table: str, ids: Sequence[int]) -> None:
    """Delete rows by id; those that are gone already are no trouble."""
    rows = metadata.tables[table]
    conn.execute(delete(rows).where(rows.c.id.in_(ids)))


def drop_empty_buckets(conn: Connection, now: datetime) -> None:
    """Forget buckets that hold no try any more: an absent bucket means the same."""
    conn.execute(delete(BUCKET).where(BUCKET.c.empty_at_us <= microseconds(now)))


def counted_otherwise(conn: Connection, calendar: str, most: int) -> list[int]:
    """Claims with a provisional clock that was counted with another calendar, in order of their ids."""
    stale = (CLOCK.c.provisional.is_(True), CLOCK.c.calendar != calendar, CLOCK.c.state != "void")
    return list(conn.execute(select(CLOCK.c.claim_id).where(*stale).distinct().order_by(CLOCK.c.claim_id).limit(most)).scalars())


def fold_log(url: str) -> None:
    """On SQLite, move what the write-ahead log holds into the file and shorten the log; gives way after a second."""
    if not is_sqlite(url):
        return
    # A raw connection: a checkpoint inside the transaction that the writing engine begins would be refused.
    with contextlib.closing(plain_engine(url).raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_PATIENCE_MS}")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
