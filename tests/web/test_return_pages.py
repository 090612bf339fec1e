"""Returns on the pages of staff and visitors: each form takes its step once, a refusal keeps what was typed."""

import re
from datetime import date

import pytest

from desk.domain.claim import Channel
from tests.returns import BOUGHT, ITEM, Goods
from tests.web.console import seat
from tests.web.front import Front, form_key, moved

SOUND = {"custom_made": "no", "altered": "no", "damaged_in_transport": "no"}
XSS = '<img src=x onerror="alert(1)">'
PEER = "192.0.2.91"


def said(page: str) -> str:
    """The words of a page's part about the return."""
    part = (
        page.partition('id="return"')[2].partition("</section>")[0]
        or page.partition("return-heading")[2].partition("</section>")[0]
    )
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part))


async def test_from_the_claims_page_to_the_tills_page(sqlite_till_front: Front) -> None:
    front, goods = sqlite_till_front, Goods(sqlite_till_front.house)
    await goods.pledge()
    reference = await goods.lodged()
    home, olga = f"/desk/claims/{reference}", await seat(front, "olga")
    assert "This merchant takes goods back within 30 days." in said((await olga.get(home)).text)
    answer = await olga.submit(home, f"{home}/return", item=f"{ITEM} {XSS}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{home}#return")
    shown = (await olga.get(home)).text
    assert XSS not in shown
    assert all(part in shown for part in ("The return was started. Answer the visitor within two hours.", "Waits for an answer"))
    await olga.submit(home, f"{home}/return-answer")
    assert "Return agreed; the visitor brings the goods." in (await olga.get(home)).text
    await olga.submit(home, f"{home}/return-back", condition="完好", amount="￥100", **SOUND)
    shown = (await olga.get(home)).text
    assert "The goods are back, and a refund of CNY 100.00 is agreed." in shown
    assert "Refund decided CNY 100.00" in said(shown)
    chen = await seat(front, "chen")
    listed = (await chen.get("/desk/pay")).text
    assert "For returned goods" in listed
    assert f'href="{home}"' not in listed
    assert f'href="{home}/payouts"' in listed
    paid = await chen.submit(f"{home}/payouts", f"{home}/payouts", method="cash")
    assert paid.headers["location"].startswith("/desk/payouts/")
    refused = (await olga.get(home)).text
    assert f"{home}/return-refuse" not in refused
    ma = await seat(front, "ma")
    assert 'class="button"' in (await ma.get(home)).text
    assert reference in (await olga.get("/desk?view=returns")).text


@pytest.mark.parametrize(
    ("form", "typed", "words"),
    [
        ("return-answer", {"note": "", "invoice_no": "FP-77"}, "Say why."),
        ("return-answer", {"purchased_on": "2026-09-09", "note": "甲"}, "Enter today or an earlier date."),
        ("return-back", {"condition": "", "amount": "50"}, "Fill this in."),
        ("return-back", {"condition": "乙", "amount": "viel"}, "Enter an amount"),
        ("return-back", {"condition": "丙", "amount": "500"}, "More than"),
        ("return-refuse", {"reason": "altered", "note": ""}, "Say why."),
    ],
)
async def test_a_refused_form_keeps_what_was_typed(sqlite_front: Front, form: str, typed: dict[str, str], words: str) -> None:
    goods = Goods(sqlite_front.house)
    await goods.pledge()
    reference = await goods.lodged(purchased_on=date(2026, 8, 1))
    await goods.start(reference)
    home, olga = f"/desk/claims/{reference}", await seat(sqlite_front, "olga")
    answer = await olga.submit(home, f"{home}/{form}", **typed)
    assert answer.status_code in (409, 422)
    assert words in answer.text or words == "More than"
    for value in typed.values():
        assert not value or value in answer.text
    assert (await goods.row(reference)).answer is None


async def test_a_colleague_was_first_and_the_page_shows_both_texts(sqlite_front: Front) -> None:
    reference = await Goods(sqlite_front.house).brought_to("asked")
    home, olga = f"/desk/claims/{reference}", await seat(sqlite_front, "olga")
    opened = (await olga.get(home)).text
    await Goods(sqlite_front.house).refuse(reference, by=sqlite_front.house.cast.otto)
    form = opened.partition(f'action="{home}/return-back"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    answer = await olga.post(f"{home}/return-back", {**fields, "condition": "我看过了，完好"})
    assert answer.status_code == 409
    assert all(part in answer.text for part in ("我看过了，完好", "盒子已拆，少了两包", "Otto"))


async def test_the_register_and_the_rule_speak_on_the_claims_page(sqlite_front: Front) -> None:
    goods, olga = Goods(sqlite_front.house), await seat(sqlite_front, "olga")
    reference = await goods.lodged(purchased_on=date(2026, 8, 8), order_no=None)
    home = f"/desk/claims/{reference}"
    assert "No pledge covers this purchase." in said((await olga.get(home)).text)
    await goods.pledge()
    await goods.start(reference)
    told = said((await olga.get(home)).text)
    late = "The return could be asked for until Monday 7 September 2026. It was asked for on Tuesday 8 September 2026."
    assert late in told
    assert "The pledge asks for an invoice or receipt." in told
    assert "Still open: whether it was made to order, whether it was changed, and whether it was damaged in transport." in told
    zh = said((await olga.get(home, language="zh-CN")).text)
    assert "退货最晚2026年9月7日星期一提出。" in zh


async def test_vera_is_offered_a_return_where_a_pledge_covers_it_and_reads_how_it_went(sqlite_front: Front) -> None:
    front, goods = sqlite_front, Goods(sqlite_front.house)
    await goods.pledge(exclusions=())
    reference = await goods.lodged(channel=Channel.COUNTER, order_no=None)
    client = front.from_network(PEER)
    await client.get(f"/s/{(await front.slip(reference)).token}")
    shown = (await client.get("/status?lang=en")).text
    assert "Ask by Thursday 1 October 2026." in said(shown)
    assert 'name="purchased_on"' not in shown  # told when the claim was lodged, and asked once
    key = form_key(shown, "start_return")
    missing = await client.post("/status/start_return?lang=en", data={"key": key, "item": " ", "invoice_no": "FP-1"})
    assert (missing.status_code, 'value="FP-1"' in missing.text) == (422, True)
    for _ in range(2):
        answer = await client.post("/status/start_return", data={"key": key, "item": f"茶 {XSS}", "invoice_no": "FP-1"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/status")
    assert moved(await front.events(reference)) == ("moved", "start_return", "received", "returning", "visitor", None)
    row = await goods.row(reference)
    assert (row.purchased_on, row.invoice_no, await front.counted("goods_return")) == (BOUGHT, "FP-1", 1)
    shown = (await client.get("/status?lang=en")).text
    assert XSS not in shown
    assert "Waits for an answer" in said(shown)
    assert "/status/start_return" not in shown
    await goods.refuse(reference, "altered")
    shown = (await client.get("/status?lang=en")).text
    assert "The goods were not taken back: The pledge does not cover goods the buyer changed. Your claim goes on" in said(shown)
    assert "盒子已拆" not in shown
    assert "/status/start_return" in shown
    assert "没有同意退货：改动过的商品不在退货承诺里。您的诉求继续处理" in said((await client.get("/status?lang=zh-CN")).text)


@pytest.mark.parametrize("why", ["no pledge", "too late", "decided"])
async def test_a_return_is_not_offered_where_it_would_come_to_nothing(sqlite_front: Front, why: str) -> None:
    goods = Goods(sqlite_front.house)
    if why != "no pledge":
        await goods.pledge()
    reference = await goods.lodged(purchased_on=date(2026, 8, 8) if why == "too late" else BOUGHT)
    if why == "decided":
        await sqlite_front.house.assess(reference)
        await sqlite_front.house.confirm(reference, "fast_refund")
    client = sqlite_front.from_network(PEER)
    await client.get(f"/s/{(await sqlite_front.slip(reference)).token}")
    assert "start_return" not in (await client.get("/status")).text
