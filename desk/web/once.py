"""Idempotency keys at the edge: what a request is known by, and its answer given again. The store remembers."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel

from desk.actions.once import once
from desk.actions.steps import actor_of
from desk.domain.errors import KeyInFlight
from desk.domain.policy import Kind, Viewer
from desk.ports import Attempt, Desk


async def attempt_of(request: Request, viewer: Viewer, key: str, told: bytes | None = None) -> Attempt:
    """Who asks where with which key, and the fingerprint of what they ask: of `told`, or else of the whole body.

    A form with a file must say what it tells: the next try has another boundary.

    A visitor is known by their claim and a poster by nothing: there the key must be unguessable, as clients' keys are.
    """
    actor = f"visitor:{viewer.claim_id}" if viewer.kind is Kind.VISITOR else actor_of(viewer)
    asked = hashlib.sha256(request.scope["path"].encode() + b"\n" + (await request.body() if told is None else told)).hexdigest()
    desk: Desk = request.app.state.desk
    # Keyed, for a body may hold an access code: from a plain hash in a stolen database eight digits are soon found.
    fingerprint = desk.kit.sealer.tag("request", asked)
    return Attempt(actor, f"{request.method} {request.scope['route'].path}", key, fingerprint)


@asynccontextmanager
async def one_at_a_time(request: Request, attempt: Attempt) -> AsyncIterator[None]:
    """Hold the key while its request runs.

    Raises KeyInFlight for a second one in this process; across processes the database makes it wait for the first answer.
    """
    running: set[tuple[str, str, str]] = request.app.state.keys_in_flight
    name = (attempt.actor, attempt.route, attempt.key)
    if name in running:
        raise KeyInFlight(retry_after=1)
    running.add(name)
    try:
        yield
    finally:
        running.discard(name)


async def as_stored(body: str) -> str:
    """The answer is what was stored."""
    return body


async def answer_once(
    request: Request,
    desk: Desk,
    viewer: Viewer,
    key: str | None,
    shape: Callable[[Any], BaseModel],
    action: Callable[..., Any],
    *args: Any,  # noqa: ANN401
    present: Callable[[str], Awaitable[str]] = as_stored,
    status: int = 200,
) -> Response:
    """Run an action for a request and answer with its shape; with a key, at most once, the same bytes each time.

    What `shape` gives is stored; `present` makes the answer of it where the answer itself must not be stored.
    """
    if key is None:
        result = await desk.write(action, viewer, *args)
        return _json(await present(shape(result).model_dump_json()), status)
    attempt = await attempt_of(request, viewer, key)
    async with one_at_a_time(request, attempt):
        given = await desk.write(once, attempt, lambda result: shape(result).model_dump_json(), action, viewer, *args)
    return _json(await present(given.body), status, replayed=given.replayed)


def _json(body: str, status: int, *, replayed: bool = False) -> Response:
    headers = {"Idempotent-Replayed": "true"} if replayed else None
    return Response(body, status, headers, "application/json")
