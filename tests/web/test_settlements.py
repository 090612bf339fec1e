"""Collective claims by their routes and pages: members join, vote and leave; a plan is made, and paid row by row as a batch."""

import json
from typing import Any

import pytest
from sqlalchemy import Connection, select

from desk.domain.claim import Route
from desk.domain.incident import Vote
from desk.domain.policy import RIGHTS, Act, Role
from desk.reads.verify import verify
from desk.store.tables import metadata
from tests.builders import House, all_of
from tests.crowds import joined, offered, seen, stuck, the_incident, voted
from tests.web.console import form_in, seat
from tests.web.front import Front, flaw, problem, yuan
from tests.web.probes import KEY, TOGETHER
from tests.web.test_foreign_site import ROLES

EVENT, LINE, PAYOUT, CLOCK, CLAIM = (metadata.tables[name] for name in ("event", "settlement_line", "payout", "clock", "claim"))
PATH = "/api/v1/settlements"


def _clocks(conn: Connection, claim_id: int) -> list[tuple[Any, ...]]:
    columns = (CLOCK.c.kind, CLOCK.c.state, CLOCK.c.base_at, CLOCK.c.due_at)
    return [tuple(row) for row in conn.execute(select(*columns).where(CLOCK.c.claim_id == claim_id).order_by(CLOCK.c.id))]


def _payouts(conn: Connection) -> list[Any]:
    return list(conn.execute(select(PAYOUT).order_by(PAYOUT.c.id)).all())


def _told(conn: Connection, kind: str) -> list[tuple[str, dict[str, Any]]]:
    rows = conn.execute(select(EVENT).where(EVENT.c.kind == kind).order_by(EVENT.c.subject, EVENT.c.seq))
    return [(row.role, json.loads(row.data)) for row in rows]


async def confirmed(house: House, *references: str) -> None:
    """Bring claims to their refund: assessed by Olga, confirmed by Otto."""
    for reference in references:
        await house.assess(reference)
        await house.confirm(reference, Route.FAST_REFUND, house.cast.otto)


async def rows(front: Front, number: int, by: str = "ma") -> list[dict[str, Any]]:
    """The rows of a plan, as the API tells them."""
    answer = await front.call("GET", f"{PATH}/{number}", by)
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["lines"]
    return found


async def test_a_visitor_joins_votes_and_leaves_and_the_claim_stays_as_it_was(front: Front) -> None:
    references = await stuck(front.house, 4)
    await seen(front.house)
    first, second, *others = references
    before = await front.house.claim(first)
    ran = await front.house.desk.read(_clocks, before.id)
    slip = await front.slip(first)
    assert (await front.visit(slip, "join")).status_code == 200
    assert problem(await front.visit(slip, "join")) == (409, "wrong_moment")
    assert problem(await front.visit(slip, "vote", settlement="1", vote="yes")) == (404, "not_found")
    for reference in (second, *others):
        answer = await front.call("POST", "/api/v1/collective/join", "olga", json={"reference": reference})
        assert answer.json()["state"] == "joined"
    incident = (await the_incident(front.house)).id
    named = await front.call("POST", f"/api/v1/incidents/{incident}/representatives", "olga", json={"references": [second]})
    assert named.status_code == 200
    lines = [{"reference": reference, "amount": yuan("60.00")} for reference in references]
    body = {"lines": lines, "note": "每人退 60 元。", "hours": 2}
    made = await front.call("POST", f"/api/v1/incidents/{incident}/settlements", "ma", json=body)
    assert made.status_code == 201
    plan = made.json()["id"]
    assert (await front.visit(slip, "vote", settlement=plan, vote="no")).status_code == 200
    assert (await front.visit(slip, "vote", settlement=plan, vote="yes")).status_code == 200
    voted_for = await front.call(
        "POST", "/api/v1/collective/vote", "olga", json={"reference": second, "settlement": plan, "vote": "yes"}
    )
    assert voted_for.status_code == 200
    assert (await front.visit(slip, "go-alone")).status_code == 200
    assert problem(await front.visit(slip, "vote", settlement=plan, vote="yes")) == (409, "wrong_moment")
    assert problem(await front.visit(slip, "join")) == (409, "wrong_moment")
    left = (await front.visit(slip, "together")).json()["together"]
    assert (left["state"], left["settlement"], left["offer"], left["vote"], left["may"]) == ("left", None, None, None, [])
    assert [line["vote"] for line in await rows(front, plan)] == ["no", "yes", None, None]
    after = await front.house.claim(first)
    assert after == before
    assert await front.house.desk.read(_clocks, after.id) == ran
    full = (await front.call("GET", f"/api/v1/incidents/{incident}", "ma")).json()
    assert [(each["state"], each["representative"]) for each in full["members"]] == [
        ("left", False), ("joined", True), ("joined", False), ("joined", False),
    ]  # fmt: skip


async def test_after_the_time_to_vote_silence_is_a_no_and_only_who_said_yes_is_paid(till: Front) -> None:
    front, house = till, till.house
    plan = await offered(house)
    yes, no, silent, waiting = plan.references
    await confirmed(house, yes, no, silent)
    await voted(house, yes)
    await voted(house, no, Vote.NO)
    await voted(house, waiting)
    submit = f"{PATH}/{plan.number}/submit"
    assert problem(await front.call("POST", submit, "chen", json={"method": "cash"})) == (409, "wrong_moment")
    house.clock.go(hours=24, seconds=1)
    assert problem(await front.visit(await front.slip(silent), "vote", settlement=str(plan.number), vote="yes")) == (
        409,
        "wrong_moment",
    )
    done = await front.call("POST", submit, "chen", json={"method": "cash"}, key="once")
    assert (done.status_code, done.json()["submitted_at"] is not None) == (200, True)
    found = {line["reference"]: line for line in await rows(front, plan.number)}
    assert (found[yes]["state"], found[yes]["payout_state"]) == ("proposed", "reserved")
    assert (found[waiting]["state"], found[waiting]["why"]) == ("refused", "wrong_moment")
    assert {found[each]["state"] for each in (no, silent)} == {"waiting"}
    again = await front.call("POST", submit, "chen", json={"method": "cash"}, key="once")
    assert (again.content, again.headers["Idempotent-Replayed"]) == (done.content, "true")
    await confirmed(house, waiting)
    for _ in range(2):
        assert (await front.call("POST", submit, "cai", json={"method": "cash"})).status_code == 200
    (first, second) = await house.desk.read(_payouts)
    assert first.key != second.key
    assert (first.amount_minor, first.proposed_by, second.proposed_by) == (8000, house.cast.chen.id, house.cast.cai.id)
    assert problem(await front.call("POST", f"{PATH}/{plan.number}/withdraw", "ma")) == (409, "wrong_moment")
    assert problem(await front.visit(await front.slip(yes), "go-alone")) == (409, "wrong_moment")
    assert (await front.visit(await front.slip(no), "go-alone")).status_code == 200
    await whole(house)


async def whole(house: House) -> None:
    """Nothing that happened breaks an invariant; `seat` signs in without the chain's word (I34)."""
    report = await house.desk.read(verify, house.kit)
    assert [(finding.id, finding.detail) for finding in report.invariants if not finding.ok and finding.id != "I34"] == []


async def test_each_row_is_under_the_rules_of_its_own_payout(till: Front) -> None:
    front, house = till, till.house
    plan = await offered(house, amount="300.00", asked="300.00")
    first, second, third, fourth = plan.references
    await confirmed(house, first, third)
    await house.assess(second)
    await house.confirm(second, Route.FAST_REFUND, house.cast.otto, amount="200.00")
    await confirmed(house, fourth)
    await front.call("POST", f"/api/v1/claims/{fourth}/payouts", "chen", json={"method": "cash"})
    await all_of(*(voted(house, reference) for reference in plan.references))
    assert (await front.call("POST", f"{PATH}/{plan.number}/submit", "chen", json={"method": "cash"})).status_code == 200
    found = {line["reference"]: (line["state"], line["why"], line["payout_state"]) for line in await rows(front, plan.number)}
    assert found == {
        first: ("proposed", None, "awaiting_approval"), second: ("refused", "amount_above_decided", None),
        third: ("proposed", None, "awaiting_approval"), fourth: ("refused", "payout_exists", None),
    }  # fmt: skip
    await whole(house)


async def test_two_cashiers_at_once_pay_each_row_once(till: Front) -> None:
    plan = await offered(till.house)
    await confirmed(till.house, *plan.references)
    await all_of(*(voted(till.house, reference) for reference in plan.references))
    submit = f"{PATH}/{plan.number}/submit"
    calls = [till.call("POST", submit, by, json={"method": "cash"}) for by in ("chen", "cai")]
    assert [answer.status_code for answer in await all_of(*calls)] == [200, 200]
    paid = await till.house.desk.read(_payouts)
    assert len({row.claim_id for row in paid}) == len(paid) == 4
    assert {line["state"] for line in await rows(till, plan.number)} == {"proposed"}


async def test_a_plan_is_taken_back_and_another_made_whose_votes_begin_anew(front: Front) -> None:
    plan = await offered(front.house)
    await voted(front.house, plan.references[0])
    path = f"/api/v1/incidents/{plan.incident}/settlements"
    body = {"lines": [{"reference": plan.references[0], "amount": yuan("70.00")}], "note": "x"}
    assert problem(await front.call("POST", path, "ma", json=body)) == (409, "wrong_moment")
    assert (await front.call("POST", f"{PATH}/{plan.number}/withdraw", "ma")).status_code == 200
    made = await front.call("POST", path, "ma", json=body)
    assert (made.status_code, [line["vote"] for line in await rows(front, made.json()["id"])]) == (201, [None])
    assert problem(await front.call("POST", f"{PATH}/{plan.number}/submit", "chen", json={"method": "cash"})) == (
        409, "wrong_moment",
    )  # fmt: skip


@pytest.mark.parametrize("undone", ["object", "reopen", "override"])
async def test_a_yes_is_not_paid_once_the_claim_was_undone_after_it(till: Front, undone: str) -> None:
    house = till.house
    plan = await offered(house)
    first, *others = plan.references
    await confirmed(house, first)
    await all_of(*(voted(house, reference) for reference in plan.references))
    slip, ma = await till.slip(first), house.cast.ma
    if undone == "object":
        assert (await till.visit(slip, "object", text="不同意。")).status_code == 200
    elif undone == "reopen":
        assert (await till.visit(slip, "withdraw")).status_code == 200
        assert (await till.visit(slip, "reopen", text="还是要退。")).status_code == 200
        await confirmed(house, first)
    else:
        await house.override(first, Route.DOCKET, ma)
    if undone != "reopen":
        await house.override(first, Route.FAST_REFUND, ma)
    await confirmed(house, others[0])
    for _ in range(2):
        assert (await till.call("POST", f"{PATH}/{plan.number}/submit", "chen", json={"method": "cash"})).status_code == 200
    found = {line["reference"]: (line["state"], line["why"]) for line in await rows(till, plan.number)}
    assert (found[first], found[others[0]]) == (("refused", "wrong_moment"), ("proposed", None))
    assert [row.claim_id for row in await house.desk.read(_payouts)] == [(await house.claim(others[0])).id]
    await whole(house)


async def test_after_a_batch_another_plan_is_for_who_is_not_paid_yet(till: Front) -> None:
    front, house = till, till.house
    plan = await offered(house)
    paid, refused, no, silent = plan.references
    await confirmed(house, paid)
    for reference in (paid, refused):
        await voted(house, reference)
    await voted(house, no, Vote.NO)
    house.clock.go(hours=24, seconds=1)
    path, pay = f"/api/v1/incidents/{plan.incident}/settlements", {"method": "cash"}
    assert (await front.call("POST", f"{PATH}/{plan.number}/submit", "chen", json=pay)).status_code == 200
    body = {"lines": [{"reference": each, "amount": yuan("70.00")} for each in plan.references], "note": "x"}
    again = await front.call("POST", path, "ma", json=body)
    assert (problem(again), flaw(again)[0]) == ((422, "bad_input"), "/lines/0/reference")
    ma, here = await seat(front, "ma"), f"/desk/incidents/{plan.incident}"
    form = form_in((await ma.get(here)).text, f"{here}/settlement")
    assert {name for name in form if name.startswith("amount-")} == {f"amount-{each}" for each in (refused, no, silent)}
    assert (await ma.submit(here, f"{here}/settlement", note="再退。")).headers["location"] == here
    assert problem(await front.call("POST", path, "ma", json={**body, "lines": body["lines"][1:]})) == (409, "wrong_moment")
    (second,) = {line.settlement_id for line in await house.desk.read(_lines)} - {plan.number}
    await confirmed(house, refused, no)
    for reference in (refused, no):
        await voted(house, reference)
    assert (await front.call("POST", f"{PATH}/{plan.number}/submit", "chen", json=pay)).status_code == 200
    assert [line["state"] for line in await rows(front, plan.number)] == ["proposed", "refused", "waiting", "waiting"]
    house.clock.go(hours=24, seconds=1)
    assert (await front.call("POST", f"{PATH}/{second}/submit", "chen", json=pay)).status_code == 200
    assert [line["state"] for line in await rows(front, second)] == ["proposed", "proposed", "waiting"]
    assert (await front.visit(await front.slip(silent), "go-alone")).status_code == 200
    await whole(house)


async def test_a_row_whose_payout_was_cancelled_is_handed_in_again_or_its_member_leaves(till: Front) -> None:
    front, house = till, till.house
    plan = await offered(house)
    again, leaves, *others = plan.references
    await confirmed(house, again, leaves)
    await all_of(*(voted(house, reference) for reference in plan.references))
    submit, pay = f"{PATH}/{plan.number}/submit", {"method": "cash"}
    assert (await front.call("POST", submit, "chen", json=pay)).status_code == 200
    slip = await front.slip(leaves)
    assert problem(await front.visit(slip, "go-alone")) == (409, "wrong_moment")
    for line in (await rows(front, plan.number))[:2]:
        assert (await front.call("POST", f"/api/v1/payouts/{line['payout']}/cancel", "chen")).status_code == 200
    chen = await seat(front, "chen")
    assert "Hand in the 4 that failed again" in (await chen.get(f"/desk/settlements/{plan.number}")).text
    client = front.from_network("192.0.2.7")
    await client.get(f"/s/{slip.token}")
    assert "/status/go_alone" in (await client.get("/status?lang=en")).text
    assert (await front.visit(slip, "go-alone")).status_code == 200
    assert (await front.call("POST", submit, "chen", json=pay)).status_code == 200
    found = {line["reference"]: (line["vote"], line["state"], line["payout_state"]) for line in await rows(front, plan.number)}
    assert (found[again], found[leaves]) == (("yes", "proposed", "reserved"), ("no", "refused", None))
    assert {found[each] for each in others} == {("yes", "refused", None)}
    keys = [row.key for row in await house.desk.read(_payouts)]
    assert len(set(keys)) == len(keys) == 3
    await whole(house)


async def test_a_yes_is_for_the_plan_that_was_read_and_for_no_other(front: Front) -> None:
    plan = await offered(front.house)
    first, slip = plan.references[0], await front.slip(plan.references[0])
    olga, client = await seat(front, "olga"), front.from_network("192.0.2.7")
    await client.get(f"/s/{slip.token}")
    kept = form_in((await client.get("/status?lang=en")).text, "/status/vote_yes")
    here = f"/desk/incidents/{plan.incident}/members/{first}/yes"
    counter = form_in((await olga.get(f"/desk/claims/{first}")).text, here)
    assert kept["settlement"] == counter["settlement"] == str(plan.number)
    await front.call("POST", f"{PATH}/{plan.number}/withdraw", "ma")
    body = {"lines": [{"reference": first, "amount": yuan("1.00")}], "note": "x"}
    made = (await front.call("POST", f"/api/v1/incidents/{plan.incident}/settlements", "ma", json=body)).json()["id"]
    origin = {"Origin": str(client.base_url), "Sec-Fetch-Site": "same-origin"}
    assert (await client.post("/status/vote_yes", data=kept, headers=origin)).status_code == 409
    assert (await olga.post(here, counter)).status_code == 409
    old = {"settlement": str(plan.number), "vote": "yes"}
    assert problem(await front.visit(slip, "vote", **old)) == (409, "wrong_moment")
    told = await front.call("POST", "/api/v1/collective/vote", "olga", json={"reference": first, **old})
    assert problem(told) == (409, "wrong_moment")
    assert flaw(await front.visit(slip, "vote", vote="yes"))[0] == "/settlement"
    assert [line["vote"] for line in await rows(front, made)] == [None]
    seen = (await front.visit(slip, "together")).json()["together"]
    assert (seen["settlement"], seen["offer"], seen["note"], seen["may"]) == (made, yuan("1.00"), "x", ["vote", "go-alone"])
    assert (await front.visit(slip, "vote", settlement=seen["settlement"], vote="yes")).status_code == 200
    seen = (await front.visit(slip, "together")).json()["together"]
    assert (seen["state"], seen["vote"]) == ("joined", "yes")


async def test_a_claim_that_stands_alone_is_told_so_and_a_wrong_key_nothing(front: Front) -> None:
    slip = await front.slip((await front.house.lodge()).reference)
    assert (await front.visit(slip, "together")).json() == {"together": None}
    assert problem(await front.call("POST", "/api/v1/status/together", json={"token": "0" * 40})) == (404, "not_found")


async def test_a_plan_needs_members_a_representative_amounts_and_a_time(front: Front) -> None:
    references = await stuck(front.house, 4)
    await seen(front.house)
    incident = await joined(front.house, *references[:3], speaks=False)
    path = f"/api/v1/incidents/{incident}"
    line = {"reference": references[0], "amount": yuan("70.00")}
    assert problem(await front.call("POST", f"{path}/settlements", "ma", json={"lines": [line], "note": "x"})) == (
        409, "wrong_moment",
    )  # fmt: skip
    for named, pointer in (([references[3]], "/references"), (["0000000000"], "/references"), ([], "/references")):
        refused = await front.call("POST", f"{path}/representatives", "ma", json={"references": named})
        assert (problem(refused), flaw(refused)[0]) == ((422, "bad_input"), pointer)
    four = await front.call("POST", f"{path}/representatives", "ma", json={"references": references})
    assert problem(four) == (422, "bad_input")
    await front.call("POST", f"{path}/representatives", "ma", json={"references": references[:3]})
    for lines, more, pointer in (
        ([{**line, "reference": references[3]}], {}, "/lines/0/reference"), ([line, line], {}, "/lines/1/reference"),
        ([{**line, "amount": yuan("0.00")}], {}, "/lines/0/amount/amount"),
        ([{**line, "amount": {"amount": "1.00", "currency": "USD"}}], {}, "/lines/0/amount/currency"),
        ([line], {"hours": 0}, "/hours"), ([line], {"hours": 721}, "/hours"), ([], {}, "/lines"),
    ):  # fmt: skip
        refused = await front.call("POST", f"{path}/settlements", "ma", json={"lines": lines, "note": "x", **more})
        assert (problem(refused), flaw(refused)[0]) == ((422, "bad_input"), pointer)
    assert await front.counted("settlement") == 0


async def test_a_batch_is_listed_until_nothing_of_it_can_be_paid_any_more(till: Front) -> None:
    front, house = till, till.house
    plan = await offered(house)
    paid, elsewhere, gone, objected = plan.references
    batch, pay = f"/desk/settlements/{plan.number}", {"method": "cash"}
    await confirmed(house, paid, elsewhere, objected)
    await all_of(*(voted(house, reference) for reference in plan.references))
    chen = await seat(front, "chen")
    assert batch in (await chen.get("/desk/pay")).text
    await front.call("POST", f"/api/v1/claims/{elsewhere}/payouts", "chen", json=pay)
    assert (await front.visit(await front.slip(objected), "object", text="不同意。")).status_code == 200
    assert (await front.call("POST", f"{PATH}/{plan.number}/submit", "chen", json=pay)).status_code == 200
    assert "Hand in the 1 that failed again" in (await chen.get(batch)).text
    assert (await front.visit(await front.slip(gone), "withdraw")).status_code == 200
    page = (await chen.get(batch)).text
    assert ("Payouts proposed: 1 of 4" in page, "that failed again" in page) == (True, False)
    assert batch not in (await chen.get("/desk/pay")).text
    line = next(line for line in await rows(front, plan.number) if line["reference"] == paid)
    assert (await front.call("POST", f"/api/v1/payouts/{line['payout']}/cancel", "chen")).status_code == 200
    assert batch in (await chen.get("/desk/pay")).text


async def test_a_note_of_two_thousand_characters_is_kept_and_a_longer_one_refused(front: Front) -> None:
    references = await stuck(front.house, 4)
    await seen(front.house)
    incident = await joined(front.house, *references)
    path, here = f"/api/v1/incidents/{incident}/settlements", f"/desk/incidents/{incident}"
    line = {"reference": references[0], "amount": yuan("70.00")}
    refused = await front.call("POST", path, "ma", json={"lines": [line], "note": "x" * 2001})
    assert (refused.status_code, flaw(refused)[0]) == (422, "/note")
    ma = await seat(front, "ma")
    page = await ma.submit(here, f"{here}/settlement", note="x" * 2001)
    assert (page.status_code, "x" * 2001 in page.text, "settlement-note-wrong" in page.text) == (422, True, True)
    whole_note = "一行\r\n" * 666 + "xx"
    assert (await ma.submit(here, f"{here}/settlement", note=whole_note)).headers["location"] == here
    (number,) = {each.settlement_id for each in await front.house.desk.read(_lines)}
    kept = (await front.call("GET", f"{PATH}/{number}", "ma")).json()["note"]
    assert kept == whole_note.replace("\r\n", "\n")
    assert (await front.call("POST", f"{PATH}/{number}/withdraw", "ma")).status_code == 200
    made = await front.call("POST", path, "ma", json={"lines": [line], "note": whole_note})
    assert made.status_code == 201


async def test_the_plan_of_amounts_is_the_plan_an_open_incident_waits_for(front: Front) -> None:
    plan = await offered(front.house, people=3)
    found = await the_incident(front.house)
    assert (found.id, found.level, found.plan) == (plan.incident, "general", "逐一退还票款。")


@pytest.mark.parametrize("where", [where for where, probe in TOGETHER.items() if probe.act != KEY], ids=" ".join)
async def test_each_role_meets_what_the_rights_table_says(front: Front, where: tuple[str, str]) -> None:
    (method, path), probe, found = where, TOGETHER[where], {}
    plan = await offered(front.house)
    body = json.loads(json.dumps(probe.body).replace("OTHER", plan.references[0]).replace("PLAN", str(plan.number)))
    callers = [by for by in ROLES if by not in ("nobody", "vera")]
    for by in callers:
        answer = await front.call(method, path.format(incident=plan.incident, settlement=plan.number), by, json=body)
        # Whoever may is told by then that the moment is another.
        found[by] = 200 if answer.status_code in (200, 201, 409) else answer.status_code
    assert isinstance(probe.act, Act)
    unread = "/collective/" in path  # a claim that a role does not read is not there for it
    assert found == {by: _expected(ROLES[by], probe.act, unread=unread) for by in callers}
    assert (await front.call(method, path.format(incident=plan.incident, settlement=plan.number), json=body)).status_code == 401


def _expected(role: Role | None, act: Act, *, unread: bool) -> int:
    if role is None or role is Role.ADMIN:
        return 404
    return 200 if role in RIGHTS[act] else 403


async def test_the_visitors_page_says_what_is_offered_and_takes_the_vote(front: Front) -> None:
    plan = await offered(front.house)
    slip = await front.slip(plan.references[0])
    client = front.from_network("192.0.2.7")
    await client.get(f"/s/{slip.token}")
    page = (await client.get("/status", headers={"Accept-Language": "en"})).text
    for words in (
        "Complain together",
        "4 claims, 4 people",
        "The plan offers you",
        "80.00",
        "No vote is a no",
        "Accept this plan",
    ):
        assert words in page, words
    assert "和解方案给您的金额" in (await client.get("/status?lang=zh-CN")).text
    origin = {"Origin": str(client.base_url), "Sec-Fetch-Site": "same-origin"}
    for step, vote in (("vote_no", "no"), ("vote_yes", "yes")):
        form = form_in((await client.get("/status?lang=en")).text, f"/status/{step}")
        assert (await client.post(f"/status/{step}", data=form, headers=origin)).status_code == 303
        assert (await rows(front, plan.number))[0]["vote"] == vote
    form = form_in((await client.get("/status?lang=en")).text, "/status/go_alone")
    asked = await client.post("/status/go_alone?lang=en", data=form, headers=origin)
    assert (asked.status_code, "Give up this offer and go on alone?" in asked.text, "80.00" in asked.text) == (200, True, True)
    assert (await rows(front, plan.number))[0]["vote"] == "yes"
    sure = form_in(asked.text, "/status/go_alone") | {"sure": "1"}
    assert (await client.post("/status/go_alone", data=sure, headers=origin)).status_code == 303
    assert (await rows(front, plan.number))[0]["vote"] == "no"
    assert "Complain together" in (await client.get("/status?lang=en")).text
    assert "/status/vote_yes" not in (await client.get("/status?lang=en")).text
    other = await front.slip((await front.house.lodge()).reference)
    await client.get(f"/s/{other.token}")
    assert "Complain together" not in (await client.get("/status", headers={"Accept-Language": "en"})).text


async def test_the_terms_stand_beside_the_offer_as_text(front: Front) -> None:
    references = await stuck(front.house, 4)
    await seen(front.house)
    incident = await joined(front.house, *references)
    note = "退 60 元，<b>双方再无争议</b>。"
    body = {"lines": [{"reference": references[0], "amount": yuan("60.00")}], "note": note}
    assert (await front.call("POST", f"/api/v1/incidents/{incident}/settlements", "ma", json=body)).status_code == 201
    client = front.from_network("192.0.2.7")
    await client.get(f"/s/{(await front.slip(references[0])).token}")
    page = (await client.get("/status?lang=en")).text
    assert ("退 60 元，&lt;b&gt;双方再无争议" in page, "<b>双方" in page) == (True, False)


async def test_joining_is_offered_only_where_it_is_possible(front: Front) -> None:
    first, second, *_ = await stuck(front.house, 4)
    await seen(front.house)
    incident = (await the_incident(front.house)).id
    slip, olga = await front.slip(first), await seat(front, "olga")
    assert (await front.visit(slip, "withdraw")).status_code == 200
    client = front.from_network("192.0.2.7")
    await client.get(f"/s/{slip.token}")
    assert "/status/join" not in (await client.get("/status?lang=en")).text
    for reference, possible in ((first, False), (second, True)):
        page = (await olga.get(f"/desk/claims/{reference}")).text
        assert (f"/desk/incidents/{incident}/members/{reference}/join" in page) is possible
    assert problem(await front.visit(slip, "join")) == (409, "wrong_moment")


async def test_the_pages_lead_from_joining_to_the_batch(till: Front) -> None:
    front, house = till, till.house
    references = await stuck(house, 4)
    await seen(house)
    incident = (await the_incident(house)).id
    olga, ma, chen = [await seat(front, name) for name in ("olga", "ma", "chen")]
    here = f"/desk/incidents/{incident}"
    for reference in references:
        claim = f"/desk/claims/{reference}"
        done = await olga.submit(claim, f"{here}/members/{reference}/join")
        assert done.headers["location"] == f"{claim}#part"
    refused = await ma.submit(here, f"{here}/representatives")
    assert (refused.status_code, "representatives-references" in refused.text) == (422, True)
    ticked = {f"rep-{references[0]}": "1"}
    assert (await ma.submit(here, f"{here}/representatives", **ticked)).headers["location"] == here
    wrong = await ma.submit(here, f"{here}/settlement", **{f"amount-{references[0]}": "much"}, note="x")
    assert (wrong.status_code, 'value="much"' in wrong.text) == (422, True)
    assert (await ma.submit(here, f"{here}/settlement", note="每人退票款。")).headers["location"] == here
    for reference in references:
        assert (await olga.submit(f"/desk/claims/{reference}", f"{here}/members/{reference}/yes")).status_code == 303
    await confirmed(house, *references[:3])
    assert "Batch" in (await chen.get("/desk/pay")).text
    (plan,) = {line.settlement_id for line in await house.desk.read(_lines)}
    batch = f"/desk/settlements/{plan}"
    page = (await chen.get(batch)).text
    assert ("320.00" in page, "Hand in 4 payouts" in page) == (True, True)
    done = await chen.submit(batch, f"{batch}/submit", method="cash")
    assert done.headers["location"] == batch
    page = (await chen.get(batch)).text
    assert ("Payouts proposed: 3 of 4" in page, "Hand in the 1 that failed again" in page) == (True, True)
    assert "不会重复付款" not in (await olga.get(batch, "zh-CN")).text


def _lines(conn: Connection) -> list[Any]:
    return list(conn.execute(select(LINE)).all())
