"""The gateway's statement against the payouts, over the whole database: I11. Fetches no statement and freezes no payout."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, func, select

from desk.domain.payout import Method, PayoutState
from desk.store.tables import metadata

PAYOUT = metadata.tables["payout"]
LINE = metadata.tables["statement_line"]
DAY = metadata.tables["statement_day"]
PAGE = 2_000
NAMED = 20
CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the gateway's clock may be from ours, so that a payment near midnight stands on the neighbouring day."""


def i11_lines_are_settled_payouts(conn: Connection) -> Iterator[str]:
    """Every line of the statement is a settled payout through the gateway: same key, amount, currency and number there."""
    same = (
        (PAYOUT.c.state == PayoutState.SETTLED)
        & (PAYOUT.c.method != Method.CASH)
        & (PAYOUT.c.amount_minor == LINE.c.amount_minor)
        & (PAYOUT.c.currency == LINE.c.currency)
        & (PAYOUT.c.gateway_id.is_(None) | (PAYOUT.c.gateway_id == LINE.c.gateway_id))
    )
    strange = select(LINE.c.gateway_id).outerjoin(PAYOUT, (PAYOUT.c.key == LINE.c.key) & same).where(PAYOUT.c.id.is_(None))
    yield from (f"statement line {name}: is no settled payout" for name in conn.execute(strange.limit(NAMED)).scalars())


def i11_no_payout_is_paid_twice(conn: Connection) -> Iterator[str]:
    """No two lines of the statement are for one key."""
    twice = select(LINE.c.key).group_by(LINE.c.key).having(func.count() > 1).limit(NAMED)
    yield from (f"{key}: the statement has it more than once" for key in conn.execute(twice).scalars())


def i11_settled_payouts_are_on_the_statement(conn: Connection) -> Iterator[str]:
    """Every settled payout through the gateway is on the statement, once all the days on which it can stand were given."""
    days = _whole_days(conn)
    unmatched = (
        select(PAYOUT.c.id, PAYOUT.c.proposed_at, PAYOUT.c.first_sent_at, PAYOUT.c.settled_at)
        .outerjoin(LINE, LINE.c.key == PAYOUT.c.key)
        .where(PAYOUT.c.state == PayoutState.SETTLED, PAYOUT.c.method != Method.CASH, PAYOUT.c.returned_at.is_(None))
        .where(LINE.c.key.is_(None))
        .order_by(PAYOUT.c.id)
        .limit(PAGE)
    )
    last = -1
    while days and (page := conn.execute(unmatched.where(PAYOUT.c.id > last)).all()):
        for row in page:
            if days >= _between(row.first_sent_at or row.proposed_at, row.settled_at):
                yield f"payout {row.id}: is settled, but the statement does not have it"
        last = page[-1].id


def _whole_days(conn: Connection) -> AbstractSet[date]:
    """The UTC days whose statement was given after they had ended; one given earlier may lack what came later."""
    given = conn.execute(select(DAY.c.on_day, DAY.c.fetched_at))
    return {row.on_day for row in given if row.fetched_at >= datetime.combine(row.on_day, time(), UTC) + timedelta(days=1)}


def _between(sent_at: datetime, settled_at: datetime) -> AbstractSet[date]:
    first, last = (sent_at - CLOCKS_DIFFER).date(), (settled_at + CLOCKS_DIFFER).date()
    return {first + timedelta(days=number) for number in range((last - first).days + 1)}
