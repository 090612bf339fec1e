"""Lines of a statement get numbers of their own and breaks their gateway's name, on the way there, back and there again."""

from dataclasses import replace

from desk.actions.breaks import match_statements
from desk.reads.verify import verify
from desk.store.migrations import current, head
from tests.builders import TERMS, open_house
from tests.house.test_messages_migration import moved, shown
from tests.statements import line_of, paid, strange, told

BREAKS = "SELECT kind, gateway, gateway_id FROM statement_break ORDER BY kind, gateway_id"
LINES = "SELECT gateway, gateway_id FROM statement_line ORDER BY gateway_id"
NUMBERS = "SELECT id FROM statement_line ORDER BY gateway_id"


async def test_breaks_found_before_are_known_afterwards_and_everything_goes_back_as_it_came(database: str) -> None:
    async with open_house(database, gateway=replace(TERMS, name="wechat:1")) as house:
        line = await line_of(house, await paid(house), more=1)
        assert await told(house, line, strange(house, "nobodys", "gw-strange")) == 2
        cast, at = house.cast, house.clock.at
    breaks, lines = shown(database, BREAKS), shown(database, LINES)
    assert [gateway for _, gateway, _ in breaks] == ["wechat:1"] * 2
    moved(database, "downgrade", "0024")
    moved(database, "upgrade", "head")
    assert (shown(database, BREAKS), shown(database, LINES), current(database)) == (breaks, lines, head())
    assert shown(database, NUMBERS) == [(1,), (2,)]
    async with open_house(database, at, furnish=False, cast=cast) as house:
        assert await house.desk.write(match_statements) == 0
        report = await house.desk.read(verify, house.kit)
        assert [each.id for each in report.invariants if not each.ok] == ["I11"], "two breaks that nobody resolved"
