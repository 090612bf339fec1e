"""Officers in front of a browser, without one: signed in by a session of their own, forms filled as they were served."""

import html
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from desk.actions.signing import hash_of
from desk.domain.policy import Viewer
from desk.ports import Work
from desk.store import sessions
from tests.web.front import PEER, Front

COOKIE = "__Host-desk"
AS_BROWSER: Mapping[str, str] = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin", "Origin": "https://desk.example"}


@dataclass
class Seat:
    """One officer at one browser. Addresses are paths; `language` is the browser's."""

    client: httpx.AsyncClient

    async def get(self, path: str, language: str = "en") -> httpx.Response:
        """Open a page."""
        return await self.client.get(path, headers={"Accept-Language": language})

    async def post(
        self, path: str, fields: Mapping[str, str] | None = None, *, language: str = "en", **more: str
    ) -> httpx.Response:
        """Send fields as a form of one's own page would; `more` are headers."""
        return await self.client.post(path, data=dict(fields or {}), headers={"Accept-Language": language, **more})

    async def submit(self, page: str, action: str, **typed: str) -> httpx.Response:
        """Open `page`, fill the form that goes to `action`, send it."""
        opened = await self.get(page)
        assert opened.status_code == 200, (page, opened.status_code)
        return await self.post(action, form_in(opened.text, action) | typed)


async def seat(front: Front, officer: str | Viewer, peer: str = PEER) -> Seat:
    """An officer signed in, by first name or as a viewer."""
    viewer: Viewer = getattr(front.house.cast, officer) if isinstance(officer, str) else officer
    assert viewer.id is not None
    token = secrets.token_urlsafe(16)
    await front.house.desk.write(_begin, viewer.id, token)
    return Seat(browser(front, peer, {COOKIE: token}))


def browser(front: Front, peer: str = PEER, cookies: Mapping[str, str] | None = None) -> httpx.AsyncClient:
    """A browser at this address that follows no redirect."""
    transport = httpx.ASGITransport(front.app, raise_app_exceptions=True, client=(peer, 40_000))
    client = httpx.AsyncClient(transport=transport, base_url="https://desk.example", headers=dict(AS_BROWSER))
    for name, value in (cookies or {}).items():
        client.cookies.set(name, value, domain="desk.example")
    return client


def form_in(page: str, action: str) -> dict[str, str]:
    """The fields of the first form on a page that goes to `action`, with what they hold."""
    for attributes, inside in re.findall(r"<form([^>]*)>(.*?)</form>", page, re.DOTALL):
        if re.search(rf'action="{re.escape(action)}(\?[^"]*)?"', html.unescape(attributes)):
            return _fields(inside)
    msg = f"no form to {action}"
    raise AssertionError(msg)


def _fields(inside: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", inside, re.DOTALL):
        held = {name: html.unescape(value) for name, value in re.findall(r'([a-z-]+)="([^"]*)"', tag)}
        if held.get("type") in ("radio", "checkbox") and " checked" not in tag:
            continue
        if "name" in held:
            found[held["name"]] = held.get("value", "on" if held.get("type") == "checkbox" else "")
    for name, value in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', inside, re.DOTALL):
        found[name] = html.unescape(value)
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', inside, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options) or re.search(r'<option value="([^"]*)"', options)
        found[name] = html.unescape(chosen[1]) if chosen else ""
    return found


def _begin(work: Work, officer_id: int, token: str) -> None:
    sessions.begin(work, officer_id, hash_of(token), passed=True)
