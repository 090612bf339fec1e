"""Closing a cashier's day: what settled by their hand in one way is counted, and a difference is explained.

Each payout is counted once. One that settles later, or was counted by nobody yet, waits for the next close, of which a day may
have several. Source: SPEC 8, "day close"; issue 6.
"""

import unicodedata
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from desk.actions.steps import event_by, officer_id
from desk.domain.audit import EventKind
from desk.domain.day_close import LONGEST_REASON, Count, expected, needs_reason, seen
from desk.domain.errors import BadInput, CountChanged, NotFound, NothingToClose
from desk.domain.payout import Method
from desk.domain.policy import Act, Viewer, require
from desk.ports import Row, Work
from desk.store import day_closes, events, sites
from desk.store.tables import DayCloseRow, SiteRow


@dataclass(frozen=True, slots=True)
class Closed:
    """A close, with its site, its cashier's name and how many payouts it counted."""

    row: DayCloseRow
    site: SiteRow
    cashier: str
    payouts: int


def close_day(
    work: Work, viewer: Viewer, slug: str, method: Method, counted: Count, reason: str | None, expected_seen: str
) -> Closed:  # fmt: skip
    """Count what settled by the viewer's own hand in one way since their last close.

    `expected_seen` names the payouts that the cashier saw (`domain.day_close.seen`). Raises NotFound for a foreign site,
    NothingToClose, CountChanged where it is others by now, BadInput for another currency, a difference without a reason, or a
    reason above 2 000 characters or with control characters.
    """
    site = sites.lock(work.conn, slug)
    if site is None:
        raise NotFound
    require(viewer, Act.CLOSE_DAY, site.id)
    if counted.currency != site.currency:
        raise BadInput("/counted/currency", "wrong_currency", currency=site.currency)
    told = _told(reason)
    lines = day_closes.lines(work.conn, site.id, officer_id(viewer), method.value, site.currency)
    if not lines:
        raise NothingToClose
    if seen(lines) != expected_seen:
        raise CountChanged
    due = expected(lines)
    if told is None and needs_reason(counted.minor, due):
        raise BadInput("/reason", "reason_missing")
    row: Row = {
        "id": work.kit.lots.number(), "site_id": site.id, "officer_id": officer_id(viewer), "method": method.value,
        "currency": site.currency, "on_day": work.now.astimezone(ZoneInfo(site.time_zone)).date(),
        "from_at": lines[0].settled_at, "until_at": lines[-1].settled_at, "expected_minor": due,
        "counted_minor": counted.minor, "reason": told, "closed_at": work.now,
    }  # fmt: skip
    closed = day_closes.add(work, row, lines)
    said = {
        "close": str(closed.id), "method": closed.method, "payouts": len(lines), "expected_minor": due,
        "counted_minor": counted.minor, "reason": told,
    }  # fmt: skip
    event = event_by(viewer, f"site:{site.id}", site.id, EventKind.DAY_CLOSED, work.now, said)
    events.append(work.conn, work.kit.lots.number(), event)
    return Closed(closed, site, viewer.name, len(lines))


def _told(reason: str | None) -> str | None:
    """The reason without white space around it, None where nothing is said."""
    told = (reason or "").strip()
    if len(told) > LONGEST_REASON:
        raise BadInput("/reason", "too_long", limit=LONGEST_REASON)
    if any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\r\t" for letter in told):
        raise BadInput("/reason", "bad_characters")
    return told or None
