"""A clerk's way through the counter's pages in a real browser: sign in, log a claim, hand over the slip; by keyboard too."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import BOTH, PHONE, WIDE, Shop, comes_to, schemes
from tests.gate.places import HOME, Place

pytestmark = pytest.mark.browser

SECONDS, KEYSTROKES, MILLISECONDS_A_KEY = 20, 12, 30
NEW = "/desk/claims/new"
POINTS = 72 / 25.4
PAPERS = {"58": (58, 180), "80": (80, 180), "a6": (105, 148), "a4": (210, 297)}


@pytest.fixture
def counter(shop: Shop, place: Place) -> Callable[..., Page]:
    """Opens a page as an officer who signed in at the door."""

    def signed_in(role: str = "intake", size: tuple[int, int] = WIDE, *, language: str = "zh-CN", scripts: bool = False) -> Page:
        officer = next(one for one in place.officers if (one["role"], one["site"]) == (role, HOME))
        page = shop.window(size, language=language, scripts=scripts).new_page()
        page.goto(f"{shop.url}/desk/sign-in")
        page.locator("#name").fill(officer["name"])
        page.locator("#password").fill(officer["password"])
        page.locator("main button[type=submit]").click()
        comes_to(page, "/desk")
        return page

    return signed_in


def fill_in(page: Page, shop: Shop, **typed: str) -> None:
    """The form of a new claim, filled but not sent."""
    page.goto(f"{shop.url}{NEW}")
    page.get_by_role("radio").first.check()
    fields = {"merchant": "云海茶庄", "amount": "128", "facts": "标价 28 元，结账收取 156 元。", "name": "王小薇", **typed}
    for name, value in fields.items():
        page.locator(f"#{name}").fill(value)


def lodged(page: Page, shop: Shop, **typed: str) -> str:
    """A claim logged by the form; its reference, from the slip."""
    fill_in(page, shop, **typed)
    page.locator(".send button").first.click()
    return page.locator(".slip-reference").inner_text()


@BOTH
def test_a_clerk_signs_in_logs_a_claim_and_hands_over_its_slip(counter: Callable[..., Page], shop: Shop, language: str) -> None:
    page = counter(language=language)
    page.locator("main a.button").first.click()
    assert page.locator("html").get_attribute("lang") == language
    reference = lodged(page, shop, contact="138 0013 8000")
    code = page.locator(".slip-code").inner_text().replace(" ", "")
    comes_to(page, f"/desk/claims/{reference}/slip")
    key = {"reference": reference, "access_code": code}
    status = httpx.post(f"{shop.url}/api/v1/status", json=key, headers={"Accept-Language": "zh-CN"}, trust_env=False).json()
    said = page.locator(".slip-next").inner_text()
    assert (said[:8], said[-14:]) == (status["sentence"][:8], status["sentence"][-14:])
    assert not re.search("今天|明天", said)  # it is read on another day
    page.goto(f"{shop.url}/desk")
    expect(page.locator(f'a[href="/desk/claims/{reference}"]')).to_have_count(1)


@pytest.mark.slow
def test_a_mistake_keeps_everything_and_leads_to_its_field(counter: Callable[..., Page], shop: Shop) -> None:
    page = counter()
    fill_in(page, shop, amount="很多", contact="vera@example.com")
    page.locator(".send button").first.click()
    assert page.title().startswith("请")
    page.locator("#error-summary a").click()
    assert page.locator("#amount:focus").input_value() == "很多"
    assert (page.locator("#contact").input_value(), page.get_by_role("radio").first.is_checked()) == ("vera@example.com", True)
    page.locator("#amount").fill("128")
    page.locator(".send button").first.click()
    expect(page.locator(".slip-reference")).to_have_count(1)


class Fingers:
    """Somebody at the keyboard. `keys` counts what is pressed besides typed words."""

    def __init__(self, page: Page) -> None:
        self.page, self.keys = page, 0

    def press(self, key: str, times: int = 1) -> None:
        """A key, so many times."""
        for _ in range(times):
            self.page.keyboard.press(key)
            self.page.wait_for_timeout(MILLISECONDS_A_KEY)
            self.keys += 1

    def type(self, words: str) -> None:
        """Words, letter by letter."""
        self.page.keyboard.type(words, delay=MILLISECONDS_A_KEY)


@BOTH
def test_a_clerk_logs_a_claim_by_keyboard_alone_within_twenty_seconds(
    counter: Callable[..., Page], shop: Shop, language: str
) -> None:
    page = counter(language=language)
    fingers, begun = Fingers(page), time.monotonic()
    page.goto(f"{shop.url}{NEW}")
    fingers.press("ArrowDown", times=2)  # the third tile
    fingers.press("Tab")
    fingers.type("松风小馆")
    fingers.press("Tab")
    fingers.type("86.5")
    fingers.press("Tab", times=2)  # past the amounts to pick
    fingers.type("少给了半斤，要求退差价。 They sold me half a pound less.")
    fingers.press("Tab")
    fingers.type("王小薇")
    fingers.press("Tab")
    fingers.type("13800138000")
    fingers.press("Enter")
    page.locator(".slip-code").wait_for()
    seconds = time.monotonic() - begun
    print(f"keyboard intake, {language}: {seconds:.1f} s, {fingers.keys} keystrokes besides words")
    assert (seconds <= SECONDS, fingers.keys <= KEYSTROKES) == (True, True)
    page.goto(f"{shop.url}/desk?view=received")
    page.get_by_role("cell", name="松风小馆").first.wait_for()


@pytest.mark.slow
def test_a_slip_fits_every_paper_on_one_page(counter: Callable[..., Page], shop: Shop, tmp_path: Path) -> None:
    page = counter(scripts=True)
    reference = lodged(page, shop)
    for size, (width, height) in PAPERS.items():
        page.goto(f"{shop.url}/desk/claims/{reference}/slip?size={size}")
        path = tmp_path / f"{size}.pdf"
        page.pdf(path=path, prefer_css_page_size=True)
        boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", path.read_bytes())
        assert [(float(x), float(y)) for x, y in boxes] == [pytest.approx((width * POINTS, height * POINTS), abs=2)], size
        page.emulate_media(media="print")
        page.set_viewport_size({"width": int((width - 8) * 96 / 25.4), "height": 900})
        needed, given = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert needed <= given, size
        page.emulate_media(media="null")


def views(shop: Shop) -> dict[str, Callable[[Page], object]]:
    """Each kind of page, as what leads to it."""

    def refused(page: Page) -> None:
        fill_in(page, shop, amount="many", contact="12x")
        page.locator(".send button").first.click()

    def wrong(page: Page) -> None:
        page.goto(f"{shop.url}/desk/find")
        page.locator("#reference").fill("ABC")
        page.locator(".find-box button").click()

    def gone(page: Page) -> None:
        page.goto(f"{shop.url}/desk/claims/{shop.lodge()['reference']}/slip")

    return {
        "queue": lambda page: page.goto(f"{shop.url}/desk"),
        "queue-empty": lambda page: page.goto(f"{shop.url}/desk?view=overdue"),
        "docket": lambda page: page.goto(f"{shop.url}/desk/docket"),
        "find-error": wrong,
        "new": lambda page: page.goto(f"{shop.url}{NEW}"),
        "new-error": refused,
        "slip": lambda page: lodged(page, shop),
        "slip-gone": gone,
    }


def furnish(shop: Shop) -> None:
    """Claims of several kinds, so that the lists have lines."""
    shop.lodge()
    shop.lodge(items=[{"kind": "refund", "asked": None}])
    docketed = shop.lodge(departs_at="2099-09-09T18:20:00+08:00")["reference"]
    told = {"override": "docket", "reason": "游客要求调解"}
    answer = shop.officer.post(f"/api/v1/claims/{docketed}/triage", json=told, headers={"Idempotency-Key": f"docket-{docketed}"})
    answer.raise_for_status()


@pytest.mark.slow
@BOTH
def test_every_page_fits_and_is_for_everybody_by_day_and_by_night(
    counter: Callable[..., Page], shop: Shop, language: str, tmp_path: Path
) -> None:
    furnish(shop)
    page = counter("manager", language=language, scripts=True)
    for place, (name, lead) in enumerate(views(shop).items()):
        lead(page)
        page.wait_for_load_state("load")
        for at_width, (width, height) in enumerate((WIDE, PHONE)):
            page.set_viewport_size({"width": width, "height": height})
            for scheme in schemes(language, place + at_width):
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                page.screenshot(path=tmp_path / f"{name}-{language}-{width}-{scheme}.png", full_page=True)
                found = Axe().run(page)
                assert found.violations_count == 0, f"{name}, {width}, {scheme}: {found.generate_report()}"
            needed, given = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
            assert needed <= given, (name, width)
