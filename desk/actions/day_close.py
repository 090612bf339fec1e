"""Closing a cashier's day: what settled by their hand in one way is counted, and a difference is explained.

Each payout is counted once. One that settles later, or was counted by nobody yet, waits for the next close, of which a day may
have several. A till whose cashier has left is a manager's to close. Source: SPEC 8, "day close"; issue 6.
"""

import unicodedata
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from desk.actions.steps import event_by, officer_id
from desk.domain.audit import EventKind
from desk.domain.day_close import LONGEST_REASON, Count, expected, has_left, needs_reason, seen
from desk.domain.errors import BadInput, CashierAtWork, CountChanged, NotFound, NothingToClose, SecondOfficerNeeded
from desk.domain.payout import Method
from desk.domain.policy import Act, Viewer, require
from desk.ports import Row, Work
from desk.store import day_closes, events, officers, sites
from desk.store.tables import DayCloseRow, SiteRow


@dataclass(frozen=True, slots=True)
class Closed:
    """A close, with its site, the names of its cashier and of who closed it, and how many payouts it counted."""

    row: DayCloseRow
    site: SiteRow
    cashier: str
    closed_by: str
    payouts: int


def close_day(
    work: Work, viewer: Viewer, slug: str, method: Method, counted: Count, reason: str | None, expected_seen: str,
    cashier: int | None = None,
) -> Closed:  # fmt: skip
    """Count what settled by one hand in one way since its last close: by the viewer's own, or by that of a `cashier` who left.

    `expected_seen` names the payouts that were seen (`domain.day_close.seen`). Raises NotFound for a foreign site,
    NothingToClose, CountChanged where it is others by now, BadInput for another currency, a missing reason, or a
    reason above 2 000 characters or with control characters; of a `cashier` as `_whose` does.
    """
    site = sites.lock(work.conn, slug)
    if site is None:
        raise NotFound
    whose = _whose(work, viewer, site, cashier)
    if counted.currency != site.currency:
        raise BadInput("/counted/currency", "wrong_currency", currency=site.currency)
    told, for_another = _told(reason), whose != viewer.id
    lines = day_closes.lines(work.conn, site.id, whose, method.value, site.currency)
    if not lines:
        raise NothingToClose
    if seen(lines) != expected_seen:
        raise CountChanged
    due = expected(lines)
    if told is None and needs_reason(counted.minor, due, for_another=for_another):
        raise BadInput("/reason", "reason_missing")
    row: Row = {
        "id": work.kit.lots.number(), "site_id": site.id, "officer_id": whose, "method": method.value,
        "currency": site.currency, "on_day": work.now.astimezone(ZoneInfo(site.time_zone)).date(),
        "from_at": lines[0].settled_at, "until_at": lines[-1].settled_at, "expected_minor": due,
        "counted_minor": counted.minor, "reason": told, "closed_at": work.now,
        "closed_by": officer_id(viewer),
    }  # fmt: skip
    closed = day_closes.add(work, row, lines)
    said = {
        "close": str(closed.id), "cashier": str(whose), "method": closed.method, "payouts": len(lines), "expected_minor": due,
        "counted_minor": counted.minor, "reason": told,
    }  # fmt: skip
    event = event_by(viewer, f"site:{site.id}", site.id, EventKind.DAY_CLOSED, work.now, said)
    events.append(work.conn, work.kit.lots.number(), event)
    name = officers.name_of(work.conn, whose) if for_another else viewer.name
    return Closed(closed, site, name, viewer.name, len(lines))


def _whose(work: Work, viewer: Viewer, site: SiteRow, cashier: int | None) -> int:
    """Whose till is closed: the viewer's own, or as a manager that of a cashier who has left the site's till.

    Raises Forbidden, SecondOfficerNeeded for a manager's own from before, CashierAtWork for one who still closes their own.
    """
    own = officer_id(viewer)
    if cashier is None or (cashier == own and viewer.may(Act.CLOSE_DAY, site.id)):
        require(viewer, Act.CLOSE_DAY, site.id)
        return own
    require(viewer, Act.CLOSE_LEFT_TILL, site.id)
    if cashier == own:
        raise SecondOfficerNeeded
    if not has_left(officers.roles_at(work.conn, cashier, site.id)):
        raise CashierAtWork
    return cashier


def _told(reason: str | None) -> str | None:
    """The reason without white space around it, None where nothing is said."""
    told = (reason or "").strip()
    if len(told) > LONGEST_REASON:
        raise BadInput("/reason", "too_long", limit=LONGEST_REASON)
    if any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\r\t" for letter in told):
        raise BadInput("/reason", "bad_characters")
    return told or None
