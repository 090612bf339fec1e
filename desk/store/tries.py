"""Buckets of tries, one row each, filled and checked in one statement so that parallel guesses cannot slip past.

Unreal references share a fixed number of buckets (RELIABILITY I28, I30).
"""

from datetime import datetime

from sqlalchemy import Connection, bindparam, text, update

from desk.domain.throttle import Allowance
from desk.store.tables import metadata

BUCKET = metadata.tables["try_bucket"]
UNREAL_BUCKETS = 65_536
JITTER_US = 500_000
"""Tries of one moment reach the row in any order, and the first to reach it need not be the first by its own clock."""

_TAKE = text(
    """
    INSERT INTO try_bucket (name, empty_at_us) VALUES (:name, :now + :each)
    ON CONFLICT (name) DO UPDATE SET empty_at_us =
        (CASE WHEN try_bucket.empty_at_us > :now THEN try_bucket.empty_at_us ELSE :now END) + :each
    WHERE try_bucket.empty_at_us <= :now + :full - :each
    RETURNING empty_at_us
    """
).bindparams(*(bindparam(name) for name in ("name", "now", "each", "full")))


def take(conn: Connection, name: str, allowance: Allowance, now: datetime) -> bool:
    """Put one try into a bucket; False when it is full. The row stays locked until the transaction ends."""
    values = {"name": name, "now": microseconds(now), "each": allowance.each_us, "full": allowance.full_us + JITTER_US}
    return conn.execute(_TAKE, values).first() is not None


def give_back(conn: Connection, name: str, allowance: Allowance) -> None:
    """Take the try out again: it did not fail."""
    conn.execute(update(BUCKET).where(BUCKET.c.name == name).values(empty_at_us=BUCKET.c.empty_at_us - allowance.each_us))


def unreal(tag: bytes) -> str:
    """The shared bucket of a reference that does not exist, from its keyed hash."""
    return f"unreal:{int.from_bytes(tag[:4], 'big') % UNREAL_BUCKETS}"


def network(tag: bytes) -> str:
    """The shared bucket of a network, from its keyed hash."""
    return f"network:{int.from_bytes(tag[:4], 'big') % UNREAL_BUCKETS}"


def microseconds(moment: datetime) -> int:
    """An instant in microseconds of the epoch, as buckets are measured."""
    return int(moment.timestamp() * 1_000_000)
