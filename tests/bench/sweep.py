"""What it costs to see to a clock that is due, among few clocks that run and among many: told, missed and written down.

The sweep is the worker's own, over doors of its own, beside the desk that is served.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from desk.store.engines import plain_engine
from desk.worker.timetable import see_to_all_clocks
from tests.bench import desks, raw_sqlite
from tests.bench.figures import Growth, Report
from tests.bench.growth import copied_on_postgres
from tests.bench.load import Load
from tests.builders import open_house
from tests.postgres import PgServer

CLOCKS_EACH, AT_ONCE, DUE, MOST = 2, 500, 100, 1.5
"""A claim that was lodged runs two clocks: its first answer and its acceptance."""
FAR = "2099-01-01T00:00:00.000000Z"


def on_sqlite(folder: Path, few: int, many: int, rounds: int) -> Report:
    """The bench on two files."""
    with ExitStack() as stack:
        return _report(
            "SQLite", [stack.enter_context(_sqlite(folder / str(clocks), clocks)) for clocks in (few, many)], few, many, rounds
        )


def on_postgres(folder: Path, server: PgServer, few: int, many: int, rounds: int) -> Report:
    """The bench in two databases of one server."""
    with ExitStack() as stack:
        grown = [
            stack.enter_context(copied_on_postgres(folder / str(clocks), server, clocks // CLOCKS_EACH)) for clocks in (few, many)
        ]
        return _report("PostgreSQL", grown, few, many, rounds)


def _report(engine: str, grown: list[desks.LoadedDesk], few: int, many: int, rounds: int) -> Report:
    """All rounds, the few and the many in turn; the first sweep of each is not counted."""
    figure = Growth("seeing to a due clock", MOST)
    databases = [desk.place.database for desk in grown]
    for database in databases:
        _put_off(database)
        _seen_to(database)
    for _ in range(rounds):
        for loads, database in zip((figure.few, figure.many), databases, strict=True):
            loads.append(_seen_to(database))
    return Report(f"{engine}, {many:,} running clocks ÷ {few:,}, {DUE} of them due", [], [figure])


@contextmanager
def _sqlite(folder: Path, clocks: int) -> Iterator[desks.LoadedDesk]:
    with desks.on_sqlite(folder) as desk:
        raw_sqlite.run(desk.place.file, desk.rows, batch=AT_ONCE, transactions=clocks // CLOCKS_EACH // AT_ONCE)
        yield desk


def _put_off(database: str) -> None:
    """Let nothing be due by itself."""
    engine = plain_engine(database)
    with engine.begin() as conn:
        conn.exec_driver_sql(f"UPDATE clock SET next_at = '{FAR}' WHERE state = 'running'")
    engine.dispose()


def _seen_to(database: str) -> Load:
    """Let some first answers be due, and measure how long the worker takes for one of them, in the mean."""
    engine, now = plain_engine(database), datetime.now(UTC) + timedelta(hours=4)
    chosen = f"SELECT id FROM clock WHERE kind = 'first_answer' AND next_at = '{FAR}' ORDER BY id LIMIT {DUE}"
    with engine.begin() as conn:
        before = conn.exec_driver_sql("SELECT count(*) FROM clock_breach").scalar_one()
        conn.exec_driver_sql(f"UPDATE clock SET next_at = '2020-01-01T00:00:00.000000Z' WHERE id IN ({chosen})")
    seconds = asyncio.run(_swept(database, now))
    with engine.connect() as conn:
        missed = conn.exec_driver_sql("SELECT count(*) FROM clock_breach").scalar_one() - before
    engine.dispose()
    return Load(DUE, abs(DUE - missed), seconds, seconds / DUE * 1000, seconds / DUE * 1000)


async def _swept(database: str, now: datetime) -> float:
    async with open_house(database, now, furnish=False) as house:
        began = time.perf_counter()
        await see_to_all_clocks(house.desk)
        return time.perf_counter() - began
