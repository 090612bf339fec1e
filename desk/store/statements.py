"""The gateway's statements as rows. Matches nothing."""

from collections.abc import Sequence
from datetime import UTC, date

from sqlalchemy import Connection, func, insert, select

from desk.domain.reconciliation import CLOCKS_DIFFER
from desk.ports import StatementLine, Work
from desk.store.tables import metadata

DAY = metadata.tables["statement_day"]
LINE = metadata.tables["statement_line"]
PAYOUT = metadata.tables["payout"]


def first_sent_on(conn: Connection) -> date | None:
    """The UTC day on which the first payout left for a gateway, on the gateway's clock too; None when none did."""
    first = conn.execute(select(func.min(PAYOUT.c.first_sent_at)).where(PAYOUT.c.method != "cash")).scalar()
    return (first.astimezone(UTC) - CLOCKS_DIFFER).date() if first else None


def days(conn: Connection) -> set[date]:
    """The days whose statement is kept."""
    return set(conn.execute(select(DAY.c.on_day)).scalars())


def add(work: Work, day: date, lines: Sequence[StatementLine]) -> None:
    """Keep a day and its lines; a line that another day's statement told already stays as it was told first."""
    row = {"id": work.kit.lots.number(), "on_day": day, "fetched_at": work.now}
    work.conn.execute(insert(DAY), row)
    told = {line.gateway_id: line for line in lines}
    known = set(work.conn.execute(select(LINE.c.gateway_id).where(LINE.c.gateway_id.in_(told))).scalars())
    fresh = [
        {
            "gateway_id": line.gateway_id, "key": line.key, "amount_minor": line.amount_minor, "currency": line.currency,
            "paid_at": line.at,
        }
        for line in told.values()
        if line.gateway_id not in known
    ]  # fmt: skip
    if fresh:
        work.conn.execute(insert(LINE), fresh)
