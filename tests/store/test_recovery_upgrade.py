"""A desk that paid before it knew recoveries: the upgrade opens one for each payout that settled, as settling does now."""

from typing import Any

import pytest
from alembic import command
from sqlalchemy import select, text

from desk.actions.recovery import demand
from desk.reads.verify import verify
from desk.store.engines import plain_engine
from desk.store.migrations import alembic_config
from desk.store.tables import metadata
from tests.builders import House, open_house
from tests.till import Till

RECOVERY = metadata.tables["recovery"]


def moved(database: str, to: str) -> None:
    """Bring the database to another revision, back or forth."""
    engine = plain_engine(database)
    config = alembic_config()
    with engine.begin() as conn:
        config.attributes["connection"] = conn
        (command.downgrade if to == "0005" else command.upgrade)(config, to)
    engine.dispose()


def rows(database: str) -> list[Any]:
    """Every recovery there is."""
    engine = plain_engine(database)
    with engine.connect() as conn:
        found = [tuple(row) for row in conn.execute(select(RECOVERY).order_by(RECOVERY.c.payout_id))]
    engine.dispose()
    return found


async def paid(house: House) -> list[int]:
    """Two payouts that settled, one of them with nobody named, among others that did not."""
    till = Till(house)
    first = await till.brought_to("settled")
    for state in ("reserved", "failed", "cancelled"):
        await till.brought_to(state)
    reference = (await house.lodge(respondent=None)).reference
    await house.assess(reference)
    await house.override(reference, "fast_refund")
    second = (await till.propose(reference)).payout.id
    await till.send(second)
    await till.receive(second)
    return [first, second]


async def test_payouts_that_settled_before_get_the_recovery_that_settling_opens_now(database: str) -> None:
    async with open_house(database) as house:
        settled, cast = await paid(house), house.cast
    before = rows(database)
    moved(database, "0005")
    engine = plain_engine(database)
    with engine.begin() as conn:
        assert conn.execute(text("SELECT count(*) FROM payout WHERE state = 'settled'")).scalar_one() == 2
    engine.dispose()
    moved(database, "head")
    assert rows(database) == before
    assert [row[0] for row in before] == settled
    async with open_house(database, cast=cast) as house:
        report = await house.desk.read(verify, house.kit)
        assert [finding for finding in report.invariants if not finding.ok] == []


async def test_what_was_demanded_is_not_forgotten_by_an_older_program(database: str) -> None:
    async with open_house(database) as house:
        number = (await paid(house))[0]
        await house.desk.write(demand, house.cast.ma, number, house.clock.at.date().replace(month=12))
    with pytest.raises(RuntimeError, match="does not know recoveries"):
        moved(database, "0005")
    assert len(rows(database)) == 2
