"""Breaks between books and statement as rows, and the few keys that the matcher has to look at. Decides no break."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, or_, select, update

from desk.domain.payout import Method, PayoutState
from desk.domain.reconciliation import LEFT, Booked, Break, BreakKind, Name, Told, days_of, pair, same_gateway
from desk.ports import Row, Work
from desk.store.tables import StatementBreakRow, metadata

BREAK, PAYOUT, LINE, DAY, CLAIM = (
    metadata.tables[name] for name in ("statement_break", "payout", "statement_line", "statement_day", "claim")
)  # fmt: skip
PAGE = 2_000
KEYS = 500
Given = Mapping[str | None, AbstractSet[date]]
_ITS_GATEWAYS = PAYOUT.c.gateway.is_(None) | LINE.c.gateway.is_(None) | (PAYOUT.c.gateway == LINE.c.gateway)
_OPEN = BREAK.c.resolved_at.is_(None)
_THROUGH_GATEWAY = (PAYOUT.c.method != Method.CASH) & PAYOUT.c.first_sent_at.is_not(None)


def unpaired(conn: Connection) -> Iterator[Break]:
    """Every break there is between the books and the statements kept, whether or not it was found before."""
    given = _whole_days(conn)
    suspects = _suspects(conn, given)
    for keys in (suspects[at : at + KEYS] for at in range(0, len(suspects), KEYS)):
        booked = {row.key: _booked(row) for row in conn.execute(select(PAYOUT).where(PAYOUT.c.key.in_(keys)))}
        told: dict[str, list[Told]] = {key: [] for key in keys}
        for row in conn.execute(select(LINE).where(LINE.c.key.in_(keys))):
            line = Told(row.gateway_id, row.key, row.amount_minor, row.currency, row.paid_at, row.gateway, row.final)
            told[row.key].append(line)
        for key in keys:
            own = booked.get(key)
            yield from pair(own, told[key], _given_by(given, own.gateway if own else None))


def names(conn: Connection) -> set[Name]:
    """What every break that was ever found is known by."""
    known = select(BREAK.c.kind, BREAK.c.gateway, BREAK.c.gateway_id, BREAK.c.key)
    return {(row.kind, row.gateway, row.gateway_id or row.key) for row in conn.execute(known)}


def add(work: Work, found: Break) -> StatementBreakRow:
    """Write a break down; the database takes it once for ever."""
    booked, told = found.booked, found.told
    row: Row = {
        "id": work.kit.lots.number(), "site_id": booked.site_id if booked else None, "kind": found.kind.value,
        "payout_id": booked.payout_id if booked else None, "gateway": told.gateway if told else None,
        "gateway_id": told.gateway_id if told else None, "key": found.key,
        "booked_minor": booked.amount_minor if booked else None, "booked_currency": booked.currency if booked else None,
        "told_minor": told.amount_minor if told else None, "told_currency": told.currency if told else None,
        "found_at": work.now, "resolved_by": None, "resolved_at": None, "resolution": None,
    }  # fmt: skip
    work.conn.execute(insert(BREAK), row)
    return StatementBreakRow(**row)


def get(conn: Connection, break_id: int) -> StatementBreakRow | None:
    """A break as it stands."""
    row = conn.execute(select(BREAK).where(BREAK.c.id == break_id)).mappings().first()
    return StatementBreakRow(**row) if row else None


def resolve(conn: Connection, break_id: int, **values: Any) -> StatementBreakRow:  # noqa: ANN401 - column values
    """Write down what became of an open break."""
    changed = update(BREAK).where(BREAK.c.id == break_id, _OPEN).values(**values).returning(BREAK)
    return StatementBreakRow(**conn.execute(changed).mappings().one())


def uses_gateway(site: ColumnElement[int] | int) -> ColumnElement[bool]:
    """Whether a payment of the site ever left for the gateway."""
    return exists().where(PAYOUT.c.site_id == site, _THROUGH_GATEWAY)


def anybody_uses_gateway() -> ColumnElement[bool]:
    """Whether any payment ever left for the gateway."""
    return exists().where(_THROUGH_GATEWAY)


def concerns(site: ColumnElement[int] | int) -> ColumnElement[bool]:
    """A break is its payout's site's; where no payout of ours has the key, that of every site that uses the gateway."""
    return or_(BREAK.c.site_id == site, and_(BREAK.c.site_id.is_(None), uses_gateway(site)))


def untold(
    conn: Connection, gateway: str | None, site_ids: Sequence[int] | None, most: int
) -> dict[str, list[str]]:  # fmt: skip
    """By gateway the claims whose payment no statement kept of it tells of, the oldest first, no more than `most` of each.

    Of those that told a statement once and are not the desk's any more, what they settled since their last one; what was found
    missing before has its break.
    """
    newest = select(DAY.c.gateway, func.max(DAY.c.on_day).label("on_day")).group_by(DAY.c.gateway)
    earlier = newest.where(DAY.c.gateway.is_not(None), DAY.c.gateway.is_distinct_from(gateway)).order_by(DAY.c.gateway)
    found = {row.gateway: _untold(conn, row.gateway, row.on_day, site_ids, most) for row in conn.execute(earlier).all()}
    return {name: references for name, references in found.items() if references}


def _untold(conn: Connection, gateway: str, since: date, site_ids: Sequence[int] | None, most: int) -> list[str]:
    late = PAYOUT.c.settled_at >= datetime.combine(since, time(), UTC)
    known = exists().where(BREAK.c.payout_id == PAYOUT.c.id, BREAK.c.kind == BreakKind.MISSING_ON_STATEMENT.value)
    own = (PAYOUT.c.gateway == gateway) & (PAYOUT.c.method != Method.CASH) & (PAYOUT.c.state == PayoutState.SETTLED)
    query = select(CLAIM.c.reference).join(PAYOUT, PAYOUT.c.claim_id == CLAIM.c.id).where(own, late, ~known)
    told = exists().where(LINE.c.key == PAYOUT.c.key, _ITS_GATEWAYS)
    query = query.where(PAYOUT.c.returned_at.is_(None), ~told).order_by(PAYOUT.c.id).limit(most)
    if site_ids is not None:
        query = query.where(PAYOUT.c.site_id.in_(site_ids))
    return list(conn.execute(query).scalars())


def any_open(conn: Connection, site_id: int) -> bool:
    """Whether a break that concerns the site is not resolved."""
    return conn.execute(select(BREAK.c.id).where(_OPEN, concerns(site_id)).limit(1)).first() is not None


def any_open_of_claim(conn: Connection, claim_id: int) -> bool:
    """Whether a break of any payout of the claim is not resolved."""
    mine = select(BREAK.c.id).join(PAYOUT, PAYOUT.c.id == BREAK.c.payout_id).where(_OPEN, PAYOUT.c.claim_id == claim_id)
    return conn.execute(mine.limit(1)).first() is not None


def users_of_gateway(conn: Connection) -> list[int]:
    """The sites of which a payment ever left for the gateway."""
    return list(conn.execute(select(PAYOUT.c.site_id).where(_THROUGH_GATEWAY).distinct()).scalars())


def claim_of(conn: Connection, payout_id: int) -> int:
    """The claim of a payout that a foreign key vouches for."""
    return int(conn.execute(select(PAYOUT.c.claim_id).where(PAYOUT.c.id == payout_id)).scalar_one())


def _suspects(conn: Connection, given: Given) -> Sequence[str]:
    """The keys under which something does not pair, told by SQL as narrowly as it can."""
    failed = (PAYOUT.c.state == PayoutState.FAILED) & PAYOUT.c.resolve_as.is_distinct_from(PayoutState.FAILED.value)
    agrees = (
        (PAYOUT.c.state.in_(LEFT) | (failed & ~LINE.c.final))
        & _ITS_GATEWAYS
        & (PAYOUT.c.method != Method.CASH)
        & (PAYOUT.c.amount_minor == LINE.c.amount_minor)
        & (PAYOUT.c.currency == LINE.c.currency)
        & (PAYOUT.c.gateway_id.is_(None) | (PAYOUT.c.gateway_id == LINE.c.gateway_id))
    )
    strange = select(LINE.c.key).outerjoin(PAYOUT, (PAYOUT.c.key == LINE.c.key) & agrees).where(PAYOUT.c.id.is_(None))
    twice = select(LINE.c.key).group_by(LINE.c.key).having(func.count() > 1)
    found = {*conn.execute(strange).scalars(), *conn.execute(twice).scalars(), *_without_line(conn, given)}
    return sorted(found)


def _without_line(conn: Connection, given: Given) -> Iterator[str]:
    """The keys of settled payouts that no line tells of, though each day's on which it can stand is there."""
    alone = (
        select(*(PAYOUT.c[name] for name in ("id", "key", "gateway", "proposed_at", "first_sent_at", "settled_at")))
        .outerjoin(LINE, (LINE.c.key == PAYOUT.c.key) & _ITS_GATEWAYS)
        .where(PAYOUT.c.state == PayoutState.SETTLED, PAYOUT.c.method != Method.CASH, PAYOUT.c.returned_at.is_(None))
        .where(LINE.c.key.is_(None))
        .order_by(PAYOUT.c.id)
        .limit(PAGE)
    )
    if None not in given:  # the payouts of a gateway that never told a statement are not looked through each time
        alone = alone.where(PAYOUT.c.gateway.is_(None) | PAYOUT.c.gateway.in_([*given]))
    days, last = {name: _given_by(given, name) for name in (None, *given)}, -1
    while given and (page := conn.execute(alone.where(PAYOUT.c.id > last)).all()):
        for row in page:
            if days.get(row.gateway, given.get(None, set())) >= days_of(row.first_sent_at or row.proposed_at, row.settled_at):
                yield row.key
        last = page[-1].id


def _whole_days(conn: Connection) -> Given:
    """The UTC days whose statement was given after they had ended, by gateway; one given earlier may lack what came later."""
    given: dict[str | None, set[date]] = {}
    for row in conn.execute(select(DAY.c.on_day, DAY.c.fetched_at, DAY.c.gateway)):
        if row.fetched_at >= datetime.combine(row.on_day, time(), UTC) + timedelta(days=1):
            given.setdefault(row.gateway, set()).add(row.on_day)
    return given


def _given_by(given: Given, gateway: str | None) -> AbstractSet[date]:
    """The days of the gateway that sent a payout."""
    return frozenset().union(*(days for name, days in given.items() if same_gateway(gateway, name)))


def _booked(row: Any) -> Booked:  # noqa: ANN401 - a row of PAYOUT
    return Booked(
        row.id, row.claim_id, row.site_id, row.key, PayoutState(row.state), Method(row.method), row.amount_minor, row.currency,
        row.gateway_id, row.first_sent_at or row.proposed_at, row.settled_at, row.returned_at is not None,
        row.gateway, by_officers=row.resolve_as == row.state,
    )  # fmt: skip
