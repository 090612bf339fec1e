"""Notifications as rows. Decides neither what is news nor whether anybody is written to."""

from typing import Any

from sqlalchemy import Connection, insert, select, update

from desk.domain.notification import NotificationState
from desk.ports import Row, Work
from desk.store.tables import NotificationRow, metadata

NOTIFICATION = metadata.tables["notification"]


def add(work: Work, row: Row) -> None:
    """Write one in the transaction that writes its event."""
    work.conn.execute(insert(NOTIFICATION), row)


def get(conn: Connection, number: int) -> NotificationRow:
    """One as it stands."""
    return NotificationRow(**conn.execute(select(NOTIFICATION).where(NOTIFICATION.c.id == number)).mappings().one())


def of_claim(conn: Connection, claim_id: int) -> list[NotificationRow]:
    """What the visitor of a claim was told, the newest first."""
    query = select(NOTIFICATION).where(NOTIFICATION.c.claim_id == claim_id).order_by(NOTIFICATION.c.id.desc())
    return [NotificationRow(**row) for row in conn.execute(query).mappings()]


def given_up(conn: Connection, claim_id: int) -> list[NotificationRow]:
    """Those of a claim that were given up and that nobody has seen to, the newest first."""
    return [row for row in of_claim(conn, claim_id) if row.state == NotificationState.GIVEN_UP]


def is_overtaken(conn: Connection, row: NotificationRow) -> bool:
    """Whether the visitor of a claim was told something newer by now."""
    newer = (NOTIFICATION.c.claim_id == row.claim_id, NOTIFICATION.c.id > row.id)
    sent = select(NOTIFICATION.c.id).where(*newer, NOTIFICATION.c.state == NotificationState.SENT.value).limit(1)
    return conn.execute(sent).first() is not None


def change(conn: Connection, row: NotificationRow, **values: Any) -> NotificationRow:  # noqa: ANN401 - column values
    """Write new column values; the claim, which is locked, keeps others away."""
    conn.execute(update(NOTIFICATION).where(NOTIFICATION.c.id == row.id).values(**values))
    return NotificationRow(**{**row.model_dump(), **values})
