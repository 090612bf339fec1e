"""The eight tiles a visitor or a clerk picks from when a dispute is told, and the category each stands for. Holds no words.

Source: UX J1 (keys 1 to 8 at the counter, the same tiles on the poster's pages).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from desk.domain.claim import Category


class Tile(StrEnum):
    """What happened, in the order in which the tiles are offered."""

    PRICE = "price"
    FORCED = "forced"
    QUALITY = "quality"
    SERVICE = "service"
    QUEUE = "queue"
    BOOKING = "booking"
    BELONGINGS = "belongings"
    OTHER = "other"


COVERS: Mapping[Tile, tuple[Category, ...]] = MappingProxyType(
    {
        Tile.PRICE: (Category.PRICE_LABELLING, Category.RESTAURANT_OVERCHARGE),
        Tile.FORCED: (Category.FORCED_SHOPPING,),
        Tile.QUALITY: (Category.GOODS_QUALITY_RETURN,),
        Tile.SERVICE: (Category.AGENCY_CONTRACT, Category.DAY_TOUR, Category.LODGING_QUALITY),
        Tile.QUEUE: (Category.TICKET_AND_RIDE,),
        Tile.BOOKING: (Category.LODGING_CANCELLATION,),
        Tile.BELONGINGS: (Category.LUGGAGE_PROPERTY,),
        Tile.OTHER: (
            Category.OTHER, Category.INJURY_SAFETY, Category.FORCE_MAJEURE, Category.VISITOR_CONDUCT, Category.TRANSPORT_RENTAL,
            Category.GUIDE_MISCONDUCT, Category.PLATFORM, Category.PHOTOGRAPHY, Category.INSURANCE,
        ),
    }
)  # fmt: skip
"""Every category has one tile. The first of a tile is what its claims are lodged as; staff may refine it to another."""

KEYS: Mapping[str, Tile] = MappingProxyType({str(place): tile for place, tile in enumerate(Tile, start=1)})
"""The key that picks each tile at the counter."""


def category_of(tile: Tile) -> Category:
    """The category that a claim told by this tile is lodged as."""
    return COVERS[tile][0]


def tile_of(category: Category) -> Tile:
    """The tile under which a category is found."""
    return next(tile for tile, categories in COVERS.items() if category in categories)
