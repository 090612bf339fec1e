"""Calling whoever moves money: only where the settings say, once, with one deadline for the whole answer.

Knows no provider and reads nothing into an answer. Source: RELIABILITY I41.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Annotated, Any, Self, TypeVar

import httpx
import msgspec
import structlog

T = TypeVar("T")

PAYOUT_BYTES = 64 * 1024
STATEMENT_BYTES = 16 * 1024 * 1024
STATEMENT_SECONDS = 60.0
"""How long a statement may take; it is read by the worker while nobody waits."""

_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

Label = Annotated[str, msgspec.Meta(pattern=r"\A[!-~]{1,128}\Z")]
"""A number of theirs that is fit to be kept."""


class NoAnswer(ConnectionError):  # noqa: N818 - named for the condition (DESIGN 5)
    """Nothing that one can rely on came back. `why` is a code and no value of theirs; `left` is false when nothing was sent."""

    def __init__(self, why: str, *, left: bool = True) -> None:
        super().__init__(f"the gateway gave no answer to rely on ({why})")
        self.why, self.left = why, left


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: httpx.Headers
    body: bytes


class Caller:
    """A client that calls with so many seconds for each answer, and keeps no cookies.

    A third of them is for reaching the other side, twice with TLS, so that when all of them are over the request may have left.
    `kept` lines stay open for the next call. A client that calls more than one host by address keeps none: lines are found again
    by address and port, and whose certificate was checked when one was opened is not asked.
    """

    def __init__(self, seconds: float, kept: int = 8) -> None:
        self._seconds = seconds
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(seconds, connect=seconds / 3),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=kept, keepalive_expiry=4),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
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

    def _request(self, method: str, url: str | httpx.URL, **parts: Any) -> httpx.Request:  # noqa: ANN401 - as httpx takes them
        return self._client.build_request(method, url, **parts)

    async def _fetch(
        self, request: httpx.Request, most: int, seconds: float | None = None, *, also_refusals: bool = False
    ) -> Answer:
        """An answer whose body is not longer than `most`. Raises NoAnswer; for any but a 200 too, unless told otherwise."""
        body = bytearray()
        # httpx times each read by itself, and a gateway that drips would never be too slow for it.
        with _heard():
            async with asyncio.timeout(seconds or self._seconds):
                response = await self._client.send(request, stream=True)
                async with contextlib.aclosing(response):
                    if also_refusals or response.status_code == HTTPStatus.OK:
                        async for piece in response.aiter_raw():
                            body += piece
                            if len(body) > most:
                                break
        if not also_refusals and response.status_code != HTTPStatus.OK:
            raise NoAnswer(status(response.status_code))
        if len(body) > most:
            raise NoAnswer("too_long")
        return Answer(response.status_code, response.headers, bytes(body))

    async def _status(self, request: httpx.Request) -> int:
        """The status of an answer, whose body is not read: however long or slow that is, this much is known. Raises NoAnswer."""
        with _heard():
            async with asyncio.timeout(self._seconds):
                response = await self._client.send(request, stream=True)
        with contextlib.suppress(OSError, httpx.HTTPError):
            async with asyncio.timeout(self._seconds):
                await response.aclose()
        return response.status_code


@contextlib.contextmanager
def _heard() -> Iterator[None]:
    """Raises NoAnswer for whatever goes wrong on the line."""
    try:
        yield
    except _NOTHING_SENT:
        raise NoAnswer("not_reached", left=False) from None
    except (TimeoutError, httpx.TimeoutException):
        raise NoAnswer("timeout") from None
    except (OSError, httpx.HTTPError):
        raise NoAnswer("cut_off") from None


def read(body: bytes | msgspec.Raw, shape: msgspec.json.Decoder[T]) -> T:
    """The document in a body. Raises NoAnswer."""
    try:
        return shape.decode(body)
    except msgspec.ValidationError:
        raise NoAnswer("other_shape") from None
    except (ValueError, RecursionError):
        raise NoAnswer("not_json") from None


def status(code: int) -> str:
    """The code that tells of an HTTP status."""
    return f"status_{code}"


def not_signed(provider: str, answer: Answer) -> NoAnswer:
    """What comes of an answer that does not bear its provider's signature: told in the log, and nothing in it is believed."""
    structlog.get_logger().warning("gateway_answer_not_signed", provider=provider, status=answer.status, bytes=len(answer.body))
    return NoAnswer("not_signed" if answer.status == HTTPStatus.OK else status(answer.status))
