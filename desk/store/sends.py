"""Whiles in which no refund of a site may leave: opened, ended, and asked for before every send."""

from sqlalchemy import Connection, insert, select, update

from desk.ports import Row
from desk.store.tables import SendStopRow, metadata

STOP = metadata.tables["send_stop"]
_OPEN = STOP.c.resumed_at.is_(None)


def open_stop(conn: Connection, site_id: int) -> SendStopRow | None:
    """The stop that holds a site's refunds now, None while they leave."""
    row = conn.execute(select(STOP).where(STOP.c.site_id == site_id, _OPEN)).mappings().first()
    return SendStopRow(**row) if row else None


def add(conn: Connection, row: Row) -> SendStopRow:
    """Begin a stop; the database allows one at a time for a site."""
    conn.execute(insert(STOP), row)
    return SendStopRow(**row)


def end(conn: Connection, stop: SendStopRow, **values: object) -> None:
    """End a stop that is open."""
    conn.execute(update(STOP).where(STOP.c.id == stop.id, _OPEN).values(**values))
