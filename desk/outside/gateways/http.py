"""The neutral gateway over HTTP, as API.md words it: pay, ask, statement. Tries nothing twice and decides nothing about a payout.

`DESK_GATEWAY_SECRET` is never sent: it signs what the gateway tells us, and API.md asks for no sign of ours.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Any
from urllib.parse import quote

import msgspec

from desk.domain.payout import Heard
from desk.outside.gateways.calls import PAYOUT_BYTES, STATEMENT_BYTES, STATEMENT_SECONDS, Caller, Label, NoAnswer, read, status
from desk.ports import OTHER_AMOUNT, PayOrder, StatementLine, Word

VERDICTS: Mapping[str, Heard] = MappingProxyType(
    {"settled": Heard.SETTLED, "awaiting_visitor": Heard.AWAITING_VISITOR, "failed": Heard.FAILED}
)
"""The gateway's states, each with what it is to us. Source: API.md."""

Amount = Annotated[int, msgspec.Meta(gt=0, le=2**63 - 1)]
Currency = Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{3}\Z")]


class _Answer(msgspec.Struct):
    """What is said of one payout. The amount is not promised; where it is said all the same, it must be ours."""

    key: str
    state: str
    gateway_id: Label
    amount_minor: int | None = None
    currency: str | None = None


class _Line(msgspec.Struct):
    key: Label
    gateway_id: Label
    amount_minor: Amount
    currency: Currency
    at: Annotated[datetime, msgspec.Meta(tz=True)]


class _Statement(msgspec.Struct):
    lines: list[_Line]


_ANSWER, _STATEMENT = msgspec.json.Decoder(_Answer), msgspec.json.Decoder(_Statement)


class HttpGateway(Caller):
    """`ports.Gateway` over HTTP, at `base` (without a slash at its end)."""

    def __init__(self, base: str, seconds: float) -> None:
        super().__init__(seconds)
        self._base = base

    async def pay(self, order: PayOrder) -> Word:
        """Ask for the payment once."""
        told = {
            "key": order.key, "amount_minor": order.amount_minor, "currency": order.currency,
            "payee": dict(order.payee), "memo": order.memo,
        }  # fmt: skip
        headers = {"Idempotency-Key": order.key, "Content-Type": "application/json"}
        request = self._request("POST", f"{self._base}/payouts", content=msgspec.json.encode(told), headers=headers)
        try:
            return _word(read((await self._fetch(request, PAYOUT_BYTES)).body, _ANSWER), order)
        except NoAnswer as trouble:
            return Word(Heard.UNCLEAR if trouble.left else Heard.NEVER_LEFT, why=trouble.why)

    async def find(self, order: PayOrder) -> Word:
        """Ask after the order's key; only a plain 404 means that they never saw it."""
        request = self._request("GET", f"{self._base}/payouts/{quote(order.key, safe='')}")
        try:
            return _word(read((await self._fetch(request, PAYOUT_BYTES)).body, _ANSWER), order)
        except NoAnswer as trouble:
            unseen = trouble.why == status(HTTPStatus.NOT_FOUND)
            return Word(Heard.NEVER_SEEN if unseen else Heard.UNCLEAR, why=trouble.why)

    async def statement(self, day: date) -> list[StatementLine]:
        """The lines of the day as the gateway orders them. Raises NoAnswer, an OSError."""
        request = self._request("GET", f"{self._base}/statement", params={"day": day.isoformat()})
        answer = await self._fetch(request, STATEMENT_BYTES, STATEMENT_SECONDS)
        return [
            StatementLine(line.key, line.gateway_id, line.amount_minor, line.currency, line.at.astimezone(UTC))
            for line in read(answer.body, _STATEMENT).lines
        ]


def _word(told: _Answer, order: PayOrder) -> Word:
    """What an answer about an order says. Raises NoAnswer where it speaks of another payment, or in words nobody agreed on."""
    if told.key != order.key:
        raise NoAnswer("other_key")
    if not _agrees(told, order):
        raise NoAnswer(OTHER_AMOUNT)
    if told.state not in VERDICTS:
        raise NoAnswer("unknown_state")
    return Word(VERDICTS[told.state], told.gateway_id, amount_minor=told.amount_minor, currency=told.currency)


def _agrees(told: _Answer, order: PayOrder) -> bool:
    said: tuple[Any, ...] = (told.amount_minor, told.currency)
    return all(theirs in (None, ours) for theirs, ours in zip(said, (order.amount_minor, order.currency), strict=True))
