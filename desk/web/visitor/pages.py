"""Rendering a page: the templates, the words and figures they may use, the reader's language, where a form may come from."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from desk.domain.claim import Language
from desk.domain.errors import Forbidden
from desk.wording import figures
from desk.wording.catalogue import LANGUAGES, best_language, text
from desk.wording.labels import label

_FOLDER = Path(__file__).resolve().parent.parent / "templates"
_templates = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=select_autoescape(["html"], default=True), undefined=StrictUndefined,
    trim_blocks=True, lstrip_blocks=True,
)  # fmt: skip
_templates.filters["zone"] = ZoneInfo
_NAMES = {Language.ZH_CN: "中文", Language.EN: "English"}


def reader_language(request: Request) -> str:
    """The language chosen in the address, else the browser's."""
    chosen = request.query_params.get("lang")
    return chosen if chosen in LANGUAGES else best_language(request.headers.get("accept-language"))


def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 - a template's values
    """One page in one language. User text is data to the template, never template source."""
    language = reader_language(request)
    t: Callable[..., str] = partial(_text, language)
    body = _templates.get_template(template).render(
        t=t, label=partial(_label, language), figures=figures, language=language, languages=_switches(request, language), **values
    )
    headers = {"Content-Language": language, "Vary": "Accept-Language, Cookie", "Cache-Control": "no-store"}
    return Response(body, status, headers, "text/html; charset=utf-8")


def _text(language: str, key: str, **params: object) -> str:
    return text(key, language, **params)


def _label(language: str, family: str, code: str) -> str:
    return label(family, code, language)


def _switches(request: Request, language: str) -> list[tuple[str, str, str]]:
    """The other languages of this same page: code, own name, address. A page opened by token is reached by its form."""
    path = (
        "/s" if request.url.path.startswith("/s/") else "/status" if request.url.path.startswith("/status/") else request.url.path
    )
    return [(code, _NAMES[Language(code)], f"{path}?lang={code}") for code in LANGUAGES if code != language]


def kept_language(request: Request, path: str) -> str:
    """An address of ours in the language the reader chose."""
    return f"{path}?lang={reader_language(request)}" if request.query_params.get("lang") else path


def same_site(request: Request) -> None:
    """A form on another site's page must not act here. Raises Forbidden."""
    fetched_by, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if fetched_by and fetched_by not in ("same-origin", "none"):
        raise Forbidden
    ours = {request.headers.get("host"), urlsplit(request.app.state.options.public_url).netloc}
    if origin and origin != "null" and urlsplit(origin).netloc not in ours:
        raise Forbidden
