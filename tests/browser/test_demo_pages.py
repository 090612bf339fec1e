"""The banner and the seats of a demo in a real browser: entered by one press, on every kind of page, for everybody."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import BOTH, PHONE, WIDE, Shop, comes_to, schemes
from tests.gate.places import Place

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOMS = {"visitor": "/status", "clerk": "/desk", "cashier": "/desk/pay", "manager": "/desk/fund/huangshan"}
OUTSIDE = ("/s", "/q/huangshan/north-gate", "/desk/sign-in", "/desk/claims/0000000000")


@pytest.fixture(scope="module")
def opened(place: Place, browser: Browser) -> Iterator[Shop]:
    """The seeded desk served as a demo."""
    headers = {"Authorization": f"Bearer {place.token('manager')}"}
    (place.data / "clock").write_text("0")
    with (
        place.serve(trusted_proxies="127.0.0.1", env="demo", clock_file=str(place.data / "clock")) as served,
        httpx.Client(base_url=served.url, headers=headers, trust_env=False) as officer,
    ):
        yield Shop(served.url, browser, officer)


@BOTH
def test_each_seat_is_one_press_away_and_every_page_is_for_everybody(shop: Shop, language: str, tmp_path: Path) -> None:
    shop.lodge()
    page = shop.window(language=language, scripts=True).new_page()
    page.goto(f"{shop.url}{OUTSIDE[0]}")
    for address in OUTSIDE:
        page.goto(f"{shop.url}{address}")
        _is_for_everybody(page, language, address, tmp_path)
    for seat, room in ROOMS.items():
        page.locator(f".seat-{seat}").click()
        comes_to(page, room)
        expect(page.locator(".seat[aria-current]")).to_have_count(int(seat != "visitor"))
        _is_for_everybody(page, language, seat, tmp_path)


def _is_for_everybody(page: Page, language: str, name: str, folder: Path) -> None:
    page.wait_for_load_state("load")
    for place, (width, height) in enumerate((WIDE, PHONE)):
        page.set_viewport_size({"width": width, "height": height})
        for scheme in schemes(language, place):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.screenshot(path=folder / f"{name.replace('/', '_')}-{language}-{width}-{scheme}.png")
            found = Axe().run(page)
            assert found.violations_count == 0, f"{name}, {width}, {scheme}: {found.generate_report()}"
        needed, given = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert needed <= given, (name, width)
        small = page.locator(".seat").evaluate_all("all => all.filter(one => one.getBoundingClientRect().height < 44).length")
        assert small == 0, (name, width)
