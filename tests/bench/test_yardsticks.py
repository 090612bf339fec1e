"""The yardsticks write exactly what a lodging writes, and the load counts honestly. Nothing here is timed."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.bench import bare, client, desks, load, pgbench, raw_sqlite
from tests.bench.rows import Added, counts
from tests.postgres import PgServer

TRANSACTIONS = 3


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[desks.LoadedDesk]:
    with desks.on_sqlite(tmp_path) as desk:
        yield desk


def _grown(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {table: number - before[table] for table, number in after.items() if number != before[table]}


def _times(rows: list[Added], number: int) -> dict[str, int]:
    return {table.table: len(table.rows) * number for table in rows}


def test_raw_sqlite_writes_the_rows_of_one_lodging_and_the_load_is_counted_right(on_sqlite: desks.LoadedDesk) -> None:
    assert {"claim", "person", "clock", "event", "idempotency_key"} <= set(_times(on_sqlite.rows, 1))
    before = counts(on_sqlite.yard)
    raw_sqlite.run(Path(on_sqlite.yard.removeprefix("sqlite:///")), on_sqlite.rows, batch=2, transactions=TRANSACTIONS)
    assert _grown(before, counts(on_sqlite.yard)) == _times(on_sqlite.rows, 2 * TRANSACTIONS)
