"""On PostgreSQL a stop and a send may meet: a stop that is confirmed waits for the send before it, and precedes the next."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, text

from desk.actions.sends import stop_sends
from desk.domain.errors import SendsStopped
from desk.reads.verify import verify
from desk.store.engines import plain_engine
from tests.builders import House, open_house
from tests.cast import HOME
from tests.till import Till

A_MOMENT = 0.4
STOP = f"SELECT 1, id, '对账不符', 'manager', now() FROM site WHERE slug = '{HOME}'"


@contextmanager
def holding(database: str, rows: str) -> Iterator[Connection]:
    """Keep rows locked in a transaction of another program."""
    engine = plain_engine(database)
    with engine.begin() as conn:
        conn.execute(text(rows))
        yield conn
    engine.dispose()


async def test_a_stop_is_confirmed_only_when_the_send_before_it_is_over(postgresql_database: str) -> None:
    async with open_house(postgresql_database) as house:
        till = Till(house)
        payout = (await till.propose(await till.agreed())).payout
        with holding(postgresql_database, "SELECT 1 FROM fund_account FOR UPDATE"):
            sending = asyncio.create_task(till.send(payout.id))
            await asyncio.sleep(A_MOMENT)
            stopping = asyncio.create_task(house.desk.write(stop_sends, house.cast.ma, HOME, "对账不符"))
            await asyncio.sleep(A_MOMENT)
            assert not stopping.done()
        assert (await sending).payout.state == "awaiting_visitor"
        assert (await stopping).stop is not None
        assert await holds(house)


async def test_a_send_that_waits_for_the_switch_is_refused_by_it(postgresql_database: str) -> None:
    async with open_house(postgresql_database) as house:
        till = Till(house)
        payout = (await till.propose(await till.agreed())).payout
        with holding(postgresql_database, "SELECT 1 FROM site FOR NO KEY UPDATE") as switch:
            sending = asyncio.create_task(till.send(payout.id))
            await asyncio.sleep(A_MOMENT)
            assert not sending.done()
            switch.execute(text(f"INSERT INTO send_stop (id, site_id, reason, cause, stopped_at) {STOP}"))
        with pytest.raises(SendsStopped):
            await sending
        assert (await till.payout(payout.id)).state == "reserved"


async def holds(house: House) -> bool:
    """Whether every invariant holds."""
    report = await house.desk.read(verify, house.kit)
    return report.ok
