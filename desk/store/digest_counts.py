"""What a digest tells, counted of one site now: one day by counters and short ways through indexes, all else as it stands.

No statement looks at more than one day, or at what is closed. Tells nobody.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Select, func, literal_column, select, union_all

from desk.domain.alerts import Level
from desk.domain.calendar import WorkingCalendar
from desk.domain.claim import OPEN_STATES
from desk.domain.digest import MOST_COUNTED, Counted, Figures, FundStands, Need, half_within
from desk.domain.fund import EntryKind
from desk.domain.handoff import HandoffState, Post
from desk.domain.opening import midnight
from desk.domain.payout import Doubt, PayoutState
from desk.store import alerts
from desk.store import fund as books
from desk.store.breaks import anybody_uses_gateway, uses_gateway
from desk.store.gateway_messages import MESSAGE, WAITING
from desk.store.runway import runway_of
from desk.store.tables import SiteRow, metadata

ENTRY, PAYOUT, CLAIM, BREACH, WITHDRAWAL, RECTIFICATION, NOTICE, DOCKET, HANDOFF, INCIDENT = (
    metadata.tables[name]
    for name in (
        "fund_entry", "payout", "claim", "clock_breach", "withdrawal", "rectification", "notice", "docket_entry", "handoff",
        "incident",
    )
)  # fmt: skip
_HANDOFF_WAITS: ColumnElement[bool] = literal_column("handoff.state IN ('offered', 'taken', 'working')")
"""As the index of open hand-offs says it: SQLite takes an index of some rows only where a statement repeats its words."""
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


def figures_of(conn: Connection, site: SiteRow, on: date, now: datetime, calendar: WorkingCalendar) -> Figures:
    """What can be told of a site now, and of its day `on`, which has begun."""
    runway = runway_of(conn, site, now, calendar)
    fund = FundStands(runway.currency, runway.available, runway.put_in, runway.days_at_week, runway.week.days)
    standing = alerts.standing(conn, site.id)
    levels = Counter(row.level for row in standing.values())
    own = next((row.level for subject, row in standing.items() if subject.respondent_id is None), None)
    docket = _capped(conn, select(DOCKET.c.id).where(DOCKET.c.site_id == site.id, DOCKET.c.closed_at.is_(None)))
    return Figures(
        on, _day(conn, site, on), fund, docket, tuple(_needs(conn, site.id, now)),
        tuple((level.value, levels[level.value]) for level in reversed(Level) if levels[level.value]), own,
    )  # fmt: skip


def _day(conn: Connection, site: SiteRow, on: date) -> Counted:
    zone = ZoneInfo(site.time_zone)
    since, until = midnight(on, zone), midnight(on + _DAY, zone)
    before = on - _WEEK
    lodged_before = alerts.lodged_on(conn, site.id, before, before) if site.added_at <= midnight(before, zone) else None
    took = list(_refunds(conn, site.id, since, until))
    paid = books.totals(conn, site.id, site.currency, (EntryKind.PAYOUT_SETTLED,), (since, until))
    missed = (BREACH.c.site_id == site.id) & (BREACH.c.recorded_at >= since) & (BREACH.c.recorded_at < until)
    return Counted(
        alerts.lodged_on(conn, site.id, on, on), lodged_before, len(took), paid.get(EntryKind.PAYOUT_SETTLED, 0),
        half_within(took), int(conn.execute(select(func.count()).select_from(BREACH).where(missed)).scalar_one()),
    )  # fmt: skip


def _refunds(conn: Connection, site_id: int, since: datetime, until: datetime) -> Iterator[int]:
    """How many seconds each refund of these hours took, from the lodging until the money was there."""
    query = (
        select(CLAIM.c.lodged_at, ENTRY.c.posted_at)
        .select_from(ENTRY)
        .join(PAYOUT, PAYOUT.c.id == ENTRY.c.payout_id)
        .join(CLAIM, CLAIM.c.id == PAYOUT.c.claim_id)
        .where(ENTRY.c.site_id == site_id, ENTRY.c.kind == EntryKind.PAYOUT_SETTLED.value)
        .where(ENTRY.c.posted_at >= since, ENTRY.c.posted_at < until)
    )
    for lodged_at, posted_at in conn.execute(query):
        yield max(0, int((posted_at - lodged_at).total_seconds()))


def _needs(conn: Connection, site_id: int, now: datetime) -> Iterator[tuple[Need, int]]:
    """What waits for a person, in the order in which it is told; what does not wait is left out."""
    payouts = (PAYOUT.c.site_id == site_id) & (PAYOUT.c.state == PayoutState.AWAITING_APPROVAL.value)
    out = (WITHDRAWAL.c.site_id == site_id) & WITHDRAWAL.c.approved_at.is_(None) & WITHDRAWAL.c.refused_at.is_(None)
    late = (RECTIFICATION.c.site_id == site_id) & RECTIFICATION.c.confirmed_at.is_(None) & (RECTIFICATION.c.due_at < now)
    overdue = (
        select(select(CLAIM.c.id).where(CLAIM.c.site_id == site_id, CLAIM.c.state == state.value, CLAIM.c.due_at < now)
               .limit(MOST_COUNTED).subquery())
        for state in sorted(OPEN_STATES)
    )  # fmt: skip
    lost = (HANDOFF.c.state == HandoffState.OFFERED.value) & (HANDOFF.c.post == Post.GIVEN_UP.value)
    incidents = (INCIDENT.c.site_id == site_id) & INCIDENT.c.closed_at.is_(None) & INCIDENT.c.opened_at.is_not(None)
    found: dict[str, int] = {
        Need.APPROVALS: _capped(conn, select(PAYOUT.c.id).where(payouts)),
        Need.WITHDRAWALS: _capped(conn, select(WITHDRAWAL.c.id).where(out)),
        Need.OVERDUE: _capped(conn, select(union_all(*overdue).subquery())),
        Need.RECTIFICATIONS: _capped(conn, select(RECTIFICATION.c.id).where(late)),
        Need.HANDOFFS_LOST: _capped(conn, select(HANDOFF.c.id).where(HANDOFF.c.site_id == site_id, _HANDOFF_WAITS, lost)),
        Need.INCIDENTS_OPEN: _capped(conn, select(INCIDENT.c.id).where(incidents)),
        Need.GATEWAY_MESSAGES: _messages(conn, site_id),
    }
    told = select(NOTICE.c.kind, func.count()).where(NOTICE.c.site_id == site_id, NOTICE.c.closed_at.is_(None))
    found |= {kind: min(MOST_COUNTED, int(number)) for kind, number in conn.execute(told.group_by(NOTICE.c.kind))}
    for need in Need:
        if number := found.get(need, 0):
            yield need, number


def _messages(conn: Connection, site_id: int) -> int:
    """How many messages of the gateway concern a site and wait, told by no notice: whose they are as `gateway_messages.concerns`.

    Whether anybody pays through the gateway is asked only where a message of no payout waits and the site itself does not.
    """
    waits = (MESSAGE.c.number > 0) & WAITING & (MESSAGE.c.why != Doubt.CONTRADICTS.value)
    query = select(PAYOUT.c.site_id, func.count()).select_from(MESSAGE).outerjoin(PAYOUT, PAYOUT.c.id == MESSAGE.c.payout_id)
    told = {of: int(count) for of, count in conn.execute(query.where(waits).group_by(PAYOUT.c.site_id))}
    number, nobodys = told.get(site_id, 0), told.get(None, 0)
    if nobodys and (_holds(conn, select(uses_gateway(site_id))) or not _holds(conn, select(anybody_uses_gateway()))):
        number += nobodys
    return min(MOST_COUNTED, number)


def _holds(conn: Connection, query: Select[Any]) -> bool:
    return bool(conn.execute(query).scalar_one())


def _capped(conn: Connection, query: Select[Any]) -> int:
    """How many rows there are, counted to `MOST_COUNTED`."""
    return int(conn.execute(select(func.count()).select_from(query.limit(MOST_COUNTED).subquery())).scalar_one())
