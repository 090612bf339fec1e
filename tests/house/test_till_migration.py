"""Closes of before say that the cashier closed; one that a manager made for another cannot go back to the older program."""

import pytest
from sqlalchemy import text

from desk.actions.day_close import close_day
from desk.domain.day_close import Count
from desk.domain.payout import Method
from desk.ports import Work
from desk.reads.day_closes import open_tills
from desk.reads.verify import verify
from desk.store.migrations import current, head
from tests.builders import House, open_house
from tests.house.test_messages_migration import moved, shown
from tests.till import Till

KEPT = "SELECT id, officer_id, expected_minor, counted_minor, reason FROM day_close"
LINES = "SELECT day_close_id, payout_id FROM day_close_line"


async def closed(house: House) -> None:
    """Cash handed over by Chen and counted by her, with a difference."""
    await Till(house).brought_to("settled")
    (till,) = await house.desk.read(open_tills, house.cast.chen, "huangshan")
    told = ("huangshan", Method.CASH, Count(till.expected - 100, "CNY"), "少一元", till.seen)
    await house.desk.write(close_day, house.cast.chen, *told)


def by_another(work: Work) -> None:
    """Say that a manager closed it."""
    work.conn.execute(text("UPDATE day_close SET closed_by = (SELECT id FROM officer WHERE name = 'Ma')"))


async def test_a_close_outlasts_the_way_there_and_back_and_was_its_cashiers_own(database: str) -> None:
    async with open_house(database) as house:
        await closed(house)
    before, lines = shown(database, KEPT), shown(database, LINES)
    moved(database, "downgrade", "0014")
    assert (shown(database, KEPT), shown(database, LINES)) == (before, lines)
    moved(database, "upgrade", "head")
    assert (shown(database, KEPT), shown(database, LINES), current(database)) == (before, lines, head())
    assert shown(database, "SELECT count(*) FROM day_close WHERE closed_by = officer_id") == [(1,)]
    async with open_house(database, furnish=False) as house:
        assert (await house.desk.read(verify, house.kit)).ok


async def test_a_close_for_another_does_not_go_back(database: str) -> None:
    async with open_house(database) as house:
        await closed(house)
        await house.desk.write(by_another)
    with pytest.raises(RuntimeError, match="had left"):
        moved(database, "downgrade", "0014")
    assert current(database) == head()
