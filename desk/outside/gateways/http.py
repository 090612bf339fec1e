"""The neutral HTTP gateway of API.md. Decides nothing: whatever goes wrong on the way becomes a Word."""

import asyncio
from datetime import date
from types import TracebackType
from typing import Annotated, Any, Self

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from desk.domain.payout import Heard
from desk.ports import PayOrder, StatementLine, Word

LARGEST_WORD, LARGEST_STATEMENT = 64 * 1024, 16 * 1024 * 1024
NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Failures before a byte of the request has left."""

_STATES = {"settled": Heard.SETTLED, "awaiting_visitor": Heard.AWAITING_VISITOR, "failed": Heard.FAILED}


class _Told(BaseModel):
    """What the gateway says of one key; fields it adds are left alone."""

    model_config = ConfigDict(strict=True)

    key: str
    state: str
    gateway_id: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,128}$")]


class _Line(BaseModel):
    key: Annotated[str, Field(min_length=1, max_length=64)]
    gateway_id: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,128}$")]
    amount_minor: Annotated[int, Field(strict=True, gt=0, lt=2**63)]
    currency: Annotated[str, Field(min_length=3, max_length=3)]
    at: AwareDatetime


class _Statement(BaseModel):
    lines: list[_Line]


class TooLarge(OSError):  # noqa: N818 - named for the condition (DESIGN 5)
    """The gateway sent more than anything it could have to say."""


class HttpGateway:
    """`ports.Gateway` over HTTP. Follows no redirect and keeps no cookie; each part of a call may take `seconds`."""

    def __init__(self, base: str, seconds: float) -> None:
        self._seconds = seconds
        self._client = httpx.AsyncClient(base_url=f"{base}/", timeout=seconds, follow_redirects=False, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:  # fmt: skip
        await self._client.aclose()

    async def pay(self, order: PayOrder) -> Word:
        """Ask for a payment under its key."""
        body = {
            "key": order.key, "amount_minor": order.amount_minor, "currency": order.currency, "payee": dict(order.payee),
            "memo": order.memo,
        }  # fmt: skip
        return await self._word(order.key, "POST", "payouts", json=body, headers={"Idempotency-Key": order.key})

    async def find(self, key: str) -> Word:
        """Ask what became of a key. That nothing was sent says nothing of the payment: UNCLEAR."""
        word = await self._word(key, "GET", f"payouts/{key}")
        return Word(Heard.UNCLEAR, why=word.why) if word.heard is Heard.NEVER_LEFT else word

    async def statement(self, day: date) -> list[StatementLine]:
        """Every payment of a UTC day. Raises OSError."""
        try:
            status, body = await self._ask(LARGEST_STATEMENT, "GET", "statement", params={"day": day.isoformat()})
            if status != httpx.codes.OK:
                msg = f"the gateway answered {status}"
                raise OSError(msg)
            told = _Statement.model_validate_json(body)
        except (httpx.HTTPError, ValidationError) as failure:
            msg = f"the gateway's statement cannot be had: {type(failure).__name__}"
            raise OSError(msg) from None
        return [StatementLine(line.key, line.gateway_id, line.amount_minor, line.currency, line.at) for line in told.lines]

    async def _word(self, key: str, method: str, path: str, **request: Any) -> Word:  # noqa: ANN401 - parts of a request
        try:
            status, body = await self._ask(LARGEST_WORD, method, path, **request)
        except NOTHING_SENT as failure:
            return Word(Heard.NEVER_LEFT, why=type(failure).__name__)
        except (httpx.HTTPError, OSError) as failure:
            return Word(Heard.UNCLEAR, why=type(failure).__name__)
        if status == httpx.codes.NOT_FOUND and method == "GET":
            return Word(Heard.NEVER_SEEN)
        return _verdict(key, body) if status == httpx.codes.OK else Word(Heard.UNCLEAR, why=f"status_{status}")

    async def _ask(self, largest: int, method: str, path: str, **request: Any) -> tuple[int, bytes]:  # noqa: ANN401 - the same
        """The status and body of an answer, read up to a size."""
        # The whole of it is bounded too: a gateway that sends a byte now and then must not keep a job for ever.
        async with asyncio.timeout(3 * self._seconds), self._client.stream(method, path, **request) as answer:
            body = bytearray()
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > largest:
                    raise TooLarge
            return answer.status_code, bytes(body)


def _verdict(key: str, body: bytes) -> Word:
    """What a 200 says, if it makes sense and speaks of our key."""
    try:
        told = _Told.model_validate_json(body)
    except ValidationError:
        return Word(Heard.UNCLEAR, why="senseless")
    heard = _STATES.get(told.state)
    if told.key != key or heard is None:
        return Word(Heard.UNCLEAR, why="another_key" if heard else "unknown_state")
    return Word(heard, told.gateway_id)
