"""Whoever carries messages to visitors and partners, as protocols: what is handed over, what became of it. Writes no text."""

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
class Posting:
    """One message to a partner's system, whole. `name` is the same for ever; no repr shows address, secret or body."""

    name: str
    url: str = field(repr=False)
    secret: bytes = field(repr=False)
    body: bytes = field(repr=False)


class Poster(Protocol):
    """Who tells partners' systems. Never called while a transaction is open."""

    async def post(self, posting: Posting) -> Delivery:
        """Try once. Whatever goes wrong is a Delivery too: `refused` where they want nothing any more, else `later`."""
        ...


@dataclass(frozen=True, slots=True)
class CourierTerms:
    """By what the desk can write to visitors, and the hours of the site's day in which it does not."""

    open_to: frozenset[Carrier]
    quiet: QuietHours | None = None
