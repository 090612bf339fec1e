"""Bringing a desk to the schema with digests and back: who was ever on duty is not forgotten."""

import pytest

from tests.builders import open_house
from tests.digests import put_on, reached_at
from tests.house.test_messages_migration import moved


async def test_a_desk_without_a_roster_goes_back_and_forth_and_one_with_any_does_not(database: str) -> None:
    async with open_house(database) as house:
        await house.lodge()
        moved(database, "downgrade", "0021")
        moved(database, "upgrade", "head")
        await reached_at(house, house.cast.ma, "ma@site.example")
        await put_on(house)
    with pytest.raises(RuntimeError, match="put on duty"):
        moved(database, "downgrade", "0021")
