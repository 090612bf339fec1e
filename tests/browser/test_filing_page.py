"""A visitor files alone in a real browser without scripts: from the poster to the status page, by hand and by keyboard."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import PHONE, WIDE, Shop
from tests.gate.places import Place

pytestmark = pytest.mark.browser

BOTH = pytest.mark.parametrize("language", ["zh-CN", "en"])
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
NARROW = (320, 640)
POSTER = "/q/huangshan/north-gate"
FIRST_VISIT_BYTES = 100_000
TARGET = 44
SMALL = """
[...document.querySelectorAll('main a, main button, header a, header button, input:not([type=hidden]), select, textarea')]
  .filter(each => each.checkVisibility() && !each.matches('.unseen, .skip') && !(each.type === 'radio'))
  .map(each => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
  .filter(([_, box]) => box.height < 44 || box.width < 44)
"""
WORDS = "标价 28 元，结账收取 156 元。<b>票据</b> & “小票”"


def press(page: Page, value: str = "next") -> None:
    """Press one of the buttons of the form."""
    page.locator(f"main button[name=go][value='{value}']").click()


def start(page: Page, shop: Shop) -> None:
    """Scan the poster and start."""
    page.goto(shop.url + POSTER)
    page.locator(".start").click()


def at_question(page: Page) -> str:
    """Which page of the form is shown."""
    return page.locator("form input[name=page]").input_value()


def tell_what(page: Page) -> None:
    """Pick the first tile and say it in words."""
    page.locator("label[for=tile]").click()
    page.locator("#words").fill(WORDS)
    press(page)


def tell_when(page: Page) -> None:
    """Leave the day as it is, and say what was paid."""
    page.locator("#paid").fill("￥１２８")
    press(page)


def tell_want(page: Page) -> None:
    """All of it back."""
    page.locator("label[for=want]").click()
    press(page)


STEPS: tuple[tuple[str, Callable[[Page], None]], ...] = (
    ("what", tell_what),
    ("where", press),
    ("when", tell_when),
    ("want", tell_want),
    ("leaving", press),
    ("contact", press),
)


def walk(page: Page, shop: Shop, until: str) -> None:
    """From the poster to one of the pages."""
    start(page, shop)
    for name, answer in STEPS:
        if name == until:
            break
        assert at_question(page) == name
        answer(page)
    assert at_question(page) == until


def filed(page: Page, shop: Shop) -> str:
    """A claim from the poster to its receipt; its reference."""
    walk(page, shop, "check")
    press(page, "send")
    assert httpx.URL(page.url).path == "/receipt"
    return page.locator("dd.reference").first.inner_text()


@BOTH
def test_a_visitor_files_alone_follows_and_acts(shop: Shop, place: Place, language: str) -> None:
    page = shop.window(language=language).new_page()
    reference = filed(page, shop)
    found = place.rows(f"SELECT channel, spot, language, category FROM claim WHERE reference = '{reference}'")
    assert found == [("poster", "north-gate", language, "price_labelling")]
    page.locator("a.go").click()
    assert httpx.URL(page.url).path == "/status"
    assert page.locator("dd.reference").inner_text() == reference
    assert page.locator("html").get_attribute("lang") == language
    page.locator("#act-withdraw summary").click()
    page.locator("#act-withdraw button").click()
    assert place.rows(f"SELECT state FROM claim WHERE reference = '{reference}'") == [("withdrawn",)]


def pages(shop: Shop) -> dict[str, Callable[[Page], object]]:
    """Each page of the filing, as what leads to it."""

    def faulty(page: Page) -> None:
        start(page, shop)
        press(page)

    def noticed(page: Page) -> None:
        walk(page, shop, "when")
        page.locator("#paid").fill("6000")
        press(page)
        tell_want(page)

    return {
        "landing": lambda page: page.goto(shop.url + POSTER),
        "absent": lambda page: page.goto(f"{shop.url}/q/nowhere"),
        **{name: lambda page, name=name: walk(page, shop, name) for name, _ in STEPS},  # type: ignore[misc]
        "faulty": faulty,
        "notice": noticed,
        "check": lambda page: walk(page, shop, "check"),
        "receipt": lambda page: filed(page, shop),
    }


@BOTH
def test_every_page_fits_and_every_target_can_be_hit(shop: Shop, language: str, tmp_path: Path) -> None:
    for name, lead in pages(shop).items():
        page = shop.window(PHONE, language=language, scripts=True).new_page()
        lead(page)
        page.wait_for_load_state("load")
        assert page.evaluate(SMALL) == [], name
        for width, height in (WIDE, PHONE, NARROW):
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=tmp_path / f"{name}-{language}-{width}.png", full_page=True)
            needed, given = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
            assert needed <= given, (name, width)
        page.context.close()


@BOTH
def test_every_page_is_for_everybody_by_day_and_by_night(shop: Shop, language: str) -> None:
    for name, lead in pages(shop).items():
        page = shop.window(PHONE, language=language, scripts=True).new_page()
        lead(page)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = Axe().run(page)
            assert found.violations_count == 0, f"{name}, {scheme}: {found.generate_report()}"
        page.context.close()
