"""Routes that are asked ten thousand times a second: plain Starlette, before all others, yet documented like them.

A usual request of theirs does not pass through the framework at all (`Shortcut`). A hot route without docs of its own is a
thin shell before an ordinary one, which has the docs and takes what is unusual.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class HotDocs:
    """What the framework would have read from a signature. `takes` and `gives` are pydantic models or msgspec structs."""

    summary: str
    gives: type[Any]
    takes: type[Any] | None = None
    refuses: Sequence[str] = ("malformed_json", "not_found", "body_too_large", "bad_input")
    status: int = 200
    tag: str = "status"
    description: str = ""


class Ready(Response):
    """An answer made once and sent many times: what does not change is worked out when it is made."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body})


async def whole_body(request: Request) -> bytes:
    """The body, which `Limits` received in one piece. To be read once: the request itself does not remember it."""
    body: bytes = (await request.receive())["body"]
    return body


class HotRoute(Route):
    """A Starlette route with its page in the API description; `name` becomes the operation's id."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[[Request], Awaitable[Response]],
        *,
        method: str,
        name: str,
        docs: HotDocs | None = None,
    ) -> None:
        super().__init__(path, endpoint, methods=[method], name=name, include_in_schema=False)
        self.method = method
        self.docs = docs

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """A full match or none: another method is for the routes behind this one. A shell takes only what is usual."""
        match, inner = super().matches(scope)
        if match is not Match.FULL or (self.docs is None and not _is_usual(scope)):
            return (match, inner) if self.docs else (Match.NONE, {})
        return match, {**inner, "route": self}


class Shortcut:
    """Hands a usual request straight to its hot route; everything else, and every other path, goes on to the application.

    `refused` makes an answer of what a route raised, as the application would.
    """

    def __init__(
        self, app: ASGIApp, routes: Sequence[HotRoute], refused: Callable[[Request, Exception], Awaitable[Response]]
    ) -> None:
        self._app = app
        self._routes = {(route.method, route.path): route for route in routes}
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None or not _is_usual(scope):
            await self._app(scope, receive, send)
            return
        scope["route"], scope["endpoint"] = route, route.endpoint
        request = Request(scope, receive)
        try:
            answer = await route.endpoint(request)
        except Exception as failure:  # noqa: BLE001 - what is no refusal is raised again
            answer = await self._refused(request, failure)
        await answer(scope, receive, send)


def _is_usual(scope: Scope) -> bool:
    """Plain JSON and no parameters: what every client of a hot route sends."""
    kinds = [value for name, value in scope["headers"] if name == b"content-type"]
    return kinds == [b"application/json"] and not scope["query_string"]


def operation(route: HotRoute, docs: HotDocs, responses: dict[int | str, dict[str, Any]]) -> dict[str, Any]:
    """The OpenAPI operation of a hot route, given the responses that it refuses with."""
    answer = {"description": "Successful Response", "content": {"application/json": {"schema": _ref(docs.gives)}}}
    found: dict[str, Any] = {
        "tags": [docs.tag], "summary": docs.summary, "operationId": route.name,
        "responses": {str(docs.status): answer, **{str(status): response for status, response in responses.items()}},
    }  # fmt: skip
    if docs.description:
        found["description"] = docs.description
    if docs.takes:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(docs.takes)}}}
    return found


def _ref(model: type[Any]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
