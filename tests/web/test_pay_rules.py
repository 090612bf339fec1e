"""What keeps a payout from being made, made twice, or taken back: through the routes, on both engines."""

import pytest

from tests.till import Till
from tests.web.front import Front, problem, yuan
from tests.web.test_steps_pay import CASH, PAYOUTS, entries, fund, notices, proposed, refused, step


async def test_a_claim_has_one_payout_at_a_time_and_a_new_one_after_a_cancelled_one(till: Front) -> None:
    reference, payout = await proposed(till)
    assert problem(await till.post(f"{reference}/payouts", "cai", CASH)) == (409, "payout_exists")
    assert (await step(till, payout, "cancel"))["state"] == "cancelled"
    assert (await fund(till))["available"] == "100000.00"
    assert (await till.status(await till.slip(reference)))["stage"] == "refund_agreed"
    again = await till.post(f"{reference}/payouts", "cai", CASH)
    assert again.json()["id"] != payout["id"]
    for name in ("send", "received"):
        await step(till, again.json(), name)
    assert problem(await till.post(f"{reference}/payouts", "cai", CASH)) == (409, "payout_exists")
    listed = (await till.get(f"{reference}/payouts", "ma")).json()["payouts"]
    assert [one["state"] for one in listed] == ["cancelled", "settled"]


async def test_cash_that_was_not_taken_is_taken_back(till: Front) -> None:
    reference, payout = await proposed(till)
    await step(till, payout, "send")
    assert (await step(till, payout, "cancel"))["state"] == "failed"
    assert (await fund(till))["available"] == "100000.00"
    shown = await till.status(await till.slip(reference))
    assert (shown["stage"], shown["amounts"]["sent_at"]) == ("refund_agreed", None)
    assert await entries(till) == ["payout_proposed", "payout_sent", "payout_failed"]
    assert problem(await till.call("POST", f"{PAYOUTS}/{payout['id']}/received", "chen", json={})) == (409, "wrong_moment")


@pytest.mark.parametrize("state", ["received", "awaiting_information", "docketed", "refused", "withdrawn"])
async def test_no_other_claim_is_paid(till: Front, state: str) -> None:
    reference = await till.brought_to(state)
    assert problem(await till.post(f"{reference}/payouts", "chen", CASH)) == (409, "wrong_moment")
    assert await till.counted("payout") == 0


async def test_a_gateway_needs_an_account_and_a_desk_that_has_one(till: Front) -> None:
    reference = await Till(till.house).agreed()
    nobody = await till.post(f"{reference}/payouts", "chen", {"method": "transfer", "payee": {"name": "王小薇"}})
    assert (problem(nobody), nobody.json()["errors"][0]["pointer"]) == ((422, "bad_input"), "/payee/account")
    assert await till.counted("payout") == 0


async def test_a_fund_too_short_refuses_leaves_the_claim_and_tells_manager_and_respondent_once(till: Front) -> None:
    reference = await Till(till.house).agreed()
    await Till(till.house).top_down("127.99")
    for _ in range(2):
        assert problem(await till.post(f"{reference}/payouts", "chen", CASH)) == (409, "fund_insufficient")
    assert (await till.claim(reference)).state == "fast_refund"
    assert await till.counted("payout") == 0
    assert await notices(till) == ["fund_short"]
    kinds = [event.kind for event in await till.events(reference)]
    assert (kinds.count("notice_opened"), kinds.count("respondent_notified")) == (1, 1)
    topped = await till.call(
        "POST", "/api/v1/sites/huangshan/fund/top-ups", "ma", json={"amount": yuan("0.01"), "source": "site"}
    )  # fmt: skip
    assert topped.status_code == 201
    assert (await till.post(f"{reference}/payouts", "chen", CASH)).status_code == 201
    assert await notices(till) == []
    assert (await fund(till))["available"] == "0.00"


async def test_the_same_key_pays_once_and_answers_the_same_bytes(till: Front) -> None:
    reference = await Till(till.house).agreed()
    first = await till.post(f"{reference}/payouts", "chen", CASH, key="a-key")
    again = await till.post(f"{reference}/payouts", "chen", CASH, key="a-key")
    assert (first.status_code, again.status_code, again.headers["idempotent-replayed"]) == (201, 201, "true")
    assert first.content == again.content
    other = await till.post(f"{reference}/payouts", "chen", {**CASH, "amount": yuan("1.00")}, key="a-key")
    assert problem(other) == (422, "idempotency_key_reused")
    path = f"{PAYOUTS}/{first.json()['id']}/send"
    sent = [await till.call("POST", path, "chen", json={}, key="send-key") for _ in range(2)]
    assert sent[0].content == sent[1].content
    assert await refused(till, first.json(), "send") == (409, "wrong_moment")
    assert await entries(till) == ["payout_proposed", "payout_sent"]


@pytest.mark.parametrize("state", ["awaiting_approval", "reserved"])
async def test_withdrawing_cancels_what_has_not_left(till: Front, state: str) -> None:
    payout_id = await Till(till.house).brought_to(state)
    shown = (await till.call("GET", f"{PAYOUTS}/{payout_id}", "ma")).json()
    slip = await till.slip(shown["reference"])
    assert (await till.visit(slip, "withdraw")).status_code == 200
    assert (await Till(till.house).payout(payout_id)).state == "cancelled"
    assert (await till.claim(shown["reference"])).state == "withdrawn"
    assert (await fund(till))["available"] == "100000.00"
    assert problem(await till.call("POST", f"{PAYOUTS}/{payout_id}/send", "chen", json={})) == (409, "wrong_moment")


@pytest.mark.parametrize("state", ["sending", "awaiting_visitor", "unknown"])
async def test_nobody_withdraws_while_the_money_is_out(till: Front, state: str) -> None:
    payout_id = await Till(till.house).brought_to(state)
    reference = (await till.call("GET", f"{PAYOUTS}/{payout_id}", "ma")).json()["reference"]
    before = (await till.claim(reference)).version
    assert problem(await till.visit(await till.slip(reference), "withdraw")) == (409, "wrong_moment")
    assert problem(await till.post(f"{reference}/withdraw", "olga", {"text": "游客要求撤回"})) == (409, "wrong_moment")
    assert (await till.claim(reference)).version == before


@pytest.mark.parametrize("state", ["awaiting_approval", "reserved", "sending", "awaiting_visitor", "unknown"])
async def test_while_a_payout_is_under_way_nobody_objects_or_overrides(till: Front, state: str) -> None:
    payout_id = await Till(till.house).brought_to(state)
    reference = (await till.call("GET", f"{PAYOUTS}/{payout_id}", "ma")).json()["reference"]
    assert problem(await till.visit(await till.slip(reference), "object", text="我要求调解")) == (409, "wrong_moment")
    override = await till.post(f"{reference}/triage", "ma", {"override": "docket", "reason": "票据有疑问"})
    assert problem(override) == (409, "wrong_moment")
    assert (await till.claim(reference)).state == "fast_refund"


async def test_the_visitor_says_that_the_money_came_and_it_moves_nothing(till: Front) -> None:
    payout_id = await Till(till.house).brought_to("awaiting_visitor")
    reference = (await till.call("GET", f"{PAYOUTS}/{payout_id}", "ma")).json()["reference"]
    slip = await till.slip(reference)
    assert "say_received" in (await till.status(slip))["acts"]
    for _ in range(2):
        told = await till.visit(slip, "received")
        assert (told.status_code, told.json()["stage"]) == (200, "refund_sent")
    shown = await till.status(slip)
    assert "say_received" not in shown["acts"]
    assert shown["history"][0]["text"] == "You said that the money arrived."
    row = await Till(till.house).payout(payout_id)
    assert (row.state, row.said_received_at is not None) == ("awaiting_visitor", True)
    assert [one.kind for one in await till.events(reference)].count("payout_said_received") == 1
    early = await till.slip(await Till(till.house).agreed())
    assert problem(await till.visit(early, "received")) == (409, "wrong_moment")


async def test_two_persons_resolve_an_unknown_payout(till: Front) -> None:
    payout_id = await Till(till.house).brought_to("unknown")
    payout, said = {"id": payout_id}, {"outcome": "settled", "evidence": "网关对账单第 3 页"}
    first = await step(till, payout, "resolve", "chen", **said)
    assert (first["state"], first["resolve_as"]) == ("unknown", "settled")
    assert await refused(till, payout, "resolve", "chen", **said) == (409, "second_officer_needed")
    done = await step(till, payout, "resolve", "ma", **said)
    assert done["state"] == "settled"
    assert (await fund(till))["paid"] == "128.00"
    assert await refused(till, payout, "resolve", "cai", **said) == (409, "wrong_moment")


async def test_a_second_word_that_differs_becomes_the_first(till: Front) -> None:
    payout = {"id": await Till(till.house).brought_to("unknown")}
    await step(till, payout, "resolve", "cai", outcome="settled", evidence="短信截图")
    other = await step(till, payout, "resolve", "ma", outcome="failed", evidence="网关查无此单")
    assert (other["state"], other["resolve_as"]) == ("unknown", "failed")
    done = await step(till, payout, "resolve", "cai", outcome="failed", evidence="已电话核实")
    assert done["state"] == "failed"
    assert (await fund(till))["available"] == "100000.00"


async def test_lists_show_what_waits_page_by_page(till: Front) -> None:
    ids = [str(await Till(till.house).brought_to("awaiting_approval")) for _ in range(3)]
    await Till(till.house).brought_to("reserved")
    found, cursor = [], None
    while True:
        more: dict[str, str] = {"cursor": cursor} if cursor else {}
        answer = await till.call("GET", PAYOUTS, "ma", params={"state": "awaiting_approval", "limit": "2", **more})
        found += [one["id"] for one in answer.json()["payouts"]]
        if (cursor := answer.json()["next"]) is None:
            break
    assert found == ids
    assert len((await till.call("GET", PAYOUTS, "ma")).json()["payouts"]) == 4
    assert (await till.call("GET", PAYOUTS, "mona")).json()["payouts"] == []
