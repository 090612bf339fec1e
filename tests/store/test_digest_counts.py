"""What a digest counts is looked up by indexes: no statement of it walks a table that grows with the register."""

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, event

from desk.domain.calendar import WorkingCalendar
from desk.store import sites
from desk.store.digest_counts import figures_of
from tests.builders import House, open_house
from tests.cast import HOME
from tests.statements import puzzled
from tests.till import Till

WAITING = "promise_delta"
"""Holds what the worker has not folded in yet, seconds old at most."""


async def test_no_statement_walks_a_table(sqlite_database: str) -> None:
    async with open_house(sqlite_database) as house:
        await Till(house).brought_to("arrived")
        await puzzled(house)
        plans = await house.desk.read(_plans, house)
    assert len(plans) > 10
    walked = {
        found for plan in plans for found in re.findall(r"SCAN (?!CONSTANT ROW)(\w+)", plan) if not found.startswith("anon_")
    }
    assert walked <= {WAITING}
    whole = " ".join(plans)
    for index in ("ix_handoff_waiting", "ix_incident_now", "ix_gateway_event_waiting"):
        assert f"INDEX {index}" in whole, index


def _plans(conn: Connection, house: House) -> list[str]:
    """How SQLite goes about each statement of a digest."""
    asked: list[tuple[str, Any]] = []
    listener: Callable[..., None] = lambda *told: asked.append((told[2], told[3]))  # noqa: E731 - one line for one ear
    event.listen(conn, "before_cursor_execute", listener)
    calendar: WorkingCalendar = house.kit.shelf.calendar
    figures_of(conn, sites.get(conn, house.cast.sites[HOME]), house.clock.now().date(), house.clock.now(), calendar)
    event.remove(conn, "before_cursor_execute", listener)
    return [
        " ".join(str(row[3]) for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values))
        for statement, values in asked
    ]
