"""Bringing a desk to the schema with hand-offs and back: a partner that a site ever had is not forgotten."""

import pytest

from tests.builders import open_house
from tests.hands import offered, partner
from tests.house.test_messages_migration import moved


async def test_a_desk_without_partners_goes_back_and_forth_and_one_with_any_does_not(database: str) -> None:
    async with open_house(database) as house:
        await house.lodge()
        moved(database, "downgrade", "0022")
        moved(database, "upgrade", "head")
        assert await offered(house, await partner(house)) > 0
    with pytest.raises(RuntimeError, match="have partners"):
        moved(database, "downgrade", "0022")
