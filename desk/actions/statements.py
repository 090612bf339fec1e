"""What the gateway says it paid, day by day: kept once, to be matched with what the desk settled. Matches nothing itself."""

from collections.abc import Sequence
from datetime import UTC, date, timedelta

from sqlalchemy import Connection

from desk.ports import Kit, StatementLine, Work
from desk.store import statements

MOST_DAYS = 400


def days_to_fetch(conn: Connection, kit: Kit) -> list[date]:
    """The UTC days that are over, on which a payment may have left, and whose statement is not kept yet; oldest first."""
    first, yesterday = statements.first_sent_on(conn), kit.clock.now().astimezone(UTC).date() - timedelta(days=1)
    if first is None:
        return []
    known = statements.days(conn)
    every = (first + timedelta(days=number) for number in range((yesterday - first).days + 1))
    return [day for day in every if day not in known][:MOST_DAYS]


def keep_statement(work: Work, day: date, lines: Sequence[StatementLine]) -> None:
    """Keep the statement of a day that is over; a second time nothing changes. Source: SPEC 5.8."""
    if day not in statements.days(work.conn):
        statements.add(work, day, lines)
