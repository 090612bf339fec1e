"""An error as the client reads it: `application/problem+json` (RFC 9457), in the reader's language, never with their input.

Holds the one table of codes and statuses. Which exception becomes which code is in `errors`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from desk.domain import errors
from desk.web import pages
from desk.web.pages import error_page, wants_page
from desk.wording import refusals
from desk.wording.catalogue import best_language

MEDIA_TYPE = "application/problem+json"

STATUS: Mapping[str, int] = MappingProxyType(
    {
        errors.DeskError.code: 409,
        errors.NotFound.code: 404,
        errors.Forbidden.code: 403,
        errors.SignInNeeded.code: 401,
        errors.TooManyTries.code: 429,
        errors.WrongMoment.code: 409,
        errors.NotExtendable.code: 409,
        errors.VerdictChanged.code: 409,
        errors.StaleVersion.code: 412,
        errors.VersionMissing.code: 428,
        errors.BadInput.code: 422,
        errors.AmountAboveDecided.code: 409,
        errors.FundInsufficient.code: 409,
        errors.DepositInsufficient.code: 409,
        errors.AmountAboveOpen.code: 409,
        errors.RespondentUnnamed.code: 409,
        errors.SecondOfficerNeeded.code: 409,
        errors.PayoutExists.code: 409,
        errors.SendsStopped.code: 409,
        errors.NotHandedOver.code: 409,
        errors.NothingToClose.code: 409,
        errors.CountChanged.code: 409,
        errors.CashierAtWork.code: 409,
        errors.BreaksOpen.code: 409,
        errors.AdminNeeded.code: 409,
        errors.SignatureWrong.code: 401,
        errors.KeyMissing.code: 400,
        errors.KeyReused.code: 422,
        errors.KeyInFlight.code: 409,
        errors.Busy.code: 503,
        errors.StorageFull.code: 507,
        "body_too_large": 413,
        "internal_error": 500,
        "malformed_json": 400,
        "method_not_allowed": 405,
        "not_acceptable": 406,
        "request_timeout": 408,
        "unavailable": 503,
        "unsupported_media_type": 415,
    }
)
"""Every code the desk refuses with, and its status."""

RETRY_AFTER: Mapping[str, int] = MappingProxyType(
    {"too_many_tries": 60, "idempotency_key_in_flight": 1, "busy": 2, "unavailable": 5, "storage_full": 60}
)
"""Seconds to wait where the refusal itself does not say."""

MOST_FLAWS = 32


@dataclass(frozen=True, slots=True)
class Flaw:
    """One wrong value: `where` is body, query or header, `pointer` a JSON pointer inside it, `code` a problem of `refusals`."""

    where: str
    pointer: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


def problem(
    asked: Request | Scope,
    code: str,
    *,
    status: int | None = None,
    params: Mapping[str, object] | None = None,
    flaws: Sequence[Flaw] = (),
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, object] | None = None,
) -> Response:
    """The answer for a refusal. `status` differs from the table only where HTTP knows a finer one; `more` are own members."""
    scope = asked.scope if isinstance(asked, Request) else asked
    language = language_of(scope)
    told = status or STATUS[code]
    wait = _wait(code, params)
    if wants_page(scope):
        shown = error_page(scope, told, *_said(code, pages.reader_language(Request(scope)), wait))
        shown.headers.update({**_headers_for(code, wait, params), **(headers or {})})
        return shown
    content = body_of(code, told, language, request_id_of(scope), wait=wait, flaws=flaws, more=more)
    extra = _headers_for(code, wait, params)
    return Response(content, told, {"Content-Language": language, **extra, **(headers or {})}, MEDIA_TYPE)


def body_of(
    code: str,
    status: int,
    language: str,
    trace_id: str,
    *,
    wait: int | None = None,
    flaws: Sequence[Flaw] = (),
    more: Mapping[str, object] | None = None,
) -> bytes:
    """The JSON of a problem.

    "Not found" names no request: unknown, wrong code, foreign, erased and throttled answer with the same bytes (SPEC 6).
    The header `X-Request-Id` still finds it in the log.
    """
    title, detail = _said(code, language, wait)
    shown: dict[str, Any] = {"type": f"/problems/{code}", "title": title, "status": status, "detail": detail, "code": code}
    if code != errors.NotFound.code:
        shown["trace_id"] = trace_id
    if flaws:
        shown["errors"] = [_flaw(one, language) for one in flaws[:MOST_FLAWS]]
    return msgspec.json.encode({**shown, **(more or {})})


def request_id_of(scope: Scope) -> str:
    """The id that `Observe` gave this request."""
    return str(scope.get("state", {}).get("request_id", ""))


def language_of(scope: Scope) -> str:
    """The language to answer in."""
    header = next((value.decode("latin-1") for name, value in scope.get("headers", ()) if name == b"accept-language"), None)
    return best_language(header)


def _wait(code: str, params: Mapping[str, object] | None) -> int | None:
    given = (params or {}).get("retry_after")
    return given if isinstance(given, int) else RETRY_AFTER.get(code)


def _headers_for(code: str, wait: int | None, params: Mapping[str, object] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    if wait is not None:
        found["Retry-After"] = str(max(wait, 1))
    if code == errors.SignInNeeded.code:
        found["WWW-Authenticate"] = 'Bearer realm="desk"'
    if code == errors.StaleVersion.code and (etag := (params or {}).get("etag")) is not None:
        found["ETag"] = f'"{str(etag).strip(chr(34))}"'
    return found


def _flaw(one: Flaw, language: str) -> dict[str, str]:
    detail = refusals.problem(one.code, language, one.params)
    return {"in": one.where, "pointer": one.pointer, "code": one.code, "detail": detail}


@lru_cache(maxsize=512)
def _said(code: str, language: str, wait: int | None) -> tuple[str, str]:
    return refusals.title(code, language), refusals.detail(code, language, {"retry_after": wait})
