"""A visitor's way through the pages in a real browser: find, read, answer, err; both languages, phone and wide screen."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import BOTH, PHONE, WIDE, Shop, comes_to, leads_on, schemes
from tests.gate.places import Place

pytestmark = [pytest.mark.browser, pytest.mark.slow]

UNKNOWN_SUM = [{"kind": "refund", "asked": None}]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def enter(page: Page, shop: Shop, reference: str, code: str) -> None:
    """Open the first page, type reference and code, send."""
    page.goto(f"{shop.url}/s")
    page.locator("#reference").fill(reference)
    page.locator("#access_code").fill(code)
    leads_on(page.locator("main button[type=submit]"))


def entered(page: Page, shop: Shop, claim: dict[str, Any]) -> None:
    """At the claim's own page."""
    enter(page, shop, claim["reference"], claim["access_code"])
    comes_to(page, "/status")


def follow(shop: Shop, claim: dict[str, Any], language: str) -> dict[str, Any]:
    """What the API says of the same claim."""
    key = {"reference": claim["reference"], "access_code": claim["access_code"]}
    answer = httpx.post(f"{shop.url}/api/v1/status", json=key, headers={"Accept-Language": language}, trust_env=False)
    status: dict[str, Any] = answer.raise_for_status().json()
    return status


@BOTH
def test_reference_and_code_open_the_page_and_its_sentence(shop: Shop, language: str) -> None:
    claim, page = shop.lodge(), shop.window(language=language).new_page()
    entered(page, shop, claim)
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator(".sentence").inner_text() == follow(shop, claim, language)["sentence"]
    assert page.locator("dd.reference").inner_text() == claim["reference"]
    assert bool(CHINESE.search(page.locator(".sentence").inner_text())) is (language == "zh-CN")


def test_the_qr_code_opens_it_and_leaves_no_token_in_the_address(shop: Shop) -> None:
    claim, page = shop.lodge(), shop.window().new_page()
    page.goto(f"{shop.url}/s/{claim['status_url'].rpartition('/')[2]}")
    assert page.url == f"{shop.url}/status"
    assert page.locator("dd.reference").inner_text() == claim["reference"]
    page.go_back()
    assert "/s/" not in page.url


def test_the_language_is_switched_and_stays(shop: Shop) -> None:
    claim, page = shop.lodge(), shop.window().new_page()
    page.goto(f"{shop.url}/s")
    leads_on(page.get_by_role("link", name="English"))
    assert page.locator("html").get_attribute("lang") == "en"
    page.locator("#reference").fill(claim["reference"].lower())
    page.locator("#access_code").fill(claim["access_code"])
    page.locator("main button[type=submit]").click()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator(".sentence").inner_text() == follow(shop, claim, "en")["sentence"]
    leads_on(page.get_by_role("link", name="中文"))
    assert page.locator(".sentence").inner_text() == follow(shop, claim, "zh-CN")["sentence"]


@BOTH
def test_a_wrong_code_says_so_and_keeps_the_typed_reference(shop: Shop, language: str) -> None:
    claim, page = shop.lodge(), shop.window(language=language).new_page()
    enter(page, shop, claim["reference"], "00000000")
    assert page.locator("[role=alert] a").get_attribute("href") == "#reference"
    assert page.locator("#reference").input_value() == claim["reference"]
    assert page.locator("#access_code").input_value() == ""
    assert "00000000" not in page.content()


def test_a_question_is_answered_by_the_form_and_once_however_often_it_is_sent(shop: Shop, place: Place) -> None:
    claim = shop.lodge(items=UNKNOWN_SUM)
    shop.ask(claim["reference"])
    window = shop.window()
    page = window.new_page()
    entered(page, shop, claim)
    assert follow(shop, claim, "zh-CN")["state"] == "waiting_for_you"
    page.locator("#text-answer").fill("共付 128 元，没有小票。")
    form: dict[str, str | float | bool] = {
        name: page.locator(f"#act-answer [name={name}]").input_value() for name in ("key", "text")
    }
    page.locator("#act-answer button").click()
    expect(page.locator("#act-answer")).to_have_count(0)
    again = window.request.post(f"{shop.url}/status/answer", form=form, headers={"Origin": shop.url})
    assert again.ok
    heard = (
        "SELECT count(*) FROM event e JOIN claim c ON e.subject = 'claim:' || c.id WHERE e.step = 'answer' AND c.reference = '{}'"
    )
    assert place.rows(heard.format(claim["reference"])) == [(1,)]


def test_a_refused_act_keeps_what_was_typed(shop: Shop) -> None:
    claim, page = shop.lodge(), shop.window(language="en").new_page()
    entered(page, shop, claim)
    page.locator("#act-change_contact summary").click()
    page.locator("#phone").fill("12")
    page.locator("#act-change_contact button").click()
    assert page.locator("[role=alert] a").get_attribute("href") == "#act-change_contact"
    assert page.locator("#phone").input_value() == "12"


def test_leaving_ends_the_visit_on_this_device(shop: Shop) -> None:
    claim, page = shop.lodge(), shop.window().new_page()
    entered(page, shop, claim)
    page.locator("button.plain").click()
    comes_to(page, "/s")
    page.goto(f"{shop.url}/status")
    comes_to(page, "/s")
    assert page.locator("#reference").is_visible()


def test_a_form_on_another_sites_page_does_nothing(shop: Shop) -> None:
    claim, window = shop.lodge(), shop.window()
    page = window.new_page()
    entered(page, shop, claim)
    refused = window.request.post(f"{shop.url}/status/withdraw", form={"text": "x"}, headers={"Origin": "https://evil.example"})
    assert refused.status == 403
    assert follow(shop, claim, "zh-CN")["state"] != "closed"


def refused_claim(shop: Shop) -> dict[str, Any]:
    """A claim that the desk did not take."""
    claim = shop.lodge(already_elsewhere="court")
    path = f"/api/v1/claims/{claim['reference']}/triage"
    shop.officer.post(path, json={"confirm": "refuse"}, headers={"Idempotency-Key": claim["reference"]}).raise_for_status()
    return claim


def rate(page: Page, shop: Shop, claim: dict[str, Any]) -> None:
    """Say how it went, with words: the words first, then one tap."""
    entered(page, shop, claim)
    page.locator("#act-rate summary").click()
    page.locator("#text-rate").fill("处理很快。")
    page.locator("#act-rate button[value='4']").click()
    page.locator("#act-rate button[aria-pressed='true']").wait_for()
    page.wait_for_load_state()  # until then it has no style, and its buttons are small


def test_one_tap_says_how_it_went_with_targets_for_a_thumb(shop: Shop) -> None:
    page, claim = shop.window(PHONE).new_page(), refused_claim(shop)
    rate(page, shop, claim)
    buttons = page.locator("#act-rate button")
    sizes = [buttons.nth(place).bounding_box() for place in range(buttons.count())]
    assert [size is not None and size["height"] >= 52 and size["width"] >= 250 for size in sizes] == [True] * 5
    assert page.locator("#text-rate").input_value() == "处理很快。"
    page.locator("#act-rate button[value='2']").click()
    page.locator("#act-rate button[value='2'][aria-pressed='true']").wait_for()
    assert page.locator("#text-rate").input_value() == "处理很快。"


def views(shop: Shop) -> dict[str, Callable[[Page], object]]:
    """Each kind of page, as what leads to it."""
    fresh, asked, decided, agreed = shop.lodge(), shop.lodge(items=UNKNOWN_SUM), shop.lodge(), shop.lodge()
    shop.ask(asked["reference"])
    shop.officer.post(f"/api/v1/claims/{decided['reference']}/withdraw", json={"text": "游客撤回"}).raise_for_status()
    shop.agree(agreed["reference"])
    ended, rated = refused_claim(shop), refused_claim(shop)

    def refused(page: Page) -> None:
        entered(page, shop, fresh)
        page.locator("#act-change_contact summary").click()
        page.locator("#phone").fill("12")
        page.locator("#act-change_contact button").click()

    def given_up(page: Page) -> None:
        entered(page, shop, agreed)
        page.locator("#act-object summary").click()
        page.locator("#text-object").fill("金额不对。")
        page.locator("#act-object button").click()
        page.locator("button[name=sure]").wait_for()

    return {
        "find": lambda page: page.goto(f"{shop.url}/s"),
        "find-error": lambda page: enter(page, shop, "7Q4K92MDXT", "00000000"),
        "status": lambda page: entered(page, shop, fresh),
        "status-asked": lambda page: entered(page, shop, asked),
        "status-closed": lambda page: entered(page, shop, decided),
        "status-ended": lambda page: entered(page, shop, ended),
        "status-rated": lambda page: rate(page, shop, rated),
        "status-refused": refused,
        "sure": given_up,
        "bad-link": lambda page: page.goto(f"{shop.url}/s/nothing"),
    }


@BOTH
def test_every_page_fits_a_phone_and_a_wide_screen(shop: Shop, language: str, tmp_path: Path) -> None:
    for name, lead in views(shop).items():
        page = shop.window(PHONE, language=language, scripts=True).new_page()
        lead(page)
        for width, height in (WIDE, PHONE):
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=tmp_path / f"{name}-{language}-{width}.png", full_page=True)
            needed, given = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
            assert needed <= given, (name, width)
        page.context.close()


@BOTH
def test_every_page_is_for_everybody_by_day_and_by_night(shop: Shop, language: str) -> None:
    for place, (name, lead) in enumerate(views(shop).items()):
        if not schemes(language, place):
            continue
        page = shop.window(PHONE, language=language, scripts=True).new_page()
        lead(page)
        for scheme in schemes(language, place):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = Axe().run(page)
            assert found.violations_count == 0, f"{name}, {scheme}: {found.generate_report()}"
        page.context.close()
