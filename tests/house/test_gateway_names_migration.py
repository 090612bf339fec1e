"""Who sent what an older program sent is read from the chain; what it kept of statements stays, and goes back as it came."""

from dataclasses import replace

from desk.reads.verify import verify
from desk.store.migrations import current, head
from tests.builders import TERMS, open_house
from tests.house.test_messages_migration import moved, shown
from tests.statements import line_of, paid, today, told
from tests.till import Till

PAYOUTS = "SELECT id, method, gateway FROM payout ORDER BY id"
LINES = "SELECT key, gateway, final FROM statement_line ORDER BY key"
DAYS = "SELECT on_day FROM statement_day ORDER BY id"


async def test_names_come_from_the_chain_and_statements_outlast_the_way_there_and_back(database: str) -> None:
    async with open_house(database, gateway=replace(TERMS, name="wechat:1")) as house:
        first, cash = await paid(house), await Till(house).brought_to("settled")
        line, day, cast, at = await line_of(house, first), today(house), house.cast, house.clock.at
        house.clock.go(hours=24)
        await told(house, line, day=day)
    async with open_house(database, at, furnish=False, cast=cast) as house:
        second = await paid(house)
        house.clock.go(hours=24)
        await told(house, await line_of(house, second), day=day)
    names = [(first, "transfer", "wechat:1"), (cash, "cash", None), (second, "transfer", "http")]
    assert (shown(database, PAYOUTS), len(shown(database, DAYS))) == (names, 2)
    moved(database, "downgrade", "0012")
    assert (len(shown(database, DAYS)), len(shown(database, "SELECT key FROM statement_line"))) == (1, 2)
    moved(database, "upgrade", "head")
    assert (shown(database, PAYOUTS), current(database)) == (names, head())
    assert [(name, bool(final)) for _, name, final in shown(database, LINES)] == [(None, True)] * 2
    async with open_house(database, at, furnish=False, cast=cast) as house:
        report = await house.desk.read(verify, house.kit)
        assert [each.id for each in report.invariants if not each.ok] == []
