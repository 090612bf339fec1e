"""Incidents by their routes and on their pages: who handles them, each step, its row, event, clock and sentence."""

import json
from typing import Any

import pytest
from sqlalchemy import Connection, select

from desk.domain.policy import RIGHTS, Act, Role
from desk.reads.verify import verify
from desk.store.tables import metadata
from desk.worker.timetable import see_to_all_incidents
from tests.builders import all_of
from tests.cast import AWAY, HOME, VISITOR_NAME, VISITOR_PHONE
from tests.crowds import SPOT, joined, opened, seen, stuck, the_incident
from tests.web.console import form_in, seat
from tests.web.front import Front, flaw, problem
from tests.web.probes import INCIDENTS, SEEN, WRITTEN
from tests.web.test_foreign_site import ROLES

EVENT, REPORT, CLOCK, BREACH = (metadata.tables[name] for name in ("event", "incident_report", "incident_clock", "clock_breach"))
PATH, PAGES = "/api/v1/incidents", "/desk/incidents"
WORDS = {"happened": "索道停运两小时。", "people": 12, "injured": 1, "measures": "疏散并送水。", "cause": "电子部件失灵。"}
NAME, PHONE = VISITOR_NAME, VISITOR_PHONE.removeprefix("+86")
XSS = '<img src=x onerror="alert(1)">'


def _told(conn: Connection) -> list[tuple[str, str, dict[str, Any]]]:
    ours = EVENT.c.kind.like("incident_%") | EVENT.c.kind.like("collective_%")
    rows = conn.execute(select(EVENT).where(ours).order_by(EVENT.c.subject, EVENT.c.seq))
    return [(row.kind, row.role, json.loads(row.data)) for row in rows]


def _clocks(conn: Connection) -> dict[str, str]:
    return {row.kind: row.state for row in conn.execute(select(CLOCK))}


def _reports(conn: Connection) -> list[Any]:
    return list(conn.execute(select(REPORT).order_by(REPORT.c.version)).all())


async def shown(front: Front, number: int | str, by: str = "ma") -> dict[str, Any]:
    """An incident in full, as the API tells it."""
    answer = await front.call("GET", f"{PATH}/{number}", by)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def test_a_collective_claim_is_listed_with_its_claims_and_shown_on_each_of_them(front: Front) -> None:
    references = await stuck(front.house, 4)
    await seen(front.house)
    (listed,) = (await front.call("GET", PATH, "olga", params={"site": HOME})).json()["incidents"]
    assert (listed["stage"], listed["level"], listed["number"], listed["claims"], listed["people"]) == (
        "proposed", None, None, 4, 4,
    )  # fmt: skip
    assert (listed["category"], listed["respondent"]["name"], listed["spot"]) == ("ticket_and_ride", "黄山风景区", None)
    full = await shown(front, listed["id"], "ada")
    assert sorted(each["reference"] for each in full["members"]) == sorted(references)
    assert {each["state"] for each in full["members"]} == {"found"}
    olga, chen = await seat(front, "olga"), await seat(front, "chen")
    page = (await olga.get(f"/desk/claims/{references[0]}")).text
    assert ("Claims of the same cause" in page, f"/desk/incidents/{listed['id']}" in page) == (True, True)
    assert "同一起因的诉求" in (await olga.get(f"/desk/claims/{references[0]}", "zh-CN")).text
    assert "/desk/incidents" not in (await chen.get("/desk")).text


async def test_every_step_has_its_row_its_event_its_clock_and_its_sentence(front: Front) -> None:
    number = await opened(front.house)
    path = f"{PATH}/{number}"
    full = await shown(front, number)
    assert (full["number"], full["level"], full["opened_at"][:16]) == ("2026-1", "general", "2026-09-08T09:30")
    assert [(each["step"], each["due_at"][11:16], each["state"]) for each in full["clocks"]] == [
        ("first_report", "09:50", "running"), ("arrival", "10:00", "running"), ("report", "10:30", "running"),
        ("plan", "11:30", "running"),
    ]  # fmt: skip
    for by, step, body in (
        ("olga", "first-report", {"to": "汤口镇政府"}), ("ma", "arrival", None), ("olga", "plan", {"plan": "逐一退票。"}),
    ):  # fmt: skip
        assert (await front.call("POST", f"{path}/{step}", by, json=body)).status_code == 200
        assert problem(await front.call("POST", f"{path}/{step}", by, json=body)) == (409, "wrong_moment")
    assert (await front.call("GET", path, "olga")).headers["ETag"] == '"0"'
    filed = await front.call("POST", f"{path}/report/file", "olga", json=WORDS, version=0)
    assert (filed.status_code, filed.headers["ETag"], filed.json()["most_people"]) == (200, '"1"', 12)
    assert set((await front.house.desk.read(_clocks)).values()) == {"stopped"}
    full = await shown(front, number)
    assert (full["reported_to"], full["arrived_by"], full["plan"]) == ("汤口镇政府", "Ma", "逐一退票。")
    assert (full["report"]["filed"], full["report"]["injured"], full["most_people"]) == (True, 1, 12)
    closed = await front.call("POST", f"{path}/close", "ma", json={"why": "已全部疏散。"})
    assert closed.json()["stage"] == "closed"
    assert problem(await front.call("POST", f"{path}/people", "ma", json={"people": 70})) == (409, "wrong_moment")
    told = [one for one in await front.house.desk.read(_told) if one[2]["incident"] == str(number)]
    assert [(kind, role) for kind, role, _ in told] == [
        ("collective_proposed", "desk"), ("incident_opened", "desk"), ("incident_reported", "intake"),
        ("incident_arrived", "manager"), ("incident_planned", "intake"), ("incident_report_filed", "intake"),
        ("incident_closed", "manager"),
    ]  # fmt: skip
    chain = json.dumps([said for *_, said in told], ensure_ascii=False)
    assert not any(word in chain for word in ("镇政府", "退票", "电子部件", "疏散"))
    page = (await (await seat(front, "ma")).get(f"{PAGES}/{number}")).text
    for words in ("Reported to 汤口镇政府", "Ma arrived", "逐一退票。", "Filed today", "Closed today", "kept"):
        assert words in page, words


async def test_a_late_step_is_missed_and_explained_among_the_sites_misses(front: Front) -> None:
    number = await opened(front.house)
    front.house.clock.go(minutes=21)
    await see_to_all_incidents(front.house.desk)
    reminded = (await front.call("GET", "/api/v1/reminders", "ma")).json()["reminders"]
    assert [(each["reference"], each["incident"], each["clock"]) for each in reminded if each["incident"]] == [
        (None, str(number), "incident_first_report"), (None, str(number), "incident_on_scene"),
    ]  # fmt: skip
    assert f"/desk/incidents/{number}" in (await (await seat(front, "olga")).get("/desk/reminders")).text
    await front.call("POST", f"{PATH}/{number}/first-report", "ma", json={"to": "镇政府"})
    missed = (await front.call("GET", f"/api/v1/sites/{HOME}/promises/missed", "olga")).json()["missed"]
    (miss,) = [each for each in missed if each["incident"] == str(number)]
    assert (miss["reference"], miss["promise"], miss["reason"]) == (None, "incident_first_report", None)
    said = await front.call("POST", f"/api/v1/promises/missed/{miss['id']}/reason", "olga", json={"reason": "对讲机没电。"})
    assert (said.status_code, said.json()["reason"], said.json()["incident"]) == (200, "对讲机没电。", str(number))
    assert problem(await front.call("POST", f"/api/v1/promises/missed/{miss['id']}/reason", "oskar", json={"reason": "x"})) == (
        404,
        "not_found",
    )
    ma = await seat(front, "ma")
    assert f"/desk/incidents/{number}" in (await ma.get(f"/desk/promises/{HOME}/missed")).text
    promises = (await front.call("GET", f"/api/v1/sites/{HOME}/promises", "ma")).json()["promises"]
    counted = {each["id"]: (each["made"], each["missed"], each["running"]) for each in promises if each["id"][:8] == "incident"}
    assert counted["incident_first_report"] == (1, 1, 0)
    assert counted["incident_plan"] == (1, 0, 1)
    assert "late" in (await ma.get(f"{PAGES}/{number}")).text


async def test_an_incident_is_opened_by_hand_and_below_ten_people_by_a_manager_alone(front: Front) -> None:
    made = await front.call("POST", PATH, "olga", json=SEEN)
    assert (made.status_code, made.json()["stage"], made.json()["level"]) == (201, "open", "general")
    full = await shown(front, made.json()["id"])
    assert (full["opened_by"], full["spot"], full["claims"], full["most_people"]) == ("Olga", "north-gate", 0, 12)
    assert problem(await front.call("POST", PATH, "olga", json=SEEN)) == (409, "wrong_moment")
    small = {**SEEN, "people": 3, "spot": SPOT}
    assert problem(await front.call("POST", PATH, "olga", json=small)) == (403, "not_allowed")
    assert await front.counted("incident") == 1
    assert (await front.call("POST", PATH, "ma", json=small)).json()["level"] == "general"
    large = {**SEEN, "people": 50, "category": "lodging_quality"}
    assert (await front.call("POST", PATH, "ma", json=large)).json()["level"] == "major"
    assert problem(await front.call("POST", PATH, "mona", json=SEEN)) == (404, "not_found")


async def test_a_collective_claim_becomes_an_incident_by_hand_with_a_reason(front: Front) -> None:
    await stuck(front.house, 4)
    await seen(front.house)
    number = (await the_incident(front.house)).id
    path = f"{PATH}/{number}/open"
    assert problem(await front.call("POST", path, "olga", json={"why": "人群聚集。"})) == (403, "not_allowed")
    assert (await front.call("POST", path, "ma", json={"why": "人群聚集。"})).json()["level"] == "general"
    assert problem(await front.call("POST", path, "ma", json={"why": "人群聚集。"})) == (409, "wrong_moment")
    counted = await front.call("POST", f"{PATH}/{number}/people", "olga", json={"people": 50})
    assert (counted.json()["level"], counted.json()["most_people"]) == ("major", 50)
    fewer = await front.call("POST", f"{PATH}/{number}/people", "olga", json={"people": 20})
    assert (fewer.json()["level"], fewer.json()["most_people"]) == ("major", 50)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({**SEEN, "spot": None}, "/spot"), ({**SEEN, "spot": "moon"}, "/spot"), ({**SEEN, "people": 0}, "/people"),
        ({**SEEN, "people": 100_000}, "/people"), ({**SEEN, "people": "12"}, "/people"), ({**SEEN, "why": " "}, "/why"),
        ({**SEEN, "category": "mood"}, "/category"), ({**SEEN, "spot": None, "respondent": {"id": "77"}}, "/respondent/id"),
        ({**SEEN, "why": "x" * 2001}, "/why"),
    ],
)  # fmt: skip
async def test_what_is_no_incident_is_refused_and_leaves_nothing(front: Front, body: dict[str, Any], pointer: str) -> None:
    answer = await front.call("POST", PATH, "ma", json=body)
    assert (problem(answer), flaw(answer)[0]) == ((422, "bad_input"), pointer)
    assert await front.counted("incident") == 0


async def test_a_report_is_saved_as_typed_by_its_version_and_filed_whole(front: Front) -> None:
    path = f"{PATH}/{await opened(front.house)}/report"
    assert problem(await front.call("PUT", path, "olga", json={"happened": "停运"})) == (428, "version_missing")
    assert (await front.call("PUT", path, "olga", json={"happened": "停运"}, version=0)).headers["ETag"] == '"1"'
    stale = await front.call("PUT", path, "ma", json={"happened": "别的"}, version=0)
    assert (problem(stale), stale.headers["ETag"]) == ((412, "stale_version"), '"1"')
    missing = await front.call("POST", f"{path}/file", "ma", json={"happened": "停运"}, version=1)
    assert (problem(missing), flaw(missing)[0]) == ((422, "bad_input"), "/people")
    more = await front.call("POST", f"{path}/file", "ma", json={**WORDS, "injured": 13}, version=1)
    assert (problem(more), flaw(more)[0]) == ((422, "bad_input"), "/injured")
    assert (await front.call("POST", f"{path}/file", "ma", json=WORDS, version=1)).headers["ETag"] == '"2"'
    assert (await front.call("POST", f"{path}/file", "ma", json={**WORDS, "people": 60}, version=2)).json()["level"] == "major"
    rows = await front.house.desk.read(_reports)
    assert [(row.version, row.filed, row.happened) for row in rows] == [
        (1, False, "停运"), (2, True, "索道停运两小时。"), (3, True, "索道停运两小时。"),
    ]  # fmt: skip
    assert (await front.house.desk.read(_clocks))["incident_report"] == "stopped"


async def test_of_two_officers_at_once_one_arrives_and_one_key_counts_once(front: Front) -> None:
    path = f"{PATH}/{await opened(front.house)}"
    calls = [front.call("POST", f"{path}/arrival", by) for by in ("olga", "ma", "otto")]
    assert sorted(answer.status_code for answer in await all_of(*calls)) == [200, 409, 409]
    first = await front.call("POST", f"{path}/first-report", "ma", json={"to": "x"}, key="one-press")
    again = await front.call("POST", f"{path}/first-report", "ma", json={"to": "x"}, key="one-press")
    assert (first.content, again.headers["Idempotent-Replayed"]) == (again.content, "true")


@pytest.mark.parametrize("where", INCIDENTS, ids=" ".join)
async def test_each_role_meets_what_the_rights_table_says(front: Front, where: tuple[str, str]) -> None:
    (method, path), probe, found = where, INCIDENTS[where], {}
    number = await opened(front.house)
    callers = [by for by in ROLES if by not in ("nobody", "vera")]
    version = 0 if probe.body == WRITTEN else None
    for by in callers:
        answer = await front.call(
            method, path.format(incident=number), by, json=probe.body, params=dict.fromkeys(probe.query, HOME), version=version
        )
        # Whoever may is told by then that a colleague did it before.
        found[by] = 200 if answer.status_code in (200, 201, 409, 412) else answer.status_code
    assert isinstance(probe.act, Act)
    assert found == {by: _expected(ROLES[by], probe.act) for by in callers}
    nobody = await front.call(method, path.format(incident=number), json=probe.body, version=version)
    assert nobody.status_code == 401


def _expected(role: Role | None, act: Act) -> int:
    if role is None or role is Role.ADMIN:
        return 404
    return 200 if role in RIGHTS[act] else 403


async def test_a_site_sees_its_own_alone(front: Front) -> None:
    away = await opened(front.house, site=AWAY, spot=None)
    await opened(front.house)
    for by, site in (("ma", HOME), ("mona", AWAY)):
        found = (await front.call("GET", PATH, by, params={"state": "all"})).json()["incidents"]
        assert {each["site"] for each in found} == {site}
    assert problem(await front.call("GET", f"{PATH}/{away}", "ma")) == (404, "not_found")
    assert problem(await front.call("GET", f"{PATH}/77", "ma")) == (404, "not_found")
    assert (await (await seat(front, "ma")).get(f"{PAGES}/{away}")).status_code == 404


async def test_the_list_goes_on_page_by_page(front: Front) -> None:
    await opened(front.house)
    await front.call("POST", PATH, "ma", json=SEEN)
    first = (await front.call("GET", PATH, "ma", params={"state": "all", "limit": "1"})).json()
    second = (await front.call("GET", PATH, "ma", params={"state": "all", "limit": "1", "cursor": first["next"]})).json()
    assert [each["number"] for each in first["incidents"] + second["incidents"]] == ["2026-2", "2026-1"]
    assert second["next"] is None


async def test_the_pages_show_forms_to_whom_they_are_for_and_keep_what_was_typed(front: Front) -> None:
    number = await opened(front.house)
    olga, ma, ada = [await seat(front, name) for name in ("olga", "ma", "ada")]
    page, action = f"{PAGES}/{number}", f"{PAGES}/{number}/report"
    assert 'action="/desk/incidents' not in (await ada.get(page)).text
    assert 'action="/desk/incidents' not in (await ada.get(PAGES)).text
    assert f"{page}/close" not in (await olga.get(page)).text
    assert "群体事件 2026-1" in (await olga.get(PAGES, "zh-CN")).text
    refused = await olga.submit(page, f"{page}/first_report", to=" ")
    assert (refused.status_code, 'href="#first_report-to"' in refused.text) == (422, True)
    half = {"happened": XSS, "people": "１２人", "injured": "", "measures": "", "cause": ""}
    refused = await olga.submit(page, action, **half, way="file")
    assert (refused.status_code, 'href="#report-injured"' in refused.text, XSS in refused.text) == (422, True, False)
    assert "１２人" in refused.text
    assert (await olga.submit(page, action, **half, way="save")).headers["location"] == page
    assert "The draft is saved." in (await olga.get(page)).text
    (row,) = await front.house.desk.read(_reports)
    assert (row.happened, row.people, row.injured, row.filed) == (XSS, 12, None, False)
    mine = (await ma.get(page)).text
    await olga.submit(page, action, happened="同事写的。", way="save")
    late = await ma.post(action, form_in(mine, action) | {"happened": "我写的。", "way": "save"})
    assert (late.status_code, "同事写的。" in late.text, "我写的。" in late.text) == (412, True, True)
    wrong = await olga.submit(page, f"{page}/people", people="many")
    assert (wrong.status_code, "many" in wrong.text) == (422, True)
    assert (await ma.submit(page, f"{page}/close", why="结束。")).headers["location"] == page
    assert (await olga.get(f"{PAGES}/77")).status_code == 404


async def test_below_ten_people_the_page_says_that_it_takes_a_manager(front: Front) -> None:
    olga, ma = await seat(front, "olga"), await seat(front, "ma")
    typed = {"people": "3", "why": "聚集。", "spot": SPOT, "category": "other"}
    refused = await olga.submit(PAGES, PAGES, **typed)
    assert (refused.status_code, "聚集。" in refused.text) == (403, True)
    assert await front.counted("incident") == 0
    done = await ma.submit(PAGES, PAGES, **typed)
    assert done.headers["location"].startswith(f"{PAGES}/")
    assert "four clocks run" in (await ma.get(done.headers["location"])).text


async def test_the_report_is_printed_in_chinese_with_english_beside_it(front: Front) -> None:
    number = await opened(front.house)
    ma = await seat(front, "ma")
    paper = f"{PAGES}/{number}/report"
    assert (await ma.get(paper)).status_code == 404
    await front.call("PUT", f"{PATH}/{number}/report", "olga", json={"happened": "停运"}, version=0)
    assert "草稿，尚未提交" in (await ma.get(paper)).text
    await front.call("POST", f"{PATH}/{number}/report/file", "olga", json=WORDS, version=1)
    page = (await ma.get(paper)).text
    for words in (
        "群体事件报告",
        "Incident report",
        "电子部件失灵。",
        "报告编号：2026-1",
        "Report number 2026-1",
        "一般",
        "General",
    ):
        assert words in page, words
    assert "草稿" not in page
    assert (await (await seat(front, "mona")).get(paper)).status_code == 404


async def test_whoever_is_told_sees_it_on_the_queue_and_the_manager_among_the_notices(front: Front) -> None:
    olga, ma = await seat(front, "olga"), await seat(front, "ma")
    assert "Open incidents" not in (await olga.get("/desk")).text
    await opened(front.house)
    assert "Open incidents: 1" in (await olga.get("/desk")).text
    told = (await ma.get("/desk/notices")).text
    assert ("Incident 2026-1" in told, "First report of an incident" in told) == (True, True)


async def test_what_is_written_of_an_incident_names_no_member(till: Front) -> None:
    front, house = till, till.house
    references = await stuck(house, 4)
    await seen(house)
    number = await joined(house, *references)
    words = f"{NAME}，电话 {PHONE[:3]} {PHONE[3:]}，在场。"
    here = f"/api/v1/incidents/{number}"
    report = {"happened": words, "people": 4, "injured": 0, "measures": words, "cause": words}
    lines = [{"reference": references[0], "amount": {"amount": "1.00", "currency": "CNY"}}]
    for path, body, status in (
        ("open", {"why": words}, 200), ("first-report", {"to": words}, 200),
        ("settlements", {"lines": lines, "note": words}, 201), ("close", {"why": words}, 200),
    ):  # fmt: skip
        done = await front.call("POST", f"{here}/{path}", "ma", json=body)
        assert done.status_code == status, (path, done.text)
    saved = await front.call("PUT", f"{here}/report", "ma", json=report, version=0)
    assert saved.status_code == 200, saved.text
    stored = await house.desk.read(_everything_written)
    assert len(stored) == 8
    assert [text for text in stored if NAME in text or PHONE[-8:] in text.replace(" ", "") or "在场" not in text] == []
    assert [finding.id for finding in (await house.desk.read(verify, house.kit)).invariants if not finding.ok] == []


def _everything_written(conn: Connection) -> list[str]:
    found: list[str] = []
    for name, columns in (
        ("incident", ("opened_why", "reported_to", "plan", "closed_why")), ("incident_report", ("happened", "measures", "cause")),
        ("settlement", ("note",)),
    ):  # fmt: skip
        table = metadata.tables[name]
        for row in conn.execute(select(*(table.c[column] for column in columns))):
            found += [text for text in row if text]
    return found
