"""Bringing a desk to the schema with alerts and back: a level that ever stood is not forgotten."""

import pytest

from tests.alarms import busy, level, looked
from tests.builders import open_house
from tests.house.test_messages_migration import moved


async def test_a_desk_without_alerts_goes_back_and_forth_and_one_with_any_does_not(database: str) -> None:
    async with open_house(database) as house:
        await busy(house, 3)
        moved(database, "downgrade", "0020")
        moved(database, "upgrade", "head")
        await looked(house)
        assert await level(house) is not None
    with pytest.raises(RuntimeError, match="at alert levels"):
        moved(database, "downgrade", "0020")
