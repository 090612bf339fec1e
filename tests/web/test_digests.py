"""Digests and the duty roster by their routes and on their pages: who reads, who sets, each act, its row, event and sentence."""

import csv
import io
import json
import re
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, select

from desk.actions.officers import disable_officer
from desk.domain.policy import RIGHTS, Act, Role
from desk.ports import Work
from desk.store import officers
from desk.store.tables import metadata
from tests.builders import all_of
from tests.cast import AWAY, HOME, OPERATOR
from tests.crowds import opened
from tests.digests import all_digests, kept, put_on, reached_at, worked
from tests.hands import lost, offered, partner
from tests.statements import puzzled
from tests.web.console import seat
from tests.web.front import Front, flaw, problem
from tests.web.probes import DIGESTS
from tests.web.test_foreign_site import ROLES

EVENT, DUTY, MAIL = (metadata.tables[name] for name in ("event", "duty", "officer_mail"))
OFFICER, PASSWORD = metadata.tables["officer"], "seven quiet lanterns"
PATH, ROSTER, PAGE = "/api/v1/digests", f"/api/v1/sites/{HOME}/roster", f"/desk/digests/{HOME}"
OLGA = {"day": "2026-09-08", "officer": "Olga"}


def _told(conn: Connection) -> list[tuple[str, str, dict[str, Any]]]:
    kinds = EVENT.c.kind.in_(["duty_added", "duty_removed", "mail_changed"])
    rows = conn.execute(select(EVENT).where(kinds).order_by(EVENT.c.id))
    return [(row.kind, row.role, json.loads(row.data)) for row in rows]


def _rows(conn: Connection) -> list[Any]:
    return list(conn.execute(select(DUTY).order_by(DUTY.c.id)).all())


async def two_o_clock(front: Front) -> None:
    """A claim was lodged, two o'clock came, and the worker was there."""
    await front.house.lodge()
    front.house.clock.go(hours=5)
    await worked(front.house)


async def roster_of(front: Front, **query: str) -> dict[str, Any]:
    """The roster by day."""
    answer = await front.call("GET", ROSTER, "ada", params=query)
    return {day["day"]: day for day in answer.json()["days"]}


async def test_a_digest_tells_figures_sentence_and_whom(front: Front) -> None:
    await two_o_clock(front)
    (told,) = (await front.call("GET", PATH, "ma", params={"site": HOME})).json()["digests"]
    assert told["due_at"] == "2026-09-08T14:00:00+08:00"
    assert (told["site"], told["told"], told["quiet"], told["own"]) == (HOME, "managers", False, None)
    assert told["figures"]["on"] == "2026-09-08"
    assert (told["figures"]["lodged"], told["figures"]["lodged_before"], told["figures"]["refunded"]) == (1, None, 0)
    assert told["figures"]["available"]["currency"] == "CNY"
    assert told["sentence"].startswith("Claims lodged today: 1, no refund was received; ")
    assert [(need["code"], need["number"]) for need in told["needs"]] == [("overdue", 1)]
    assert [(each["officer"], each["state"], each["why"]) for each in told["letters"]] == [("Ma", "dropped", "no_channel")]
    chinese = await front.call("GET", PATH, "ma", headers={"Accept-Language": "zh-CN"})
    assert chinese.json()["digests"][0]["sentence"].startswith("今天登记 1 件，没有退款到账；")


async def test_digests_come_page_by_page_and_as_a_file(front: Front) -> None:
    await two_o_clock(front)
    front.house.clock.go(hours=8)
    await worked(front.house)
    first = (await front.call("GET", PATH, "ma", params={"limit": "1"})).json()
    second = (await front.call("GET", PATH, "ma", params={"limit": "1", "cursor": first["next"]})).json()
    assert [each["due_at"][11:16] for each in first["digests"] + second["digests"]] == ["22:00", "14:00"]
    assert second["next"] is None
    answer = await front.call("GET", f"/api/v1/sites/{HOME}/digests.csv", "ada")
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(line["due_at"][11:16], line["lodged"], line["told"]) for line in lines] == [
        ("22:00", "1", "managers"), ("14:00", "1", "managers"),
    ]  # fmt: skip
    bad = await front.call("GET", PATH, "ma", params={"cursor": "x"})
    assert problem(bad) == (422, "bad_input")


async def test_somebody_is_put_on_duty_and_taken_off_and_both_are_told(front: Front) -> None:
    before = await roster_of(front)
    assert (len(before), before["2026-09-08"]["told"]) == (14, "managers")
    added = await front.call("POST", ROSTER, "ma", json=OLGA)
    assert (added.status_code, added.json()["officer"], added.json()["removed_at"]) == (201, "Olga", None)
    day = (await roster_of(front))["2026-09-08"]
    assert (day["told"], [(one["officer"], one["here"], one["mail"]) for one in day["on_duty"]]) == (
        "roster", [("Olga", True, False)],
    )  # fmt: skip
    removed = await front.call("POST", f"{ROSTER}/{added.json()['id']}/remove", "ma")
    assert (removed.status_code, removed.json()["removed_at"][:10]) == (200, "2026-09-08")
    assert (await roster_of(front))["2026-09-08"]["on_duty"] == []
    assert (await front.call("POST", ROSTER, "ma", json=OLGA)).status_code == 201
    told = (await front.house.desk.read(_told))[-3:]
    assert [(kind, role) for kind, role, _ in told] == [
        ("duty_added", "manager"), ("duty_removed", "manager"), ("duty_added", "manager"),
    ]  # fmt: skip
    assert told[0][2] | {"duty": ""} == {"duty": "", "officer": str(front.house.cast.olga.id), "on": "2026-09-08"}
    assert len(await front.house.desk.read(_rows)) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"day": "2026-09-08", "officer": "Mona"}, "/officer"),
        ({"day": "2026-09-08", "officer": "Anton"}, "/officer"),
        ({"day": "2026-09-08", "officer": "Nobody"}, "/officer"),
        ({"day": "2026-09-07", "officer": "Olga"}, "/day"),
        ({"day": "2027-09-10", "officer": "Olga"}, "/day"),
        ({"day": "8.9.2026", "officer": "Olga"}, "/day"),
        ({"day": "2026-09-08", "officer": " "}, "/officer"),
        ({"day": "2026-09-08"}, "/officer"),
    ],
)
async def test_who_cannot_be_on_duty_is_refused_and_nothing_is_left(front: Front, body: dict[str, str], field: str) -> None:
    answer = await front.call("POST", ROSTER, "ma", json=body)
    assert (problem(answer), flaw(answer)[0]) == ((422, "bad_input"), field)
    assert "Mona" not in answer.text
    assert await front.counted("duty") == 0


async def test_whoever_was_shut_out_cannot_be_put_on_duty_and_is_shown_as_gone(front: Front) -> None:
    await put_on(front.house, "Otto", date(2026, 9, 8))
    assert front.house.cast.otto.id is not None
    await front.house.desk.write(disable_officer, OPERATOR, "Otto")
    try:
        answer = await front.call("POST", ROSTER, "ma", json={**OLGA, "officer": "Otto"})
        assert flaw(answer)[0] == "/officer"
        day = (await roster_of(front))["2026-09-08"]
        assert (day["told"], [(one["officer"], one["here"]) for one in day["on_duty"]]) == ("managers", [("Otto", False)])
        page = (await (await seat(front, "ma")).get(f"{PAGE}/roster")).text
        assert "no longer here, not told" in page
        assert "Nobody on duty works here any more" in page
    finally:
        await front.house.desk.write(_let_back, front.house.cast.otto.id)


def _let_back(work: Any, officer_id: int) -> None:  # noqa: ANN401 - a unit of work
    officer = metadata.tables["officer"]
    work.conn.execute(officer.update().where(officer.c.id == officer_id).values(disabled_at=None))


async def test_of_many_at_once_one_puts_them_on_and_a_day_that_is_over_stays(front: Front) -> None:
    answers = await all_of(*(front.call("POST", ROSTER, "ma", json=OLGA) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    (row,) = await front.house.desk.read(_rows)
    removed = await all_of(*(front.call("POST", f"{ROSTER}/{row.id}/remove", "ma") for _ in range(3)))
    assert sorted(answer.status_code for answer in removed) == [200, 409, 409]
    other = (await front.call("POST", ROSTER, "ma", json=OLGA)).json()["id"]
    front.house.clock.go(days=1)
    assert problem(await front.call("POST", f"{ROSTER}/{other}/remove", "ma")) == (409, "wrong_moment")


async def test_under_one_key_somebody_is_put_on_once(front: Front) -> None:
    first = await front.call("POST", ROSTER, "ma", json=OLGA, key="one-press")
    again = await front.call("POST", ROSTER, "ma", json=OLGA, key="one-press")
    assert (first.content, again.headers["Idempotent-Replayed"]) == (again.content, "true")


@pytest.mark.parametrize(
    ("query", "days"), [({"from": "2026-10-01", "to": "2026-10-03"}, 3), ({"from": "2026-10-01"}, 14), ({"to": "2026-09-01"}, 1)]
)
async def test_the_days_that_are_named_are_told(front: Front, query: dict[str, str], days: int) -> None:
    assert len(await roster_of(front, **query)) == days


@pytest.mark.parametrize("query", [{"from": "2026-10-02", "to": "2026-10-01"}, {"from": "2026-10-01", "to": "2026-11-01"}])
async def test_days_in_the_wrong_order_or_too_many_are_refused(front: Front, query: dict[str, str]) -> None:
    assert problem(await front.call("GET", ROSTER, "ma", params=query)) == (422, "bad_input")


@pytest.mark.parametrize("where", DIGESTS, ids=" ".join)
async def test_each_role_meets_what_the_rights_table_says(front: Front, where: tuple[str, str]) -> None:
    (method, path), probe, found = where, DIGESTS[where], {}
    duty = (await put_on(front.house)).row.id
    address = path.format(site=HOME, duty=duty)
    callers = [by for by in ROLES if by not in ("nobody", "vera")]
    for by in callers:
        answer = await front.call(method, address, by, json=probe.body, params=dict.fromkeys(probe.query, HOME))
        found[by] = 200 if answer.status_code in (200, 201, 409) else answer.status_code
    assert isinstance(probe.act, Act)
    assert found == {by: _expected(ROLES[by], probe.act) for by in callers}
    assert (await front.call(method, address, json=probe.body, params=dict.fromkeys(probe.query, HOME))).status_code == 401


def _expected(role: Role | None, act: Act) -> int:
    if role is None or role is Role.ADMIN:
        return 404
    return 200 if role in RIGHTS[act] else 403


async def test_a_site_sees_its_own_alone(front: Front) -> None:
    ours, theirs = await kept(front.house), await kept(front.house, AWAY)
    duty = (await put_on(front.house, "Oskar", by=front.house.cast.mona, site=AWAY)).row.id
    assert [each["id"] for each in (await front.call("GET", PATH, "ma")).json()["digests"]] == [str(ours)]
    ma = await seat(front, "ma")
    assert (await ma.get(f"{PAGE}/{theirs}")).status_code == 404
    assert (await ma.get(f"/desk/digests/{AWAY}")).status_code == 404
    assert problem(await front.call("POST", f"{ROSTER}/{duty}/remove", "ma")) == (404, "not_found")


async def test_the_page_shows_the_newest_the_history_and_now(front: Front) -> None:
    ma, olga = await seat(front, "ma"), await seat(front, "olga")
    assert "There is no digest yet" in (await ma.get(PAGE)).text
    assert "Next: today at 14:00." in (await ma.get(PAGE)).text
    await two_o_clock(front)
    ma, olga = await seat(front, "ma"), await seat(front, "olga")
    page = (await ma.get(PAGE)).text
    for said in (
        "Claims lodged today: 1, no refund was received;", "Tuesday 8 September 2026, 14:00", "Next: today at 22:00.",
        "Nobody was on duty that day, so the site&#39;s managers were told:", "no mail server is set",
        "Claims past their deadline: 1",
        "view=overdue",
    ):  # fmt: skip
        assert said in page, said
    chinese = (await ma.get(PAGE, "zh-CN")).text
    assert ("今天登记 1 件，没有退款到账" in chinese, "等您处理" in chinese, "Digest" in chinese) == (True, True, False)
    (row,) = await all_digests(front.house)
    assert f"{PAGE}/{row.id}" not in page, "the newest is shown whole"
    assert "Claims lodged today: 1" in (await olga.get(f"{PAGE}/{row.id}")).text
    await front.house.lodge()
    now = (await ma.get(f"{PAGE}/now")).text
    assert ("Claims lodged today: 2" in now, "This is no digest" in now) == (True, True)
    assert await front.counted("digest") == 2
    front.house.clock.go(hours=8)
    await worked(front.house)
    ma = await seat(front, "ma")
    page = (await ma.get(PAGE)).text
    assert (f"{PAGE}/{row.id}" in page, "2026, 22:00" in page) == (True, True)
    assert (await ma.get("/desk/digests")).headers["location"] == PAGE
    assert (await (await seat(front, "ada")).get(f"{PAGE}/digests.csv")).text.startswith("id,due_at,")
    rooms = re.findall(r'<nav class="rooms".*?</nav>', (await (await seat(front, "olga")).get("/desk")).text, re.DOTALL)
    assert "/desk/digests" not in rooms[0]


async def test_what_waits_leads_to_where_it_is_seen_to(front: Front) -> None:
    await front.house.desk.write(lost, await offered(front.house, await partner(front.house, hook_url="https://p.example/a")))
    await opened(front.house)
    await puzzled(front.house)
    page = (await (await seat(front, "ma")).get(f"{PAGE}/now")).text
    for address, line in (
        (f"/desk/handoffs/{HOME}", "Hand-offs that did not reach the partner: 1"),
        ("/desk/incidents", "Collective incidents that are open: 1"),
        (f"/desk/gateway-messages/{HOME}", "Gateway messages that nobody has looked at: 1"),
    ):
        assert f'<a href="{address}">{line}</a>' in page, line
    assert "Nothing waits for you" not in page
    olga = (await (await seat(front, "olga")).get(f"{PAGE}/now")).text
    assert "<li>Gateway messages that nobody has looked at: 1</li>" in olga


async def test_the_roster_is_set_on_its_page_with_a_way_back(front: Front) -> None:
    ma, page = await seat(front, "ma"), f"{PAGE}/roster"
    assert "Nobody is on duty: the managers are told." in (await ma.get(page)).text
    refused = await ma.submit(page, page, day="2026-09-08", officer="")
    assert (refused.status_code, 'href="#duty-2026-09-08-officer"' in refused.text) == (422, True)
    assert (await ma.submit(page, page, day="2026-09-08", officer="Olga")).headers["location"] == page
    assert "They are on duty." in (await ma.get(page)).text
    twice = await ma.submit(page, page, day="2026-09-08", officer="Olga")
    assert (twice.status_code, "They are on duty that day already." in twice.text) == (409, True)
    (row,) = await front.house.desk.read(_rows)
    remove = f"{page}/{row.id}/remove"
    assert remove not in (await (await seat(front, "ada")).get(page)).text
    assert (await ma.submit(page, remove)).headers["location"] == page
    again = (await ma.get(page)).text
    assert ("Olga was taken off." in again, "Undo" in again) == (True, True)
    late = await ma.submit(page, page, day="2026-09-08", officer="Olga", first="2026-09-08")
    assert late.headers["location"] == f"{page}?from=2026-09-08"
    assert "was taken off" not in (await ma.get(page)).text
    assert "值班表" in (await ma.get(page, "zh-CN")).text
    for first in ("", "x", "2026-02-30", "9999-12-31", "2026-09-22"):
        assert (await ma.get(f"{page}?from={first}")).status_code == 200


async def test_a_colleague_who_was_faster_is_said_on_the_page(front: Front) -> None:
    ma, page = await seat(front, "ma"), f"{PAGE}/roster"
    duty = (await put_on(front.house, "Olga", date(2026, 9, 9))).row.id
    opened = (await ma.get(page)).text
    await front.call("POST", f"{ROSTER}/{duty}/remove", "ma")
    key = re.search(rf'action="{page}/{duty}/remove"><input type="hidden" name="key" value="([^"]+)"', opened)
    assert key is not None
    answer = await ma.post(f"{page}/{duty}/remove", {"key": key[1]})
    assert (answer.status_code, 'role="alert"' in answer.text) == (409, True)


async def test_an_officer_enters_their_own_address_and_takes_it_back(front: Front) -> None:
    olga = await seat(front, "olga")
    await front.house.desk.write(_password)
    account, form = "/desk/account", "/desk/account/mail"
    for password in ("", "not hers"):
        wrong = await olga.submit(account, form, mail="olga@site.example", mail_password=password)
        assert (wrong.status_code, 'value="olga@site.example"' in wrong.text) == (422, True)
        assert "not hers" not in wrong.text
    refused = await olga.submit(account, form, mail="olga at home", mail_password=PASSWORD)
    assert (refused.status_code, 'value="olga at home"' in refused.text) == (422, True)
    assert (await front.counted("officer_mail"), PASSWORD in refused.text) == (0, False)
    taken = await olga.submit(account, form, mail=" olga@site.example ", mail_password=PASSWORD)
    assert taken.headers["location"] == account
    (sealed,) = await front.house.desk.read(lambda conn: conn.execute(select(MAIL)).all())
    assert b"olga" not in sealed.sealed
    assert "olga" not in str(sealed.key_id)
    page = (await olga.get(account)).text
    assert ('value="olga@site.example"' in page, "The mail address is saved." in page) == (True, True)
    await olga.submit(account, form, mail="olga@site.example", mail_password=PASSWORD)
    await olga.submit(account, form, mail="", mail_password=PASSWORD)
    assert "You get no mail any more." in (await olga.get(account)).text
    assert await front.counted("officer_mail") == 0
    told = [each for each in await front.house.desk.read(_told) if each[0] == "mail_changed"]
    assert told[-2:] == [("mail_changed", "intake", {"has_mail": True}), ("mail_changed", "intake", {"has_mail": False})]


def _password(work: Work) -> None:
    (number,) = work.conn.execute(select(OFFICER.c.id).where(OFFICER.c.name == "Olga")).scalars()
    officers.set_password(work.conn, number, work.kit.sealer.password_hash(PASSWORD))


async def test_the_address_of_whoever_is_shut_out_is_erased_and_that_is_told(front: Front) -> None:
    await reached_at(front.house, front.house.cast.otto, "otto@site.example")
    assert front.house.cast.otto.id is not None
    for _ in range(2):
        await front.house.desk.write(disable_officer, OPERATOR, "Otto")
    try:
        assert await front.counted("officer_mail") == 0
        told = [each for each in await front.house.desk.read(_told) if each[0] == "mail_changed"]
        assert [said["has_mail"] for _, _, said in told][-2:] == [True, False]
    finally:
        await front.house.desk.write(_let_back, front.house.cast.otto.id)


async def test_who_left_no_address_is_marked_and_no_address_is_shown_to_others(front: Front) -> None:
    await reached_at(front.house, front.house.cast.ma, "ma@site.example")
    page = (await (await seat(front, "ma")).get(f"{PAGE}/roster")).text
    assert ("Olga (no mail address)" in page, "Ma (no mail address)" in page, "ma@site.example" in page) == (True, False, False)
