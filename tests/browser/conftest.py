"""A browser and a served desk for the pages: the desk as it is shipped, Debian's chromium, nothing else to talk to."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Response, sync_playwright

from tests.conftest import DEEP
from tests.gate.places import Place, sqlite_copy
from tests.gate.wire import CLAIMS, claim_body

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE, WIDE = (390, 844), (1280, 900)
BOTH = pytest.mark.parametrize("language", ["zh-CN", pytest.param("en", marks=pytest.mark.slow)])
"""Chinese before each landing, English in the gate."""
Scheme = Literal["light", "dark"]
_BY_TURNS: dict[str, tuple[Scheme, int]] = {"zh-CN": ("light", 0), "en": ("dark", 1)}


def schemes(language: str, place: int) -> tuple[Scheme, ...]:
    """By day and by night in `make deep`; else each page is judged once, by turns in Chinese by day and in English by night.

    `place` is the page's own, and another one at another width.
    """
    if DEEP:
        return "light", "dark"
    scheme, turn = _BY_TURNS[language]
    return (scheme,) if place % 2 == turn else ()


@dataclass
class Shop:
    """A served desk and a browser in front of it. `trouble` collects what a page complained of or asked elsewhere for."""

    url: str
    browser: Browser
    officer: httpx.Client
    trouble: list[str] = field(default_factory=list)

    def lodge(self, **told: object) -> dict[str, Any]:
        """A claim, as its visitor was told."""
        answer = self.officer.post(CLAIMS, content=claim_body(**told), headers={"Content-Type": "application/json"} | _key())
        claim: dict[str, Any] = answer.raise_for_status().json()
        return claim

    def ask(self, reference: str) -> None:
        """Wait for the visitor: the sum is not known."""
        path = f"{CLAIMS}/{reference}/triage"
        self.officer.post(path, json={"confirm": "needs_information"}, headers=_key()).raise_for_status()

    def agree(self, reference: str) -> None:
        """Find the facts clear and agree to the refund."""
        path = f"{CLAIMS}/{reference}"
        found = {"not_at_fault": "yes", "facts_clear": "yes", "evidence_sufficient": "yes", "basis": "undertaking"}
        self.officer.put(f"{path}/assessment", json=found, headers={"If-Match": '"1"'}).raise_for_status()
        self.officer.post(f"{path}/triage", json={"confirm": "fast_refund"}, headers=_key()).raise_for_status()

    def window(self, size: tuple[int, int] = PHONE, *, language: str = "zh-CN", scripts: bool = False) -> BrowserContext:
        """A fresh browser window, whose every complaint and every request to elsewhere is noted.

        It comes from a network of its own, for wrong codes count against their network.
        """
        width, height = size
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, locale=language, java_script_enabled=scripts, reduced_motion="reduce",
            extra_http_headers={"X-Forwarded-For": f"198.51.100.{next(_networks) % 250}"},
        )  # fmt: skip
        context.on("page", self._listen)
        return context

    def _listen(self, page: Page) -> None:
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.on("request", lambda asked: None if asked.url.startswith(self.url) else self.trouble.append(asked.url))
        page.on("response", self._look)

    def _hear(self, said: ConsoleMessage) -> None:
        """A page may be refused on purpose, and the browser notes that; all else is trouble."""
        if said.type in ("error", "warning") and "server responded with a status of 4" not in said.text:
            self.trouble.append(said.text)

    def _look(self, answer: Response) -> None:
        if answer.status >= 400 and not answer.request.is_navigation_request():
            self.trouble.append(f"{answer.status} {answer.url}")


def comes_to(page: Page, path: str) -> None:
    """Wait until the page is at this path, whole: a click returns before the page that it leads to is there."""
    page.wait_for_url(lambda url: httpx.URL(url).path == path)


def leads_on(target: Locator) -> None:
    """Click, and wait for the page that comes of it, whole; also where its address is the same."""
    with target.page.expect_navigation():
        target.click()


_keys, _networks = count(1), count(1)


def _key() -> dict[str, str]:
    return {"Idempotency-Key": f"browser-{next(_keys)}"}


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Debian's chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def place(seeded_on_sqlite: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A seeded desk for the tests of one file."""
    return sqlite_copy(seeded_on_sqlite, tmp_path_factory.mktemp("shop") / "data")


@pytest.fixture(scope="module")
def opened(place: Place, browser: Browser) -> Iterator[Shop]:
    """The desk served, the browser at its door."""
    headers = {"Authorization": f"Bearer {place.token('manager')}"}
    with (
        place.serve(trusted_proxies="127.0.0.1") as served,
        httpx.Client(base_url=served.url, headers=headers, trust_env=False) as officer,
    ):
        yield Shop(served.url, browser, officer)


@pytest.fixture
def shop(opened: Shop) -> Iterator[Shop]:
    """The same for one test, which no page may have troubled."""
    opened.trouble.clear()
    yield opened
    found = json.dumps(opened.trouble, ensure_ascii=False)
    for context in opened.browser.contexts:
        context.close()
    assert opened.trouble == [], found
