"""What does not pair with the gateway's statement: found once, holding the site's refunds, resolved by the manager alone."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from desk.actions.breaks import match_statements
from desk.domain.errors import BreaksOpen
from desk.reads.verify import verify
from desk.store.tables import metadata
from tests.statements import broken, line_of, paid, strange, today, told
from tests.till import Till
from tests.web.console import form_in, seat
from tests.web.front import Front, flaw, problem
from tests.web.test_sends import FUND, SENDS, WHY, XSS, stop
from tests.web.test_steps_pay import proposed, refused, step

SITE = "/api/v1/sites/huangshan"
PAGE = "/desk/breaks/huangshan"
FOUND_OUT = "网关确认多付一笔，已退回。"
EVENT, NOTICE = metadata.tables["event"], metadata.tables["notice"]


async def listed(front: Front, by: str = "chen", **query: Any) -> Any:  # noqa: ANN401 - the JSON
    """The breaks of Huangshan."""
    answer = await front.call("GET", f"{SITE}/breaks", by, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["breaks"]


async def resolve(front: Front, number: str, by: str = "ma", **more: Any) -> Any:  # noqa: ANN401 - as `call` takes it
    """Say what became of a break."""
    return await front.call("POST", f"/api/v1/breaks/{number}/resolve", by, json={"reason": FOUND_OUT}, **more)


def _chain(conn: Connection, site_id: int) -> list[tuple[str, str]]:
    kinds = ("break_found", "break_resolved", "sends_stopped", "sends_resumed")
    rows = conn.execute(select(EVENT).where(EVENT.c.subject == f"site:{site_id}", EVENT.c.kind.in_(kinds)).order_by(EVENT.c.seq))
    return [(row.kind, row.role) for row in rows]


async def chain(front: Front, site: str = "huangshan") -> list[tuple[str, str]]:
    """Kind and role of what a site's chain tells of breaks and stops, oldest first."""
    return list(await front.house.desk.read(_chain, front.house.cast.sites[site]))


async def red(front: Front) -> set[str]:
    """The invariants that do not hold."""
    report = await front.house.desk.read(verify, front.house.kit)
    return {finding.id for finding in report.invariants if not finding.ok}


async def stopped(front: Front, by: str = "chen", at: str = SENDS) -> Any:  # noqa: ANN401 - the JSON
    """The stop that holds, or None."""
    return (await front.call("GET", at, by)).json()["stop"]


async def test_a_statement_that_agrees_changes_nothing(till: Front) -> None:
    number = await paid(till.house)
    assert await told(till.house, await line_of(till.house, number)) == 0
    assert (await listed(till), await stopped(till), await red(till)) == ([], None, set())


async def test_another_amount_is_listed_and_stops_the_sites_refunds_until_the_manager_resolves_it(till: Front) -> None:
    number, (_, waiting) = await paid(till.house), await proposed(till)
    assert await told(till.house, await line_of(till.house, number, more=100)) == 1
    (found,) = await listed(till)
    assert found.items() >= {
        "kind": "amount_differs", "payout": str(number), "gateway_id": f"gw-{number}", "key": f"payout-{number}", "days": 0,
        "booked": {"amount": "50.00", "currency": "CNY"}, "told": {"amount": "51.00", "currency": "CNY"}, "resolved_at": None,
    }.items()  # fmt: skip
    held = await stopped(till)
    assert (held["cause"], held["by"], held["reason"]) == ("break", None, "amount_differs")
    assert await refused(till, waiting, "send") == (409, "sends_stopped")
    assert problem(await till.call("POST", f"{SENDS}/resume", "ma", json={})) == (409, "breaks_open")
    assert await red(till) == {"I11"}
    told_of = [each["kind"] for each in (await till.call("GET", f"{SITE}/notices", "ma")).json()["notices"]]
    assert told_of == ["statement_break"]
    till.house.clock.go(hours=50)
    assert [each["days"] for each in await listed(till)] == [2]
    done = await resolve(till, found["id"])
    assert (done.status_code, done.json()["resolution"], done.json()["resolved_by"]) == (200, FOUND_OUT, "Ma")
    assert (done.json()["days"], done.json()["reference"]) == (2, found["reference"])
    assert await stopped(till) is None
    assert (await till.call("GET", f"{SITE}/notices", "ma")).json()["notices"] == []
    assert (await step(till, waiting, "send"))["state"] == "awaiting_visitor"
    assert await chain(till) == [
        ("break_found", "desk"), ("sends_stopped", "desk"), ("break_resolved", "manager"), ("sends_resumed", "manager"),
    ]  # fmt: skip
    report = await till.house.desk.read(verify, till.house.kit)
    assert {each.id: each.detail for each in report.invariants}["I11"] == "1 statement lines, 1 breaks"
    assert await red(till) == set()


async def test_the_same_break_is_found_once_for_ever(till: Front) -> None:
    number = await paid(till.house)
    line = await line_of(till.house, number)
    assert await told(till.house, line, await line_of(till.house, number, "gw-again")) == 1
    assert [await till.house.desk.write(match_statements), await told(till.house)] == [0, 0]
    (found,) = await listed(till)
    assert (found["kind"], found["gateway_id"]) == ("paid_twice", "gw-again")
    await resolve(till, found["id"])
    assert [await till.house.desk.write(match_statements), await told(till.house)] == [0, 0]
    assert await stopped(till) is None


async def test_a_settled_payout_is_missed_when_every_day_on_which_it_can_stand_is_there(till: Front) -> None:
    house = till.house
    house.clock.at = house.clock.at.replace(hour=23, minute=58)
    number, day = await paid(house), today(house)
    house.clock.go(hours=25)
    assert await told(house, day=day) == 0
    house.clock.go(hours=24)
    assert await told(house, day=day + timedelta(days=1)) == 1
    (found,) = await listed(till)
    assert (found["kind"], found["payout"], found["told"]) == ("missing_on_statement", str(number), None)


@pytest.mark.parametrize(("language", "between"), [("en", "statement. The statements"), ("zh-CN", "一笔。对账单")])
async def test_two_sentences_of_the_page_stand_apart_as_their_language_has_it(
    sqlite_till_front: Front, language: str, between: str
) -> None:
    await told(sqlite_till_front.house)
    chen = await seat(sqlite_till_front, "chen")
    assert between in (await chen.get(PAGE, language)).text


async def test_a_payment_that_we_call_failed_is_missing_in_the_books(till: Front) -> None:
    house, at = till.house, Till(till.house)
    number = (await at.propose(await at.agreed(), method="transfer")).payout.id
    await at.send(number)
    await at.called(number, "failed")
    assert await told(house, await line_of(house, number)) == 1
    assert [each["kind"] for each in await listed(till)] == ["missing_in_books"]


async def test_what_the_gateway_tells_before_we_know_is_no_break(till: Front) -> None:
    house, at = till.house, Till(till.house)
    number = (await at.propose(await at.agreed(), method="transfer")).payout.id
    await at.send(number)
    await at.called(number, "unclear")
    assert await told(house, await line_of(house, number, "gw-1")) == 0
    house.clock.go(seconds=60)
    await at.asked(number, "settled", "gw-1")
    assert await told(house) == 0
    assert await red(till) == set()


async def test_a_payment_nobody_knows_freezes_every_site_that_uses_the_gateway(till: Front) -> None:
    house = till.house
    number = await paid(house)
    assert await told(house, await line_of(house, number), strange(house)) == 1
    (found,) = await listed(till)
    assert (found["kind"], found["payout"], found["reference"], found["booked"]) == ("missing_in_books", None, None, None)
    assert (await stopped(till))["cause"] == "break"
    away = "/api/v1/sites/gulangyu"
    assert await stopped(till, "mona", f"{away}/sends") is None
    assert (await till.call("GET", f"{away}/breaks", "mona")).json()["breaks"] == []
    assert problem(await resolve(till, found["id"], "mona")) == (404, "not_found")
    assert await red(till) == {"I11"}
    assert (await resolve(till, found["id"])).json()["reference"] is None
    assert (await stopped(till), await red(till)) == (None, set())


async def test_a_site_resumes_only_after_its_last_break(till: Front) -> None:
    for _ in range(2):
        await broken(till.house, await paid(till.house) if not await stopped(till) else (await proposed_id(till)))
    first, second = await listed(till)
    await resolve(till, first["id"])
    assert (await stopped(till))["cause"] == "break"
    assert problem(await till.call("POST", f"{SENDS}/resume", "ma", json={})) == (409, "breaks_open")
    assert [each["id"] for each in await listed(till)] == [second["id"], first["id"]]
    await resolve(till, second["id"])
    assert await stopped(till) is None


async def proposed_id(front: Front) -> int:
    """A payout that waits to be sent."""
    return int((await proposed(front))[1]["id"])


@pytest.mark.parametrize("first", ["manager", "break"])
async def test_a_managers_own_stop_stays_when_the_last_break_is_resolved(till: Front, first: str) -> None:
    number = await paid(till.house)
    if first == "manager":
        await stop(till)
    await broken(till.house, number)
    if first == "break":
        assert (await stop(till))["cause"] == "manager"
    (found,) = await listed(till)
    assert problem(await till.call("POST", f"{SENDS}/resume", "ma", json={})) == (409, "breaks_open")
    await resolve(till, found["id"])
    held = await stopped(till)
    assert (held["cause"], held["by"], held["reason"]) == ("manager", "Ma", WHY)
    assert await red(till) == set()
    assert (await till.call("POST", f"{SENDS}/resume", "ma", json={})).json() == {"stop": None}


async def test_a_break_is_resolved_once_and_a_key_gives_the_same_bytes(till: Front) -> None:
    await broken(till.house, await paid(till.house))
    (found,) = await listed(till)
    first, again = [await resolve(till, found["id"], key="resolve-key") for _ in range(2)]
    assert first.content == again.content
    assert problem(await resolve(till, found["id"])) == (409, "wrong_moment")
    assert [kind for kind, _ in await chain(till)].count("break_resolved") == 1


@pytest.mark.parametrize("reason", ["", " ", "x" * 2001, "a\x1b[31mb"])
async def test_a_resolution_says_what_was_found(sqlite_till_front: Front, reason: str) -> None:
    front = sqlite_till_front
    await broken(front.house, await paid(front.house))
    (found,) = await listed(front)
    answer = await front.call("POST", f"/api/v1/breaks/{found['id']}/resolve", "ma", json={"reason": reason})
    assert (answer.status_code, flaw(answer)[0]) == (422, "/reason")
    assert (await listed(front))[0]["resolved_at"] is None


async def test_what_is_said_of_a_break_names_no_visitor_and_no_account(sqlite_till_front: Front) -> None:
    front = sqlite_till_front
    await broken(front.house, await paid(front.house))
    (found,) = await listed(front)
    told_of = {"reason": "已退给王小薇。"}
    done = (await front.call("POST", f"/api/v1/breaks/{found['id']}/resolve", "ma", json=told_of)).json()
    assert "王小薇" not in json.dumps(done, ensure_ascii=False)


async def test_a_currency_the_desk_does_not_pay_in_is_shown_as_it_was_told(sqlite_till_front: Front) -> None:
    front = sqlite_till_front
    line = strange(front.house)
    await paid(front.house)
    assert await told(front.house, type(line)(line.key, line.gateway_id, line.amount_minor, "XAU", line.at)) == 1
    assert (await listed(front))[0]["told"] == {"amount": "9900", "currency": "XAU"}
    for language in ("en", "zh-CN"):
        assert "9,900" in (await (await seat(front, "ma")).get(PAGE, language=language)).text


async def test_breaks_come_page_by_page_and_whole_as_csv(sqlite_till_front: Front) -> None:
    front = sqlite_till_front
    await paid(front.house)
    await told(front.house, *(strange(front.house, f"=nobody-{number}") for number in range(3)))
    every = [each["id"] for each in await listed(front)]
    first = (await front.call("GET", f"{SITE}/breaks", "chen", params={"limit": 2})).json()
    second = (await front.call("GET", f"{SITE}/breaks", "chen", params={"limit": 2, "cursor": first["next"]})).json()
    assert [each["id"] for each in first["breaks"] + second["breaks"]] == every
    lines = (await front.call("GET", f"{SITE}/breaks.csv", "ada")).text.split("\r\n")
    assert lines[0].startswith("id,kind,key,gateway_id,reference,payout,booked,")
    assert (len(lines), lines[1].split(",")[2]) == (5, "'=nobody-2")


async def test_the_manager_resolves_on_the_page_and_the_typed_words_stay_when_they_are_refused(till: Front) -> None:
    ma, chen = await seat(till, "ma"), await seat(till, "chen")
    assert "There is no statement yet" in (await chen.get(PAGE)).text
    number = await paid(till.house)
    assert await told(till.house, await line_of(till.house, number)) == 0
    assert "Every payment matches" in (await chen.get(PAGE)).text
    await told(till.house, await line_of(till.house, number, "gw-<b>twice"))
    (found,) = await listed(till)
    shown = (await ma.get(PAGE)).text
    assert "The gateway paid one refund twice." in shown
    assert f"/desk/claims/{found['reference']}/payouts" in shown
    assert "gw-&lt;b&gt;twice" in shown
    for page in (FUND, "/desk/notices"):
        assert f'href="{PAGE}"' in (await ma.get(page)).text
        assert "Stopped by the desk" in (await ma.get(page)).text
    fund_page = (await ma.get(FUND)).text
    assert (f"{FUND}/sends/resume" in fund_page, f"{FUND}/sends/stop" in fund_page) == (False, True)
    assert "Stopped by the desk" in (await chen.get("/desk/pay")).text
    form = f"{PAGE}/{found['id']}/resolve"
    assert form not in (await chen.get(PAGE)).text
    bad = await ma.submit(PAGE, form, reason=f"{XSS}\x1b")
    assert (bad.status_code, "onerror=&#34;alert" in bad.text, XSS in bad.text) == (422, True, False)
    assert (await ma.submit(PAGE, form, reason=XSS)).status_code == 303
    after = (await ma.get(PAGE)).text
    assert "No break is open." in after
    assert ("Resolved by Ma" in after, "The break is resolved." in after, XSS in after) == (True, True, False)
    late = await ma.post(form, {**form_in((await ma.get("/desk/account")).text, "/desk/sign-out"), "reason": FOUND_OUT})
    assert (late.status_code, FOUND_OUT in late.text) == (409, True)
    assert await stopped(till) is None


async def test_the_operator_resumes_no_site_with_an_open_break_either(sqlite_till_front: Front) -> None:
    from desk.actions.sends import resume_sends
    from desk.domain.policy import Kind, Viewer

    front = sqlite_till_front
    await broken(front.house, await paid(front.house))
    with pytest.raises(BreaksOpen):
        await front.house.desk.write(resume_sends, Viewer(Kind.OPERATOR), "huangshan")
