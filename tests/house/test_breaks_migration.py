"""Bringing a desk whose refunds are stopped to the schema with breaks and back: the stop and its trigger hold throughout."""

from typing import Any

from alembic import command
from sqlalchemy import Connection, text

from desk.reads.verify.stops import i12_nothing_leaves_while_stopped
from desk.store.engines import plain_engine
from desk.store.migrations import alembic_config
from tests.builders import open_house

STOP = """INSERT INTO send_stop (id, site_id, reason, stopped_at)
SELECT 1, id, 'why', '2026-09-08T01:30:00.000000Z' FROM site LIMIT 1"""


async def test_a_stop_and_its_trigger_outlast_the_way_there_and_back(database: str) -> None:
    async with open_house(database):
        pass
    assert moved(database, "downgrade", "0005", STOP) == ("1", [])
    assert moved(database, "upgrade", "head", "UPDATE send_stop SET reason = reason") == ("manager", [])
    assert moved(database, "downgrade", "0005", "UPDATE send_stop SET resumed_at = stopped_at") == ("1", [])


def moved(database: str, way: str, to: str, then: str) -> tuple[Any, list[str]]:
    """Move the schema, run a statement, and tell the cause of the stop (or 1 where stops have none) and what I12 finds."""
    engine, config = plain_engine(database), alembic_config()
    with engine.begin() as conn:
        config.attributes["connection"] = conn
        getattr(command, way)(config, to)
    with engine.begin() as conn:
        conn.execute(text(then))
        found = cause(conn), list(i12_nothing_leaves_while_stopped(conn))
    engine.dispose()
    return found


def cause(conn: Connection) -> str:
    """The cause of the one stop there is."""
    row = conn.execute(text("SELECT * FROM send_stop")).mappings().one()
    return str(row.get("cause", "1"))
