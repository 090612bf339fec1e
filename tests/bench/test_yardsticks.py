"""The yardsticks write exactly what a lodging writes, and both load generators count honestly. Nothing here is timed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import desks, load, pgbench, raw_sqlite
from tests.bench.rows import Added, counts
from tests.postgres import PgServer

TRANSACTIONS = 3


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[desks.LoadedDesk]:
    with desks.on_sqlite(tmp_path_factory.mktemp("bench")) as desk:
        yield desk


@pytest.fixture
def on_postgres(tmp_path: Path, pg_server: PgServer) -> Iterator[desks.LoadedDesk]:
    with desks.on_postgres(tmp_path, pg_server, f"bench_{tmp_path.name.replace('-', '_')}"[:40]) as desk:
        yield desk


def test_raw_sqlite_writes_the_rows_of_one_lodging(on_sqlite: desks.LoadedDesk) -> None:
    assert {"claim", "person", "clock", "event", "idempotency_key"} <= _times(on_sqlite.rows, 1).keys()
    before = counts(on_sqlite.yard)
    raw_sqlite.run(Path(on_sqlite.yard.removeprefix("sqlite:///")), on_sqlite.rows, batch=2, transactions=TRANSACTIONS)
    assert _grown(before, counts(on_sqlite.yard)) == _times(on_sqlite.rows, 2 * TRANSACTIONS)


def test_pgbench_writes_the_rows_of_one_lodging(on_postgres: desks.LoadedDesk, pg_server: PgServer, tmp_path: Path) -> None:
    program = pgbench.program(pg_server)
    if program is None:
        pytest.skip("no pgbench beside this server and none on PATH")
    script = tmp_path / "yardstick.sql"
    script.write_text(pgbench.script(on_postgres.rows), encoding="utf-8")
    before = counts(on_postgres.yard)
    _, done = pgbench.run(program, on_postgres.yard, script, "-t", str(TRANSACTIONS), clients=2)
    assert done == 2 * TRANSACTIONS
    assert _grown(before, counts(on_postgres.yard)) == _times(on_postgres.rows, done)


@pytest.mark.parametrize("wrk", [True, False])
def test_what_the_load_counts_is_stored(on_sqlite: desks.LoadedDesk, wrk: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if wrk and shutil.which("wrk") is None:
        pytest.skip(load.HINT)
    monkeypatch.setattr(load, "has_wrk", lambda: wrk)
    before = on_sqlite.claims()
    done = load.drive(on_sqlite.lodging(), connections=2, seconds=1)
    assert done.errors == 0 < done.answered <= on_sqlite.claims() - before <= done.answered + 2
    refused = load.drive(on_sqlite.status(["A" * 32]), connections=1, seconds=1)
    assert refused.errors == refused.answered > 0


def _grown(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {table: number - before[table] for table, number in after.items() if number != before[table]}


def _times(rows: list[Added], number: int) -> dict[str, int]:
    return {table.table: len(table.rows) * number for table in rows}
