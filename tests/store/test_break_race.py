"""On PostgreSQL a break and a send may meet, and two who match at once: it holds as a stop does, and is found once."""

import asyncio
from datetime import date

import pytest
from sqlalchemy import text

from desk.actions.breaks import match_statements
from desk.actions.statements import keep_statement
from desk.domain.errors import SendsStopped
from desk.ports import Work
from tests.builders import open_house
from tests.statements import line_of, paid
from tests.store.test_stop_race import A_MOMENT, holding
from tests.till import Till, count

DAY = date(2026, 9, 8)


async def test_a_break_is_kept_only_when_the_send_before_it_is_over(postgresql_database: str) -> None:
    async with open_house(postgresql_database) as house:
        till, number = Till(house), await paid(house)
        line = await line_of(house, number, more=1)
        payout = (await till.propose(await till.agreed())).payout
        with holding(postgresql_database, "SELECT 1 FROM fund_account FOR UPDATE"):
            sending = asyncio.create_task(till.send(payout.id))
            await asyncio.sleep(A_MOMENT)
            freezing = asyncio.create_task(house.desk.write(keep_statement, DAY, [line]))
            await asyncio.sleep(A_MOMENT)
            assert not freezing.done()
        assert (await sending).payout.state == "awaiting_visitor"
        assert await freezing == 1


async def test_a_send_that_waits_for_a_break_is_refused_by_it(postgresql_database: str) -> None:
    async with open_house(postgresql_database) as house:
        till, number = Till(house), await paid(house)
        line = await line_of(house, number, more=1)
        payout = (await till.propose(await till.agreed())).payout
        with holding(postgresql_database, "LOCK TABLE notice IN EXCLUSIVE MODE"):
            freezing = asyncio.create_task(house.desk.write(keep_statement, DAY, [line]))
            await asyncio.sleep(A_MOMENT)
            sending = asyncio.create_task(till.send(payout.id))
            await asyncio.sleep(A_MOMENT)
            assert not freezing.done()
            assert not sending.done()
        assert await freezing == 1
        with pytest.raises(SendsStopped):
            await sending
        assert (await till.payout(payout.id)).state == "reserved"


async def test_two_who_match_at_once_find_a_break_once(postgresql_database: str) -> None:
    async with open_house(postgresql_database) as house:
        line = await line_of(house, await paid(house), more=1)
        assert await house.desk.write(keep_statement, DAY, [line]) == 1
        await house.desk.write(_besides)
        with holding(postgresql_database, "SELECT 1 FROM claim FOR UPDATE"):
            both = [asyncio.create_task(house.desk.write(match_statements)) for _ in range(2)]
            await asyncio.sleep(A_MOMENT)
        assert sorted(await asyncio.gather(*both)) == [0, 1]
        assert (await house.desk.read(count, "statement_break"), await house.desk.read(count, "send_stop")) == (2, 1)


def _besides(work: Work) -> None:
    """One more line for the key that is there, past the action, so that nobody has matched it yet."""
    same = "key, amount_minor, currency, paid_at, gateway, final"
    work.conn.execute(
        text(f"INSERT INTO statement_line (id, gateway_id, {same}) SELECT 1, 'gw-besides', {same} FROM statement_line")
    )
