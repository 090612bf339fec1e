"""The yardsticks write exactly what a lodging or a payment writes, and all loads count honestly. Nothing here is timed."""

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import desks, load, paying, pgbench, raw_sqlite
from tests.bench.rows import Added, Changed, Written, counts
from tests.gate.places import Place
from tests.postgres import PgServer

pytestmark = pytest.mark.slow
TRANSACTIONS = 3


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[desks.LoadedDesk]:
    with desks.on_sqlite(tmp_path_factory.mktemp("bench")) as desk:
        yield desk


@pytest.fixture(scope="module")
def on_postgres(tmp_path_factory: pytest.TempPathFactory, pg_server: PgServer) -> Iterator[desks.LoadedDesk]:
    with desks.on_postgres(tmp_path_factory.mktemp("bench_pg"), pg_server, f"bench_{os.getpid()}") as desk:
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


def test_raw_sqlite_writes_the_rows_of_a_payment(on_sqlite: desks.LoadedDesk) -> None:
    assert {"fund_entry", "fund_posting", "recovery", "event", "promise_delta", "idempotency_key"} == set(
        _times(_steps(on_sqlite), 1)
    )
    before, yard = counts(on_sqlite.yard), Path(on_sqlite.yard.removeprefix("sqlite:///"))
    money = _money(on_sqlite)
    raw_sqlite.pay(yard, on_sqlite.payment.before, on_sqlite.payment.steps, TRANSACTIONS)
    _check_paid(on_sqlite, before, money, TRANSACTIONS)


def test_pgbench_writes_the_rows_of_a_payment(on_postgres: desks.LoadedDesk, pg_server: PgServer, tmp_path: Path) -> None:
    program = pgbench.program(pg_server)
    if program is None:
        pytest.skip("no pgbench beside this server and none on PATH")
    before, money, payment = counts(on_postgres.yard), _money(on_postgres), on_postgres.payment
    _, done = pgbench.pay(program, on_postgres.yard, tmp_path, payment.before, payment.steps, 2 * TRANSACTIONS, clients=2)
    assert done == 2 * TRANSACTIONS
    _check_paid(on_postgres, before, money, done)


def test_what_the_load_pays_is_settled_and_moves_as_much_as_the_yardstick_does(on_sqlite: desks.LoadedDesk) -> None:
    place, url = on_sqlite.place, on_sqlite.served.url
    before, money = paying.settled(place), _money(on_sqlite, place.database)
    load = paying.pay(place, url, paying.ready(place, url, TRANSACTIONS), connections=2)
    assert (load.answered, load.errors, paying.settled(place) - before) == (2 * TRANSACTIONS, 0, TRANSACTIONS)
    assert _moved(money, _money(on_sqlite, place.database)) == _paid(TRANSACTIONS)
    refused = paying.pay(place, url, ["1", "2"], connections=2)
    assert (refused.answered, refused.errors) == (4, 4)


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


def _times(rows: Written, number: int) -> dict[str, int]:
    """How many rows of each table are added by so many."""
    every: Counter[str] = Counter()
    for one in rows:
        every[one.table] += len(one.rows) * number if isinstance(one, Added) else 0
    return dict(+every)


def _steps(desk: desks.LoadedDesk) -> list[Added | Changed]:
    return [one for step in desk.payment.steps for one in step]


def _check_paid(desk: desks.LoadedDesk, before: dict[str, int], money: dict[str, int], number: int) -> None:
    """Expect so many payments in the yard, with all that belongs to them."""
    assert _grown(before, counts(desk.yard)) == _times([*desk.payment.before, *_steps(desk)], number)
    assert _moved(money, _money(desk)) == _paid(number)
    assert Place(desk.folder, desk.yard, ()).rows("SELECT id FROM payout WHERE state <> 'settled'") == []


def _money(desk: desks.LoadedDesk, database: str | None = None) -> dict[str, int]:
    """What stands on each account of the yard, or of another database."""
    return dict(Place(desk.folder, database or desk.yard, ()).rows("SELECT name || site_id, balance_minor FROM fund_account"))


def _moved(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """By how much each kind of account changed."""
    return {re.sub(r"[:0-9].*", "", name): minor - before[name] for name, minor in after.items() if minor != before[name]}


def _paid(number: int) -> dict[str, int]:
    return {"available": -100 * number, "receivable": 100 * number}
