"""Every operation on a file keeps its word: no 5xx, nothing undeclared, nothing wrong accepted, nothing right refused (I42)."""

from collections.abc import Iterator

import pytest

from tests.conftest import DEEP
from tests.gate.described import check, described, stocked, tries
from tests.gate.fuzzing import AnyCase, Stock
from tests.gate.places import Place, sqlite_copy

description = described()


@pytest.fixture(scope="module")
def stock(seeded_on_sqlite: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stock]:
    """Claims on a file."""
    with stocked(sqlite_copy(seeded_on_sqlite, tmp_path_factory.mktemp("fuzz") / "data"), description) as opened:
        yield opened


@pytest.mark.slow
@description.parametrize()
@tries(100 if DEEP else 20)
def test_every_operation_keeps_its_word(case: AnyCase, stock: Stock) -> None:
    check(case, stock)
