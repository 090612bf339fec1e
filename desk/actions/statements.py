"""What the gateway says it paid, day by day: asked for once a day is over, kept once, and matched with the books at once."""

from collections.abc import Sequence
from datetime import UTC, date, timedelta

from sqlalchemy import Connection

from desk.actions.breaks import match_statements
from desk.domain.reconciliation import day_over, days_missing
from desk.ports import Kit, StatementLine, Work
from desk.store import jobs, statements

MOST_DAYS = 400
RECONCILE = "reconcile"


def plan_reconcile(work: Work) -> None:
    """See to it that, once a UTC day's statement is made, it is asked for; the second time in a day nothing happens."""
    last = _newest(work.kit)
    if last is not None:
        jobs.add(work, RECONCILE, f"{RECONCILE}:{last + timedelta(days=1)}", {})


def days_to_fetch(conn: Connection, kit: Kit) -> list[date]:
    """The UTC days whose statement the desk's gateway has made, since its first payment, and that are not kept; oldest first."""
    if kit.gateway is None:
        return []
    name = kit.gateway.name
    return days_missing(statements.first_sent_on(conn, name), _newest(kit), statements.days(conn, name))[:MOST_DAYS]


def keep_statement(work: Work, day: date, lines: Sequence[StatementLine]) -> int:
    """Keep the statement of a day that is over and match it; how many breaks are new. A second time it is not kept again.

    It is the statement of the gateway that the desk has now, and says nothing of what another one settled before.
    """
    gateway = work.kit.gateway.name if work.kit.gateway else None
    if day not in statements.days(work.conn, gateway):
        statements.add(work, day, lines, gateway)
    return match_statements(work)


def _newest(kit: Kit) -> date | None:
    """The newest UTC day whose statement is made, None at a gateway that tells none."""
    after = kit.gateway.statement_after if kit.gateway else None
    return day_over(kit.clock.now().astimezone(UTC), after) if after is not None else None
