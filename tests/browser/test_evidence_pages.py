"""Files in a real browser: a visitor adds a photo from the phone, a clerk looks at it; both languages, phone and wide screen."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests import exhibits
from tests.browser.conftest import BOTH, PHONE, WIDE, Shop, comes_to, leads_on, schemes
from tests.browser.test_status_page import entered
from tests.gate.places import HOME, Place

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a visitor has on the phone."""
    folder = tmp_path_factory.mktemp("phone")
    (folder / "小票.jpg").write_bytes(exhibits.from_a_phone())
    (folder / "合同 contract.pdf").write_bytes(exhibits.pdf(3))
    (folder / "IMG_0417.heic").write_bytes(exhibits.heic((1200, 1600)))
    (folder / "film.gif").write_bytes(exhibits.picture("GIF"))
    return folder


def choose(page: Page, path: Path, kind: str = "receipt") -> None:
    """Open the form, choose a file and send it."""
    if not page.locator("#file").is_visible():
        page.locator("details:has(#file) > summary").click()
    page.locator("#file").set_input_files(path)
    page.locator("#kind").select_option(kind)
    leads_on(page.locator(".add-file button[type=submit]"))


def at_the_claim(
    shop: Shop, place: Place, claim: dict[str, Any], language: str, size: tuple[int, int] = WIDE, *, scripts: bool = False
) -> Page:  # fmt: skip
    """The claim's page in front of a clerk."""
    officer = next(one for one in place.officers if (one["role"], one["site"]) == ("intake", HOME))
    page = shop.window(size, language=language, scripts=scripts).new_page()
    page.goto(f"{shop.url}/desk/sign-in?next=/desk/claims/{claim['reference']}")
    page.locator("#name").fill(officer["name"])
    page.locator("#password").fill(officer["password"])
    page.locator("main button[type=submit]").click()
    comes_to(page, f"/desk/claims/{claim['reference']}")
    return page


def sees_pictures(page: Page) -> bool:
    """Whether every picture on the page is really shown, without a script of the page's own."""
    for image in page.locator(".exhibit img").all():
        image.scroll_into_view_if_needed()
        page.wait_for_timeout(200)
        if not image.evaluate("image => image.complete && image.naturalWidth > 0"):
            return False
    return True


@BOTH
def test_a_visitor_adds_a_photo_and_a_clerk_sees_it(shop: Shop, place: Place, phone: Path, language: str) -> None:
    claim, page = shop.lodge(), shop.window(language=language).new_page()
    entered(page, shop, claim)
    choose(page, phone / "小票.jpg")
    choose(page, phone / "IMG_0417.heic", "photo")
    comes_to(page, "/status")
    expect(page.locator(".exhibit-name")).to_have_text(["小票.jpg", "IMG_0417.heic"])
    assert sees_pictures(page)
    desk = at_the_claim(shop, place, claim, language)
    expect(desk.locator(".exhibit-name")).to_have_text(["小票.jpg", "IMG_0417.heic"])
    assert sees_pictures(desk)
    choose(desk, phone / "合同 contract.pdf", "contract")
    assert httpx.URL(desk.url).path == f"/desk/claims/{claim['reference']}"
    assert desk.locator(".exhibit-name").last.inner_text() == "合同 contract.pdf"
    with desk.expect_download() as saving:
        desk.locator(".exhibit a[href*='original']").last.click()
    assert saving.value.suggested_filename == "合同 contract.pdf"
    assert saving.value.path().read_bytes() == exhibits.pdf(3)


@BOTH
def test_a_wrong_file_is_told_beside_the_form(shop: Shop, place: Place, phone: Path, language: str) -> None:
    claim, page = shop.lodge(), shop.window(language=language).new_page()
    entered(page, shop, claim)
    desk = at_the_claim(shop, place, claim, language)
    for at in (page, desk):
        choose(at, phone / "film.gif")
        assert "JPEG" in at.locator("[role=alert]").inner_text()
        assert at.locator("#file").get_attribute("aria-invalid") == "true"
        assert "JPEG" in at.locator("#file-wrong").inner_text()


@BOTH
@pytest.mark.parametrize("size", [PHONE, WIDE])
def test_the_pages_with_files_fit_and_are_for_everybody_by_day_and_by_night(
    shop: Shop, place: Place, phone: Path, language: str, size: tuple[int, int], tmp_path: Path
) -> None:
    claim, visitor = shop.lodge(), shop.window(size, language=language, scripts=True).new_page()
    entered(visitor, shop, claim)
    choose(visitor, phone / "小票.jpg")
    choose(visitor, phone / "film.gif")
    clerk = at_the_claim(shop, place, claim, language, size, scripts=True)
    refused = at_the_claim(shop, place, claim, language, size, scripts=True)
    choose(refused, phone / "film.gif")
    for turn, (name, page) in enumerate({"visitor": visitor, "clerk": clerk, "refused": refused}.items()):
        page.wait_for_load_state("load")
        for scheme in schemes(language, turn + (size == WIDE)):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.screenshot(path=tmp_path / f"{name}-{language}-{size[0]}-{scheme}.png", full_page=True)
            found = Axe().run(page)
            assert found.violations_count == 0, f"{name}, {scheme}: {found.generate_report()}"
        needed, given = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert needed <= given, name
