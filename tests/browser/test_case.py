"""The whole way of a small claim in a real browser without scripts: logged, assessed, agreed, approved, paid, followed."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import BOTH, PHONE, WIDE, Shop, leads_on, schemes
from tests.gate.places import Place
from tests.gate.wire import CLAIMS, claim_body

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SUM = {"zh-CN": "人民币 256.00 元", "en": "CNY 256.00"}
Enter = Callable[..., Page]


@pytest.fixture
def enter(shop: Shop, place: Place) -> Enter:
    """Signs an officer of a role in, in a window of their own."""

    def inside(role: str, language: str, *, size: tuple[int, int] = WIDE, scripts: bool = False) -> Page:
        page = shop.window(size, language=language, scripts=scripts).new_page()
        page.goto(f"{shop.url}/desk/sign-in")
        sites = ("huangshan", None)
        officer = next(each for each in place.officers if each["role"] == role and each["site"] in sites)
        page.locator("#name").fill(officer["name"])
        page.locator("#password").fill(officer["password"])
        page.locator("main button[type=submit]").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    return inside


def lodged(shop: Shop, place: Place, language: str) -> dict[str, Any]:
    """A claim of 256 yuan, logged by the intake officer: the manager shall be free to approve."""
    headers = {"Authorization": f"Bearer {place.token('intake')}", "Idempotency-Key": f"case-{language}"}
    body = claim_body(items=[{"kind": "refund", "asked": {"amount": "256.00", "currency": "CNY"}}], order_no=f"T-{language}")
    answer = httpx.post(
        f"{shop.url}{CLAIMS}", content=body, headers=headers | {"Content-Type": "application/json"}, trust_env=False
    )  # fmt: skip
    claim: dict[str, Any] = answer.raise_for_status().json()
    return claim


def press(page: Page, form: str) -> None:
    """Send the form that goes to this part of an address."""
    leads_on(page.locator(f'form[action$="{form}"] button[type=submit]').first)


@BOTH
def test_a_claim_goes_from_the_counter_to_the_visitors_hand(shop: Shop, place: Place, enter: Enter, language: str) -> None:
    slip = lodged(shop, place, language)
    reference = slip["reference"]
    claim = f"{shop.url}/desk/claims/{reference}"

    intake = enter("intake", language)
    intake.goto(claim)
    for test in ("not_at_fault", "facts_clear", "evidence_sufficient"):
        intake.locator(f'#assess-form input[name="{test}"][value="yes"]').check()
    intake.locator("#assess-basis").select_option("tourism_law_54")
    press(intake, "/assess")
    expect(intake.locator(".line-yes")).to_have_count(12)
    assert SUM[language] in intake.locator("#decide-form button").inner_text()
    press(intake, "/decide")
    intake.locator("#message-text").fill("We agree: you are paid today." if language == "en" else "已同意，今天付给您。")
    press(intake, "/message")

    cashier = enter("cashier", language)
    cashier.goto(f"{shop.url}/desk/pay")
    cashier.locator(f'a.button[href$="/{reference}/payouts"]').click()
    press(cashier, "/payouts")
    payout = cashier.url
    assert re.search(r"/desk/payouts/\d+$", payout)
    expect(cashier.locator('form[action$="/send"]')).to_have_count(0)

    manager = enter("manager", language, size=PHONE)
    manager.goto(f"{shop.url}/desk/approvals")
    press(manager, f"{httpx.URL(payout).path}/approve")
    expect(manager.locator('form[action$="/approve"]')).to_have_count(0)

    cashier.reload()
    assert SUM[language] in cashier.locator('form[action$="/send"] button').inner_text()
    press(cashier, "/send")
    press(cashier, "/received")

    visitor = shop.window(PHONE, language=language).new_page()
    visitor.goto(f"{shop.url}/s/{slip['status_url'].rpartition('/')[2]}")
    assert visitor.url == f"{shop.url}/status"
    told = visitor.locator("main").inner_text()
    assert SUM[language] in told
    assert ("已结束" if language == "zh-CN" else "Closed") in told


@BOTH
def test_two_officers_on_one_claim_both_keep_their_words(shop: Shop, enter: Enter, language: str) -> None:
    reference = shop.lodge()["reference"]
    first, second = enter("intake", language), enter("manager", language)
    for page in (first, second):
        page.goto(f"{shop.url}/desk/claims/{reference}")
    first.locator("#assess-note").fill("价签 28 元")
    press(first, "/assess")
    second.locator("#assess-note").fill("收据 156 元")
    press(second, "/assess")
    expect(second.locator(".conflict")).to_be_visible()
    assert "价签 28 元" in second.locator(".conflict").inner_text()
    assert second.locator("#assess-note").input_value() == "收据 156 元"
    press(second, "/assess")
    expect(second.locator(".conflict")).to_have_count(0)


@BOTH
def test_staff_pages_are_for_everybody(shop: Shop, enter: Enter, language: str) -> None:
    reference = shop.lodge()["reference"]
    pages = {
        "intake": (f"/desk/claims/{reference}", "/desk/account"),
        "manager": (
            "/desk/pay",
            "/desk/approvals",
            "/desk/notices",
            "/desk/fund/huangshan",
            "/desk/promises",
            "/desk/promises/huangshan/days",
            "/desk/promises/huangshan/missed",
            "/desk/follow-ups/huangshan",
            "/desk/pledges/huangshan",
        ),
        "admin": ("/desk/officers",),
    }
    for role, addresses in pages.items():
        page = enter(role, language, scripts=True)
        for place, address in enumerate(addresses):
            page.goto(f"{shop.url}{address}")
            for at_width, width in enumerate((PHONE[0], WIDE[0])):
                page.set_viewport_size({"width": width, "height": 900})
                for scheme in schemes(language, place + at_width):
                    page.emulate_media(color_scheme=scheme)
                    found = Axe().run(page).response["violations"]
                    assert [(address, each["id"], each["nodes"][0]["html"][:160]) for each in found] == []
                assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (address, width)


def test_the_door_is_for_everybody(shop: Shop) -> None:
    page = shop.window(PHONE, scripts=True).new_page()
    for address in ("/desk/sign-in", "/desk/nowhere"):
        page.goto(f"{shop.url}{address}")
        assert Axe().run(page).response["violations"] == []


@BOTH
def test_words_for_a_form_that_is_gone_stay_in_sight_of_everybody(shop: Shop, enter: Enter, language: str) -> None:
    reference = shop.lodge()["reference"]
    first, second = enter("intake", language), enter("manager", language, scripts=True)
    for page in (first, second):
        page.goto(f"{shop.url}/desk/claims/{reference}")
    first.locator("details:has(#withdraw-form) summary").click()
    first.locator("#withdraw-text").fill("游客说不用了")
    press(first, "/withdraw")
    second.locator("details:has(#override-form) summary").click()
    second.locator("#override-reason").fill("要听双方的")
    press(second, "/override")
    expect(second.locator("#override-reason")).to_have_count(0)
    assert "游客说不用了" in second.locator(".conflict").first.inner_text()
    assert "要听双方的" in second.locator("#override-form").inner_text()
    for width in (PHONE[0], WIDE[0]):
        second.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            second.emulate_media(color_scheme=scheme)
            assert [each["id"] for each in Axe().run(second).response["violations"]] == []
        assert second.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
