"""Digests, the duty roster and an officer's address in a real browser: they fit, print, and are for everybody."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import BOTH, PHONE, WIDE, Shop, schemes
from tests.browser.test_counter import counter
from tests.gate.places import HOME, Place
from tests.processes import environment, run

pytestmark = [pytest.mark.browser, pytest.mark.slow]

__all__ = ["counter"]
PAGES = {
    "digests": f"/desk/digests/{HOME}", "now": f"/desk/digests/{HOME}/now", "roster": f"/desk/digests/{HOME}/roster",
    "account": "/desk/account",
}  # fmt: skip


@pytest.fixture
def furnished(shop: Shop, place: Place, tmp_path: Path) -> None:
    """A busy merchant, somebody on duty, and the digests of the next two days, made by a worker whose clock is ahead."""
    if place.count("digest"):
        return
    for _ in range(5):
        shop.lodge()
    now = datetime.now(UTC) + timedelta(hours=8)
    for officer in [one["name"] for one in place.officers if one["site"] == HOME][:2]:
        body = {"day": (now + timedelta(days=1)).date().isoformat(), "officer": officer}
        shop.officer.post(f"/api/v1/sites/{HOME}/roster", json=body).raise_for_status()
    for hours in (0, 24, 48):
        (tmp_path / "clock").write_text(str(hours * 3600.0 + 60))
        env = environment(place.data, place.database, clock_file=str(tmp_path / "clock"))
        assert run("work", "--once", env=env).returncode == 0
        shop.lodge()


@BOTH
@pytest.mark.usefixtures("furnished")
def test_every_page_fits_and_is_for_everybody_by_day_and_by_night(
    counter: Callable[..., Page],
    shop: Shop,
    language: str,
    tmp_path: Path,
) -> None:
    page = counter("manager", language=language, scripts=True)
    for place, (name, address) in enumerate(PAGES.items()):
        page.goto(f"{shop.url}{address}")
        for at_width, (width, height) in enumerate((WIDE, PHONE)):
            page.set_viewport_size({"width": width, "height": height})
            for scheme in schemes(language, place + at_width):
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                page.screenshot(path=tmp_path / f"{name}-{language}-{width}-{scheme}.png", full_page=True)
                found = Axe().run(page)
                assert found.violations_count == 0, f"{name}, {width}, {scheme}: {found.generate_report()}"
            needed, given = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
            assert needed <= given, (name, width)
    page.goto(f"{shop.url}{PAGES['digests']}")
    page.emulate_media(media="print", color_scheme="light")
    page.screenshot(path=tmp_path / f"printed-{language}.png", full_page=True)
    assert not page.locator(".on-screen").first.is_visible()
    assert page.locator(".sentence").is_visible()
