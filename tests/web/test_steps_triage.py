"""Assessing, asking the rule, confirming and overriding through the routes: row, event, clocks and sentence of each."""

from typing import Any

import pytest

from desk.domain.claim import Answer, Elsewhere, Scope
from tests.web.front import MET, Front, flaw, last, moved, problem, yuan

REASON = "票据齐全，主管同意"
# route → (lodged with, findings, state, stage, the visitor's next actor, what becomes of the clocks)
ROUTES: dict[str, tuple[dict[str, Any], dict[str, Any], str, str, str, dict[str, str]]] = {
    "fast_refund": ({}, {}, "fast_refund", "refund_agreed", "desk", {"acceptance": "stopped", "fast_payment": "running"}),
    "docket": (
        {"asked": "5000.00"}, {}, "docketed", "in_mediation", "mediator", {"acceptance": "stopped", "mediation": "running"},
    ),
    "needs_information": (
        {"asked": None}, {"evidence_sufficient": Answer.UNKNOWN}, "awaiting_information", "waiting_for_you", "visitor",
        {"acceptance": "paused"},
    ),
    "refuse": ({"already_elsewhere": Elsewhere.COURT}, {}, "refused", "closed_refused", "nobody", {"acceptance": "stopped"}),
    "transfer": ({}, {"scope": Scope.OTHER_REMIT}, "transferred", "closed_transferred", "agency", {"acceptance": "stopped"}),
}  # fmt: skip
ALWAYS = {"auto_receipt": "stopped", "first_answer": "stopped"}


async def judged(front: Front, route: str) -> str:
    """The reference of an assessed claim whose verdict is this route."""
    told, findings, *_ = ROUTES[route]
    reference = (await front.house.lodge(**told)).reference
    await front.house.assess(reference, **findings)
    return reference


@pytest.mark.parametrize("route", ROUTES)
async def test_olga_confirms_the_verdict(front: Front, route: str) -> None:
    _, _, state, stage, who, clocks = ROUTES[route]
    reference = await judged(front, route)
    answer = await front.post(f"{reference}/triage", "olga", {"confirm": route})
    claim, events = await front.claim(reference), await front.events(reference)
    told = answer.json()
    assert (answer.status_code, told["reference"], told["state"], told["version"]) == (200, reference, state, claim.version)
    assert {clock["id"]: clock["state"] for clock in told["clocks"]} == ALWAYS | clocks == await front.clocks(reference)
    assert (claim.state, claim.route) == (state, route)
    assert claim.decided_minor == (12_800 if route == "fast_refund" else None)
    assert moved(events) == ("moved", f"confirm_{route}", "received", state, "intake", None)
    assert [event.kind for event in events].count("accepted") == (route == "fast_refund")
    seen = await front.status(await front.slip(reference))
    assert (seen["stage"], seen["next"]["who"]) == (stage, who)
    assert seen["sentence"]


@pytest.mark.parametrize("route", ROUTES)
async def test_an_override_into_each_route_keeps_its_reason(front: Front, route: str) -> None:
    _, _, state, stage, _, clocks = ROUTES[route]
    reference = await judged(front, "fast_refund" if route == "docket" else "docket")
    answer = await front.post(
        f"{reference}/triage", "ma", {"override": route, "reason": REASON}
        | ({"amount": yuan("4999.99")} if route == "fast_refund" else {}),
    )  # fmt: skip
    assert (answer.status_code, answer.json()["state"]) == (200, state)
    assert moved(await front.events(reference)) == ("moved", f"override_{route}", "received", state, "manager", REASON)
    assert await front.clocks(reference) == ALWAYS | clocks
    assert (await front.status(await front.slip(reference)))["stage"] == stage
    assert (await front.claim(reference)).decided_minor == (499_999 if route == "fast_refund" else None)


@pytest.mark.parametrize("route", ["docket", "needs_information", "refuse", "transfer"])
async def test_intake_may_override_into_every_route_but_the_fast_refund(front: Front, route: str) -> None:
    reference = await judged(front, "fast_refund" if route == "docket" else "docket")
    answer = await front.post(f"{reference}/triage", "olga", {"override": route, "reason": REASON})
    assert answer.status_code == 200
    other = await judged(front, "docket")
    refused = await front.post(
        f"{other}/triage", "olga", {"override": "fast_refund", "reason": REASON, "amount": yuan("1.00")}
    )  # fmt: skip
    assert problem(refused) == (403, "not_allowed")
    assert (await front.claim(other)).state == "received"


@pytest.mark.parametrize("state", ["fast_refund", "docketed"])
@pytest.mark.parametrize("route", ROUTES)
async def test_a_decision_can_be_overridden_once_it_is_taken(front: Front, state: str, route: str) -> None:
    reference = await front.brought_to(state)
    await front.house.assess(reference)
    body = {"override": route, "reason": REASON} | ({"amount": yuan("100.00")} if route == "fast_refund" else {})
    answer = await front.post(f"{reference}/triage", "ma", body)
    to = ROUTES[route][2]
    if to == state:
        assert problem(answer) == (409, "wrong_moment")
        return
    assert (answer.status_code, answer.json()["state"]) == (200, to)
    assert moved(await front.events(reference)) == ("moved", f"override_{route}", state, to, "manager", REASON)
    left = "fast_payment" if state == "fast_refund" else "mediation"
    assert (await front.clocks(reference))[left] == "void"


async def test_an_override_says_why_and_names_a_ground_before_money_is_promised(front: Front) -> None:
    reference = (await front.house.lodge(asked="9000.00")).reference
    without = await front.post(f"{reference}/triage", "ma", {"override": "refuse"})
    assert (problem(without), flaw(without)) == ((422, "bad_input"), ("/reason", "missing"))
    body = {"override": "fast_refund", "reason": REASON, "amount": yuan("10.00")}
    groundless = await front.post(f"{reference}/triage", "ma", body)
    assert (problem(groundless), flaw(groundless)) == ((422, "bad_input"), ("/override", "needs_basis"))
    await front.house.assess(reference)
    assert (await front.post(f"{reference}/triage", "ma", body)).status_code == 200


async def test_a_verdict_that_changed_meanwhile_is_not_confirmed(front: Front) -> None:
    reference = await judged(front, "fast_refund")
    for route in ("docket", "needs_information", "refuse", "transfer"):
        assert problem(await front.post(f"{reference}/triage", "olga", {"confirm": route})) == (409, "verdict_changed")
    await front.house.assess(reference, facts_clear=Answer.NO)
    assert problem(await front.post(f"{reference}/triage", "olga", {"confirm": "fast_refund"})) == (409, "verdict_changed")
    assert (await front.claim(reference)).state == "received"
    assert await front.counted("verdict") == 0


@pytest.mark.parametrize("choice", [{}, {"confirm": "docket", "override": "docket", "reason": REASON}, {"confirm": "court"}])
async def test_a_decision_is_one_or_the_other(sqlite_front: Front, choice: dict[str, str]) -> None:
    reference = await judged(sqlite_front, "docket")
    assert problem(await sqlite_front.post(f"{reference}/triage", "olga", choice)) == (422, "bad_input")


@pytest.mark.parametrize(
    ("amount", "decided"),
    [("128.00", 12_800), ("127.99", 12_799), ("0.01", 1), (None, 12_800), ("128.01", None), ("5000.00", None)],
)
async def test_the_amount_decided_is_the_principal_or_less(front: Front, amount: str | None, decided: int | None) -> None:
    reference = await judged(front, "fast_refund")
    body: dict[str, Any] = {"confirm": "fast_refund", "amount": yuan(amount)} if amount else {"confirm": "fast_refund"}
    answer = await front.post(f"{reference}/triage", "olga", body)
    if decided is None:
        assert problem(answer) == (409, "amount_above_decided")
    else:
        seen = await front.status(await front.slip(reference))
        assert seen["amounts"]["agreed"] == yuan(amount or "128.00")
    assert (await front.claim(reference)).decided_minor == decided


@pytest.mark.parametrize(("amount", "status"), [("4999.99", 200), ("5000.00", 409), ("5000.01", 409), (None, 422)])
async def test_where_the_sum_is_not_known_the_manager_names_one_under_the_limit(
    front: Front, amount: str | None, status: int
) -> None:
    reference = (await front.house.lodge(asked=None)).reference
    await front.house.assess(reference)
    body = {"override": "fast_refund", "reason": REASON} | ({"amount": yuan(amount)} if amount else {})
    answer = await front.post(f"{reference}/triage", "ma", body)
    assert answer.status_code == status
    assert status == 200 or problem(answer) in ((409, "amount_above_decided"), (422, "bad_input"))


async def test_a_sum_at_the_limit_is_not_paid_fast_even_by_the_manager(front: Front) -> None:
    reference = await judged(front, "docket")
    refused = await front.post(f"{reference}/triage", "ma", {"override": "fast_refund", "reason": REASON})
    assert problem(refused) == (409, "amount_above_decided")


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"confirm": "docket", "amount": yuan("1.00")}, ("/amount", "nothing_to_do")),
        (
            {"override": "fast_refund", "reason": REASON, "amount": {"amount": "1.00", "currency": "USD"}},
            ("/amount/currency", "wrong_currency"),
        ),
        ({"override": "fast_refund", "reason": REASON, "amount": yuan("0.00")}, ("/amount/amount", "bad_amount")),
    ],
)  # fmt: skip
async def test_an_amount_that_cannot_be_is_refused(sqlite_front: Front, body: dict[str, Any], at: tuple[str, str]) -> None:
    reference = await judged(sqlite_front, "docket")
    answer = await sqlite_front.post(f"{reference}/triage", "ma", body)
    assert (problem(answer), flaw(answer)) == ((422, "bad_input"), at)


async def test_exactly_the_limit_goes_to_the_docket_and_one_cent_less_is_fast(front: Front) -> None:
    for asked, route, code in (("5000.00", "docket", "at_or_above_fast_limit"), ("4999.99", "fast_refund", "under_fast_limit")):
        reference = (await front.house.lodge(asked=asked)).reference
        await front.house.assess(reference)
        told = (await front.get(f"{reference}/triage", "olga")).json()
        assert (told["route"], told["reasons"][0]["code"]) == (route, code)
        assert (told["reasons"][0]["figure"], told["reasons"][0]["limit"]) == (f"{asked} CNY", "5000.00 CNY")
        assert all(reason["text"] and reason["source"] for reason in told["reasons"])
        assert (await front.post(f"{reference}/triage", "olga", {"confirm": route})).status_code == 200


async def test_asking_the_rule_stores_nothing(front: Front) -> None:
    reference = (await front.house.lodge(asked=None)).reference
    before, version = await front.events(reference), (await front.claim(reference)).version
    told = (await front.get(f"{reference}/triage", "olga", language="zh-CN")).json()
    assert told["missing"] == ["amount", "not_at_fault", "facts_clear", "evidence_sufficient", "basis"]
    assert (told["pack"], told["hand_offs"]) == ("cn-2026", [])
    assert (await front.events(reference), (await front.claim(reference)).version) == (before, version)
    assert await front.counted("verdict") == 0


async def test_a_suspected_crime_is_noted_for_the_police_when_the_docket_is_confirmed(front: Front) -> None:
    flags = {"injury": False, "minor": False, "foreign_related": False, "needs_appraisal": False, "crime_suspected": True}
    reference = (await front.lodge(flags=flags)).json()["reference"]
    assert (await front.get(f"{reference}/triage", "olga")).json()["hand_offs"] == ["police_110"]
    await front.post(f"{reference}/triage", "olga", {"confirm": "docket"})
    event = (await front.events(reference))[-1]
    assert (event.kind, event.data) == ("handoff_due", '{"to":"police_110"}')


async def test_findings_are_written_under_the_version_that_was_read(front: Front) -> None:
    reference = (await front.lodge()).json()["reference"]
    read = (await front.get(reference, "olga")).headers["etag"]
    path = f"/api/v1/claims/{reference}/assessment"
    assert problem(await front.call("PUT", path, "olga", json=MET)) == (428, "version_missing")
    done = await front.call(
        "PUT", path, "olga", json={**MET, "ground": "旅游法第五十四条", "note": "见小票"}, headers={"If-Match": read}
    )
    assert (done.status_code, done.json(), done.headers["etag"]) == (200, {"reference": reference, "version": 2}, '"2"')
    stale = await front.call("PUT", path, "otto", json=MET, headers={"If-Match": read})
    assert (problem(stale), stale.headers["etag"]) == ((412, "stale_version"), '"2"')
    shown = (await front.get(reference, "ma")).json()["assessment"]
    assert (shown["basis"], shown["ground"], shown["note"], shown["scope"]) == (
        "tourism_law_54", "旅游法第五十四条", "见小票", "in_scope"
    )  # fmt: skip
    assert last(await front.events(reference)) == ("assessed", None, None, None, "intake", None)
    assert (await front.status(await front.slip(reference)))["stage"] == "being_checked"
    assert (await front.clocks(reference))["first_answer"] == "running"


@pytest.mark.parametrize("tag", ["*", 'W/"1"', '"1", "2"', "1", '""', '"one"'])
async def test_a_version_that_is_none_is_refused(sqlite_front: Front, tag: str) -> None:
    reference = (await sqlite_front.lodge()).json()["reference"]
    answer = await sqlite_front.call(
        "PUT", f"/api/v1/claims/{reference}/assessment", "olga", json=MET, headers={"If-Match": tag}
    )  # fmt: skip
    assert (problem(answer), flaw(answer)) == ((422, "bad_input"), ("/If-Match", "bad_version"))


async def test_a_reason_belongs_to_an_override_only(front: Front) -> None:
    reference = (await front.lodge()).json()["reference"]
    answer = await front.post(f"{reference}/triage", "olga", {"confirm": "needs_information", "reason": "票据不全"})
    assert (problem(answer), flaw(answer)) == ((422, "bad_input"), ("/reason", "not_allowed_here"))
    assert (await front.claim(reference)).state == "received"
