"""What a visitor's app needs to take the money that waits for them: handed to whoever holds the slip, for as long as it waits."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from desk.actions import payout_words
from desk.ports import TakingApp, Work
from desk.web.headers import CSP, CSP_WITH_OWN_SCRIPTS
from tests.builders import TERMS, open_house
from tests.cast import Cast
from tests.till import Till
from tests.web.console import seat
from tests.web.front import Front, Slip, opened_front
from tests.web.test_gateway_events import send, told

PACKAGE, NEWER = "ABBQO+oYAAABAAAAAACE1Q==", "ABBQO+oYAAABAAAAAACE1R=="
TAKE = {"app": "wechat", "merchant": "1900001109", "app_id": "wxf636efh567hg4356", "package": PACKAGE}
PEER = "192.0.2.90"


async def paying(till: Front) -> tuple[int, Slip]:
    """A transfer on its way, and the slip of its claim."""
    reference = await Till(till.house).agreed()
    payout_id = (await Till(till.house).propose(reference, method="transfer")).payout.id
    await Till(till.house).send(payout_id)
    return payout_id, await till.slip(reference)


async def waiting(till: Front, take: str | None = PACKAGE) -> tuple[int, Slip]:
    """A transfer that waits for its visitor."""
    payout_id, slip = await paying(till)
    await Till(till.house).called(payout_id, "awaiting_visitor", take=take)
    return payout_id, slip


async def kept(till: Front, payout_id: int) -> str | None:
    """What the row holds."""
    return (await Till(till.house).payout(payout_id)).take


@pytest.mark.parametrize("end", ["settled", "failed"])
async def test_the_slip_opens_it_while_the_money_waits_and_it_is_gone_with_the_waiting(till: Front, end: str) -> None:
    payout_id, slip = await paying(till)
    assert (await till.status(slip))["take"] is None
    await Till(till.house).called(payout_id, "awaiting_visitor", take=PACKAGE)
    assert (await till.status(slip))["take"] == (await till.status(slip, "zh-CN"))["take"] == TAKE
    assert (await till.look(slip.pair)).json()["take"] == TAKE
    for body in ({**slip.pair, "access_code": "00000000"}, {"token": slip.token[:-1] + "x"}):
        refused = await till.look(body, PEER)
        assert (refused.status_code, PACKAGE in refused.text) == (404, False)
    till.house.clock.go(seconds=61)
    await Till(till.house).asked(payout_id, end)
    assert ((await till.status(slip))["take"], await kept(till, payout_id)) == (None, None)


async def test_nobody_else_is_told_it(till: Front) -> None:
    payout_id, slip = await waiting(till)
    shown = [repr(await till.events(slip.reference)), repr(await Till(till.house).payout(payout_id))]
    for path in (f"/api/v1/payouts/{payout_id}", f"/api/v1/claims/{slip.reference}", f"/api/v1/claims/{slip.reference}/events"):
        shown += [(await till.call("GET", path, officer)).text for officer in ("chen", "ma", "otto")]
    assert [each for each in shown if PACKAGE in each] == []
    assert await kept(till, payout_id) == PACKAGE


async def test_what_a_later_answer_brings_is_read_at_once(till: Front) -> None:
    payout_id, slip = await waiting(till, take=None)
    assert (await till.status(slip))["take"] is None
    version = (await till.claim(slip.reference)).version
    for take, shown in ((PACKAGE, PACKAGE), (None, PACKAGE), (PACKAGE, PACKAGE), (NEWER, NEWER)):
        till.house.clock.go(seconds=61)
        await Till(till.house).asked(payout_id, "awaiting_visitor", take=take)
        assert (await till.status(slip))["take"] == {**TAKE, "package": shown}
    assert (await till.claim(slip.reference)).version == version + 2
    till.house.clock.go(seconds=61)
    await Till(till.house).asked(payout_id, "unclear")
    shown = await till.status(slip)
    assert (shown["take"], "Take it on your status page in WeChat" in shown["sentence"]) == ({**TAKE, "package": NEWER}, True)


async def test_an_answer_that_a_message_overtook_still_brings_it(till: Front) -> None:
    payout_id, slip = await paying(till)
    held = await Till(till.house).lease("send_payout")
    assert await till.house.desk.write(payout_words.begin_send, held, payout_id) is not None
    await send(till, told(payout_id, "payout.awaiting_visitor"))
    assert (await till.status(slip))["take"] is None
    await Till(till.house).heard(held, payout_id, "awaiting_visitor", take=PACKAGE)
    assert (await till.status(slip))["take"] == TAKE


@pytest.mark.parametrize("heard", ["settled", "failed", "unclear"])
async def test_no_other_word_leaves_anything(till: Front, heard: str) -> None:
    payout_id, slip = await paying(till)
    await Till(till.house).called(payout_id, heard, take=PACKAGE)
    assert ((await till.status(slip))["take"], await kept(till, payout_id)) == (None, None)


async def test_a_desk_that_pays_by_another_gateway_now_hands_nothing_on(till_of_ones_own: tuple[str, Cast]) -> None:
    database, cast = till_of_ones_own
    async with open_house(database, cast=cast) as house, opened_front(house) as front:
        _, slip = await waiting(front)
        assert (await front.status(slip))["take"] == TAKE
    async with open_house(database, cast=cast, gateway=None) as house, opened_front(house) as front:
        assert (await front.status(slip))["take"] is None


async def test_another_merchant_of_the_same_wallet_hands_on_nothing_of_the_old_ones(till_of_ones_own: tuple[str, Cast]) -> None:
    database, cast = till_of_ones_own
    async with open_house(database, cast=cast) as house, opened_front(house) as front:
        _, slip = await waiting(front)
        assert "Take it on your status page in WeChat" in (await front.status(slip))["sentence"]
    other = replace(TERMS, name="wechat:1900000109", taken_in=TakingApp("wechat", "1900000109", "wxf636efh567hg4356"))
    async with open_house(database, cast=cast, gateway=other) as house, opened_front(house) as front:
        shown = await front.status(slip)
        assert (shown["take"], "Take it on your status page in WeChat" in shown["sentence"]) == (None, False)
        assert PACKAGE not in (await page(front, slip)).text
        payout_id, newer = await waiting(front, NEWER)
        assert (await front.status(newer))["take"] == {**TAKE, "merchant": "1900000109", "package": NEWER}
        assert (await Till(house).payout(payout_id)).gateway == "wechat:1900000109"


@pytest.mark.parametrize(
    "change", ["state = 'unknown'", "state = 'failed'", "method = 'cash'", f"take = '{'x' * 1025}'"], ids=lambda text: text[:18]
)  # fmt: skip
async def test_the_database_keeps_it_for_a_transfer_that_waits_and_for_nothing_else(till: Front, change: str) -> None:
    payout_id, _ = await waiting(till, take="x" * 1024)
    with pytest.raises(IntegrityError, match=r"ck_payout_take_(length|while_awaited)"):
        await till.house.desk.write(_change, payout_id, change)
    assert await kept(till, payout_id) == "x" * 1024


def _change(work: Work, payout_id: int, change: str) -> None:
    work.conn.execute(text(f"UPDATE payout SET {change} WHERE id = {payout_id}"))


async def page(till: Front, slip: Slip, language: str = "en") -> Any:  # noqa: ANN401 - a response
    """The status page as this slip opens it."""
    client = till.from_network(PEER)
    assert (await client.get(f"/s/{slip.token}")).status_code == 303
    return await client.get(f"/status?lang={language}")


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Open this page in WeChat: scan the code"), ("zh-CN", "请用微信打开这一页：用微信扫")]
)
async def test_the_page_says_where_to_take_it_and_may_run_our_own_scripts_only_then(
    till: Front, language: str, said: str
) -> None:
    payout_id, slip = await waiting(till)
    shown = await page(till, slip, language)
    assert (said in shown.text, shown.text.count("<script"), shown.text.count(PACKAGE)) == (True, 1, 1)
    assert '<script type="module" src="/static/take.js"></script>' in shown.text
    assert shown.headers["content-security-policy"] == CSP_WITH_OWN_SCRIPTS == f"{CSP}; script-src 'self'"
    module = await till.call("GET", "/static/take.js")
    assert (module.status_code, module.headers["content-type"].partition(";")[0]) == (200, "text/javascript")
    till.house.clock.go(seconds=61)
    await Till(till.house).asked(payout_id, "settled")
    shown = await page(till, slip, language)
    assert (said in shown.text, "<script" in shown.text, shown.headers["content-security-policy"]) == (False, False, CSP)


async def test_what_waits_without_a_package_has_an_ordinary_page(till: Front) -> None:
    _, slip = await waiting(till, take=None)
    shown = await page(till, slip)
    assert ("take-heading" in shown.text, "<script" in shown.text) == (False, False)
    assert shown.headers["content-security-policy"] == CSP


@pytest.mark.parametrize(
    ("take", "english", "chinese"),
    [
        (PACKAGE, "who takes it in WeChat on their status page, tomorrow by", "请游客明天 09:3"),
        (None, "WeChat gave no button to take it with; it comes back tomorrow by", "微信没给收款按钮，游客收不了；明天 09:3"),
    ],
    ids=["with a button", "without"],
)
async def test_the_cashier_reads_what_the_visitor_has_to_do_and_until_when(
    till: Front, take: str | None, english: str, chinese: str
) -> None:
    payout_id, _ = await waiting(till, take)
    chen, address = await seat(till, "chen"), f"/desk/payouts/{payout_id}"
    shown = [(await chen.get(address, language)).text for language in ("en", "zh-CN")]
    assert (english in shown[0], chinese in shown[1], PACKAGE in "".join(shown)) == (True, True, False)
    till.house.clock.go(hours=25)
    chen = await seat(till, "chen")
    assert "waits for the visitor to accept it; what nobody accepts comes back." in (await chen.get(address)).text
