"""What a visitor needs to take their money comes and goes with its column; the payout itself stays as it is."""

from desk.store.migrations import current, head
from tests.builders import open_house
from tests.house.test_messages_migration import moved, shown
from tests.till import Till

KEPT = "SELECT id, state, method, amount_minor, key, sent_at, gateway_id, turn FROM payout"


async def test_a_payout_that_waits_outlasts_the_way_there_and_back_without_it(database: str) -> None:
    async with open_house(database) as house:
        payout_id = await Till(house).brought_to("sending")
        await Till(house).called(payout_id, "awaiting_visitor", take="opens-it")
    before = shown(database, KEPT)
    assert shown(database, "SELECT take FROM payout") == [("opens-it",)]
    moved(database, "downgrade", "0011")
    assert shown(database, KEPT) == before
    moved(database, "upgrade", "head")
    assert (shown(database, KEPT), shown(database, "SELECT take FROM payout"), current(database)) == (before, [(None,)], head())
