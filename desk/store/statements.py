"""The gateway's statements as rows. Matches nothing."""

from collections.abc import Sequence
from datetime import UTC, date

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select

from desk.domain.reconciliation import CLOCKS_DIFFER
from desk.ports import StatementLine, Work
from desk.store.tables import metadata

DAY = metadata.tables["statement_day"]
LINE = metadata.tables["statement_line"]
PAYOUT = metadata.tables["payout"]


def first_sent_on(conn: Connection, gateway: str) -> date | None:
    """The UTC day on which the first payout left for a gateway, on the gateway's clock too; None when none did."""
    own = (PAYOUT.c.method != "cash") & named(PAYOUT.c.gateway, gateway)
    first = conn.execute(select(func.min(PAYOUT.c.first_sent_at)).where(own)).scalar()
    return (first.astimezone(UTC) - CLOCKS_DIFFER).date() if first else None


def named(column: ColumnElement[str | None], gateway: str) -> ColumnElement[bool]:
    """Whether a row is this gateway's, or one for which an older program kept no name."""
    return or_(column.is_(None), column == gateway)


def days(conn: Connection, gateway: str | None) -> set[date]:
    """The days whose statement a gateway gave and is kept; without a gateway's name, those of all."""
    given = select(DAY.c.on_day)
    return set(conn.execute(given.where(named(DAY.c.gateway, gateway)) if gateway else given).scalars())


def add(work: Work, day: date, lines: Sequence[StatementLine], gateway: str | None) -> None:
    """Keep a day of a gateway and its lines; a line that another day's statement told already stays as it was told first.

    Two gateways may count alike: a number is known again of one gateway alone, and of a line without a name only under its key.
    """
    row = {"id": work.kit.lots.number(), "on_day": day, "fetched_at": work.now, "gateway": gateway}
    work.conn.execute(insert(DAY), row)
    told = {line.gateway_id: line for line in lines}
    same = select(LINE.c.gateway_id, LINE.c.key, LINE.c.gateway).where(LINE.c.gateway_id.in_(told))
    known = {row.gateway_id for row in work.conn.execute(same) if row.gateway == gateway or row.key == told[row.gateway_id].key}
    fresh = [
        {
            "id": work.kit.lots.number(), "gateway_id": line.gateway_id, "key": line.key,
            "amount_minor": line.amount_minor, "currency": line.currency,
            "paid_at": line.at, "gateway": gateway, "final": line.final,
        }
        for line in told.values()
        if line.gateway_id not in known
    ]  # fmt: skip
    if fresh:
        work.conn.execute(insert(LINE), fresh)
