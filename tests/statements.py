"""Statements and messages of a gateway for a test house: of one payout, as it was or otherwise. Through the real actions."""

from datetime import UTC, date, datetime, timedelta
from itertools import count

from sqlalchemy import select

from desk.actions.payout_words import Message, hear_message
from desk.actions.statements import keep_statement
from desk.ports import StatementLine
from desk.store.tables import metadata
from tests.builders import House
from tests.till import Till

BREAK, MESSAGE = metadata.tables["statement_break"], metadata.tables["gateway_event"]
_numbers = count(1)
_days = (date(2020, 1, 1) + timedelta(days=number) for number in count())


async def paid(house: House, asked: str = "50.00") -> int:
    """A payout of Huangshan's that the gateway has settled; its number there is `gw-` and its id."""
    till = Till(house)
    payout_id = (await till.propose(await till.agreed(asked=asked), method="transfer")).payout.id
    await till.send(payout_id)
    await till.called(payout_id, "settled", f"gw-{payout_id}")
    return payout_id


async def line_of(house: House, payout_id: int, gateway_id: str | None = None, more: int = 0) -> StatementLine:
    """A line for a payout, with so many minor units more than it has."""
    payout = await Till(house).payout(payout_id)
    number = gateway_id or f"gw-{payout_id}"
    return StatementLine(payout.key, number, payout.amount_minor + more, payout.currency, house.clock.at)


async def told(house: House, *lines: StatementLine, day: date | None = None) -> int:
    """Keep a statement of one more day, long ago unless named, with these lines; how many breaks were found."""
    return int(await house.desk.write(keep_statement, day or next(_days), lines))


async def broken(house: House, payout_id: int) -> int:
    """Let the gateway tell of a fen more than the payout has; the break's id."""
    number = f"gw-odd-{next(_numbers)}"
    assert await told(house, await line_of(house, payout_id, number, more=1)) == 1
    return int(
        await house.desk.read(lambda conn: conn.execute(select(BREAK.c.id).where(BREAK.c.gateway_id == number)).scalar_one())
    )


async def puzzled(house: House, payout_id: int | None = None, kind: str = "payout.paused") -> int:
    """Let the gateway send a message that needs a person, about this payout or one of nobody's; its number."""
    number, payout = f"msg-{next(_numbers)}", await Till(house).payout(payout_id) if payout_id else None
    key, minor = (payout.key, payout.amount_minor) if payout else ("nobodys-key", 9_900)
    await house.desk.write(hear_message, Message(number, kind, key, minor, "CNY", "gw-odd"))
    found = await house.desk.read(lambda conn: conn.execute(select(MESSAGE.c.number).where(MESSAGE.c.id == number)).scalar_one())
    assert found is not None
    return int(found)


def strange(house: House, key: str = "nobodys-key", gateway_id: str | None = None) -> StatementLine:
    """A payment of which the books know nothing."""
    return StatementLine(key, gateway_id or f"gw-strange-{next(_numbers)}", 9_900, "CNY", house.clock.at.astimezone(UTC))


def today(house: House) -> date:
    """The UTC day by the house's clock."""
    return datetime.date(house.clock.at.astimezone(UTC))
