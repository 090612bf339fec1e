"""A gateway for trying out and for tests: obeys API.md, pays nobody, and misbehaves when told to. Never in production.

`/_sandbox/…` is how a test holds it: how it is to behave, what its books say, and what a visitor does with money that
awaits them.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desk.outside.gateways.sandbox_events import Messenger, messenger
from desk.outside.gateways.sandbox_ledger import Ledger, OtherAmount, Payment, wall_clock
from desk.outside.gateways.sandbox_lines import KnownLine, Reset, Silence, Truncated
from desk.outside.gateways.sandbox_modes import PAYS_NOTHING, Call, Manner, Mode, Switch

SERVER: Mapping[str, Any] = MappingProxyType(
    {
        "http": KnownLine, "ws": "none", "loop": "asyncio", "lifespan": "on", "access_log": False, "log_config": None,
        # A silent answer would hold the end up.
        "timeout_graceful_shutdown": 1,
    }
)  # fmt: skip
"""Keyword arguments for `uvicorn.Config`; uvloop's sockets cannot be told how to end."""


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a payment, nothing more and nothing less. Source: API.md."""

    key: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    amount_minor: Annotated[int, msgspec.Meta(gt=0, le=2**63 - 1)]
    currency: Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{3}\Z")]
    payee: dict[str, str | None]
    memo: str


_ORDER, _MODE = msgspec.json.Decoder(Order), msgspec.json.Decoder(Mode)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The gateway while its process runs."""

    ledger: Ledger
    messenger: Messenger | None
    switch: Switch = field(default_factory=Switch)

    async def pay(self, request: Request) -> Response:
        """`POST /payouts`."""
        try:
            order = _ORDER.decode(await request.body())
        except ValueError:
            return _refusal("body", HTTPStatus.BAD_REQUEST)
        if request.headers.get("idempotency-key") != order.key:
            return _refusal("idempotency_key", HTTPStatus.BAD_REQUEST)
        mode = self.switch.take(Call.PAY)
        self.ledger.note(order.key)
        if mode.mode in PAYS_NOTHING:
            return await _answered({}, mode)
        try:
            payment, new = self.ledger.pay(_payment(order, mode, self.ledger.now()), again=mode.mode is Manner.FORGETFUL)
        except OtherAmount:
            return _refusal("other_amount", HTTPStatus.UNPROCESSABLE_ENTITY)
        if new:
            self._tell(payment, mode)
        return await _answered(_told(payment, mode), mode)

    async def query(self, request: Request) -> Response:
        """`GET /payouts/{key}`."""
        mode = self.switch.take(Call.QUERY)
        payment = None if mode.mode is Manner.FORGETFUL else self.ledger.find(request.path_params["key"])
        if payment is None:
            return _refusal("never_seen", HTTPStatus.NOT_FOUND)
        return await _answered(_told(payment, mode), mode)

    async def statement(self, request: Request) -> Response:
        """`GET /statement?day=`: what was settled on a UTC day."""
        mode = self.switch.take(Call.STATEMENT)
        try:
            day = date.fromisoformat(request.query_params.get("day", ""))
        except ValueError:
            return _refusal("day", HTTPStatus.BAD_REQUEST)
        return await _answered({"lines": [_line(payment, mode) for payment in self.ledger.settled_on(day)]}, mode)

    async def set_mode(self, request: Request) -> Response:
        """`PUT /_sandbox/mode`."""
        try:
            self.switch.turn(_MODE.decode(await request.body()))
        except ValueError as wrong:
            return _refusal(str(wrong), HTTPStatus.UNPROCESSABLE_ENTITY)
        return _json(self.switch.mode)

    async def get_mode(self, _request: Request) -> Response:
        """`GET /_sandbox/mode`."""
        return _json(self.switch.mode)

    async def get_ledger(self, _request: Request) -> Response:
        """`GET /_sandbox/ledger`: every payment, and how often each key was asked for, paid or not."""
        return _json({"payments": [each._asdict() for each in self.ledger.payments()], "asked": self.ledger.asked()})

    async def collect(self, request: Request, state: str) -> Response:
        """`POST /_sandbox/collect/{key}` and `…/lapse/{key}`: the visitor takes what awaits them, or lets it lapse."""
        payment = self.ledger.collect(request.path_params["key"], state)
        if payment is None:
            return _refusal("nothing_awaits", HTTPStatus.CONFLICT)
        self._tell(payment, self.switch.mode)
        return _json(_told(payment, Mode()))

    async def send_back(self, request: Request) -> Response:
        """`POST /_sandbox/return/{key}`: the bank sends back what was settled."""
        payment = self.ledger.send_back(request.path_params["key"])
        if payment is None:
            return _refusal("nothing_settled", HTTPStatus.CONFLICT)
        self._tell(payment._replace(at=self.ledger.now()), self.switch.mode)
        return _json(payment._asdict())

    def _tell(self, payment: Payment, mode: Mode) -> None:
        if self.messenger:
            self.messenger.tell(payment, mode)


def create_sandbox(
    ledger: Path, events_url: str | None = None, secret: bytes = b"", clock: Callable[[], datetime] = wall_clock
) -> Starlette:
    """The application; it opens its ledger when the server starts it. Tells `events_url`, signed with `secret`.

    `clock` dates its books; messages are signed at the machine's own time, which is what they are checked against.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with messenger(events_url, secret) as telling:
            with contextlib.closing(Ledger(ledger, clock)) as books:
                app.routes.extend(_routes(Sandbox(books, telling)))
                yield

    return Starlette(lifespan=lifespan)


def _routes(sandbox: Sandbox) -> list[Route]:
    return [
        Route("/payouts", sandbox.pay, methods=["POST"]),
        Route("/payouts/{key}", sandbox.query),
        Route("/statement", sandbox.statement),
        Route("/_sandbox/mode", sandbox.set_mode, methods=["PUT"]),
        Route("/_sandbox/mode", sandbox.get_mode),
        Route("/_sandbox/ledger", sandbox.get_ledger),
        Route("/_sandbox/collect/{key}", partial(sandbox.collect, state="settled"), methods=["POST"]),
        Route("/_sandbox/lapse/{key}", partial(sandbox.collect, state="failed"), methods=["POST"]),
        Route("/_sandbox/return/{key}", sandbox.send_back, methods=["POST"]),
        Route("/readyz", sandbox.get_mode),
    ]


def _payment(order: Order, mode: Mode, at: str) -> Payment:
    """What will be written for an order if its key is new."""
    states = {Manner.REFUSING: "failed", Manner.AWAITING: "awaiting_visitor"}
    state = states.get(mode.mode, "settled")
    return Payment(order.key, f"sbx_{secrets.token_hex(8)}", order.amount_minor, order.currency, state, at, 1)


def _told(payment: Payment, mode: Mode) -> dict[str, object]:
    """What the desk is told of a payment that it asks for; that one came back only its message says."""
    state = "settled" if payment.state == "returned" else payment.state
    told: dict[str, object] = {"key": payment.key, "state": state, "gateway_id": payment.gateway_id}
    if mode.mode is Manner.WRONG_AMOUNT:
        return {**told, "amount_minor": payment.amount_minor + 1, "currency": payment.currency}
    return told


def _line(payment: Payment, mode: Mode) -> dict[str, object]:
    """A payment as the statement tells it."""
    amount = payment.amount_minor + (mode.mode is Manner.WRONG_AMOUNT)
    return {
        "key": payment.key, "gateway_id": payment.gateway_id, "amount_minor": amount, "currency": payment.currency,
        "at": payment.at,
    }  # fmt: skip


async def _answered(document: object, mode: Mode) -> Response:
    """The document as the mode has it said."""
    if mode.mode is Manner.SLOW:
        await asyncio.sleep(mode.seconds)
    return WAYS.get(mode.mode, _plainly)(document, mode)


def _plainly(document: object, _mode: Mode) -> Response:
    return _json(document)


def _error(_document: object, _mode: Mode) -> Response:
    return _refusal("error", HTTPStatus.INTERNAL_SERVER_ERROR)


WAYS: Mapping[Manner, Callable[[object, Mode], Response]] = MappingProxyType(
    {
        Manner.SILENT_AFTER_PAYING: lambda _, mode: Silence(mode.seconds),
        Manner.ERROR_BEFORE: _error,
        Manner.ERROR_AFTER_PAYING: _error,
        Manner.GARBAGE: lambda _, __: Response("<html>It works!</html>", media_type="text/html"),
        Manner.TRUNCATED: lambda document, _: Truncated(msgspec.json.encode(document), media_type="application/json"),
        Manner.RESET: lambda _, __: Reset(),
        Manner.RESET_BEFORE: lambda _, __: Reset(),
    }
)
"""How a call is answered that is not answered plainly."""


def _json(document: object, status: int = HTTPStatus.OK) -> Response:
    return Response(msgspec.json.encode(document), status, media_type="application/json")


def _refusal(code: str, status: HTTPStatus) -> Response:
    return _json({"error": code}, status)
