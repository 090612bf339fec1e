"""Alerts and rectification notices by their routes and on their page: who reads them, each step, its row, event and sentence."""

import json
import re
from typing import Any

import pytest
from sqlalchemy import Connection, select

from desk.domain.policy import RIGHTS, Act, Role
from desk.store.tables import metadata
from tests.alarms import alarmed, busy, looked, served
from tests.builders import all_of
from tests.cast import AWAY, HOME
from tests.web.console import seat
from tests.web.front import Front, flaw, problem
from tests.web.probes import ALERTS
from tests.web.test_foreign_site import ROLES

EVENT, NOTICE, ANSWER = (metadata.tables[name] for name in ("event", "rectification", "rectification_answer"))
PATH, PAGE = "/api/v1/alerts", f"/desk/alerts/{HOME}"
DEMANDS = {"demands": "请停止捆绑销售，重新标价。"}
XSS = '<img src=x onerror="alert(1)">'


def _rows(conn: Connection) -> list[Any]:
    return list(conn.execute(select(NOTICE).order_by(NOTICE.c.id)).all())


def _told(conn: Connection) -> list[tuple[str, str, dict[str, Any]]]:
    kinds = EVENT.c.kind.in_(["rectification_served", "rectification_answered", "rectification_confirmed"])
    rows = conn.execute(select(EVENT).where(kinds).order_by(EVENT.c.subject, EVENT.c.seq))
    return [(row.kind, row.role, json.loads(row.data)) for row in rows]


async def listed(front: Front, by: str = "ma", **query: str) -> list[dict[str, Any]]:
    """Alerts as the API lists them."""
    found: list[dict[str, Any]] = (await front.call("GET", PATH, by, params=query)).json()["alerts"]
    return found


async def test_an_alert_tells_level_reasons_who_is_told_and_what_is_due(front: Front) -> None:
    await busy(front.house, 3)
    await looked(front.house)
    (alert,) = [each for each in await listed(front, "olga") if each["respondent"]]
    assert (alert["site"], alert["respondent"]["name"], alert["level"], alert["rose"]) == (HOME, "云海茶庄", "blue", True)
    (reason,) = alert["reasons"]
    assert reason == {
        "code": "claims", "figure": 3, "limit": 3, "text": "Claims in 24 hours: 3 (level begins at 3).",
    }  # fmt: skip
    assert (alert["tells"], alert["told"], alert["task"], alert["overdue"]) == (["intake", "manager"], True, "look_into", False)
    assert (alert["until"], alert["pack"], alert["rectification"]) == (None, "cn-2026", None)
    assert alert["since"].startswith("2026-09-08T09:30")
    assert alert["due_at"].startswith("2026-09-09T09:30")
    (again,) = [each for each in await listed(front, "ada", site=HOME) if each["respondent"]]
    assert again | {"told": True} == alert


async def test_the_history_is_listed_page_by_page_and_as_a_file_that_is_no_formula(front: Front) -> None:
    await busy(front.house, 3, "=HYPERLINK(1)")
    await looked(front.house)
    await busy(front.house, 2, "=HYPERLINK(1)")
    await looked(front.house)
    assert [each["level"] for each in await listed(front) if each["respondent"]] == ["yellow"]
    first = (await front.call("GET", PATH, "ma", params={"state": "all", "limit": "1"})).json()
    second = (await front.call("GET", PATH, "ma", params={"state": "all", "limit": "1", "cursor": first["next"]})).json()
    assert [each["level"] for each in first["alerts"] + second["alerts"]] == ["yellow", "blue"]
    assert second["alerts"][0]["until"] == first["alerts"][0]["since"]
    answer = await front.call("GET", f"/api/v1/sites/{HOME}/alerts.csv", "ada")
    head, newest, oldest = answer.text.splitlines()
    assert head == "id,respondent,level,rose,reasons,tells,task,since,due_at,until,pack,rectification"
    assert ",'=HYPERLINK(1),yellow,yes,claims:5/5,intake manager,talk," in newest
    assert ",blue,yes,claims:3/3," in oldest
    seen = await (await seat(front, "ma")).get(f"{PAGE}/alerts.csv")
    assert seen.text == answer.text


async def test_nothing_of_an_alert_names_whoever_complained(front: Front) -> None:
    await busy(front.house, 10)
    await looked(front.house)
    page = (await (await seat(front, "ma")).get(PAGE)).text
    listing = json.dumps(await listed(front, state="all"), ensure_ascii=False)
    assert not any(word in text for text in (page, listing) for word in ("王小薇", "13800138000"))


async def test_a_notice_is_served_answered_twice_and_confirmed_in_time(front: Front) -> None:
    alert = await alarmed(front.house)
    answer = await front.call("POST", f"{PATH}/{alert}/rectification", "ma", json=DEMANDS)
    assert answer.status_code == 201
    number = answer.json()["id"]
    assert (answer.json()["served_at"][:16], answer.json()["due_at"][:16]) == ("2026-09-08T09:30", "2026-09-09T09:30")
    assert problem(await front.call("POST", f"{PATH}/{alert}/rectification", "ma", json=DEMANDS)) == (409, "wrong_moment")
    path = f"/api/v1/rectifications/{number}"
    assert problem(await front.call("POST", f"{path}/confirm", "ma")) == (409, "wrong_moment")
    for by, text in (("olga", "已重新标价。"), ("ma", "已停止捆绑销售。")):
        assert (await front.call("POST", f"{path}/answers", by, json={"text": text})).status_code == 201
    (shown,) = (await front.call("GET", "/api/v1/rectifications", "ada")).json()["rectifications"]
    assert (shown["number"], shown["demands"], shown["overdue"]) == ("2026-1", DEMANDS["demands"], False)
    assert [(each["text"], each["by"]) for each in shown["answers"]] == [("已重新标价。", "Olga"), ("已停止捆绑销售。", "Ma")]
    front.house.clock.go(hours=23)
    done = await front.call("POST", f"{path}/confirm", "ma")
    assert (done.status_code, done.json()["confirmed_at"][:13]) == (200, "2026-09-09T08")
    assert problem(await front.call("POST", f"{path}/confirm", "ma")) == (409, "wrong_moment")
    assert problem(await front.call("POST", f"{path}/answers", "olga", json={"text": "x"})) == (409, "wrong_moment")
    (row,) = await front.house.desk.read(_rows)
    assert (row.alert_id, row.number, row.pack, row.confirmed_by is not None) == (alert, 1, "cn-2026", True)
    told = await front.house.desk.read(_told)
    assert [(kind, role) for kind, role, _ in told] == [
        ("rectification_served", "manager"), ("rectification_answered", "intake"), ("rectification_answered", "manager"),
        ("rectification_confirmed", "manager"),
    ]  # fmt: skip
    assert not any("标价" in json.dumps(said, ensure_ascii=False) for *_, said in told)
    assert (await front.call("GET", "/api/v1/rectifications", "ma")).json()["rectifications"] == []
    (closed,) = (await front.call("GET", "/api/v1/rectifications", "ma", params={"state": "all"})).json()["rectifications"]
    assert (closed["overdue"], closed["confirmed_by"]) == (False, "Ma")


async def test_a_notice_that_is_not_confirmed_in_a_day_is_overdue_and_stays_so(front: Front) -> None:
    number = await served(front.house, await alarmed(front.house))
    front.house.clock.go(hours=24, seconds=1)
    (shown,) = (await front.call("GET", "/api/v1/rectifications", "ma")).json()["rectifications"]
    assert shown["overdue"] is True
    ma = await seat(front, "ma")
    assert "Overdue" in (await ma.get(PAGE)).text
    assert "Rectification is overdue" in (await ma.get("/desk/notices")).text
    await front.call("POST", f"/api/v1/rectifications/{number}/confirm", "ma")
    (closed,) = (await front.call("GET", "/api/v1/rectifications", "ma", params={"state": "all"})).json()["rectifications"]
    assert (closed["overdue"], closed["confirmed_by"]) == (True, "Ma")
    assert "Rectification is overdue" not in (await ma.get("/desk/notices")).text


async def test_no_notice_below_orange_for_the_site_itself_or_once_the_alert_is_over(front: Front) -> None:
    await busy(front.house, 5)
    await looked(front.house)
    (yellow,) = [each["id"] for each in await listed(front) if each["respondent"]]
    orange = await alarmed(front.house, "黄山特产行")
    front.house.clock.go(hours=25)
    await looked(front.house)
    for alert in (yellow, orange):
        assert problem(await front.call("POST", f"{PATH}/{alert}/rectification", "ma", json=DEMANDS)) == (409, "wrong_moment")
    assert problem(await front.call("POST", f"{PATH}/77/rectification", "ma", json=DEMANDS)) == (404, "not_found")
    assert await front.counted("rectification") == 0


@pytest.mark.parametrize("demands", ["", "x" * 2001, "a\0b"])
async def test_what_is_no_demand_is_refused_and_leaves_nothing(front: Front, demands: str) -> None:
    alert = await alarmed(front.house)
    answer = await front.call("POST", f"{PATH}/{alert}/rectification", "ma", json={"demands": demands})
    assert (problem(answer), flaw(answer)[0]) == ((422, "bad_input"), "/demands")
    assert await front.counted("rectification") == 0


async def test_of_two_managers_at_once_one_serves_and_the_next_notice_has_the_next_number(front: Front) -> None:
    alert, other = await alarmed(front.house), await alarmed(front.house, "黄山特产行")
    calls = [front.call("POST", f"{PATH}/{one}/rectification", "ma", json=DEMANDS) for one in (alert, other) * 3]
    assert sorted(answer.status_code for answer in await all_of(*calls)) == [201, 201, 409, 409, 409, 409]
    assert sorted(row.number for row in await front.house.desk.read(_rows)) == [1, 2]


async def test_under_one_key_a_notice_is_served_once(front: Front) -> None:
    path = f"{PATH}/{await alarmed(front.house)}/rectification"
    first = await front.call("POST", path, "ma", json=DEMANDS, key="one-press")
    again = await front.call("POST", path, "ma", json=DEMANDS, key="one-press")
    assert (first.content, again.headers["Idempotent-Replayed"]) == (again.content, "true")
    other = await front.call("POST", path, "ma", json={"demands": "x"}, key="one-press")
    assert problem(other) == (422, "idempotency_key_reused")


@pytest.mark.parametrize("where", ALERTS, ids=" ".join)
async def test_each_role_meets_what_the_rights_table_says(front: Front, where: tuple[str, str]) -> None:
    (method, path), probe, found = where, ALERTS[where], {}
    alert = await alarmed(front.house)
    notice = await served(front.house, alert) if "{rectification}" in path else 1
    address = path.format(site=HOME, alert=alert, rectification=notice)
    callers = [by for by in ROLES if by not in ("nobody", "vera")]
    for by in callers:
        answer = await front.call(method, address, by, json=probe.body, params=dict.fromkeys(probe.query, HOME))
        # Whoever may is told by then that a colleague did it before.
        found[by] = 200 if answer.status_code in (200, 201, 409) else answer.status_code
    assert isinstance(probe.act, Act)
    assert found == {by: _expected(ROLES[by], probe.act) for by in callers}
    assert (await front.call(method, address, json=probe.body, params=dict.fromkeys(probe.query, HOME))).status_code == 401


def _expected(role: Role | None, act: Act) -> int:
    if role is None or role is Role.ADMIN:
        return 404
    return 200 if role in RIGHTS[act] else 403


async def test_a_site_sees_its_own_alerts_and_notices_alone(front: Front) -> None:
    await served(front.house, await alarmed(front.house, site=AWAY), site=AWAY)
    await busy(front.house, 3, "黄山特产行")
    await looked(front.house)
    assert {each["site"] for each in await listed(front, state="all")} == {HOME}
    assert {each["site"] for each in await listed(front, "mona", state="all")} == {AWAY}
    for by, many in (("ma", 0), ("mona", 1)):
        assert len((await front.call("GET", "/api/v1/rectifications", by)).json()["rectifications"]) == many
    assert problem(await front.call("GET", PATH, "ma", params={"site": AWAY})) == (404, "not_found")


async def test_the_page_shows_alerts_forms_and_history_and_leads_on_after_each_step(front: Front) -> None:
    alert = await alarmed(front.house, XSS)
    ma, olga = await seat(front, "ma"), await seat(front, "olga")
    page = (await ma.get(PAGE)).text
    assert "Orange alert" in page
    assert XSS not in page
    assert "Claims in 24 hours: 10 (level begins at 10)." in page
    assert "橙色预警" in (await ma.get(PAGE, "zh-CN")).text
    assert 'action="/desk/alerts' not in (await (await seat(front, "ada")).get(PAGE)).text
    assert "rectification" not in re.findall(r'action="([^"]*)"', (await olga.get(PAGE)).text)
    action = f"{PAGE}/{alert}/rectification"
    refused = await ma.submit(PAGE, action, demands="  ")
    assert (refused.status_code, f'href="#alert-{alert}-demands"' in refused.text) == (422, True)
    assert (await ma.submit(PAGE, action, demands=XSS)).headers["location"] == PAGE
    assert "The notice is served" in (await ma.get(PAGE)).text
    (row,) = await front.house.desk.read(_rows)
    answers = f"{PAGE}/rectifications/{row.id}/answers"
    kept = await olga.submit(PAGE, answers, text="")
    assert (kept.status_code, f'href="#rectification-{row.id}-text"' in kept.text) == (422, True)
    assert (await olga.submit(PAGE, answers, text="已重新标价。")).headers["location"] == PAGE
    confirm = f"{PAGE}/rectifications/{row.id}/confirm"
    assert confirm not in (await olga.get(PAGE)).text
    page = (await ma.get(PAGE)).text
    assert (XSS in page, "已重新标价。" in page) == (False, True)
    assert (await ma.submit(PAGE, confirm)).headers["location"] == PAGE
    assert "the notice is closed" in (await ma.get(PAGE)).text
    assert (await ma.get("/desk/alerts")).headers["location"] == PAGE


async def test_a_step_that_a_colleague_took_before_is_said_on_the_page(front: Front) -> None:
    notice = await served(front.house, await alarmed(front.house))
    ma = await seat(front, "ma")
    action = f"{PAGE}/rectifications/{notice}/confirm"
    page = (await ma.get(PAGE)).text
    await front.call("POST", f"/api/v1/rectifications/{notice}/confirm", "ma")
    key = re.search(rf'action="{action}"><input type="hidden" name="key" value="([^"]+)"', page)
    assert key is not None
    answer = await ma.post(action, {"key": key[1]})
    assert (answer.status_code, 'role="alert"' in answer.text) == (409, True)


async def test_the_notice_is_printed_in_chinese_with_english_beside_it(front: Front) -> None:
    notice = await served(front.house, await alarmed(front.house))
    ma = await seat(front, "ma")
    page = (await ma.get(f"{PAGE}/rectifications/{notice}")).text
    for paper in (
        "督查整改通知书", "Rectification notice", "云海茶庄", "您的店铺达到橙色预警。", "Orange alert",
        "请停止捆绑销售，重新标价。",
        "通知书编号：2026-1", "Notice number 2026-1", "24小时内有10件诉求", "9月9日",
    ):  # fmt: skip
        assert paper in page, paper
    assert (await ma.get(f"/desk/alerts/{AWAY}/rectifications/{notice}")).status_code == 404


async def test_whoever_is_told_sees_it_on_the_queue_and_the_manager_among_the_notices(front: Front) -> None:
    olga, ma, chen = [await seat(front, name) for name in ("olga", "ma", "chen")]
    assert "/desk/alerts" in (await olga.get("/desk")).text
    assert "Alerts now" not in (await olga.get("/desk")).text
    await busy(front.house, 3)
    await looked(front.house)
    assert "Alerts now: 1" in (await olga.get("/desk")).text
    assert "/desk/alerts" not in (await chen.get("/desk")).text
    told = (await ma.get("/desk/notices")).text
    assert ("Blue alert" in told, "Look into the cause." in told) == (True, True)
