"""An older desk's days are counted by the upgrade as they would have been counted while they happened."""

import pytest
from sqlalchemy import Connection, text

from desk.actions.follow_up import Rating, rate_claim
from desk.actions.promises import fold_counts
from desk.domain.claim import Elsewhere
from desk.reads.verify import verify
from desk.store.migrations import current, head
from tests.builders import House, open_house
from tests.house.test_messages_migration import moved, shown
from tests.till import Till

COUNTED = "SELECT site_id, on_day, kind, pack, what, seconds, number FROM promise_count ORDER BY 1, 2, 3, 4, 5, 6"
MISSES = "SELECT claim_id, site_id, kind, base_at, due_at FROM clock_breach ORDER BY id"


async def some_days(house: House) -> None:
    """Promises kept, missed, lifted and running, a refund sent and received, a question that waits, over two days."""
    till = Till(house)
    quick, late, lifted = [(await house.lodge()).reference for _ in range(3)]
    await house.waiting()
    await house.docketed()
    house.clock.go(minutes=25)
    await house.message(quick)
    await house.withdraw(lifted)
    payout = (await till.propose(await till.agreed())).payout.id
    house.clock.go(minutes=40)
    await till.send(payout)
    house.clock.go(hours=20)
    await till.receive(payout)
    await house.message(late)
    await house.lodge(house.cast.oskar, site="gulangyu")


async def test_the_counts_of_an_older_desk_are_those_it_would_have_kept(database: str) -> None:
    async with open_house(database) as house:
        await some_days(house)
        while await house.desk.write(fold_counts):
            pass
        cast = house.cast
    kept, misses = shown(database, COUNTED), shown(database, MISSES)
    assert len(kept) > 10
    assert len(misses) == 2
    moved(database, "downgrade", "0016")
    moved(database, "upgrade", "head")
    assert (shown(database, COUNTED), shown(database, MISSES), current(database)) == (kept, misses, head())
    async with open_house(database, cast=cast) as house:
        report = await house.desk.read(verify, house.kit)
        assert [finding for finding in report.invariants if not finding.ok] == []
        assert await house.desk.read(_waiting) == 0


async def test_what_a_visitor_said_is_not_thrown_away_on_the_way_back(database: str) -> None:
    async with open_house(database) as house:
        reference = (await house.lodge(already_elsewhere=Elsewhere.COURT)).reference
        await house.confirm(reference, "refuse")
        moved(database, "downgrade", "0017")
        moved(database, "upgrade", "head")
        await house.desk.write(rate_claim, await house.vera(reference), reference, Rating(2, "太慢"))
    with pytest.raises(RuntimeError, match="would forget it"):
        moved(database, "downgrade", "0017")
    assert shown(database, "SELECT rating, comment FROM follow_up") == [(2, "太慢")]


def _waiting(conn: Connection) -> int:
    return int(conn.execute(text("SELECT count(*) FROM promise_delta")).scalar_one())
