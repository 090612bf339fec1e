"""Answering, objecting, withdrawing, reopening through the routes, by the visitor and for the visitor."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.web.front import Front, last, moved, problem

WITHDRAWABLE = ["received", "awaiting_information", "fast_refund", "docketed", "returning"]
REOPENABLE = ["refused", "transferred", "withdrawn", "terminated", "closed"]
LAST_SECOND = datetime(2026, 9, 15, 15, 59, 59, 999_000, tzinfo=UTC)
"""Seven days after the morning of the tests, 23:59:59 at Huangshan: the objection window's last second."""


async def test_vera_answers_and_the_claim_goes_on(front: Front) -> None:
    reference = await front.house.waiting()
    front.house.clock.go(days=1)
    answer = await front.visit(await front.slip(reference), "answer", text="共付 128 元。")
    assert (answer.status_code, answer.json()) == (
        200, {"reference": reference, "state": "registered", "stage": "registered"}
    )  # fmt: skip
    assert moved(await front.events(reference)) == ("moved", "answer", "awaiting_information", "received", "visitor", None)
    assert await front.messages(reference) == [("answer", "共付 128 元。")]
    assert await front.clocks(reference) == {"auto_receipt": "stopped", "first_answer": "stopped", "acceptance": "running"}
    due = {clock["id"]: clock["due_at"] for clock in (await front.get(reference, "olga")).json()["clocks"]}
    assert due["acceptance"] == "2026-09-11T23:59:59+08:00"
    assert (await front.status(await front.slip(reference)))["history"][0]["text"].count("共付 128 元。") == 1


async def test_olga_writes_down_what_vera_answered(front: Front) -> None:
    reference = await front.house.waiting()
    answer = await front.post(f"{reference}/answers", "olga", {"text": "电话中答复：128 元。"})
    assert (answer.status_code, answer.json()["state"]) == (200, "received")
    assert moved(await front.events(reference)) == ("moved", "answer", "awaiting_information", "received", "intake", None)
    (written,) = (await front.get(reference, "ma")).json()["messages"]
    assert (written["kind"], written["by"], written["text"]) == ("answer", "Olga", "电话中答复：128 元。")
    assert (await front.status(await front.slip(reference)))["stage"] == "registered"


async def test_silence_is_recorded_and_the_claim_goes_on_as_it_is(front: Front) -> None:
    reference = await front.house.waiting()
    answer = await front.post(f"{reference}/no-answer", "olga", {"reason": "三次未接电话"})
    assert (answer.status_code, answer.json()["state"]) == (200, "received")
    assert moved(await front.events(reference)) == (
        "moved", "no_answer", "awaiting_information", "received", "intake", "三次未接电话"
    )  # fmt: skip
    assert (await front.clocks(reference))["acceptance"] == "running"
    seen = await front.status(await front.slip(reference))
    assert seen["stage"] == "registered"
    assert "三次未接电话" not in str(seen)


async def test_a_question_asked_meanwhile_can_be_answered_in_any_open_state(front: Front) -> None:
    reference = await front.house.docketed()
    slip = await front.slip(reference)
    assert problem(await front.visit(slip, "answer", text="在北门")) == (409, "wrong_moment")
    assert (await front.post(f"{reference}/messages", "olga", {"text": "在哪个门？", "question": True})).status_code == 200
    assert (await front.status(slip))["acts"][0] == "answer"
    answer = await front.visit(slip, "answer", text="在北门")
    assert (answer.status_code, answer.json()["stage"]) == (200, "in_mediation")
    assert last(await front.events(reference)) == ("answered", None, None, None, "visitor", None)
    assert "answer" not in (await front.status(slip))["acts"]
    assert problem(await front.visit(slip, "answer", text="还有")) == (409, "wrong_moment")
    assert await front.messages(reference) == [("question", "在哪个门？"), ("answer", "在北门")]


async def test_vera_objects_to_a_refund_and_asks_for_mediation(front: Front) -> None:
    reference = await front.house.fast()
    slip = await front.slip(reference)
    assert "object" in (await front.status(slip))["acts"]
    answer = await front.visit(slip, "object", text="金额不对。")
    assert (answer.status_code, answer.json()["stage"]) == (200, "in_mediation")
    claim = await front.claim(reference)
    assert (claim.state, claim.route, claim.decided_minor) == ("docketed", "docket", None)
    assert moved(await front.events(reference)) == ("moved", "object", "fast_refund", "docketed", "visitor", None)
    assert await front.clocks(reference) == {
        "auto_receipt": "stopped", "first_answer": "stopped", "acceptance": "stopped", "fast_payment": "void",
        "mediation": "running",
    }  # fmt: skip
    assert await front.messages(reference) == [("statement", "金额不对。")]
    assert (await front.get(reference, "mei")).json()["case_no"] == "2026-00001"
    assert (await front.status(slip))["amounts"]["agreed"] is None


@pytest.mark.parametrize("state", WITHDRAWABLE)
async def test_vera_withdraws_from_every_open_state_but_a_settlement(front: Front, state: str) -> None:
    reference = await front.brought_to(state)
    slip = await front.slip(reference)
    answer = await front.visit(slip, "withdraw", text="已自行和解。")
    assert (answer.status_code, answer.json()["stage"]) == (200, "closed_withdrawn")
    assert moved(await front.events(reference)) == ("moved", "withdraw", state, "withdrawn", "visitor", None)
    assert set((await front.clocks(reference)).values()) <= {"stopped", "void"}
    assert (await front.messages(reference))[-1] == ("statement", "已自行和解。")
    seen = await front.status(slip)
    assert (seen["state"], seen["stage"], seen["acts"], seen["next"]) == (
        "closed", "closed_withdrawn", ["reopen"], {"who": "nobody", "due_at": None}
    )  # fmt: skip


@pytest.mark.parametrize("state", WITHDRAWABLE)
async def test_olga_withdraws_for_vera_and_says_why(front: Front, state: str) -> None:
    reference = await front.brought_to(state)
    assert (await front.post(f"{reference}/withdraw", "olga", {})).status_code == 422
    answer = await front.post(f"{reference}/withdraw", "olga", {"text": "访客来电撤回"})
    assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")
    assert moved(await front.events(reference)) == ("moved", "withdraw", state, "withdrawn", "intake", "访客来电撤回")
    assert (await front.status(await front.slip(reference)))["stage"] == "closed_withdrawn"


async def test_vera_may_withdraw_without_a_word(front: Front) -> None:
    reference = (await front.house.lodge()).reference
    assert (await front.visit(await front.slip(reference), "withdraw")).status_code == 200
    assert await front.messages(reference) == []


async def test_a_withdrawn_case_leaves_the_docket(front: Front) -> None:
    reference = await front.house.docketed()
    await front.visit(await front.slip(reference), "withdraw")
    assert (await front.call("GET", "/api/v1/docket", "mei")).json()["cases"] == []


@pytest.mark.parametrize("state", REOPENABLE)
async def test_the_manager_reopens_what_has_ended_and_says_why(front: Front, state: str) -> None:
    reference = await front.brought_to(state)
    front.house.clock.go(days=40)
    answer = await front.post(f"{reference}/reopen", "ma", {"text": "找到新的票据"})
    assert (answer.status_code, answer.json()["state"]) == (200, "received")
    claim = await front.claim(reference)
    assert (claim.state, claim.route, claim.decided_minor, claim.outcome) == ("received", None, None, None)
    assert moved(await front.events(reference)) == ("moved", "reopen", state, "received", "manager", "找到新的票据")
    clocks = await front.clocks(reference)
    assert (clocks["first_answer"], clocks["acceptance"]) == ("running", "running")
    assert (await front.status(await front.slip(reference)))["state"] in ("registered", "being_checked")


@pytest.mark.parametrize("state", REOPENABLE)
async def test_vera_reopens_until_the_last_second_of_the_window_and_not_after_it(front: Front, state: str) -> None:
    early, late = await front.brought_to(state), await front.brought_to(state)
    front.house.clock.at, front.house.clock.tick = LAST_SECOND, timedelta(0)
    slip, asked = await front.slip(early), [] if state == "withdrawn" else ["rate"]
    assert (await front.status(slip))["acts"] == ["reopen", *asked]
    answer = await front.visit(slip, "reopen", text="找到新的票据。")
    assert (answer.status_code, answer.json()["state"] in ("registered", "being_checked")) == (200, True)
    assert moved(await front.events(early)) == ("moved", "reopen", state, "received", "visitor", None)
    assert (await front.messages(early))[-1] == ("statement", "找到新的票据。")
    front.house.clock.go(milliseconds=1)
    slip = await front.slip(late)
    assert (await front.status(slip))["acts"] == asked
    assert problem(await front.visit(slip, "reopen", text="找到新的票据。")) == (409, "wrong_moment")
    assert (await front.claim(late)).state == state


async def test_a_claim_that_is_reopened_is_judged_again_and_pays_no_earlier_decision(front: Front) -> None:
    reference = await front.house.fast()
    await front.visit(await front.slip(reference), "withdraw")
    await front.post(f"{reference}/reopen", "ma", {"text": "误撤"})
    answer = await front.post(f"{reference}/triage", "olga", {"confirm": "fast_refund"})
    assert (answer.status_code, answer.json()["state"]) == (200, "fast_refund")
    assert (await front.clocks(reference))["fast_payment"] == "running"


@pytest.mark.parametrize("act", ["answer", "object", "withdraw", "reopen", "contact"])
async def test_half_a_key_or_two_keys_are_refused_and_a_wrong_one_finds_nothing(sqlite_front: Front, act: str) -> None:
    front = sqlite_front
    slip = await front.slip(await front.house.waiting())
    words = {} if act == "contact" else {"text": "x"}
    path = f"/api/v1/status/{act}"
    for key in ({}, {"reference": slip.reference}, {"access_code": slip.code}, {"token": slip.token, **slip.pair}):
        assert problem(await front.call("POST", path, json={**key, **words})) == (422, "bad_input")
    wrong = {"reference": slip.reference, "access_code": "00000000" if slip.code != "00000000" else "1"}
    assert problem(await front.call("POST", path, json={**wrong, **words})) == (404, "not_found")
    assert problem(await front.call("POST", path, json={"token": slip.token[:-1], **words})) == (404, "not_found")


async def test_an_act_by_reference_and_code_is_the_same_act(front: Front) -> None:
    slip = await front.slip(await front.house.waiting())
    answer = await front.call("POST", "/api/v1/status/answer", json={**slip.pair, "text": "128"})
    assert answer.status_code == 200
