"""Bringing a desk to the schema with digests and back: no duty, address or digest is forgotten."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

import pytest

from tests.builders import House, open_house
from tests.digests import kept, put_on, reached_at
from tests.house.test_messages_migration import moved, shown


async def test_a_desk_without_any_of_it_goes_back_and_forth(database: str) -> None:
    async with open_house(database) as house:
        await house.lodge()
    moved(database, "downgrade", "0021")
    assert shown(database, "SELECT count(*) FROM claim") == [(1,)]
    moved(database, "upgrade", "head")
    assert shown(database, "SELECT count(*) FROM digest") == [(0,)]


async def _reached(house: House) -> None:
    await reached_at(house, house.cast.ma, "ma@site.example")


async def _reached_no_more(house: House) -> None:
    await _reached(house)
    await reached_at(house, house.cast.ma, "")


HELD: Mapping[str, Callable[[House], Awaitable[object]]] = MappingProxyType(
    {"put on duty": put_on, "addresses": _reached, "no such event": _reached_no_more, "digests were made": kept}
)


@pytest.mark.parametrize("why", HELD)
async def test_a_desk_that_would_forget_something_does_not_go_back(database: str, why: str) -> None:
    async with open_house(database) as house:
        await HELD[why](house)
    with pytest.raises(RuntimeError, match=why):
        moved(database, "downgrade", "0021")
