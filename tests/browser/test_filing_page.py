"""A visitor files alone in a real browser without scripts: from the poster to the status page, by hand and by keyboard."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import BOTH, PHONE, WIDE, Shop, comes_to, leads_on, schemes
from tests.gate.places import Place

pytestmark = pytest.mark.browser

NARROW = (320, 640)
POSTER = "/q/huangshan/north-gate"
FIRST_VISIT_BYTES = 100_000
SMALL = """
[...document.querySelectorAll('main a, main button, header a, header button, input:not([type=hidden]), select, textarea')]
  .filter(each => each.checkVisibility() && !each.matches('.unseen, .skip') && !(each.type === 'radio'))
  .map(each => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
  .filter(([_, box]) => box.height < 44 || box.width < 44)
"""
WORDS = "标价 28 元，结账收取 156 元。<b>票据</b> & “小票”"


def press(page: Page, value: str = "next") -> None:
    """Press one of the buttons of the form, and wait for the page that it leads to."""
    leads_on(page.locator(f"main button[name=go][value='{value}']"))


def start(page: Page, shop: Shop) -> None:
    """Scan the poster and start."""
    page.goto(shop.url + POSTER)
    leads_on(page.locator(".start"))


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
    comes_to(page, "/receipt")
    return page.locator("dd.reference").first.inner_text()


@pytest.mark.slow
@BOTH
def test_a_visitor_files_alone_follows_and_acts(shop: Shop, place: Place, language: str) -> None:
    page = shop.window(language=language).new_page()
    reference = filed(page, shop)
    found = place.rows(f"SELECT channel, spot, language, category FROM claim WHERE reference = '{reference}'")
    assert found == [("poster", "north-gate", language, "price_labelling")]
    page.locator("a.go").click()
    comes_to(page, "/status")
    assert page.locator("dd.reference").inner_text() == reference
    assert page.locator("html").get_attribute("lang") == language
    page.locator("#act-withdraw summary").click()
    leads_on(page.locator("#act-withdraw button"))
    assert place.rows(f"SELECT state FROM claim WHERE reference = '{reference}'") == [("withdrawn",)]


@pytest.mark.slow
def test_a_mistake_is_told_first_and_leads_to_its_field(shop: Shop) -> None:
    page = shop.window(language="en").new_page()
    start(page, shop)
    press(page)
    assert page.title().startswith("Look here: ")
    assert page.locator("#error-summary").evaluate("each => each === document.activeElement")
    page.locator("#error-summary a").click()
    assert page.evaluate("location.hash") == "#tile"
    described = page.locator("fieldset.tiles").get_attribute("aria-describedby")
    assert page.locator(f"#{(described or '').strip()}").inner_text() == "Select what happened."


@pytest.mark.slow
def test_another_language_keeps_the_page_and_the_values(shop: Shop) -> None:
    page = shop.window(language="zh-CN").new_page()
    walk(page, shop, "contact")
    page.locator("#name").fill("Vera “W”")
    page.locator("#phone").fill("12")
    leads_on(page.get_by_role("button", name="English"))
    assert at_question(page) == "contact"
    assert page.locator("html").get_attribute("lang") == "en"
    assert (page.locator("#name").input_value(), page.locator("#phone").input_value()) == ("Vera “W”", "12")
    press(page)
    expect(page.locator("#phone-wrong")).to_be_visible()
    leads_on(page.get_by_role("button", name="中文"))
    assert page.locator("#phone-wrong").inner_text().startswith("请填写手机号")
    page.locator("#phone").fill("+44 7700 900123")
    press(page)
    expect(page.locator(".answers").get_by_text("+447700900123")).to_be_visible()
    expect(page.locator(".answers").get_by_text(WORDS)).to_be_visible()


@pytest.mark.slow
def test_the_browsers_own_back_and_forth_shows_the_pages_with_their_answers(shop: Shop) -> None:
    page = shop.window().new_page()
    walk(page, shop, "want")
    page.go_back()
    assert at_question(page) == "when"
    assert page.locator("#paid").input_value() == "￥１２８"
    page.go_back()
    page.go_back()
    assert at_question(page) == "what"
    assert page.locator("#words").input_value() == WORDS
    assert page.locator("#tile").is_checked()
    press(page)
    assert at_question(page) == "where"


@pytest.mark.slow
def test_what_was_changed_leads_back_to_the_check(shop: Shop) -> None:
    page = shop.window().new_page()
    walk(page, shop, "check")
    press(page, "to:when")
    assert at_question(page) == "when"
    page.locator("#paid").fill("99")
    press(page)
    assert at_question(page) == "check"
    expect(page.locator(".answers").get_by_text("人民币 99.00 元")).to_be_visible()


@pytest.mark.slow
def test_enter_in_a_field_goes_on_and_never_changes_the_language(shop: Shop) -> None:
    page = shop.window(language="zh-CN").new_page()
    walk(page, shop, "when")
    page.locator("#paid").fill("128")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert at_question(page) == "want"
    assert page.locator("html").get_attribute("lang") == "zh-CN"


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus, which must be seen and uncovered."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.locator(selector).first.evaluate("each => each === document.activeElement"):
            assert page.evaluate("document.activeElement.matches(':focus-visible')")
            return
    pytest.fail(f"no way to {selector} by keyboard")


@pytest.mark.slow
def test_the_whole_way_is_gone_by_keyboard(shop: Shop) -> None:
    page = shop.window(language="en").new_page()
    page.goto(shop.url + POSTER)
    tab_to(page, ".start")
    page.keyboard.press("Enter")
    tab_to(page, "#tile")
    page.keyboard.press("ArrowDown")
    tab_to(page, "#words")
    page.keyboard.type("Forced to buy tea")
    for field in ("#words", "#merchant", "#paid"):
        if field == "#paid":
            tab_to(page, field)
            page.keyboard.type("128")
        tab_to(page, "main button[value=next]")
        page.keyboard.press("Enter")
    tab_to(page, "#want")
    page.keyboard.press("Space")
    for _ in range(3):
        tab_to(page, "main button[value=next]")
        page.keyboard.press("Enter")
    tab_to(page, "main button[value=send]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/receipt**")
    assert page.locator("dd.reference").first.inner_text()


@pytest.mark.slow
def test_the_receipt_opens_again_on_this_device_only(shop: Shop) -> None:
    window = shop.window()
    page = window.new_page()
    reference = filed(page, shop)
    page.goto(shop.url + POSTER)
    page.get_by_role("link", name="再看一次我的回执").click()
    assert page.locator("dd.reference").first.inner_text() == reference
    other = shop.window().new_page()
    other.goto(f"{shop.url}/receipt")
    assert httpx.URL(other.url).path == "/s"


@pytest.mark.slow
def test_the_receipt_prints_on_one_sheet_with_its_code(shop: Shop, tmp_path: Path) -> None:
    page = shop.window().new_page()
    filed(page, shop)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 397, "height": 559})
    page.screenshot(path=tmp_path / "printed.png", full_page=True)
    expect(page.locator(".slip .qr img")).to_be_visible()
    expect(page.locator(".big")).to_have_count(2)
    expect(page.locator("a.go")).to_be_hidden()
    assert page.pdf(format="A6").count(b"/Type /Page\n") == 1


@pytest.mark.slow
def test_the_first_visit_is_light(shop: Shop) -> None:
    page = shop.window().new_page()
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(len(answer.body())))
    start(page, shop)
    page.wait_for_load_state("load")
    assert 0 < sum(sizes) <= FIRST_VISIT_BYTES


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


@pytest.mark.slow
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


@pytest.mark.slow
@BOTH
def test_every_page_is_for_everybody_by_day_and_by_night(shop: Shop, language: str) -> None:
    for place, (name, lead) in enumerate(pages(shop).items()):
        if not schemes(language, place):
            continue
        page = shop.window(PHONE, language=language, scripts=True).new_page()
        lead(page)
        for scheme in schemes(language, place):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = Axe().run(page)
            assert found.violations_count == 0, f"{name}, {scheme}: {found.generate_report()}"
        page.context.close()
