"""Returns through their routes, on both engines: each step leaves its row, event, clock, posting and sentence, or nothing."""

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, select

from desk.actions.clocks import see_to_clocks
from desk.domain.claim import Item, ItemKind
from desk.domain.errors import WrongMoment
from desk.reads.till import to_pay
from desk.store.tables import metadata
from tests.builders import all_of
from tests.returns import BOUGHT, ITEM, Goods
from tests.till import Till
from tests.web.front import Front, flaw, last, moved, problem
from tests.web.front import yuan as money
from tests.web.test_steps_pay import entries, fund

RECOVERY = metadata.tables["recovery"]
RETURNS = "/api/v1/returns"
SOUND = {"custom_made": "no", "altered": "no", "damaged_in_transport": "no"}
CASH = {"method": "cash"}


async def start(front: Front, reference: str, by: str = "olga", **told: Any) -> Any:  # noqa: ANN401 - an answer
    """Ask for a return at the counter."""
    return await front.call("POST", RETURNS, by, json={"reference": reference, "item": ITEM, **told})


async def step(front: Front, reference: str, name: str, by: str = "olga", **told: Any) -> Any:  # noqa: ANN401 - JSON
    """Take a step of a return that is allowed."""
    answer = await front.post(f"{reference}/return/{name}", by, told)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def clocks(front: Front, reference: str) -> dict[str, str]:
    """The states of the clocks that a return touches."""
    found = await front.clocks(reference)
    names = ("first_answer", "acceptance", "return_answer", "return_close")
    return {name: found[name] for name in names if name in found}


async def stands(front: Front) -> tuple[int, ...]:
    """How much is written: nothing of it may change by a refusal."""
    return tuple([await front.counted(table) for table in ("event", "goods_return", "clock", "fund_entry", "pledge")])


async def test_from_the_request_to_the_money(till: Front) -> None:
    await Goods(till.house).pledge()
    reference = await Goods(till.house).lodged()
    slip = await till.slip(reference)
    answer = await start(till, reference)
    assert (answer.status_code, answer.json()["state"], answer.json()["phase"]) == (201, "returning", "asked")
    assert moved(await till.events(reference)) == ("moved", "start_return", "received", "returning", "intake", None)
    row = await Goods(till.house).row(reference)
    told = (row.item, row.purchased_on, row.invoice_no, row.requested_by)
    assert told == (ITEM, BOUGHT, (await till.claim(reference)).order_no, "officer")
    assert await clocks(till, reference) == dict.fromkeys(
        ("first_answer", "acceptance", "return_answer", "return_close"), "running"
    )
    seen = await till.status(slip)
    assert (seen["state"], seen["stage"], seen["next"]["who"]) == ("being_checked", "return_in_progress", "desk")
    assert seen["sentence"].startswith("Your return is being handled. Our staff will answer you today by 11:30.")

    agreed = await step(till, reference, "answer")
    assert (agreed["phase"], agreed["missing"]) == ("goods_awaited", ["custom_made", "altered", "damaged_in_transport"])
    assert last(await till.events(reference)) == ("return_answered", None, None, None, "intake", None)
    assert await clocks(till, reference) == {
        "first_answer": "stopped", "acceptance": "stopped", "return_answer": "stopped", "return_close": "paused"
    }  # fmt: skip
    seen = await till.status(slip)
    assert (seen["next"], seen["stage"]) == ({"who": "visitor", "due_at": None}, "return_in_progress")
    assert seen["sentence"].startswith("The goods can go back. Bring them to the counter:")
    assert problem(await till.post(f"{reference}/payouts", "chen", CASH)) == (409, "wrong_moment")

    till.house.clock.go(days=2)
    back = await step(till, reference, "goods-back", "otto", condition="未拆封", **SOUND)
    assert (back["phase"], back["decided"], back["reasons"], back["missing"]) == ("goods_back", money("128.00"), [], [])
    assert last(await till.events(reference)) == ("return_goods_back", None, None, None, "intake", "未拆封")
    assert (await clocks(till, reference))["return_close"] == "running"
    (closing,) = [clock for clock in back["clocks"] if clock["id"] == "return_close"]
    assert closing["due_at"].startswith("2026-09-11T09:30")
    seen = await till.status(slip)
    assert seen["sentence"].startswith("The goods are back, and a refund of CNY 128.00 is agreed. Our staff will pay it")
    assert seen["amounts"]["agreed"] == money("128.00")

    payout = (await till.post(f"{reference}/payouts", "chen", CASH)).json()
    assert (payout["state"], payout["review"], payout["amount"]) == ("reserved", [], money("128.00"))
    assert (await till.status(slip))["stage"] == "return_in_progress"
    sent = await till.call("POST", f"/api/v1/payouts/{payout['id']}/send", "chen", json={})
    assert sent.json()["state"] == "awaiting_visitor"
    assert (await clocks(till, reference))["return_close"] == "stopped"
    seen = await till.status(slip)
    assert (seen["state"], seen["stage"], seen["next"]["who"]) == ("refund_sent", "refund_sent", "visitor")
    assert "say_received" in seen["acts"]
    assert (await till.call("POST", f"/api/v1/payouts/{payout['id']}/received", "chen", json={})).json()["state"] == "settled"
    assert moved(await till.events(reference)) == ("moved", "return_refunded", "returning", "closed", "desk", None)
    claim, row = await till.claim(reference), await Goods(till.house).row(reference)
    assert (claim.state, claim.outcome, row.outcome, row.closed_at) == ("closed", "refunded", "refunded", claim.moved_at)
    assert await entries(till) == ["payout_proposed", "payout_sent", "payout_settled"]
    assert ((await fund(till))["receivable"], await till.house.desk.read(bases)) == ("128.00", ["undertaking"])
    done = await till.status(slip)
    assert (done["stage"], done["acts"]) == ("closed_refunded", ["reopen", "rate"])
    assert [line["text"] for line in done["history"]][:5] == [
        "The returned goods were refunded.", "The refund was paid out.",
        "The goods are back, and the refund was agreed.", "The return was agreed; the goods can be brought to the counter.",
        "The return was started.",
    ]  # fmt: skip
    assert await till.counted("clock_breach") == 0


def bases(conn: Connection) -> list[str]:
    """On what grounds merchants owe."""
    return list(conn.execute(select(RECOVERY.c.basis).order_by(RECOVERY.c.payout_id)).scalars())


async def test_vera_asks_by_her_token_and_reads_the_answer(front: Front) -> None:
    await Goods(front.house).pledge(None)
    reference = await Goods(front.house).lodged()
    answer = await front.visit(await front.slip(reference), "return", item=ITEM, invoice_no="FP-9")
    assert (answer.status_code, answer.json()) == (
        200, {"reference": reference, "state": "being_checked", "stage": "return_in_progress"}
    )  # fmt: skip
    assert moved(await front.events(reference)) == ("moved", "start_return", "received", "returning", "visitor", None)
    row = await Goods(front.house).row(reference)
    assert (row.requested_by, row.invoice_no, row.pledge_id) == ("visitor", "FP-9", None)
    shown = (await front.get(f"{reference}/return", "olga")).json()
    assert (shown["phase"], shown["pledge"]["by"], shown["reasons"]) == ("asked", "site", [])
    again = await front.visit(await front.slip(reference), "return", item=ITEM)
    assert problem(again) == (409, "wrong_moment")
    await step(front, reference, "answer")
    assert (await Goods(front.house).row(reference)).pledge_id == int(shown["pledge"]["id"])


async def test_goods_brought_along_are_answered_and_taken_back_in_one_step(front: Front) -> None:
    await Goods(front.house).pledge()
    reference = await Goods(front.house).lodged()
    await start(front, reference)
    back = await step(front, reference, "goods-back", condition="完好", amount=money("100.00"), **SOUND)
    assert (back["phase"], back["decided"]) == ("goods_back", money("100.00"))
    row, claim = await Goods(front.house).row(reference), await front.claim(reference)
    assert (row.answer, row.answered_at, row.decided_minor) == ("goods_awaited", row.goods_back_at, 10_000)
    assert claim.decided_minor == 10_000
    assert await clocks(front, reference) == {
        "first_answer": "stopped", "acceptance": "stopped", "return_answer": "stopped", "return_close": "running"
    }  # fmt: skip
    for name, told in (("answer", {}), ("goods-back", {"condition": "x"})):
        assert problem(await front.post(f"{reference}/return/{name}", "olga", told)) == (409, "wrong_moment")


async def test_a_refused_return_is_a_claim_again_and_goes_on_as_one(front: Front) -> None:
    reference = await Goods(front.house).brought_to("asked")
    slip = await front.slip(reference)
    refused = await step(front, reference, "refuse", "ma", reason="altered", note="盒子已拆，少了两包")
    assert (refused["state"], refused["phase"]) == ("received", None)
    assert moved(await front.events(reference)) == (
        "moved", "return_refused", "returning", "received", "manager", "盒子已拆，少了两包"
    )  # fmt: skip
    row = await Goods(front.house).row(reference)
    assert (row.answer, row.outcome, row.reason, row.pledge_id) == ("refused", "refused", "altered", None)
    assert await clocks(front, reference) == {
        "first_answer": "stopped", "acceptance": "running", "return_answer": "stopped", "return_close": "stopped"
    }  # fmt: skip
    seen = await front.status(slip)
    assert (seen["stage"], seen["history"][0]["text"]) == (
        "registered", "The return was not possible; the claim is being checked."
    )  # fmt: skip
    await front.house.assess(reference)
    confirmed = await front.post(f"{reference}/triage", "olga", {"confirm": "fast_refund"})
    assert confirmed.json()["state"] == "fast_refund"


async def test_refused_once_the_goods_were_seen_the_amount_falls_and_acceptance_starts_anew(front: Front) -> None:
    reference = await Goods(front.house).brought_to("goods_back")
    front.house.clock.go(hours=1)
    refused = await step(front, reference, "refuse", reason="custom_made", note="定做的印章")
    assert (refused["state"], refused["decided"], (await front.claim(reference)).decided_minor) == ("received", None, None)
    (row,) = [await Goods(front.house).row(reference)]
    assert (row.outcome, row.reason, row.decided_minor) == ("refused", "custom_made", 12_800)
    acceptance = [clock["state"] for clock in refused["clocks"] if clock["id"] == "acceptance"]
    assert acceptance == ["stopped", "running"]
    again = await start(front, reference)
    assert again.status_code == 201
    assert await front.counted("goods_return") == 2


async def test_too_late_is_proposed_and_never_refuses_by_itself(front: Front) -> None:
    await Goods(front.house).pledge()
    reference = await Goods(front.house).lodged(purchased_on=date(2026, 8, 8))
    proposed = (await start(front, reference)).json()
    assert (proposed["state"], proposed["reasons"]) == ("returning", ["out_of_time"])
    (reason,) = (await front.get(f"{reference}/return", "ada")).json()["reasons"]
    assert (reason["figure"], reason["limit"], reason["source"]) == ("2026-09-08", "2026-09-07", "site pledge")
    assert reason["text"].startswith("The return could be asked for until Monday 7 September 2026.")
    before = await stands(front)
    silent = await front.post(f"{reference}/return/answer", "olga", {})
    assert (problem(silent), flaw(silent)) == ((422, "bad_input"), ("/note", "reason_missing"))
    assert await stands(front) == before
    agreed = await step(front, reference, "answer", note="台风停航，晚到一天")
    assert agreed["phase"] == "goods_awaited"
    assert last(await front.events(reference))[-1] == "台风停航，晚到一天"


@pytest.mark.parametrize("code", ["seller_not_covered", "out_of_time"])
async def test_the_rules_own_reason_refuses_without_more_words(front: Front, code: str) -> None:
    late = code == "out_of_time"
    if late:
        await Goods(front.house).pledge()
    reference = await Goods(front.house).lodged(purchased_on=date(2026, 8, 8) if late else BOUGHT)
    await start(front, reference)
    before = await stands(front)
    other = await front.post(f"{reference}/return/refuse", "olga", {"reason": "altered"})
    assert (problem(other), flaw(other)) == ((422, "bad_input"), ("/note", "reason_missing"))
    assert await stands(front) == before
    assert (await step(front, reference, "refuse", reason=code))["state"] == "received"


async def test_without_a_pledge_nothing_is_taken_back(front: Front) -> None:
    reference = await Goods(front.house).lodged()
    assert (await start(front, reference)).json()["reasons"] == ["seller_not_covered"]
    before = await stands(front)
    for name, told in (("answer", {"note": "x"}), ("goods-back", {"condition": "x", **SOUND})):
        answer = await front.post(f"{reference}/return/{name}", "olga", told)
        assert (problem(answer), answer.json()["errors"][0]["code"]) == ((422, "bad_input"), "needs_pledge")
    assert await stands(front) == before
    await Goods(front.house).pledge(signed_on=date(2026, 9, 8))
    assert problem(await front.post(f"{reference}/return/answer", "olga", {"note": "x"})) == (422, "bad_input")
    later = await step(front, reference, "answer", purchased_on="2026-09-08")
    assert later["phase"] == "goods_awaited"


async def test_amounts_are_bound_by_what_was_asked(front: Front) -> None:
    reference = await Goods(front.house).brought_to("goods_awaited")
    before = await stands(front)
    told = {"condition": "x", **SOUND}
    for amount, code in ((money("128.01"), "amount_above_decided"), ({"amount": "1.00", "currency": "USD"}, "bad_input")):
        assert problem(await front.post(f"{reference}/return/goods-back", "olga", {**told, "amount": amount}))[1] == code
    assert await stands(front) == before
    unknown = await Goods(front.house).brought_to("goods_awaited", asked=None)
    missing = await front.post(f"{unknown}/return/goods-back", "olga", told)
    assert flaw(missing) == ("/amount", "missing")
    above = await front.post(f"{unknown}/return/goods-back", "olga", {**told, "amount": money("5000.00")})
    assert problem(above) == (409, "amount_above_decided")
    assert (await step(front, unknown, "goods-back", **told, amount=money("4999.99")))["decided"] == money("4999.99")
    nothing = await Goods(front.house).brought_to("goods_awaited", items=(Item(ItemKind.APOLOGY, None),))
    refused = await front.post(f"{nothing}/return/goods-back", "olga", {**told, "amount": money("1.00")})
    assert problem(refused) == (409, "amount_above_decided")


async def test_a_return_is_not_bound_by_the_limit_of_fast_refunds(till: Front) -> None:
    reference = await Goods(till.house).brought_to("goods_back", asked="8000.00")
    payout = (await till.post(f"{reference}/payouts", "chen", CASH)).json()
    assert (payout["state"], payout["review"]) == ("awaiting_approval", ["solo_limit"])
    for officer, code in (("chen", 409), ("ma", 200)):
        assert (await till.call("POST", f"/api/v1/payouts/{payout['id']}/approve", officer, json={})).status_code == code


async def test_who_took_the_goods_back_is_no_second_officer_of_the_money(till: Front) -> None:
    goods, cast = Goods(till.house), till.house.cast
    await goods.pledged()
    reference = await goods.lodged(asked="300.00")
    await goods.start(reference)
    await goods.answer(reference, cast.otto)
    await goods.back(reference, cast.ma)
    payout = (await till.post(f"{reference}/payouts", "chen", CASH)).json()
    path = f"/api/v1/payouts/{payout['id']}/approve"
    assert problem(await till.call("POST", path, "ma", json={})) == (409, "second_officer_needed")
    assert (await till.call("POST", path, "cai", json={})).json()["state"] == "reserved"


async def test_what_was_asked_for_in_the_future_is_refused_and_leaves_nothing(front: Front) -> None:
    await Goods(front.house).pledge()
    reference = await Goods(front.house).lodged()
    before = await stands(front)
    for told, where in (
        ({"purchased_on": "2026-09-09"}, "/purchased_on"),
        ({"item": ""}, "/item"),
        ({"item": "x" * 401}, "/item"),
    ):
        answer = await start(front, reference, **told)
        assert (problem(answer), flaw(answer)[0]) == ((422, "bad_input"), where)
    assert await stands(front) == before
    assert (await start(front, reference, item="x" * 400)).status_code == 201


async def test_who_may_start_a_return_at_the_counter(front: Front) -> None:
    answers = {}
    for by in ("olga", "chen", "mei", "ma", "ada", "anton", "mona", "oskar"):
        reference = (await front.house.lodge()).reference
        answers[by] = (await start(front, reference, by)).status_code
    assert answers == {
        "olga": 201, "chen": 403, "mei": 403, "ma": 403, "ada": 403, "anton": 404, "mona": 404, "oskar": 404
    }  # fmt: skip
    assert problem(await start(front, "0000000000")) == (404, "not_found")
    absent = await front.call("POST", RETURNS, "olga", json={"reference": reference[:-1] + "U", "item": "x"})
    assert absent.status_code == 422
    keyless = await front.call("POST", RETURNS, "olga", json={"reference": reference, "item": "x"}, key=None)
    assert problem(keyless) == (400, "idempotency_key_missing")


@pytest.mark.parametrize("state", ["awaiting_information", "fast_refund", "docketed", "refused", "withdrawn", "closed"])
async def test_only_a_received_claim_can_become_a_return(front: Front, state: str) -> None:
    reference = await front.brought_to(state)
    before = await stands(front)
    assert problem(await start(front, reference)) == (409, "wrong_moment")
    assert problem(await front.visit(await front.slip(reference), "return", item="x")) == (409, "wrong_moment")
    for name, told in (("answer", {}), ("goods-back", {"condition": "x"}), ("refuse", {"reason": "altered", "note": "x"})):
        assert problem(await front.post(f"{reference}/return/{name}", "olga", told)) == (409, "wrong_moment")
    assert await stands(front) == before


async def test_withdrawn_the_return_ends_its_clocks_are_void_and_its_reserved_money_is_free(till: Front) -> None:
    reference = await Goods(till.house).brought_to("goods_back")
    payout = (await till.post(f"{reference}/payouts", "chen", CASH)).json()
    assert (await fund(till))["reserved"] == "128.00"
    answer = await till.visit(await till.slip(reference), "withdraw", text="不退了")
    assert answer.json()["stage"] == "closed_withdrawn"
    assert ((await till.call("GET", f"/api/v1/payouts/{payout['id']}", "chen")).json()["state"]) == "cancelled"
    assert (await fund(till))["reserved"] == "0.00"
    row = await Goods(till.house).row(reference)
    assert (row.outcome, row.reason) == ("withdrawn", None)
    assert (await clocks(till, reference))["return_close"] == "void"


async def test_while_money_is_under_way_a_return_is_neither_refused_nor_withdrawn(till: Front) -> None:
    reference = await Goods(till.house).brought_to("goods_back")
    payout = (await till.post(f"{reference}/payouts", "chen", CASH)).json()
    refusing = {"reason": "altered", "note": "x"}
    assert problem(await till.post(f"{reference}/return/refuse", "olga", refusing)) == (409, "wrong_moment")
    await till.call("POST", f"/api/v1/payouts/{payout['id']}/send", "chen", json={})
    assert problem(await till.visit(await till.slip(reference), "withdraw")) == (409, "wrong_moment")
    await till.call("POST", f"/api/v1/payouts/{payout['id']}/cancel", "chen", json={})
    seen = await till.status(await till.slip(reference))
    assert (seen["stage"], seen["amounts"]["sent_at"]) == ("return_in_progress", None)
    assert (await step(till, reference, "refuse", **refusing))["state"] == "received"


async def test_through_the_gateway_and_back_from_the_bank_it_is_paid_again_on_the_pledge(till: Front) -> None:
    reference = await Goods(till.house).brought_to("goods_back")
    counter, slip = Till(till.house), await till.slip(reference)
    first = (await counter.propose(reference, method="original_route")).payout.id
    await counter.send(first)
    assert (await till.status(slip))["stage"] == "refund_being_confirmed"
    await counter.called(first, "settled")
    assert (await till.status(slip))["stage"] == "closed_refunded"
    for officer in ("cai", "ma"):
        told = await till.call("POST", f"/api/v1/payouts/{first}/returned", officer, json={"evidence": "银行退汇通知"})
        assert told.status_code == 200
    claim = await till.claim(reference)
    assert (claim.state, claim.decided_minor) == ("fast_refund", 12_800)
    second = (await till.post(f"{reference}/payouts", "chen", CASH)).json()
    assert (second["replaces"], second["state"]) == (str(first), "awaiting_approval")
    await till.call("POST", f"/api/v1/payouts/{second['id']}/approve", "cai", json={})
    await till.call("POST", f"/api/v1/payouts/{second['id']}/send", "chen", json={})
    await till.call("POST", f"/api/v1/payouts/{second['id']}/received", "chen", json={})
    assert moved(await till.events(reference))[1:4] == ("payout_settled", "fast_refund", "closed")
    assert await till.house.desk.read(bases) == ["undertaking", "undertaking"]


async def test_a_fund_that_is_short_is_told_and_the_return_waits(till: Front) -> None:
    reference = await Goods(till.house).brought_to("goods_back")
    await Till(till.house).top_down("100.00")
    assert problem(await till.post(f"{reference}/payouts", "chen", CASH)) == (409, "fund_insufficient")
    notices = (await till.call("GET", "/api/v1/sites/huangshan/notices", "ma")).json()["notices"]
    assert [(one["kind"], one["reference"]) for one in notices] == [("fund_short", reference)]
    assert (await till.claim(reference)).state == "returning"


@pytest.mark.parametrize("step_name", ["answer", "back", "refuse"])
async def test_of_two_officers_at_one_return_exactly_one_wins(front: Front, step_name: str) -> None:
    reference = await Goods(front.house).brought_to("asked")
    goods, cast = Goods(front.house), front.house.cast
    act: Any = {"answer": goods.answer, "back": goods.back, "refuse": goods.refuse}[step_name]
    done = await all_of(*(act(reference, by=by) for by in (cast.olga, cast.otto) * 4))
    assert sorted(type(one).__name__ for one in done) == ["Returning"] + ["WrongMoment"] * 7
    kinds = [event.kind for event in await front.events(reference)]
    told = {"answer": "return_answered", "back": "return_goods_back", "refuse": "moved"}[step_name]
    assert kinds.count(told) == (3 if told == "moved" else 1)


async def test_asked_for_twice_at_once_there_is_one_return(front: Front) -> None:
    reference = await Goods(front.house).lodged()
    goods = Goods(front.house)
    done = await all_of(*(goods.start(reference, by) for by in (front.house.cast.olga, await front.house.vera(reference)) * 4))
    assert sum(not isinstance(one, WrongMoment) for one in done) == 1
    assert await front.counted("goods_return") == 1


async def test_what_is_missing_can_be_completed_until_the_amount_is_decided(front: Front) -> None:
    reference = await Goods(front.house).brought_to("goods_awaited", asked=None)
    body = {"amounts": [{"item": 0, "asked": money("60.00")}]}
    version = (await front.claim(reference)).version
    done = await front.call("PUT", f"/api/v1/claims/{reference}/facts", "olga", json=body, version=version)
    assert done.status_code == 200
    back = await step(front, reference, "goods-back", condition="x", **SOUND)
    assert back["decided"] == money("60.00")
    version = (await front.claim(reference)).version
    late = await front.call("PUT", f"/api/v1/claims/{reference}/facts", "olga", json=body, version=version)
    assert problem(late) == (409, "wrong_moment")


async def test_the_to_pay_list_shows_goods_that_are_back_and_no_others(till: Front) -> None:
    waiting = await Goods(till.house).brought_to("goods_awaited")
    back = await Goods(till.house).brought_to("goods_back")
    lines = await till.house.desk.read(to_pay, till.house.cast.chen, till.house.kit)
    assert [(line.reference, line.decided.minor, line.state) for line in lines] == [(back, 12_800, "returning")]
    assert waiting != back


async def test_a_promise_to_answer_a_return_is_missed_and_told(till: Front) -> None:
    reference = await Goods(till.house).brought_to("asked")
    till.house.clock.go(hours=2, seconds=2)
    await till.house.desk.write(see_to_clocks, (await till.claim(reference)).id)
    seen = await till.status(await till.slip(reference))
    assert seen["sentence"].startswith("Your return is being handled, still waiting for an answer from our staff.")
    missed = [event for event in await till.events(reference) if event.kind == "clock_breached"]
    assert sorted('"return_answer"' in event.data for event in missed) == [False, True]


async def test_what_is_typed_of_goods_holds_neither_code_nor_phone_of_the_visitor(front: Front) -> None:
    goods = Goods(front.house)
    await goods.pledge()
    reference = await goods.lodged(visitor={"name": "王小薇", "phone": "+8613800138000", "email": None})
    code = (await front.slip(reference)).code
    told = {"item": f"茶，电话 13800138000，{code}", "invoice_no": code}
    assert (await start(front, reference, **told)).status_code == 201
    await step(front, reference, "goods-back", condition=f"完好 {code}", **SOUND)
    row, events = await goods.row(reference), await front.events(reference)
    kept = f"{row.item}{row.invoice_no}{row.condition}{[event.reason for event in events]}"
    assert (code in kept, "13800138000" in kept, "完好" in kept) == (False, False, True)


async def test_an_invoice_that_was_refunded_once_is_looked_at_the_second_time(till: Front) -> None:
    goods, counter = Goods(till.house), Till(till.house)
    await goods.pledged()
    for review in ([], ["per_order"]):
        reference = await goods.lodged(order_no=None)
        await goods.start(reference, invoice_no="FP 20-26")
        await goods.back(reference)
        payout = (await counter.propose(reference)).payout
        assert payout.review == review


async def test_the_chain_tells_by_what_a_return_was_judged(front: Front) -> None:
    reference = await Goods(front.house).brought_to("goods_back")
    (told,) = [json.loads(event.data) for event in await front.events(reference) if event.kind == "return_goods_back"]
    assert told["facts"] == {"purchased_on": BOUGHT.isoformat(), **SOUND}
    assert (told["against"], told["decided_minor"]) == ([], 12_800)
