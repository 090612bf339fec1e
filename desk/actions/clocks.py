"""Deadlines missed, and deadlines counted anew when a year's holidays become known.

Starts and stops no clock: the steps of a claim do.
"""

from datetime import datetime

from sqlalchemy import Connection

from desk.actions.calendar import calendar_now
from desk.actions.steps import CALENDAR, Held, count_breaches, earliest, keep_clocks, record
from desk.domain import clocks
from desk.domain.audit import EventKind
from desk.domain.clocks import Clock
from desk.ports import Work
from desk.store import claims, docket, sites, upkeep
from desk.store import clocks as clock_rows

MOST = 500


def claims_with_missed_promises(conn: Connection, now: datetime) -> list[int]:
    """Ids of claims with a running clock that is past its deadline and not written down yet, at most 500 at a time."""
    return clock_rows.missed(conn, now, MOST)


def record_missed_promises(work: Work, claim_id: int) -> None:
    """Write down what a claim's running clocks have missed, each deadline once. Moves no state and stops no clock."""
    claim = claims.get_by_id(work.conn, claim_id)
    held = Held(claim, sites.get(work.conn, claim.site_id), CALENDAR)
    count_breaches(work, held, clock_rows.of_claim(work.conn, claim_id).values())


def claims_to_recount(conn: Connection) -> list[int]:
    """Ids of claims with a provisional clock that an older calendar counted, at most 500 at a time."""
    return upkeep.counted_otherwise(conn, calendar_now(conn).version, MOST)


def recount_provisional(work: Work, claim_id: int) -> bool:
    """Count a claim's provisional deadlines with the calendar as it is now; True when one of them moved or became final.

    Moves no state. Writes the clocks, the claim's nearest deadline, its place on the docket, and an event that names what
    changed. The second time nothing changes. Source: SPEC 3, Counting.
    """
    claim = claims.get_by_id(work.conn, claim_id)
    held = Held(claim, sites.get(work.conn, claim.site_id), CALENDAR)
    calendar, known = calendar_now(work.conn), clock_rows.of_claim(work.conn, claim_id)
    counted = [(clock, clocks.recount(clock, held.zone, calendar)) for clock in known.values()]
    standing = keep_clocks(work, held, known, tuple(after for before, after in counted if after != before))
    moved = [after for before, after in counted if (after.due_at, after.provisional) != (before.due_at, before.provisional)]
    if moved:
        changed = claims.change(work.conn, claim, due_at=earliest(standing))
        docket.follow(work, changed, held.site)
        record(work, held, EventKind.CLOCK_RECOUNTED, {"calendar": calendar.version, "clocks": _said(moved)})
    return bool(moved)


def _said(moved: list[Clock]) -> list[list[object]]:
    return [[clock.kind, clock.due_at.isoformat(), clock.provisional] for clock in moved]
