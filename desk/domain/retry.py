"""How waits before another try are spread, so that what failed together is not tried together. Knows no waits."""

from datetime import timedelta

SPREAD = 0.2
"""By what part of itself a wait may be longer or shorter."""

_LOTS = 1 << 20


def lot_of(number: int) -> float:
    """From 0 up to 1, of the random part of a new row id."""
    return number % _LOTS / _LOTS


def spread(wait: timedelta, lot: float) -> timedelta:
    """A wait made longer or shorter by a lot from 0 up to 1; at a half it stays."""
    return wait * (1 + SPREAD * (2 * lot - 1))
