"""The receipt of a payout: printed once the money was handed over, in Chinese and in the visitor's language, never before."""

import html
import re

import pytest

from tests.cast import VISITOR_NAME
from tests.till import Till
from tests.web.console import seat
from tests.web.front import Front


def words(page: str) -> str:
    """The text of a page in one line."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.mark.parametrize("state", ["awaiting_visitor", "settled"])
async def test_cash_that_was_handed_over_has_a_receipt_to_sign(till: Front, state: str) -> None:
    payout_id = await Till(till.house).brought_to(state, asked="128.05")
    chen = await seat(till, "chen")
    assert f'href="/desk/payouts/{payout_id}/receipt"' in (await chen.get(f"/desk/payouts/{payout_id}")).text
    events = await till.counted("event")
    answer = await chen.get(f"/desk/payouts/{payout_id}/receipt")
    shown, reference = words(answer.text), (await till.call("GET", f"/api/v1/payouts/{payout_id}", "chen")).json()["reference"]
    assert answer.status_code == 200
    for told in (
        "赔付收据", f"payout-{payout_id}", reference, "人民币 128.05 元", "人民币壹佰贰拾捌元零伍分", "王***", "Chen",
        "（UTC+08:00）", "签名只确认：上列现金已当面收到，并已点清。", "游客签名", "2026年9月8日",
    ):  # fmt: skip
        assert told in shown, told
    assert (VISITOR_NAME in shown, "Signing confirms" in shown) == (False, False)
    assert ("go back and record it" in shown) is (state == "awaiting_visitor")
    assert await till.counted("event") == events


async def test_a_visitor_of_another_language_reads_it_below_the_chinese(till: Front) -> None:
    payout_id = await Till(till.house).brought_to("settled", language="en")
    shown = words((await (await seat(till, "chen")).get(f"/desk/payouts/{payout_id}/receipt?size=a5", "zh-CN")).text)
    for told in (
        "人民币壹佰贰拾捌元整", "CNY 128.00", "Tuesday 8 September 2026", "Visitor's signature",
        "Signing confirms only this: I received this cash and counted it.", "游客签名",
    ):  # fmt: skip
        assert told in shown, told
    assert shown.count("壹佰贰拾捌元整") == 1


async def test_what_the_gateway_settled_has_one_too_and_none_once_it_came_back(till: Front) -> None:
    payout_id = await Till(till.house).brought_to("arrived")
    chen = await seat(till, "chen")
    shown = words((await chen.get(f"/desk/payouts/{payout_id}/receipt")).text)
    assert ("签名只确认：上列款项已收到。" in shown, "****" in shown) == (True, True)
    for by in ("chen", "ma"):
        answer = await till.call("POST", f"/api/v1/payouts/{payout_id}/returned", by, json={"evidence": "银行回单"})
        assert answer.status_code == 200
    assert (await chen.get(f"/desk/payouts/{payout_id}/receipt")).status_code == 409
    assert "/receipt" not in (await chen.get(f"/desk/payouts/{payout_id}")).text


@pytest.mark.parametrize("state", ["awaiting_approval", "reserved", "sending", "unknown", "failed", "cancelled"])
async def test_nothing_is_printed_before_the_money_was_handed_over(till: Front, state: str) -> None:
    payout_id = await Till(till.house).brought_to(state)
    chen = await seat(till, "chen")
    for language, said in (
        ("en", "Hand the money over first. Then print the receipt."), ("zh-CN", "钱交到游客手里以后，才能打印收据。"),
    ):  # fmt: skip
        answer = await chen.get(f"/desk/payouts/{payout_id}/receipt", language)
        assert (answer.status_code, said in answer.text, "赔付收据" in answer.text) == (409, True, False)
        assert f"/desk/payouts/{payout_id}/receipt" not in (await chen.get(f"/desk/payouts/{payout_id}", language)).text
