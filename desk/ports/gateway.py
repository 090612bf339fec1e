"""Whoever moves money for the desk, as a protocol: what is told and what is heard. Decides nothing about a payout."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from desk.domain.payout import Heard, Method
from desk.domain.reconciliation import CLOCKS_DIFFER


@dataclass(frozen=True, slots=True)
class PayOrder:
    """What a gateway is told to pay: the payout's key, the amount in minor units, whom, how, and a line for the statement.

    `payee` has `account` and `name`; by the original route the account is the number of the payment that is refunded.
    """

    key: str
    amount_minor: int
    currency: str
    payee: Mapping[str, str | None]
    memo: str
    method: Method


OTHER_AMOUNT = "other_amount"
"""The `why` of a word that speaks of another amount or currency than the order's: nobody knows what was paid."""


@dataclass(frozen=True, slots=True)
class Word:
    """What a gateway said, or that it said nothing one can rely on. `why` is a code for the log and holds no value of theirs.

    `amount_minor` and `currency` are what it says it paid, None where it does not say. `take` is what the visitor's app needs
    to take the money that awaits them, where it needs anything; no repr shows it.
    """

    heard: Heard
    gateway_id: str | None = None
    why: str = ""
    amount_minor: int | None = None
    currency: str | None = None
    take: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One payment that the gateway says it made; `at` is UTC. One that is not `final` may still come to nothing."""

    key: str
    gateway_id: str
    amount_minor: int
    currency: str
    at: datetime
    final: bool = True


class Gateway(Protocol):
    """Who moves money for the desk. Never called while a transaction is open."""

    async def pay(self, order: PayOrder) -> Word:
        """Ask for a payment under its key. Whatever goes wrong is a Word too: NEVER_LEFT when nothing was sent, else UNCLEAR."""
        ...

    async def find(self, order: PayOrder) -> Word:
        """Ask what became of an order: the gateway's word, NEVER_SEEN, or UNCLEAR. Nothing is paid by it."""
        ...

    async def statement(self, day: date) -> list[StatementLine]:
        """Every payment of a UTC day. Raises OSError when the gateway cannot be reached or makes no sense."""
        ...


@dataclass(frozen=True, slots=True)
class TakingApp:
    """The app in which visitors take what awaits them, and to whom it must name the merchant and the merchant's own app.

    What was not taken `within` goes back.
    """

    app: str
    merchant: str
    app_id: str
    within: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class GatewayTerms:
    """What the desk must know of its gateway beforehand: whether it pays a repeated key only once, and the webhooks' secret.

    The secret is None where it sends no webhooks. `name` tells it from those to which its keys mean nothing. `statement_after`
    is how long after its end a UTC day's statement is made, None where none ever is. `taken_in` is None where no visitor has
    to take anything by this desk's page.
    """

    honours_keys: bool
    secret: bytes | None
    statement_after: timedelta | None = CLOCKS_DIFFER
    name: str = "http"
    taken_in: TakingApp | None = None
