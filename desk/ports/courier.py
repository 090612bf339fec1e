"""Whoever carries messages to visitors, as a protocol: what is handed over and what became of it. Writes no text."""

from dataclasses import dataclass, field
from typing import Protocol

from desk.domain.notification import Carrier, Fate, QuietHours


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one visitor, whole. `name` is the same for every try of it; no repr shows address or text."""

    name: str
    carrier: Carrier
    language: str
    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one try. `why` is a code for log and page, and holds no value of anybody's."""

    fate: Fate
    why: str = ""


class Courier(Protocol):
    """Who carries messages for the desk. Never called while a transaction is open."""

    async def deliver(self, letter: Letter) -> Delivery:
        """Try once. Whatever goes wrong is a Delivery too: `refused` for what no second try would mend, else `later`."""
        ...


@dataclass(frozen=True, slots=True)
class CourierTerms:
    """By what the desk can write to visitors, and the hours of the site's day in which it does not."""

    open_to: frozenset[Carrier]
    quiet: QuietHours | None = None
