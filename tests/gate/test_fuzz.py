"""Schema fuzzing of every operation: no 5xx, nothing undeclared, nothing wrong accepted, nothing right refused (I42)."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import BaseSchema

from desk.web.app import create_app
from desk.web.options import WebOptions
from tests.conftest import DEEP
from tests.gate.fuzzing import AnyCase, Stock, is_worth_telling, made_real
from tests.gate.places import Place, postgres_copy, sqlite_copy
from tests.postgres import PgServer

ON_SQLITE = settings(max_examples=100 if DEEP else 20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
ON_POSTGRESQL = settings(ON_SQLITE, max_examples=25 if DEEP else 8)


def described(*, phases: bool = True) -> BaseSchema:
    """What the desk says of itself; without `phases` nothing is tried but examples and what chance brings.

    Which inputs are refused is decided before any database is asked, so that one engine has every phase and the other, in the
    gate, what reaches its statements.
    """
    app = create_app(nullcontext, WebOptions(public_url="http://desk.test", expected_schema="head"))  # type: ignore[arg-type] # never opened
    schema = schemathesis.openapi.from_dict(app.openapi())
    schema.hook("filter_failure")(is_worth_telling)
    schema.config.phases.update(phases=["examples", "fuzzing", *(["coverage"] if phases else [])])
    return schema


description, for_postgresql = described(), described(phases=DEEP)


@contextmanager
def stocked(place: Place) -> Iterator[Stock]:
    """Serve a place and have claims at hand; afterwards expect no bug in the log and every invariant to hold."""
    with place.serve() as served:
        headers = {"Authorization": f"Bearer {place.token('manager')}"}
        with httpx.Client(base_url=served.url, headers=headers, trust_env=False, timeout=60) as client:
            assert client.get("/openapi.json").json()["paths"] == description.raw_schema["paths"]
            yield Stock(client)
        assert '"event":"bug"' not in served.output
    place.check()


@pytest.fixture(scope="module")
def sqlite_stock(seeded_on_sqlite: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stock]:
    """Claims on a file."""
    with stocked(sqlite_copy(seeded_on_sqlite, tmp_path_factory.mktemp("fuzz") / "data")) as stock:
        yield stock


@pytest.fixture(scope="module")
def postgresql_stock(
    durable_server: PgServer, seeded_on_postgresql: Place, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stock]:
    """Claims on a server."""
    place = postgres_copy(seeded_on_postgresql, durable_server, "desk_fuzz", tmp_path_factory.mktemp("fuzz_pg") / "data")
    with stocked(place) as stock:
        yield stock
    durable_server.drop_database("desk_fuzz")


@pytest.mark.slow
@description.parametrize()
@ON_SQLITE
def test_every_operation_keeps_its_word_on_sqlite(case: AnyCase, sqlite_stock: Stock) -> None:
    check(case, sqlite_stock)


@pytest.mark.slow
@for_postgresql.parametrize()
@ON_POSTGRESQL
def test_every_operation_keeps_its_word_on_postgresql(case: AnyCase, postgresql_stock: Stock) -> None:
    check(case, postgresql_stock)


def check(case: AnyCase, stock: Stock) -> None:
    """Send a generated request and expect what the description promises, by every check that schemathesis has."""
    made_real(case, stock)
    authorization = {"Authorization": stock.client.headers["Authorization"]}
    case.call_and_validate(base_url=str(stock.client.base_url), headers=authorization, timeout=20)
