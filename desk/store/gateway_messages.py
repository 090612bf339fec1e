"""The gateway's messages as rows: kept once, and taken off the list by whoever looked at them. Decides no fate."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, insert, or_, select, update

from desk.domain.payout import ANSWER, Doubt
from desk.ports import Row
from desk.store.breaks import anybody_uses_gateway, users_of_gateway, uses_gateway
from desk.store.tables import GatewayEventRow, metadata

MESSAGE = metadata.tables["gateway_event"]
NAMED = metadata.tables["payout"].alias("named")
IN_DOUBT = MESSAGE.c.number.is_not(None)
WAITING = IN_DOUBT & MESSAGE.c.dismissed_at.is_(None)


def keep(conn: Connection, row: Row) -> None:
    """Keep a message."""
    conn.execute(insert(MESSAGE), row)


def heard_before(conn: Connection, message_id: str) -> bool:
    """Whether this message of the gateway has been kept already."""
    return conn.execute(select(MESSAGE.c.id).where(MESSAGE.c.id == message_id)).first() is not None


def any_other_amount(conn: Connection, payout_id: int, minor: int | None, currency: str | None) -> bool:
    """Whether an answer about a payout that named this other amount, or none, is kept already."""
    same = (MESSAGE.c.amount_minor.is_not_distinct_from(minor), MESSAGE.c.currency.is_not_distinct_from(currency))
    mine = (MESSAGE.c.payout_id == payout_id, MESSAGE.c.why == Doubt.WRONG_AMOUNT.value, MESSAGE.c.kind.startswith(ANSWER))
    return conn.execute(select(MESSAGE.c.id).where(*mine, *same).limit(1)).first() is not None


def find(conn: Connection, number: int) -> GatewayEventRow | None:
    """A message that needed a person, None for a number that none has."""
    row = conn.execute(select(MESSAGE).where(MESSAGE.c.number == number)).mappings().first()
    return GatewayEventRow(**row) if row else None


def dismiss(conn: Connection, number: int, **values: Any) -> GatewayEventRow | None:  # noqa: ANN401 - column values
    """Write down who looked at a message and what they said; None for one that somebody looked at before."""
    changed = update(MESSAGE).where(MESSAGE.c.number == number, WAITING).values(**values).returning(MESSAGE)
    row = conn.execute(changed).mappings().first()
    return GatewayEventRow(**row) if row else None


def concerns(site: ColumnElement[int] | int) -> ColumnElement[bool]:
    """A message is its payout's site's; of no payout, that of every site that uses the gateway, or of all while none does."""
    its_own = exists().where(NAMED.c.id == MESSAGE.c.payout_id, NAMED.c.site_id == site)
    return or_(its_own, and_(MESSAGE.c.payout_id.is_(None), or_(uses_gateway(site), ~anybody_uses_gateway())))


def sites_of_nobodys(conn: Connection) -> list[int] | None:
    """The sites that a message of no payout concerns; None for all of them."""
    return users_of_gateway(conn) or None


def any_contradiction(conn: Connection, claim_id: int) -> bool:
    """Whether a message that contradicts the books about any payout of a claim still waits."""
    mine = MESSAGE.c.payout_id.in_(select(NAMED.c.id).where(NAMED.c.claim_id == claim_id))
    waits = select(MESSAGE.c.id).where(mine, MESSAGE.c.why == Doubt.CONTRADICTS.value, WAITING).limit(1)
    return conn.execute(waits).first() is not None
