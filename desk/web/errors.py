"""Turns every exception into a problem, once and for all routes. Writes no sentence: `wording.refusals` does."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from desk.domain.errors import BadInput, DeskError
from desk.web.problems import STATUS, Flaw, problem
from desk.web.validation import flaw_of_msgspec, flaws_of

__all__ = ["STATUS", "MalformedJson", "install_handlers", "problem"]

CODES: Mapping[int, str] = MappingProxyType(
    {
        400: "malformed_json", 401: "sign_in_needed", 403: "not_allowed", 404: "not_found", 405: "method_not_allowed",
        406: "not_acceptable", 408: "request_timeout", 413: "body_too_large", 415: "unsupported_media_type",
        422: "bad_input", 429: "too_many_tries", 503: "unavailable",
    }
)  # fmt: skip
"""What a bare status of the framework means here."""

_WHERE = {"/": "body", "?": "query"}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class MalformedJson(DeskError):  # noqa: N818 - named for the condition (DESIGN 5)
    """A body that is not JSON, met by a route that reads it itself."""

    code = "malformed_json"


def install_handlers(app: FastAPI) -> None:
    """Let nothing leave the app as an error of the framework's own making. Bugs go on to `Observe`, which logs them."""
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.add_exception_handler(Exception, on_bug)


async def refused(request: Request, failure: Exception) -> Response:
    """The answer to what a hot route raised, the same as behind the framework. Raises the failure itself where it is a bug."""
    for kind in type(failure).__mro__:
        if kind in _HANDLERS:
            return await _HANDLERS[kind](request, failure)
    raise failure


async def on_bug(request: Request, _failure: Exception) -> Response:
    """What nobody foresaw."""
    return problem(request, "internal_error")


async def on_refusal(request: Request, refusal: Exception) -> Response:
    """A refusal of the desk."""
    assert isinstance(refusal, DeskError)
    flaws = [flaw_named(refusal)] if isinstance(refusal, BadInput) else []
    return problem(request, refusal.code, params=refusal.params, flaws=flaws)


async def on_invalid(request: Request, invalid: Exception) -> Response:
    """A request that does not fit its description; 400 for a parameter that nobody knows (UX A11)."""
    assert isinstance(invalid, RequestValidationError)
    found, body = invalid.errors(), invalid.body
    places = {error["loc"][0] for error in found if error["loc"]}
    if any(error["type"] == "json_invalid" for error in found):
        return problem(request, "malformed_json")
    if "path" in places:
        # An id that cannot be answers exactly as one that is not there.
        return problem(request, "not_found")
    if isinstance(body, bytes) and body:
        return problem(request, "unsupported_media_type")
    flaws = flaws_of(found, body)
    unknown = any(flaw.code == "unknown_parameter" for flaw in flaws)
    return problem(request, "bad_input", status=400 if unknown else None, flaws=flaws)


async def on_undecodable(request: Request, failure: Exception) -> Response:
    """A body that a hot route decodes itself."""
    if isinstance(failure, msgspec.ValidationError):
        return problem(request, "bad_input", flaws=[flaw_of_msgspec(str(failure))])
    return problem(request, "malformed_json")


async def on_http(request: Request, failure: Exception) -> Response:
    """A status of the framework: no such path, no such method, a body it could not parse."""
    assert isinstance(failure, HTTPException)
    status = failure.status_code
    code = CODES.get(status) or ("refused" if status < 500 else "internal_error")  # noqa: PLR2004
    headers = {"Allow": ", ".join(_allowed(request))} if status == STATUS["method_not_allowed"] else failure.headers
    return problem(request, code, status=status, headers=headers)


def flaw_named(refusal: BadInput) -> Flaw:
    """`/visitor/phone` is a place in the body, `?limit` a parameter, `If-Match` a header."""
    where = _WHERE.get(refusal.field[:1], "header" if refusal.field else "body")
    inside = refusal.field if where == "body" else f"/{refusal.field.removeprefix('?')}"
    return Flaw(where, inside, refusal.problem, refusal.params)


def _allowed(request: Request) -> list[str]:
    """The methods of all routes at this path: the framework names those of the first one only."""
    found: set[str] = set()
    for one in iter_route_contexts(request.app.routes):
        for method in one.methods or ():
            if one.matches({**request.scope, "method": method, "fastapi": {}})[0] is Match.FULL:
                found.add(method)
    found |= {"HEAD"} if "GET" in found else set()
    return [method for method in _METHODS if method in found]


_Handler = Callable[[Request, Exception], Awaitable[Response]]
_HANDLERS: Mapping[type[Exception], _Handler] = {
    DeskError: on_refusal,
    RequestValidationError: on_invalid,
    HTTPException: on_http,
    msgspec.DecodeError: on_undecodable,
}
