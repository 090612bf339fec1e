"""Whiles in which no refund of a site may leave: opened, ended, and asked for before every send."""

from sqlalchemy import Connection, insert, select, update

from desk.ports import Row
from desk.store.tables import SendStopRow, metadata

STOP, SITE = metadata.tables["send_stop"], metadata.tables["site"]
_OPEN = STOP.c.resumed_at.is_(None)


def open_stop(conn: Connection, site_id: int) -> SendStopRow | None:
    """The stop that holds a site's refunds now, None while they leave."""
    row = conn.execute(select(STOP).where(STOP.c.site_id == site_id, _OPEN)).mappings().first()
    return SendStopRow(**row) if row else None


def open_stop_held(conn: Connection, site_id: int) -> SendStopRow | None:
    """The same, and no stop can begin or end before the transaction does: on PostgreSQL the site is locked for that."""
    conn.execute(select(SITE.c.id).where(SITE.c.id == site_id).with_for_update(read=True))
    return open_stop(conn, site_id)


def add(conn: Connection, row: Row) -> SendStopRow:
    """Begin a stop; the database allows one at a time for a site."""
    conn.execute(insert(STOP), row)
    return SendStopRow(**row)


def end(conn: Connection, stop: SendStopRow, **values: object) -> None:
    """End a stop that is open."""
    conn.execute(update(STOP).where(STOP.c.id == stop.id, _OPEN).values(**values))
