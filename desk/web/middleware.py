"""What surrounds every request: its id, headers, metrics and log line (`Observe`), its size and receipt (`Limits`).

Knows no route. Slow headers never get this far: `slow_senders` ends them in the server's protocol.
"""

import asyncio
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

import structlog
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from desk.web import metrics
from desk.web.deadlines import Deadlines
from desk.web.headers import Dress, new_request_id, sane_request_id
from desk.web.network import Networks, from_trusted_proxy
from desk.web.options import UPLOAD_BY_CODE, UPLOAD_BYTES, UPLOADS, WebOptions
from desk.web.problems import Flaw, problem

UNMATCHED = "unmatched"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
READ_BY_POST = frozenset({"/api/v1/status", "/api/v1/status/together"})
"""Routes that only read, though their secrets travel in a body."""


class Observe:
    """Gives each request an id, each answer its headers, counts it, and writes a line unless it was a successful read."""

    def __init__(self, app: ASGIApp, options: WebOptions) -> None:
        self._app = app
        self._proxies: Networks = options.trusted_proxies
        self._dress = Dress(secure=options.secure)
        self._templates: Mapping[Any, str] | None = None
        self._log = structlog.get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = perf_counter(), 0
        request_id = self._request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        headless = scope["method"] == "HEAD"
        inner = {**scope, "method": "GET"} if headless else scope

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._dress(message.get("headers", ()), request_id)
            elif headless:
                message = {**message, "body": b""}
            await send(message)

        try:
            await self._app(inner, receive, answer)
        except Exception as bug:  # noqa: BLE001 - whatever it is, it must leave neither unanswered nor unlogged
            self._log.error("bug", request_id=request_id, route=self._route(inner), exc_info=bug)
            # Once an answer has begun, returning makes the server cut the connection, which is the truth.
            if not status:
                await problem(inner, "internal_error")(inner, receive, answer)
        finally:
            self._note(scope["method"], self._route(inner), status, perf_counter() - began, request_id)

    def _request_id(self, scope: Scope) -> str:
        if self._proxies and from_trusted_proxy(scope, self._proxies):
            given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-request-id"), None)
            return sane_request_id(given) or new_request_id()
        return new_request_id()

    def _route(self, scope: Scope) -> str:
        """The template of the route that was met, for the path itself may hold a visitor's token."""
        if self._templates is None:
            self._templates = _templates(scope["app"].routes) if "app" in scope else {}
        return self._templates.get(scope.get("endpoint"), UNMATCHED)

    def _note(self, method: str, route: str, status: int, seconds: float, request_id: str) -> None:
        metrics.observe(method, route, status, seconds)
        if 0 < status < 400 and (method in _READING or route in READ_BY_POST):  # noqa: PLR2004 - refusals begin there
            return
        shown = method if method.isalpha() and len(method) <= len("OPTIONS") else "other"
        self._log.info("request", request_id=request_id, method=shown, route=route, status=status, ms=round(seconds * 1000, 1))


class Limits:
    """Receives the body before anything else sees the request: within a size, within a time, under one length only.

    The body is held in memory. Where files are taken it may be larger and slower, but only so many may come at once.
    """

    def __init__(self, app: ASGIApp, options: WebOptions) -> None:
        self._app = app
        self._caps = options.body_caps
        self._most = options.body_bytes
        self._deadlines = Deadlines(options.body_seconds)
        self._upload_deadlines = Deadlines(options.upload_seconds)
        self._uploads_left = options.uploads_at_once

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = _single_headers(scope)
        if isinstance(seen, Flaw):
            refusal = problem(scope, "bad_input", status=400, flaws=[seen], headers={"Connection": "close"})
            await refusal(scope, receive, send)
            return
        if scope["method"] in _READING and b"content-length" not in seen and b"transfer-encoding" not in seen:
            await self._app(scope, receive, send)
            return
        if _spelled_otherwise(seen.get(b"content-type", b"")):
            await problem(scope, "unsupported_media_type")(scope, receive, send)
            return
        is_small = b"transfer-encoding" not in seen and int(seen.get(b"content-length", b"0")) <= self._most
        if not is_small and UPLOADS.fullmatch(scope["path"]):
            if scope["path"] != UPLOAD_BY_CODE and not _brings_a_key(scope):
                await problem(scope, "sign_in_needed", headers={"Connection": "close"})(scope, receive, send)
                return
            await self._with_upload(scope, receive, send, seen)
            return
        most = next((most for prefix, most in self._caps if scope["path"].startswith(prefix)), self._most)
        await self._with_body(scope, receive, send, seen, most, self._deadlines)

    async def _with_upload(self, scope: Scope, receive: Receive, send: Send, seen: Mapping[bytes, bytes]) -> None:
        if not self._uploads_left:
            await problem(scope, "busy", headers={"Connection": "close"})(scope, receive, send)
            return
        self._uploads_left -= 1
        try:
            await self._with_body(scope, receive, send, seen, UPLOAD_BYTES, self._upload_deadlines)
        finally:
            self._uploads_left += 1

    async def _with_body(
        self, scope: Scope, receive: Receive, send: Send, seen: Mapping[bytes, bytes], most: int, deadlines: Deadlines
    ) -> None:  # fmt: skip
        if int(seen.get(b"content-length", b"0")) > most:
            await _too_large(scope, receive, send, most)
            return
        try:
            body = await deadlines.within(_received(receive, most))
        except asyncio.CancelledError:
            if not deadlines.is_over():
                raise
            metrics.SLOW_SENDERS.labels("body").inc()
            await problem(scope, "request_timeout", headers={"Connection": "close"})(scope, receive, send)
            return
        if body is None:
            return
        if len(body) > most:
            await _too_large(scope, receive, send, most)
            return
        if _is_wide(body) and b"json" in seen.get(b"content-type", b""):
            await problem(scope, "malformed_json")(scope, receive, send)
            return
        await self._app(scope, _Replay(body, receive), send)


def _spelled_otherwise(content_type: bytes) -> bool:
    """Whether a form names another spelling than UTF-8: some take time without end to read, and none is needed."""
    kind, _, options = content_type.lower().partition(b";")
    return kind.strip() == b"multipart/form-data" and b"charset" in options and b"utf-8" not in options


def _brings_a_key(scope: Scope) -> bool:
    """Whether a request brings a token or a cookie at all, whatever they are worth: strangers' large bodies are not received."""
    return any(name in (b"authorization", b"cookie") for name, _ in scope["headers"])


class _Replay:
    """Hands the received body on in one piece; afterwards the client can still be heard leaving."""

    __slots__ = ("_body", "_receive")

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


_SINGLE = frozenset(
    {
        b"authorization", b"content-length", b"content-type", b"host", b"idempotency-key", b"if-match",
        b"transfer-encoding",
    }
)  # fmt: skip


def _single_headers(scope: Scope) -> Mapping[bytes, bytes] | Flaw:
    """The headers that must not come twice; a flaw where one does, or where two of them tell the length differently."""
    seen: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _SINGLE:
            if name in seen:
                return Flaw("header", f"/{name.decode()}", "contradicts")
            seen[name] = value
    length = seen.get(b"content-length")
    if length is not None and b"transfer-encoding" in seen:
        return Flaw("header", "/content-length", "contradicts")
    if length is not None and not (length.isdigit() and len(length) < 20):  # noqa: PLR2004 - beyond any file there is
        return Flaw("header", "/content-length", "wrong_type")
    return seen


def _is_wide(body: bytes) -> bool:
    """Whether a text is UTF-16 or UTF-32, which Python's JSON reads without a word and the contract (UTF-8) does not know."""
    return b"\0" in body[:4] or body[:2] in (b"\xff\xfe", b"\xfe\xff")


async def _received(receive: Receive, most: int) -> bytes | None:
    """The body, cut once it is longer than `most`; None where the client left before its end."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        whole: bytes = message.get("body", b"")
        return whole
    parts = bytearray()
    while message["type"] == "http.request":
        parts += message.get("body", b"")
        if not message.get("more_body", False) or len(parts) > most:
            return bytes(parts)
        message = await receive()
    return None


async def _too_large(scope: Scope, receive: Receive, send: Send, most: int) -> None:
    """Refuse without reading on, and without closing: a reset could lose the answer.

    The rest runs into the void until `slow_senders` ends it; only a client that waits for a go-ahead is sent away at once.
    """
    waiting = any(name == b"expect" for name, _ in scope["headers"])
    refusal = problem(scope, "body_too_large", params={"limit": most}, headers={"Connection": "close"} if waiting else None)
    await refusal(scope, receive, send)


def _templates(routes: Sequence[Any]) -> Mapping[Any, str]:
    """Each endpoint's path template; a mounted folder counts as one."""
    found: dict[Any, str] = {}
    for one in iter_route_contexts(routes):
        endpoint = one.original_route.app if isinstance(one.original_route, Mount) else one.endpoint
        if endpoint is not None and one.path_format:
            found[endpoint] = one.path_format
    return found
