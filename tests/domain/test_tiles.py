"""The eight tiles: every category under exactly one of them."""

from collections import Counter

import pytest

from desk.domain.claim import Category
from desk.domain.tiles import COVERS, KEYS, Tile, category_of, tile_of


def test_every_category_is_under_exactly_one_tile() -> None:
    assert Counter(category for covered in COVERS.values() for category in covered) == Counter(Category)


def test_the_eight_tiles_answer_to_the_keys_one_to_eight() -> None:
    assert "".join(KEYS) == "12345678"
    assert tuple(KEYS.values()) == tuple(Tile)


@pytest.mark.parametrize("tile", Tile)
def test_what_a_tile_lodges_is_found_under_it_again(tile: Tile) -> None:
    assert tile_of(category_of(tile)) is tile


def test_a_category_that_no_tile_names_is_among_the_others() -> None:
    assert tile_of(Category.INSURANCE) is Tile.OTHER
    assert tile_of(Category.RESTAURANT_OVERCHARGE) is Tile.PRICE
