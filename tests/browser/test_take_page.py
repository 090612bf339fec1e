"""A visitor takes what waits for them, in a real browser: WeChat's bridge is a page's own object here, and no WeChat answers."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import BOTH, PHONE, WIDE, Shop, schemes
from tests.browser.test_status_page import entered
from tests.fakes.wechat import APP_ID, MERCHANT, FakeWechat
from tests.gate.places import Place
from tests.gate.wire import CLAIMS
from tests.processes import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OPENID, PACKAGE = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "ABBQO+oYAAABAAAAAACE1WyucqAj4mjzA32oZxAAAADnGpep\"'<&/Q=="
ASKED = ["requestMerchantTransfer", {"mchId": MERCHANT, "appId": APP_ID, "package": PACKAGE}]
BRIDGE = """
window.asked = [];
window.WeixinJSBridge = {invoke: (...told) => { const heard = told.pop(); window.asked.push(told); heard({err_msg: ANSWER}); }};
"""


def bridge(answer: str) -> str:
    """WeChat's bridge, which gives this answer to everything."""
    return BRIDGE.replace("ANSWER", json.dumps(f"requestMerchantTransfer:{answer}"))


@pytest.fixture(scope="module")
def opened(place: Place, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A desk that pays by WeChat Pay, without a worker: nobody calls."""
    settings = FakeWechat(url="http://127.0.0.1:1").settings(tmp_path_factory.mktemp("keys"))
    headers = {"Authorization": f"Bearer {place.token('manager')}"}
    with (
        place.serve(port=free_port(), trusted_proxies="127.0.0.1", **settings) as served,
        httpx.Client(base_url=served.url, headers=headers, trust_env=False) as officer,
    ):
        yield Shop(served.url, browser, officer)


@pytest.fixture
def claim(shop: Shop, place: Place) -> dict[str, Any]:
    """A claim whose refund waits for the tap, as an answer of WeChat Pay would have left it."""
    claim = shop.lodge()
    shop.agree(claim["reference"])
    cashier = {"Authorization": f"Bearer {place.token('cashier')}", "Idempotency-Key": f"take-{claim['reference']}"}
    body = {"method": "transfer", "payee": {"account": OPENID, "name": "王小薇"}}
    payout = shop.officer.post(f"{CLAIMS}/{claim['reference']}/payouts", json=body, headers=cashier).raise_for_status().json()
    waits = "state = 'awaiting_visitor', needs_second = false, sent_at = proposed_at"
    left = f"UPDATE payout SET {waits}, take = ?, gateway = ? WHERE id = ?"
    with closing(sqlite3.connect(place.file, timeout=30)) as connection, connection:
        connection.execute(left, (PACKAGE, f"wechat:{MERCHANT}", int(payout["id"])))
    return claim


def shown(page: Page) -> tuple[bool, bool]:
    """Whether the page says where to take it, and whether it offers to."""
    return page.locator("#take-elsewhere").is_visible(), page.locator("#take").is_visible()


@BOTH
@pytest.mark.parametrize("answer", ["ok", "fail", "cancel"])
def test_in_wechat_the_button_opens_the_page_of_the_tap_with_just_these_values(
    shop: Shop, claim: dict[str, Any], language: str, answer: str, tmp_path: Path
) -> None:
    page = shop.window(language=language, scripts=True).new_page()
    page.add_init_script(bridge(answer))
    entered(page, shop, claim)
    expect(page.locator("#take")).to_be_visible()
    assert (shown(page), page.evaluate("window.asked")) == ((False, True), [])
    page.locator("#take").click()
    assert page.evaluate("window.asked") == [ASKED]
    said = page.locator("#take-said")
    texts = {"ok": said.get_attribute("data-after"), "fail": said.get_attribute("data-trouble"), "cancel": ""}
    expect(said).to_have_text(texts[answer] or "")
    page.locator("#take").click()
    assert page.evaluate("window.asked") == [ASKED, ASKED]
    page.screenshot(path=tmp_path / f"take-{answer}-{language}.png", full_page=True)


def test_a_bridge_that_comes_late_is_waited_for(shop: Shop, claim: dict[str, Any]) -> None:
    page = shop.window(scripts=True).new_page()
    entered(page, shop, claim)
    assert shown(page) == (True, False)
    page.evaluate(bridge("ok"))
    page.evaluate("document.dispatchEvent(new Event('WeixinJSBridgeReady'))")
    assert shown(page) == (False, True)
    page.locator("#take").click()
    assert page.evaluate("window.asked") == [ASKED]


@BOTH
@pytest.mark.parametrize("scripts", [False, True])
def test_elsewhere_and_without_scripts_the_page_says_where_to_open_it(
    shop: Shop, claim: dict[str, Any], language: str, scripts: bool, tmp_path: Path
) -> None:
    page = shop.window(language=language, scripts=scripts).new_page()
    entered(page, shop, claim)
    assert shown(page) == (True, False)
    page.screenshot(path=tmp_path / f"elsewhere-{language}.png", full_page=True)


@BOTH
def test_the_page_is_for_everybody_in_wechat_and_elsewhere(shop: Shop, claim: dict[str, Any], language: str) -> None:
    for inside in (True, False):
        page = shop.window(PHONE, language=language, scripts=True).new_page()
        if inside:
            page.add_init_script(bridge("ok"))
        entered(page, shop, claim)
        for width, height in (WIDE, PHONE):
            page.set_viewport_size({"width": width, "height": height})
            needed, given = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
            assert needed <= given, (inside, width)
        for scheme in schemes(language, int(inside)):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = Axe().run(page)
            assert found.violations_count == 0, f"{inside}, {scheme}: {found.generate_report()}"
        page.context.close()
