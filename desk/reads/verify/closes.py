"""Closes of the cashiers' days, over the whole database: I03. Counts nothing again: only the cashier can."""

import json
from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from desk.domain.audit import EventKind
from desk.domain.payout import PayoutState
from desk.store.tables import metadata

CLOSE, LINE, PAYOUT, EVENT = (metadata.tables[name] for name in ("day_close", "day_close_line", "payout", "event"))
NAMED = 20


def i03_closes_count_their_payouts(conn: Connection) -> Iterator[str]:
    """What was expected of each close is the sum of its payouts, and its span is from the first of them settled to the last."""
    sums = func.sum(PAYOUT.c.amount_minor).label("due"), func.count().label("number")
    span = func.min(PAYOUT.c.settled_at).label("first"), func.max(PAYOUT.c.settled_at).label("last")
    counted = select(LINE.c.day_close_id, *sums, *span).join(PAYOUT, PAYOUT.c.id == LINE.c.payout_id)
    added = counted.group_by(LINE.c.day_close_id).subquery()
    whole = (CLOSE.c.expected_minor == added.c.due) & (CLOSE.c.from_at == added.c.first) & (CLOSE.c.until_at == added.c.last)
    query = select(CLOSE.c.id).outerjoin(added, added.c.day_close_id == CLOSE.c.id)
    odd = query.where(added.c.due.is_(None) | ~whole).order_by(CLOSE.c.id).limit(NAMED)
    yield from (f"close {close}: expected or span are not those of its payouts" for close in conn.execute(odd).scalars())


def i03_closes_hold_their_own_cashiers_payouts(conn: Connection) -> Iterator[str]:
    """A close counts payouts that settled, sent by its own cashier, in its way, at its site and in its currency, before it."""
    pairs = ("site_id", "method", "currency")
    own = [PAYOUT.c[name] == CLOSE.c[name] for name in pairs]
    joined = (
        select(LINE.c.payout_id, CLOSE.c.id)
        .join(CLOSE, CLOSE.c.id == LINE.c.day_close_id)
        .join(PAYOUT, PAYOUT.c.id == LINE.c.payout_id)
    )
    settled = (PAYOUT.c.state == PayoutState.SETTLED.value) & (PAYOUT.c.sent_by == CLOSE.c.officer_id)
    strayed = joined.where(~(settled & own[0] & own[1] & own[2]) | PAYOUT.c.sent_by.is_(None)).limit(NAMED)
    for payout, close in conn.execute(strayed):
        yield f"close {close}: payout {payout} is not settled, or not its cashier's, method's, site's or currency's"


def i03_no_payout_is_counted_twice(conn: Connection) -> Iterator[str]:
    """Each payout stands in one close at the most."""
    twice = select(LINE.c.payout_id).group_by(LINE.c.payout_id).having(func.count() > 1).limit(NAMED)
    yield from (f"payout {payout}: counted by more than one close" for payout in conn.execute(twice).scalars())


def i03_differences_are_explained(conn: Connection) -> Iterator[str]:
    """Where the count is not what was expected, or not the cashier's own, whoever counted said why."""
    odd = (CLOSE.c.counted_minor != CLOSE.c.expected_minor) | (CLOSE.c.closed_by != CLOSE.c.officer_id)
    silent = odd & (func.length(func.trim(func.coalesce(CLOSE.c.reason, ""))) == 0)
    found = conn.execute(select(CLOSE.c.id).where(silent).limit(NAMED)).scalars()
    yield from (f"close {close}: differs or is another's, and nobody said why" for close in found)


def i03_closes_are_what_the_chain_tells(conn: Connection) -> Iterator[str]:
    """Each close stands in its site's chain, by whom and for which cashier, with method, sums, payouts and reason; nothing else.

    An event of before a manager could close names no cashier: it is by the cashier.
    """
    number = select(func.count()).where(LINE.c.day_close_id == CLOSE.c.id).scalar_subquery().label("payouts")
    rows = {}
    for row in conn.execute(select(CLOSE, number)):
        said = (row.method, row.payouts, row.expected_minor, row.counted_minor, row.reason)
        rows[str(row.id)] = (row.site_id, f"officer:{row.closed_by}", f"officer:{row.officer_id}", row.closed_at, said)
    for event in conn.execute(select(EVENT).where(EVENT.c.kind == EventKind.DAY_CLOSED)):
        said = json.loads(event.data)
        figures = tuple(said.get(name) for name in ("method", "payouts", "expected_minor", "counted_minor", "reason"))
        cashier = f"officer:{said['cashier']}" if "cashier" in said else event.actor
        if rows.pop(str(said.get("close")), None) != (event.site_id, event.actor, cashier, event.at, figures):
            yield f"close {said.get('close')}: the chain tells of it otherwise than the row, or twice"
    yield from (f"close {close}: is not in the chain" for close in rows)
