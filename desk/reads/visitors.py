"""What it takes to check a visitor's key, many at once."""

from desk.store.keyholders import Keyholder, find_many

keyholders = find_many
"""`lookup` query: references to `Keyholder`."""

__all__ = ["Keyholder", "keyholders"]
