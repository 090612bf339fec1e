"""Hand-offs by their routes and on their pages: each step with its row, event and sentence; partners in and out."""

import json
import re
from typing import Any

import pytest
from sqlalchemy import Connection, select

from desk.domain.policy import RIGHTS, Act, Role
from desk.store.tables import metadata
from tests.builders import all_of
from tests.cast import AWAY, HOME, VISITOR_NAME
from tests.hands import ASKED, Hand, led, lost, offered, partner
from tests.web.console import seat
from tests.web.front import BODY, Front, flaw, last, problem
from tests.web.probes import HANDOFFS, TOKEN
from tests.web.test_foreign_site import ROLES

PATH = "/api/v1/handoffs"
XSS = '<img src=x onerror="alert(1)">'
NEW = {name: value for name, value in BODY.items() if name != "channel"} | {"number": "12345-0042"}


def _rows(conn: Connection, name: str) -> list[Any]:
    table = metadata.tables[name]
    return list(conn.execute(select(table).order_by(table.c.id)).all())


async def rows(front: Front, name: str = "handoff") -> list[Any]:
    """A table, the oldest row first."""
    return await front.house.desk.read(_rows, name)


async def step(front: Front, number: int | str, to: str, by: str | Hand = "olga", **told: Any) -> Any:  # noqa: ANN401
    """Lead a hand-off on by its route, as an officer or with a partner's token."""
    path = f"{PATH}/{number}/{to}"
    if isinstance(by, Hand):
        return await front.call("POST", path, json=told.pop("json", None), headers=by.headers, **told)
    return await front.call("POST", path, by, json=told.pop("json", None), **told)


async def handed(front: Front, hand: Hand, key: str = "new", **told: Any) -> Any:  # noqa: ANN401
    """Hand a claim in, with `told` in place of the usual fields."""
    return await front.call("POST", PATH, json={**NEW, **told}, key=key, headers=hand.headers)


async def test_a_claim_is_offered_by_phone_taken_worked_on_and_done_and_no_clock_of_it_moves(front: Front) -> None:
    hand = await partner(front.house, "market_regulator")
    reference = await front.brought_to("docketed")
    before = (await front.claim(reference)).model_dump(), await front.house.desk.read(_rows, "clock")
    body = {"partner": str(hand.id), "asked": f"{ASKED}联系人{VISITOR_NAME}。"}
    answer = await front.post(f"{reference}/handoffs", "olga", body)
    assert (answer.status_code, answer.json()["state"], answer.json()["reference"]) == (201, "offered", reference)
    number = answer.json()["id"]
    (row,) = await rows(front)
    assert (row.state, row.post, row.taken_at, VISITOR_NAME in row.asked) == ("offered", "phone", None, False)
    assert last(await front.events(reference))[0] == "handoff_offered"
    sentences = {}
    for to in ("taken", "working", "done"):
        sentences[to] = (await step(front, number, to)).json()["state"]
        assert last(await front.events(reference))[0] == f"handoff_{to}"
    assert sentences == {to: to for to in sentences}
    after = (await front.claim(reference)).model_dump(), await front.house.desk.read(_rows, "clock")
    assert (after[0] | {"version": 0}, after[1]) == (before[0] | {"version": 0}, before[1])
    (row,) = await rows(front)
    assert row.offered_at < row.taken_at < row.working_at < row.ended_at
    for to in ("taken", "working", "done"):
        assert problem(await step(front, number, to)) == (409, "wrong_moment")
    assert problem(await step(front, number, "returned", json={"reason": "x"})) == (409, "wrong_moment")


async def test_it_comes_back_with_a_reason_and_may_be_offered_again(front: Front) -> None:
    hand = await partner(front.house)
    reference = (await front.house.lodge()).reference
    number = await offered(front.house, hand, reference)
    again = {"partner": str(hand.id), "asked": ASKED}
    assert problem(await front.post(f"{reference}/handoffs", "olga", again)) == (409, "wrong_moment")
    for reason in ("", "x" * 2001, None):
        answer = await step(front, number, "returned", json={} if reason is None else {"reason": reason})
        assert (problem(answer), flaw(answer)[0]) == ((422, "bad_input"), "/reason")
    assert (await step(front, number, "returned", "ma", json={"reason": "不属于本单位。"})).json()["state"] == "returned"
    (row,) = await rows(front)
    assert (row.reason, row.overtaken, row.ended_at is not None) == ("不属于本单位。", False, True)
    told = (await front.events(reference))[-1]
    assert (told.kind, told.role, "本单位" in told.data, told.reason) == ("handoff_returned", "manager", False, None)
    assert (await front.post(f"{reference}/handoffs", "olga", again)).status_code == 201


async def test_the_first_taker_stays_responsible_and_the_other_offers_end(front: Front) -> None:
    city, market = await partner(front.house), await partner(front.house, "market_regulator")
    reference = (await front.house.lodge()).reference
    first, second = await offered(front.house, city, reference), await offered(front.house, market, reference)
    assert (await step(front, second, "taken", market)).status_code == 200
    assert problem(await step(front, first, "taken", city)) == (409, "wrong_moment")
    assert [(row.state, row.overtaken) for row in await rows(front)] == [("returned", True), ("taken", False)]
    kinds = [(event.kind, event.role) for event in (await front.events(reference))[-2:]]
    assert kinds == [("handoff_returned", "desk"), ("handoff_taken", "partner")]
    other = await partner(front.house, "police_110")
    body = {"partner": str(other.id), "asked": ASKED}
    assert problem(await front.post(f"{reference}/handoffs", "olga", body)) == (409, "wrong_moment")
    await led(front.house, second, "working", "done")
    assert (await front.post(f"{reference}/handoffs", "olga", body)).status_code == 201


async def test_of_many_who_take_at_once_exactly_one_has_it(front: Front) -> None:
    hands = [await partner(front.house) for _ in range(4)]
    reference = (await front.house.lodge()).reference
    numbers = [await offered(front.house, hand, reference) for hand in hands]
    calls = [step(front, number, "taken", hand) for number, hand in zip(numbers, hands, strict=True)]
    answers = await all_of(*calls, step(front, numbers[0], "taken"), step(front, numbers[1], "taken", "ma"))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    assert sorted(row.state for row in await rows(front)) == ["returned", "returned", "returned", "taken"]


async def test_a_partner_sees_and_leads_its_own_hand_offs_alone(front: Front) -> None:
    own, other = await partner(front.house), await partner(front.house, "police_110")
    abroad = await partner(front.house, site=AWAY)
    number = await offered(front.house, own)
    seen = (await front.call("GET", f"{PATH}/{number}", headers=own.headers)).json()
    assert (seen["id"], seen["state"], seen["asked"], seen["partner"]["kind"]) == (str(number), "offered", ASKED, "hotline_12345")
    assert not any(word in json.dumps(seen, ensure_ascii=False) for word in ("王小薇", "13800138000", "Olga"))
    for stranger in (other, abroad):
        assert problem(await front.call("GET", f"{PATH}/{number}", headers=stranger.headers)) == (404, "not_found")
        for to in ("taken", "working", "done"):
            assert problem(await step(front, number, to, stranger)) == (404, "not_found")
        assert problem(await step(front, number, "returned", stranger, json={"reason": "x"})) == (404, "not_found")
        nowhere = await step(front, 77, "taken", stranger)
        assert (await step(front, number, "taken", stranger)).json() | {"trace_id": 0} == nowhere.json() | {"trace_id": 0}
    for path in ("/api/v1/claims", PATH, f"/api/v1/sites/{HOME}/fund", f"/api/v1/sites/{HOME}/partners"):
        assert problem(await front.call("GET", path, headers=own.headers)) == (401, "sign_in_needed")
    assert problem(await front.call("POST", f"{PATH}/{number}/replay", headers=own.headers)) == (401, "sign_in_needed")
    first = await step(front, number, "taken", own, key="once")
    again = await step(front, number, "taken", own, key="once")
    assert (first.content, again.headers["Idempotent-Replayed"]) == (again.content, "true")
    assert await step(front, number, "working", own)
    assert (await step(front, number, "returned", own, json={"reason": "证据不足。"})).json()["state"] == "returned"


@pytest.mark.parametrize("state", ["withdrawn", "archived"])
async def test_what_is_over_for_good_is_handed_to_nobody(front: Front, state: str) -> None:
    hand, reference = await partner(front.house), await front.brought_to(state)
    answer = await front.post(f"{reference}/handoffs", "ma", {"partner": str(hand.id), "asked": ASKED})
    assert problem(answer) == (409, "wrong_moment")
    assert await rows(front) == []


async def test_an_offer_of_a_claim_that_was_withdrawn_is_not_taken_any_more_and_comes_back(front: Front) -> None:
    hand, reference = await partner(front.house), (await front.house.lodge()).reference
    number = await offered(front.house, hand, reference)
    await front.house.withdraw(reference)
    for by in ("olga", hand):
        assert problem(await step(front, number, "taken", by)) == (409, "wrong_moment")
    ma = await seat(front, "ma")
    for path in (f"/desk/handoffs/{HOME}", f"/desk/claims/{reference}"):
        page = (await ma.get(path)).text
        assert ("The claim has ended meanwhile" in page, "Phone them" in page, "They took it" in page) == (True, False, False)
    assert (await step(front, number, "returned", json={"reason": "已撤回。"})).status_code == 200


async def test_only_a_partner_of_the_site_is_offered_anything(front: Front) -> None:
    abroad, gone = await partner(front.house, site=AWAY), await partner(front.house)
    assert (await front.call("POST", f"/api/v1/partners/{gone.id}/disable", "ma")).status_code == 200
    reference = (await front.house.lodge()).reference
    for whom in (str(abroad.id), str(gone.id), "7", "9" * 19):
        answer = await front.post(f"{reference}/handoffs", "olga", {"partner": whom, "asked": ASKED})
        assert (problem(answer), flaw(answer)) == ((422, "bad_input"), ("/partner", "not_at_this_site"))
    assert await rows(front) == []


async def test_a_partner_hands_a_claim_in_once_for_each_number_of_its_own(front: Front) -> None:
    hand = await partner(front.house)
    first = await handed(front, hand, "one-press")
    assert (first.status_code, first.json()["state"]) == (201, "received")
    reference = first.json()["reference"]
    claim = await front.claim(reference)
    assert (claim.channel, claim.lodged_by, claim.source_key) == ("hotline_12345", None, None)
    (event,) = await front.events(reference)
    assert (event.actor, event.role, event.step) == (f"partner:{hand.id}", "partner", "lodge")
    slip = {"reference": reference, "access_code": first.json()["access_code"]}
    assert (await front.look(slip)).status_code == 200
    replayed = await handed(front, hand, "one-press")
    assert (replayed.content, replayed.headers["Idempotent-Replayed"]) == (first.content, "true")
    assert problem(await handed(front, hand, "one-press", number="other")) == (422, "idempotency_key_reused")
    again = await handed(front, hand, category="other", people=2)
    assert (again.status_code, again.json()["reference"], again.headers["Idempotent-Replayed"]) == (201, reference, "true")
    await front.house.assess(reference)
    await front.house.confirm(reference, "fast_refund")
    assert (await handed(front, hand)).json()["state"] == "fast_refund"
    assert (await handed(front, hand, number="12345-0043")).json()["reference"] != reference
    other = await partner(front.house, "consumer_12315")
    assert (await handed(front, other)).json()["reference"] != reference
    assert (await front.counted("claim"), await front.counted("handed_in")) == (3, 3)


async def test_another_matter_under_a_known_number_is_refused_and_learns_nothing_of_the_first(front: Front) -> None:
    hand = await partner(front.house)
    first = (await handed(front, hand)).json()
    others: tuple[dict[str, Any], ...] = (
        {"facts": "另一家店拒绝退款。"},
        {"visitor": NEW["visitor"] | {"phone": "13900139000"}},
        {"visitor": {}},
    )
    for told in others:
        answer = await handed(front, hand, **told)
        assert (problem(answer), flaw(answer)) == ((422, "bad_input"), ("/number", "number_used"))
        assert not any(first[name] in answer.text for name in ("reference", "access_code", "status_url"))
        assert "Idempotent-Replayed" not in answer.headers
    assert (await handed(front, hand)).json()["reference"] == first["reference"]
    assert (await handed(front, hand, number="12345-0043", **others[0])).status_code == 201
    assert (await front.counted("claim"), await front.counted("handed_in")) == (2, 2)
    (kept, _) = await rows(front, "handed_in")
    assert len(kept.fingerprint) == 16


async def test_a_key_that_came_with_a_known_number_is_remembered_with_what_it_was_answered(front: Front) -> None:
    hand = await partner(front.house)
    reference = (await handed(front, hand, "first")).json()["reference"]
    await front.house.assess(reference)
    await front.house.confirm(reference, "fast_refund")
    known = await handed(front, hand, "second")
    assert known.json()["state"] == "fast_refund"
    await front.house.withdraw(reference)
    again = await handed(front, hand, "second")
    assert (again.status_code, again.content, again.headers["Idempotent-Replayed"]) == (201, known.content, "true")
    assert problem(await handed(front, hand, "second", number="12345-0043")) == (422, "idempotency_key_reused")
    assert (await handed(front, hand, "third")).json()["state"] == "withdrawn"
    assert (await handed(front, hand, "first")).json()["state"] == "received"
    assert await front.counted("claim") == 1


async def test_of_one_number_sent_many_times_at_once_there_is_one_claim(front: Front) -> None:
    hand = await partner(front.house)
    answers = await all_of(*(handed(front, hand) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["reference"] for answer in answers}) == 1
    assert (await front.counted("claim"), await front.counted("handed_in")) == (1, 1)


async def test_what_cannot_be_handed_in_is_refused_clearly_and_leaves_nothing(front: Front) -> None:
    hand = await partner(front.house)
    for site in ("atlantis", AWAY):
        answer = await handed(front, hand, site=site, spot=None)
        assert (problem(answer), flaw(answer)) == ((422, "bad_input"), ("/site", "unknown_site"))
    for told, field in (({"number": ""}, "/number"), ({"number": "x" * 81}, "/number"), ({"channel": "counter"}, "/channel")):
        answer = await handed(front, hand, **told)
        assert (problem(answer), flaw(answer)[0]) == ((422, "bad_input"), field)
    assert problem(await front.call("POST", PATH, json=NEW, key=None, headers=hand.headers)) == (400, "idempotency_key_missing")
    assert problem(await front.call("POST", PATH, "olga", json=NEW)) == (401, "sign_in_needed")
    assert problem(await front.call("POST", PATH, json=NEW)) == (401, "sign_in_needed")
    assert (await front.counted("claim"), await front.counted("handed_in")) == (0, 0)


async def test_a_managers_partner_has_keys_that_are_shown_once_replaced_and_ended(front: Front) -> None:
    path, body = f"/api/v1/sites/{HOME}/partners", {"kind": "police_110", "name": "派出所", "hook_url": "https://p.example/a?k=v"}
    made = await front.call("POST", path, "ma", json=body, key="one-press")
    assert made.status_code == 201
    told = made.json()
    assert (told["hook"], told["secret"].startswith("whsec_"), len(told["token"]) > 30) == ("p.example", True, True)
    assert (await front.call("POST", path, "ma", json=body, key="one-press")).content == made.content
    assert (problem(again := await front.call("POST", path, "ma", json=body)), flaw(again)) == (
        (422, "bad_input"), ("/name", "taken"),
    )  # fmt: skip
    (listed,) = (await front.call("GET", path, "ada")).json()["partners"]
    assert listed == {name: value for name, value in told.items() if name not in ("token", "secret")}
    kept = (*await rows(front, "partner"), *await rows(front, "idempotency_key"))
    stored = json.dumps([[str(cell) for cell in row] for row in kept])
    assert told["token"] not in stored
    assert told["secret"] not in stored
    old = Hand(int(told["id"]), told["token"], told["secret"])
    number = await offered(front.house, old)
    rekeyed = (await front.call("POST", f"/api/v1/partners/{old.id}/keys", "ma")).json()
    assert rekeyed["token"] != old.token
    assert rekeyed["secret"] != old.secret
    assert problem(await step(front, number, "taken", old)) == (401, "sign_in_needed")
    now = Hand(old.id, rekeyed["token"], rekeyed["secret"])
    assert (await step(front, number, "taken", now)).status_code == 200
    assert (await front.call("POST", f"/api/v1/partners/{old.id}/disable", "ma")).status_code == 200
    assert problem(await step(front, number, "working", now)) == (401, "sign_in_needed")
    for what, change in (("keys", {}), ("hook", {"hook_url": None}), ("disable", {})):
        assert problem(await front.call("POST", f"/api/v1/partners/{old.id}/{what}", "ma", json=change)) == (409, "wrong_moment")


@pytest.mark.parametrize("url", ["http://p.example/", "https://10.0.0.5/", "https://169.254.169.254/", "https://127.0.0.1/", "x"])
async def test_an_address_inside_is_refused_when_it_is_set(front: Front, url: str) -> None:
    path, body = f"/api/v1/sites/{HOME}/partners", {"kind": "police_110", "name": "派出所", "hook_url": url}
    answer = await front.call("POST", path, "ma", json=body)
    assert (problem(answer), flaw(answer)) == ((422, "bad_input"), ("/hook_url", "bad_hook"))
    hand = await partner(front.house)
    answer = await front.call("POST", f"/api/v1/partners/{hand.id}/hook", "ma", json={"hook_url": url})
    assert (problem(answer), flaw(answer)) == ((422, "bad_input"), ("/hook_url", "bad_hook"))
    assert url not in answer.text
    assert [row.hook_url for row in await rows(front, "partner")] == [None]


async def test_the_board_lists_open_ones_by_age_and_all_page_by_page(front: Front) -> None:
    hand, told = await partner(front.house), await partner(front.house, hook_url="https://p.example/a")
    numbers = [await offered(front.house, each) for each in (hand, told, hand)]
    await led(front.house, numbers[0], "taken", "working", "done")
    listed = (await front.call("GET", PATH, "ada")).json()["handoffs"]
    assert [(each["id"], each["post"]) for each in listed] == [(str(numbers[1]), "waiting"), (str(numbers[2]), "phone")]
    assert (listed[0]["offered_by"], listed[0]["offered_at"][:16]) == ("Olga", "2026-09-08T09:30")
    first = (await front.call("GET", PATH, "ma", params={"state": "all", "limit": "2", "site": HOME})).json()
    second = (await front.call("GET", PATH, "ma", params={"state": "all", "limit": "2", "cursor": first["next"]})).json()
    assert [each["id"] for each in first["handoffs"] + second["handoffs"]] == [str(number) for number in reversed(numbers)]
    assert second["next"] is None
    assert (await front.call("GET", PATH, "mona")).json()["handoffs"] == []
    assert problem(await front.call("GET", PATH, "ma", params={"site": AWAY})) == (404, "not_found")
    assert problem(await front.call("GET", PATH, "ma", params={"cursor": "x"}))[1] == "bad_input"


@pytest.mark.parametrize("where", [where for where, probe in HANDOFFS.items() if probe.act != TOKEN], ids=" ".join)
async def test_each_role_meets_what_the_rights_table_says(front: Front, where: tuple[str, str]) -> None:
    (method, path), probe, found = where, HANDOFFS[where], {}
    hand, reference = await partner(front.house), (await front.house.lodge()).reference
    number = await offered(front.house, hand) if "{handoff}" in path else 1
    address = path.format(site=HOME, partner=hand.id, handoff=number, reference=reference, step="taken")
    body = {name: str(hand.id) if value == "OTHER" else value for name, value in (probe.body or {}).items()}
    callers = [by for by in ROLES if by not in ("nobody", "vera")]
    for by in callers:
        answer = await front.call(method, address, by, json=body, params=dict.fromkeys(probe.query, HOME))
        # Whoever may is told by then that a colleague did it before.
        found[by] = 200 if answer.status_code in (200, 201, 409, 422) else answer.status_code
    assert isinstance(probe.act, Act)
    on_claim = "{reference}" in path
    assert found == {by: _expected(ROLES[by], probe.act, on_claim=on_claim) for by in callers}
    assert (await front.call(method, address, json=body, params=dict.fromkeys(probe.query, HOME))).status_code == 401


def _expected(role: Role | None, act: Act, *, on_claim: bool) -> int:
    if role is None or role is Role.ADMIN:
        return 404
    if role in RIGHTS[act]:
        return 200
    return 403 if not on_claim or role in RIGHTS[Act.READ_CLAIM] else 404


async def test_the_page_of_a_claim_offers_leads_on_and_says_what_is_due(front: Front) -> None:
    police = await partner(front.house, "police_110", name=f"派出所{XSS}")
    other = await partner(front.house, "market_regulator")
    reference = (await front.lodge(flags={"crime_suspected": True})).json()["reference"]
    page, olga = f"/desk/claims/{reference}", await seat(front, "olga")
    shown = (await olga.get(page)).text
    assert "The rule says to tell the police (110); nobody has yet." in shown
    assert XSS not in shown
    refused = await olga.submit(page, f"{page}/handoff", partner=str(police.id), asked=" ")
    assert (refused.status_code, 'href="#handoff-asked"' in refused.text) == (422, True)
    answer = await olga.submit(page, f"{page}/handoff", partner=str(police.id), asked=f"请到场。{XSS}")
    assert answer.headers["location"] == f"{page}#handoffs"
    shown = (await olga.get(page)).text
    assert ("The hand-off is offered." in shown, "nobody has yet" in shown, XSS in shown) == (True, False, False)
    assert "Phone them, and press the button once they take it." in shown
    await offered(front.house, other, reference)
    ids = re.findall(r' id="([^"]+)"', (await olga.get(page)).text)
    assert len(ids) == len(set(ids))
    assert (await olga.submit(page, f"{page}/handoff-taken")).status_code == 303
    states = {row.partner_id: row.state for row in await rows(front)}
    assert sorted(states.values()) == ["returned", "taken"]
    back = await olga.submit(page, f"{page}/handoff-returned", reason=" ")
    assert (back.status_code, 'href="#handoff-returned-reason"' in back.text) == (422, True)
    assert (await olga.submit(page, f"{page}/handoff-returned", reason="管辖不符。")).status_code == 303
    assert "管辖不符。" in (await olga.get(page)).text
    ada = (await (await seat(front, "ada")).get(page)).text
    assert ("管辖不符。" in ada, f"{page}/handoff" in ada) == (True, False)
    foreign = await offered(front.house, other)
    key = (await olga.get(page)).text.partition('name="key" value="')[2].partition('"')[0]
    assert (await olga.post(f"{page}/handoff-taken", {"key": key, "handoff": str(foreign)})).status_code == 404


async def test_the_board_page_leads_on_replays_and_keeps_partners(front: Front) -> None:
    home, ma = f"/desk/handoffs/{HOME}", await seat(front, "ma")
    assert (await ma.get("/desk/handoffs")).headers["location"] == home
    assert "No partner yet. Add one first." in (await ma.get(home)).text
    bad = await ma.submit(home, f"{home}/partners", kind="police_110", name="派出所", hook_url="https://10.0.0.5/")
    assert (bad.status_code, 'value="https://10.0.0.5/"' in bad.text) == (422, True)
    made = await ma.submit(home, f"{home}/partners", kind="police_110", name="派出所", hook_url="https://p.example/a")
    assert (made.status_code, "whsec_" in made.text, "deskpartner_" in made.text) == (200, True, True)
    page = (await ma.get(home)).text
    assert ("whsec_" in page, "Told by system: p.example" in page) == (False, True)
    (row,) = await rows(front, "partner")
    number = await offered(front.house, Hand(row.id, "", ""), asked=XSS)
    page = (await ma.get(home)).text
    assert (XSS in page, "Their system is being told." in page) == (False, True)
    assert f"{home}/{number}/replay" not in page
    olga = await seat(front, "olga")
    assert (await olga.submit(home, f"{home}/{number}/returned", reason=" ")).status_code == 422
    assert (await olga.submit(home, f"{home}/{number}/taken")).headers["location"] == home
    assert "Recorded: they took it." in (await olga.get(home)).text
    assert f"{home}/partners" not in (await olga.get(home)).text
    keys = await ma.submit(home, f"{home}/partners/{row.id}/keys")
    assert ("whsec_" in keys.text, made.text.partition("deskpartner_")[2][:20] in keys.text) == (True, False)
    assert (await ma.submit(home, f"{home}/partners/{row.id}/hook", hook_url="")).headers["location"] == home
    assert "Told by phone" in (await ma.get(home)).text
    assert (await ma.submit(home, f"{home}/partners/{row.id}/disable")).status_code == 303
    assert "转办" in (await ma.get(home, "zh-CN")).text


async def test_a_visitor_is_told_in_one_sentence_who_has_it_and_nothing_else(front: Front) -> None:
    market, city = await partner(front.house, "market_regulator", name="城南所"), await partner(front.house)
    slip = await front.slip((await front.house.lodge()).reference)
    number = await offered(front.house, market, slip.reference, "请暗访该店。")
    await offered(front.house, city, slip.reference)
    seen = await front.status(slip)
    assert "Another office was asked to take this on." in [line["text"] for line in seen["history"]]
    texts = {}
    for to in ("taken", "working", "done"):
        await led(front.house, number, to)
        browser = front.from_network("198.51.100.77")
        await browser.get(f"/s/{slip.token}")
        texts[to] = (await browser.get("/status", headers={"Accept-Language": "en"})).text
    assert "Taken on by the market regulator." in texts["taken"]
    assert "Done on the side of the market regulator." in texts["done"]
    assert not any(word in text for text in texts.values() for word in ("城南所", "暗访"))
    assert (await front.status(slip))["state"] == "registered"


async def test_staff_see_who_handed_a_claim_in_and_under_which_number(front: Front) -> None:
    hand = await partner(front.house, name="市12345")
    reference = (await handed(front, hand)).json()["reference"]
    page = (await (await seat(front, "olga")).get(f"/desk/claims/{reference}")).text
    assert "Handed in by 市12345, their number 12345-0042" in page


async def test_a_partner_that_could_not_be_told_is_on_the_managers_list_until_somebody_phones(front: Front) -> None:
    number = await offered(front.house, await partner(front.house, hook_url="https://p.example/a"))
    await front.house.desk.write(lost, number)
    ma = await seat(front, "ma")
    page = (await ma.get("/desk/notices")).text
    assert ("A hand-off did not reach the partner" in page, f"/desk/handoffs/{HOME}#handoff-{number}" in page) == (True, True)
    home = f"/desk/handoffs/{HOME}"
    assert "Their system could not be told" in (await ma.get(home)).text
    assert (await ma.submit(home, f"{home}/{number}/replay")).headers["location"] == home
    assert "Their system will be told again." in (await ma.get(home)).text
    await led(front.house, number, "taken")
    assert "did not reach the partner" not in (await ma.get("/desk/notices")).text
