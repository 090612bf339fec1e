"""Messages that an older program parked get a number and the key that they name, and go back as they came.

A contradiction of which it kept only the notice gets a row, or nobody could ever end that notice.
"""

from alembic import command
from sqlalchemy import Connection, text

from desk.store.engines import plain_engine
from desk.store.migrations import alembic_config
from tests.builders import open_house
from tests.statements import puzzled
from tests.till import Till

LOOKED = """UPDATE gateway_event SET dismissed_at = received_at, dismissal = 'why', dismissed_by = (SELECT min(id) FROM officer)
WHERE number = 1"""
SHOWN = "SELECT fate, why, number, key, dismissal FROM gateway_event ORDER BY received_at, id"


async def test_parked_messages_are_numbered_as_they_came_and_nothing_is_lost_on_the_way_back(database: str) -> None:
    async with open_house(database) as house:
        payout_id = await Till(house).brought_to("arrived")
        for kind, about in (("payout.paused", payout_id), ("payout.failed", payout_id), ("payout.paused", None)):
            await puzzled(house, about, kind)
            house.clock.go(seconds=1)
    key = f"payout-{payout_id}"
    moved(database, "downgrade", "0009")
    assert shown(database, "SELECT fate, why FROM gateway_event ORDER BY received_at, id") == [
        ("parked", "unknown_type"), ("late", None), ("parked", "unknown_type"),
    ]  # fmt: skip
    moved(database, "upgrade", "head")
    ((notice,),) = shown(database, "SELECT id FROM notice WHERE kind = 'gateway_contradicts' AND closed_at IS NULL")
    assert shown(database) == [
        ("parked", "unknown_type", 1, key, None), ("late", "contradicts", notice, key, None), ("late", None, None, key, None),
        ("parked", "unknown_type", 2, None, None),
    ]  # fmt: skip
    moved(database, "upgrade", "head", LOOKED)
    moved(database, "downgrade", "0009")
    moved(database, "upgrade", "head")
    assert [row[2:] for row in shown(database)] == [(1, key, None), (notice, key, None), (None, key, None), (2, None, None)]


def moved(database: str, way: str, to: str, then: str = "SELECT 1") -> None:
    """Move the schema and run a statement."""
    engine, config = plain_engine(database), alembic_config()
    with engine.begin() as conn:
        config.attributes["connection"] = conn
        getattr(command, way)(config, to)
    with engine.begin() as conn:
        conn.execute(text(then))
    engine.dispose()


def shown(database: str, query: str = SHOWN) -> list[tuple[object, ...]]:
    """The messages, oldest first."""
    engine = plain_engine(database)
    with engine.connect() as conn:
        found = _rows(conn, query)
    engine.dispose()
    return found


def _rows(conn: Connection, query: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in conn.execute(text(query))]
