"""Deadlines as they come near and are missed, are lengthened, or counted anew when a year's holidays become known.

Starts and stops no clock: the steps of a claim do.
"""

from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from desk.actions.calendar import calendar_now
from desk.actions.steps import CALENDAR, Held, count_breaches, earliest, hold, keep_clocks, record
from desk.domain import clocks
from desk.domain.audit import EventKind
from desk.domain.clocks import Clock, ClockState
from desk.domain.errors import BadInput, NotExtendable
from desk.domain.policy import Act, Viewer
from desk.domain.promises import left_to_extend, with_reminders
from desk.ports import Work
from desk.store import claims, docket, sites, upkeep
from desk.store import clocks as clock_rows

MOST = 500


def claims_with_clocks_due(conn: Connection, now: datetime, passed_over: AbstractSet[int]) -> list[int]:
    """Ids of claims with a clock whose next reminder or whose deadline has come, at most 500 at a time, without those named."""
    found = clock_rows.due(conn, now, MOST + 2 * len(passed_over))
    return [claim_id for claim_id in found if claim_id not in passed_over]


def see_to_clocks(work: Work, claim_id: int) -> None:
    """Tell whom the ladders of a claim's running clocks tell by now, and write down what they missed, each once.

    Of several reminders that have come only the last is told. Moves no state and stops no clock; says when to look again.
    """
    claim = claims.get_by_id(work.conn, claim_id)
    if not clock_rows.is_due(work, claim_id):
        return
    held = Held(claim, sites.get(work.conn, claim.site_id), CALENDAR)
    known = clock_rows.of_claim(work.conn, claim_id)
    count_breaches(work, held, known.values())
    for row_id, clock in known.items():
        if clock.state is not ClockState.RUNNING:
            continue
        watched = with_reminders(clock, work.kit.packs.by_version(clock.pack))
        if rung := clocks.reminder(watched, work.now):
            clock_rows.add_reminder(work, claim.site_id, claim_id, watched, rung)
        clock_rows.look_again(work, claim_id, row_id, watched)


def extend_clock(work: Work, viewer: Viewer, reference: str, kind: str, more: int, reason: str) -> Held:
    """Lengthen a clock of a claim by `more` of its units, counted from its original base, as far as its rule allows in all.

    Raises NotExtendable for a clock that has ended, is past its deadline or may not be lengthened at all, BadInput for more
    than the rule leaves. Source: LAW c2 (Henan, Shandong: with approval).
    """
    held = hold(work, viewer, Act.EXTEND_CLOCK, reference)
    known = clock_rows.of_claim(work.conn, held.claim.id)
    found = next((clock for clock in reversed(known.values()) if clock.kind == kind), None)
    left = left_to_extend(found, work.kit.packs.by_version(held.claim.pack), work.now) if found else 0
    if found is None or left < 1 or clock_rows.was_missed(work.conn, held.claim.id, found):
        raise NotExtendable
    if more > left:
        raise BadInput("/more", "too_large", limit=left)
    longer = clocks.extend(found, more, held.zone, calendar_now(work.conn))
    standing = keep_clocks(work, held, known, (longer,))
    claim = claims.change(work.conn, held.claim, due_at=earliest(standing))
    docket.follow(work, claim, held.site)
    said = {"clock": kind, "base_at": longer.base_at.isoformat(), "more": more, "due_at": longer.due_at.isoformat()}
    record(work, held, EventKind.CLOCK_EXTENDED, said, reason)
    return replace(held, claim=claim, clocks=tuple(standing))


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
