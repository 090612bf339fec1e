"""A contradiction that is no message but the answer to a call of ours: a manager looks at it and settles it all the same."""

from typing import Any

import pytest

from desk.actions.payout_words import QUERY, begin_query, begin_send, end_query
from desk.actions.payouts import SEND
from desk.domain.payout import Heard
from desk.ports import Word
from tests.till import Till
from tests.web.console import seat
from tests.web.front import Front
from tests.web.test_contradictions import is_sound
from tests.web.test_gateway_events import send, told
from tests.web.test_gateway_messages import PAGE, dismiss, listed
from tests.web.test_steps_pay import CASH, notices, step


async def resolved_while_called(till: Front, outcome: str) -> tuple[int, Any]:
    """A payout that two persons said what became of while its first call was still open, and the job of that call."""
    short = Till(till.house)
    payout_id = await short.brought_to("sending")
    held = await short.lease(SEND)
    assert await till.house.desk.write(begin_send, held, payout_id) is not None
    await short.heard(held, payout_id, "unclear")
    till.house.clock.go(seconds=31)
    held = await short.lease(QUERY)
    assert await till.house.desk.write(begin_query, held, payout_id) is not None
    for officer in (till.house.cast.cai, till.house.cast.ma):
        await short.resolve(payout_id, outcome, officer)
    return payout_id, held


@pytest.mark.parametrize(("resolved", "answered"), [("failed", "settled"), ("failed", "awaiting_visitor"), ("settled", "failed")])
async def test_it_is_listed_and_its_notice_ends_when_the_manager_has_looked(till: Front, resolved: str, answered: str) -> None:
    payout_id, held = await resolved_while_called(till, resolved)
    await till.house.desk.write(end_query, held, payout_id, Word(Heard(answered), "gw-1", "test"))
    assert ((await Till(till.house).payout(payout_id)).state, await notices(till)) == (resolved, ["gateway_contradicts"])
    (found,) = await listed(till)
    assert found.items() >= {
        "type": f"answer.{answered}", "fate": "late", "why": "contradicts", "key": f"payout-{payout_id}", "gateway_id": "gw-1",
        "payout": str(payout_id), "booked": {"amount": "128.00", "currency": "CNY"}, "told": None,
    }.items()  # fmt: skip
    assert found["message"].startswith("answer.")
    ma = await seat(till, "ma")
    shown = (await ma.get(PAGE)).text
    assert ("The gateway&#39;s answer to a call of the desk:" in shown, "Do not pay again." in shown) == (True, True)
    assert "网关对系统请求的答复：" in (await ma.get(PAGE, "zh-CN")).text
    await is_sound(till)
    assert (await dismiss(till, found["id"])).status_code == 200
    assert await notices(till) == []
    await is_sound(till)


async def test_an_answer_of_another_amount_about_money_that_the_books_deny_is_the_same_doubt(till: Front) -> None:
    payout_id, held = await resolved_while_called(till, "failed")
    await till.house.desk.write(end_query, held, payout_id, Word(Heard.SETTLED, "gw-1", "test", 12_801, "CNY"))
    assert await notices(till) == ["gateway_contradicts"]
    (found,) = await listed(till)
    assert found["told"] == {"amount": "128.01", "currency": "CNY"}
    await is_sound(till)


async def test_a_send_that_ends_after_a_failure_was_booked_holds_the_next_payout_back_until_somebody_looked(till: Front) -> None:
    short = Till(till.house)
    payout_id = await short.brought_to("sending")
    held = await short.lease(SEND)
    assert await till.house.desk.write(begin_send, held, payout_id) is not None
    reference = (await till.call("GET", f"/api/v1/payouts/{payout_id}", "chen")).json()["reference"]
    assert (await send(till, told(payout_id, "payout.failed"), "failed")).json() == {"fate": "moved"}
    again = (await till.post(f"{reference}/payouts", "chen", CASH)).json()
    assert (again["state"], again["review"]) == ("reserved", [])
    await short.heard(held, payout_id, "settled")
    shown = (await till.call("GET", f"/api/v1/payouts/{again['id']}", "chen")).json()
    assert (shown["state"], shown["review"]) == ("awaiting_approval", ["gateway_contradicts"])
    (found,) = await listed(till)
    assert found["type"] == "answer.settled"
    await dismiss(till, found["id"])
    await step(till, again, "approve", "ma")
    assert (await step(till, again, "send"))["state"] == "awaiting_visitor"
    assert await notices(till) == []
    await is_sound(till)


async def test_money_that_waits_under_another_amount_is_told_once_and_asked_for_on(till: Front) -> None:
    short = Till(till.house)
    payout_id = await short.brought_to("sending")
    await short.called(payout_id, "awaiting_visitor")
    for minor in (12_801, 12_801, 12_802):
        till.house.clock.go(hours=1)
        held = await short.lease(QUERY)
        assert await till.house.desk.write(begin_query, held, payout_id) is not None
        await till.house.desk.write(end_query, held, payout_id, Word(Heard.SETTLED, "gw-1", "test", minor, "CNY"))
    assert (await Till(till.house).payout(payout_id)).state == "awaiting_visitor"
    found = await listed(till)
    assert [(one["type"], one["fate"], one["why"], one["told"]["amount"]) for one in found] == [
        ("answer.settled", "parked", "wrong_amount", amount) for amount in ("128.02", "128.01")
    ]
    assert "Do not pay again until you know." in (await (await seat(till, "ma")).get(PAGE)).text
    await is_sound(till)
    assert [(await dismiss(till, one["id"])).status_code for one in found] == [200, 200]
    await is_sound(till)
    till.house.clock.go(hours=1)
    held = await short.lease(QUERY)
    await till.house.desk.write(end_query, held, payout_id, Word(Heard.SETTLED, "gw-1", "test", 12_800, "CNY"))
    assert (await Till(till.house).payout(payout_id)).state == "settled"
    await is_sound(till)
