"""Rendering a page: the templates, the words and figures they may use, the reader's language, where a form may come from."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.types import Scope

from desk.domain.claim import Language
from desk.domain.errors import Forbidden, NotFound
from desk.web.banner import banner_of
from desk.wording import figures
from desk.wording.catalogue import LANGUAGES, best_language, text
from desk.wording.labels import label

_FOLDER = Path(__file__).resolve().parent / "templates"
_templates = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=select_autoescape(["html"], default=True), undefined=StrictUndefined,
    trim_blocks=True, lstrip_blocks=True,
)  # fmt: skip
_templates.filters["zone"] = ZoneInfo
_NAMES = {Language.ZH_CN: "中文", Language.EN: "English"}


LANGUAGE_COOKIE, LANGUAGE_DAYS = "desk_language", 365


def reader_language(request: Request) -> str:
    """The language chosen in the address, else the one chosen before on this device, else the browser's."""
    for chosen in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if chosen in LANGUAGES:
            return chosen
    return best_language(request.headers.get("accept-language"))


def page(
    request: Request, template: str, status: int = 200, *, address: str | None = None, **values: Any  # noqa: ANN401
) -> Response:  # fmt: skip
    """One page in one language. User text is data to the template, never template source.

    `address` is where this same page is read again in another language, if it is not the request's own.
    """
    language = reader_language(request)
    t: Callable[..., str] = partial(_text, language)
    languages = _switches(address or _own_address(request), language)
    body = _templates.get_template(template).render(
        t=t, label=partial(_label, language), figures=figures, language=language, languages=languages,
        demo=banner_of(request, language), **values
    )  # fmt: skip
    headers = {"Content-Language": language, "Vary": "Accept-Language, Cookie", "Cache-Control": "no-store"}
    answer = Response(body, status, headers, "text/html; charset=utf-8")
    if request.query_params.get("lang") == language != request.cookies.get(LANGUAGE_COOKIE):
        secure = request.app.state.options.secure
        answer.set_cookie(
            LANGUAGE_COOKIE, language, max_age=LANGUAGE_DAYS * 86_400, httponly=True, samesite="lax", secure=secure
        )  # fmt: skip
    return answer


def wants_page(scope: Scope) -> bool:
    """Whether a person's browser asks, so that a refusal should be a page: no client of the API names HTML."""
    accepted = next((value for name, value in scope.get("headers", ()) if name == b"accept"), b"")
    return b"text/html" in accepted and not str(scope.get("path", "")).startswith("/api/")


def error_page(scope: Scope, status: int, title: str, detail: str) -> Response:
    """A refusal as a page: what happened, what to do, and the way back; in the console's frame for who is signed in there."""
    asked = Request(scope)
    home = "/desk" if str(scope["path"]).startswith("/desk") else "/s"
    session = scope.get("state", {}).get("session")
    told = {"title": title, "detail": detail, "home": home}
    if session is None:
        return page(asked, "error.html", status, address=home, **told)
    missing = status == HTTPStatus.NOT_FOUND
    return page(asked, "console/error.html", status, address=home, session=session, missing=missing, **told)


def _text(language: str, key: str, **params: object) -> str:
    return text(key, language, **params)


def _label(language: str, family: str, code: str) -> str:
    return label(family, code, language)


def _switches(address: str, language: str) -> list[tuple[str, str, str]]:
    """The other languages of this same page: code, own name, address."""
    joint = "&" if "?" in address else "?"
    return [(code, _NAMES[Language(code)], f"{address}{joint}lang={code}") for code in LANGUAGES if code != language]


def _own_address(request: Request) -> str:
    """The request's path with its parameters, but for the language. A page opened by token is reached by its form."""
    path = request.url.path
    if path.startswith(("/s/", "/status/")):
        return "/s" if path.startswith("/s/") else "/status"
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"{path}?{urlencode(kept)}" if kept and request.method == "GET" else path


def kept_language(request: Request, path: str) -> str:
    """An address of ours in the language the reader chose."""
    joint = "&" if "?" in path else "?"
    return f"{path}{joint}lang={reader_language(request)}" if request.query_params.get("lang") else path


def same_site(request: Request) -> None:
    """A form on another site's page must not act here. Raises Forbidden."""
    fetched_by, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if fetched_by and fetched_by not in ("same-origin", "none"):
        raise Forbidden
    ours = {request.headers.get("host"), urlsplit(request.app.state.options.public_url).netloc}
    if origin and origin != "null" and _host_of(origin) not in ours:
        raise Forbidden


def _host_of(origin: str) -> str | None:
    """The host and port of an origin, None for one that is no address."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


async def sound_address(request: Request) -> None:
    """Nothing lies at an address with a NUL or half a character in it, and no database takes one. Raises NotFound."""
    told = (request.url.path, *request.path_params.values(), *request.query_params.values())
    if any("\0" in str(part) or (not str(part).isascii() and _is_broken(str(part))) for part in told):
        raise NotFound


def _is_broken(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)
