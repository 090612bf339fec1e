"""Bringing a desk to the schema with incidents and back: misses of claims stay, a collective dispute is not forgotten."""

import pytest
from sqlalchemy import func, select

from desk.store.tables import metadata
from desk.worker.timetable import see_to_all_clocks
from tests.builders import open_house
from tests.crowds import opened, stuck
from tests.house.test_messages_migration import moved

BREACH = metadata.tables["clock_breach"]


async def test_a_desk_without_incidents_goes_back_and_forth_and_one_with_any_does_not(database: str) -> None:
    async with open_house(database) as house:
        await stuck(house, 1)
        house.clock.go(hours=3)
        await see_to_all_clocks(house.desk)
        moved(database, "downgrade", "0021")
        moved(database, "upgrade", "head")
        assert await house.desk.read(lambda conn: conn.execute(select(func.count()).select_from(BREACH)).scalar_one()) == 1
        await opened(house)
    with pytest.raises(RuntimeError, match="collective disputes"):
        moved(database, "downgrade", "0021")
