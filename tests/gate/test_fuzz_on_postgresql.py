"""Every operation on a server keeps its word, tried with what reaches its statements: what is refused is refused before them."""

import os
from collections.abc import Iterator

import pytest

from tests.conftest import DEEP
from tests.gate.described import check, described, stocked, tries
from tests.gate.fuzzing import AnyCase, Stock
from tests.gate.places import Place, postgres_copy
from tests.postgres import PgServer

description = described(phases=DEEP)


@pytest.fixture(scope="module")
def stock(durable_server: PgServer, seeded_on_postgresql: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stock]:
    """Claims on a server."""
    name = f"desk_fuzz_{os.getpid()}"
    place = postgres_copy(seeded_on_postgresql, durable_server, name, tmp_path_factory.mktemp("fuzz_pg") / "data")
    with stocked(place, description) as opened:
        yield opened
    durable_server.drop_database(name)


@pytest.mark.slow
@description.parametrize()
@tries(25 if DEEP else 8)
def test_every_operation_keeps_its_word(case: AnyCase, stock: Stock) -> None:
    check(case, stock)
