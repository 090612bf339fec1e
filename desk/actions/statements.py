"""What the gateway says it paid, day by day: asked for once a day is over, kept once, and matched with the books at once."""

from collections.abc import Sequence
from datetime import UTC, date, timedelta

from sqlalchemy import Connection

from desk.actions.breaks import match_statements
from desk.domain.reconciliation import day_over
from desk.ports import Kit, StatementLine, Work
from desk.store import jobs, statements

MOST_DAYS = 400
RECONCILE = "reconcile"


def plan_reconcile(work: Work) -> None:
    """See to it that, once a UTC day is over, its statement is asked for; the second time in a day nothing happens."""
    if work.kit.gateway is None or not work.kit.gateway.statements:
        return
    today = day_over(work.now.astimezone(UTC)) + timedelta(days=1)
    jobs.add(work, RECONCILE, f"{RECONCILE}:{today}", {})


def days_to_fetch(conn: Connection, kit: Kit) -> list[date]:
    """The UTC days that are over, on which a payment may have left, and whose statement is not kept yet; oldest first.

    None at a gateway that tells no statements.
    """
    if kit.gateway is None or not kit.gateway.statements:
        return []
    first, last = statements.first_sent_on(conn), day_over(kit.clock.now().astimezone(UTC))
    if first is None:
        return []
    known = statements.days(conn)
    every = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in every if day not in known][:MOST_DAYS]


def keep_statement(work: Work, day: date, lines: Sequence[StatementLine]) -> int:
    """Keep the statement of a day that is over and match it; how many breaks are new. A second time it is not kept again."""
    if day not in statements.days(work.conn):
        statements.add(work, day, lines)
    return match_statements(work)
