"""What a cashier has to count, and the closes that counted it. Decides no difference: `domain.day_close` does."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, exists, insert, select

from desk.domain.day_close import MOST_LINES, Line
from desk.domain.payout import PayoutState
from desk.ports import Row, Work
from desk.store.tables import DayCloseRow, metadata

CLOSE, LINE, PAYOUT = (metadata.tables[name] for name in ("day_close", "day_close_line", "payout"))


def uncounted(site_id: int) -> ColumnElement[bool]:
    """Payouts of a site that settled, returned since or not, and that no close has counted."""
    counted = exists().where(LINE.c.payout_id == PAYOUT.c.id)
    return (PAYOUT.c.site_id == site_id) & (PAYOUT.c.state == PayoutState.SETTLED.value) & ~counted


def lines(conn: Connection, site_id: int, officer: int, method: str, currency: str) -> list[Line]:
    """What a cashier sent in one way and has to count, the first settled first, at most `MOST_LINES`."""
    mine = (PAYOUT.c.sent_by == officer) & (PAYOUT.c.method == method) & (PAYOUT.c.currency == currency)
    query = select(PAYOUT.c.id, PAYOUT.c.amount_minor, PAYOUT.c.settled_at).where(uncounted(site_id), mine)
    rows = conn.execute(query.order_by(PAYOUT.c.settled_at, PAYOUT.c.id).limit(MOST_LINES))
    return [Line(row.id, row.amount_minor, row.settled_at) for row in rows]


def add(work: Work, row: Row, counted: Sequence[Line]) -> DayCloseRow:
    """Keep a close and what it counted; the database lets no payout be counted twice."""
    work.conn.execute(insert(CLOSE), row)
    kept = [{"id": work.kit.lots.number(), "day_close_id": row["id"], "payout_id": line.payout_id} for line in counted]
    work.conn.execute(insert(LINE), kept)
    return DayCloseRow(**row)
