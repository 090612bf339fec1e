"""The neutral gateway over HTTP, as API.md words it: pay, ask, statement. Tries nothing twice and decides nothing about a payout.

`DESK_GATEWAY_SECRET` is never sent: it signs what the gateway tells us, and API.md asks for no sign of ours.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Any, Self, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from desk.domain.payout import Heard
from desk.ports import PayOrder, StatementLine, Word

T = TypeVar("T")

PAYOUT_BYTES = 64 * 1024
STATEMENT_BYTES = 16 * 1024 * 1024
STATEMENT_SECONDS = 60.0
"""How long a statement may take; it is read by the worker while nobody waits."""

VERDICTS: Mapping[str, Heard] = MappingProxyType(
    {"settled": Heard.SETTLED, "awaiting_visitor": Heard.AWAITING_VISITOR, "failed": Heard.FAILED}
)
"""The gateway's states, each with what it is to us. Source: API.md."""

_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

Label = Annotated[str, msgspec.Meta(pattern=r"\A[!-~]{1,128}\Z")]
Amount = Annotated[int, msgspec.Meta(gt=0, le=2**63 - 1)]
Currency = Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{3}\Z")]


class NoAnswer(ConnectionError):  # noqa: N818 - named for the condition (DESIGN 5)
    """Nothing that one can rely on came back. `why` is a code and no value of theirs; `left` is false when nothing was sent."""

    def __init__(self, why: str, *, left: bool = True) -> None:
        super().__init__(f"the gateway gave no answer to rely on ({why})")
        self.why, self.left = why, left


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


class HttpGateway:
    """`ports.Gateway` over HTTP, at `base` (without a slash at its end) and with so many seconds for each answer.

    A third of them is for reaching it, twice with TLS, so that when all of them are over the request may have left.
    """

    def __init__(self, base: str, seconds: float) -> None:
        self._base, self._seconds = base, seconds
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(seconds, connect=seconds / 3),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=8, keepalive_expiry=4),
            # Packed, a short answer could unfold into gigabytes.
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "desk"},
            follow_redirects=False,
            # Money goes where the settings say: by no proxy of the environment, with no password from a .netrc.
            trust_env=False,
            verify=httpx.create_ssl_context(),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def pay(self, order: PayOrder) -> Word:
        """Ask for the payment once."""
        told = {
            "key": order.key, "amount_minor": order.amount_minor, "currency": order.currency,
            "payee": dict(order.payee), "memo": order.memo,
        }  # fmt: skip
        headers = {"Idempotency-Key": order.key, "Content-Type": "application/json"}
        request = self._client.build_request("POST", f"{self._base}/payouts", content=msgspec.json.encode(told), headers=headers)
        try:
            return _word(_read(await self._fetch(request, PAYOUT_BYTES), _ANSWER), order.key, order)
        except NoAnswer as trouble:
            return Word(Heard.UNCLEAR if trouble.left else Heard.NEVER_LEFT, why=trouble.why)

    async def find(self, key: str) -> Word:
        """Ask after the key; only a plain 404 means that they never saw it."""
        request = self._client.build_request("GET", f"{self._base}/payouts/{quote(key, safe='')}")
        try:
            return _word(_read(await self._fetch(request, PAYOUT_BYTES), _ANSWER), key)
        except NoAnswer as trouble:
            unseen = trouble.why == _status(HTTPStatus.NOT_FOUND)
            return Word(Heard.NEVER_SEEN if unseen else Heard.UNCLEAR, why=trouble.why)

    async def statement(self, day: date) -> list[StatementLine]:
        """The lines of the day as the gateway orders them. Raises NoAnswer, an OSError."""
        request = self._client.build_request("GET", f"{self._base}/statement", params={"day": day.isoformat()})
        told = _read(await self._fetch(request, STATEMENT_BYTES, STATEMENT_SECONDS), _STATEMENT)
        return [
            StatementLine(line.key, line.gateway_id, line.amount_minor, line.currency, line.at.astimezone(UTC))
            for line in told.lines
        ]

    async def _fetch(self, request: httpx.Request, most: int, seconds: float | None = None) -> bytes:
        """The body of a 200, whole and not longer than `most`. Raises NoAnswer for anything else."""
        body = bytearray()
        try:
            # httpx times each read by itself, and a gateway that drips would never be too slow for it.
            async with asyncio.timeout(seconds or self._seconds):
                response = await self._client.send(request, stream=True)
                async with contextlib.aclosing(response):
                    if response.status_code == HTTPStatus.OK:
                        async for piece in response.aiter_raw():
                            body += piece
                            if len(body) > most:
                                break
        except _NOTHING_SENT:
            raise NoAnswer("not_reached", left=False) from None
        except (TimeoutError, httpx.TimeoutException):
            raise NoAnswer("timeout") from None
        except (OSError, httpx.HTTPError):
            raise NoAnswer("cut_off") from None
        if response.status_code != HTTPStatus.OK:
            raise NoAnswer(_status(response.status_code))
        if len(body) > most:
            raise NoAnswer("too_long")
        return bytes(body)


def _read(body: bytes, shape: msgspec.json.Decoder[T]) -> T:
    """The document in a body. Raises NoAnswer."""
    try:
        return shape.decode(body)
    except msgspec.ValidationError:
        raise NoAnswer("other_shape") from None
    except (ValueError, RecursionError):
        raise NoAnswer("not_json") from None


def _word(told: _Answer, key: str, order: PayOrder | None = None) -> Word:
    """What an answer about `key` says. Raises NoAnswer where it speaks of another payment, or in words nobody agreed on."""
    if told.key != key:
        raise NoAnswer("other_key")
    if order and not _agrees(told, order):
        raise NoAnswer("other_amount")
    if told.state not in VERDICTS:
        raise NoAnswer("unknown_state")
    return Word(VERDICTS[told.state], told.gateway_id, amount_minor=told.amount_minor, currency=told.currency)


def _agrees(told: _Answer, order: PayOrder) -> bool:
    said: tuple[Any, ...] = (told.amount_minor, told.currency)
    return all(theirs in (None, ours) for theirs, ours in zip(said, (order.amount_minor, order.currency), strict=True))


def _status(code: int) -> str:
    return f"status_{code}"
