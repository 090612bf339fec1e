"""Messages of the gateway that need a person: listed, told the manager, looked at once, and never deleted."""

from typing import Any

import pytest
from sqlalchemy import Connection, select

from desk.reads.verify import verify
from desk.store.tables import metadata
from tests.statements import puzzled
from tests.till import Till
from tests.web.console import form_in, seat
from tests.web.front import Front, flaw, problem
from tests.web.test_gateway_events import send, told
from tests.web.test_sends import XSS

SITE = "/api/v1/sites/huangshan"
AWAY = "/api/v1/sites/gulangyu"
PAGE = "/desk/gateway-messages/huangshan"
FOUND_OUT = "网关说是测试消息，不用管。"
EVENT, MESSAGE = metadata.tables["event"], metadata.tables["gateway_event"]


async def listed(front: Front, by: str = "chen", at: str = SITE) -> Any:  # noqa: ANN401 - the JSON
    """The messages that concern a site."""
    answer = await front.call("GET", f"{at}/gateway-messages", by)
    assert answer.status_code == 200, answer.text
    return answer.json()["messages"]


async def dismiss(front: Front, number: str, by: str = "ma", **more: Any) -> Any:  # noqa: ANN401 - as `call` takes it
    """Say that a message was looked at."""
    return await front.call("POST", f"/api/v1/gateway-messages/{number}/dismiss", by, json={"reason": FOUND_OUT}, **more)


def _told(conn: Connection) -> list[tuple[str, str, str]]:
    rows = conn.execute(select(EVENT).where(EVENT.c.kind == "gateway_message_seen").order_by(EVENT.c.id))
    return [(row.subject, row.role, row.data) for row in rows]


def _rows(conn: Connection) -> list[Any]:
    return list(conn.execute(select(MESSAGE).order_by(MESSAGE.c.number)))


async def red(front: Front) -> list[str]:
    """The invariants that do not hold; sessions are put there by hand (I34)."""
    report = await front.house.desk.read(verify, front.house.kit)
    return [finding.id for finding in report.invariants if not finding.ok and finding.id != "I34"]


@pytest.mark.parametrize(
    ("changed", "why", "sentence"),
    [
        ({"type": "payout.paused"}, "unknown_type", "Ask the gateway what it means."),
        ({"amount_minor": 12_801}, "wrong_amount", "Ask the gateway what was paid."),
        ({"key": "payout-5"}, "unknown_key", "Ask the gateway who was paid, and for whom."),
    ],
)
async def test_what_is_parked_is_listed_with_what_to_do_until_the_manager_looked_at_it(
    till: Front, changed: dict[str, Any], why: str, sentence: str
) -> None:  # fmt: skip
    payout_id = await Till(till.house).brought_to("sending")
    assert (await send(till, told(payout_id, **changed))).json() == {"fate": "parked"}
    (found,) = await listed(till)
    named = why != "unknown_key"
    assert found.items() >= {
        "message": "msg-1", "type": changed.get("type", "payout.settled"), "fate": "parked", "why": why, "gateway_id": "gw-7",
        "key": changed.get("key", f"payout-{payout_id}"), "payout": str(payout_id) if named else None, "dismissed_at": None,
        "told": {"amount": "128.01" if why == "wrong_amount" else "128.00", "currency": "CNY"},
        "booked": {"amount": "128.00", "currency": "CNY"} if named else None,
    }.items()  # fmt: skip
    ma = await seat(till, "ma")
    assert sentence in (await ma.get(PAGE)).text
    for page in ("/desk/fund/huangshan", "/desk/breaks/huangshan", "/desk/notices"):
        shown = (await ma.get(page)).text
        assert (f'href="{PAGE}"' in shown, "Gateway messages (1 to look at)" in shown) == (True, True), page
    done = (await dismiss(till, found["id"])).json()
    assert (done["reason"], done["dismissed_by"], done["reference"]) == (FOUND_OUT, "Ma", found["reference"])
    (row,) = await till.house.desk.read(_rows)
    assert (row.fate, row.why, row.dismissed_by, row.dismissal) == ("parked", why, till.house.cast.ma.id, FOUND_OUT)
    ((subject, role, data),) = await till.house.desk.read(_told)
    assert (subject.partition(":")[0], role, FOUND_OUT in data) == ("claim" if named else "site", "manager", True)
    assert [each["dismissed_by"] for each in await listed(till)] == ["Ma"]
    assert "to look at" not in (await ma.get("/desk/fund/huangshan")).text
    assert "No message waits." in (await ma.get(PAGE)).text
    assert await red(till) == []


async def test_a_contradiction_is_listed_and_its_notice_ends_with_the_last_one_looked_at(till: Front) -> None:
    payout_id = await Till(till.house).brought_to("sending")
    await send(till, told(payout_id), "msg-1")
    for number in (2, 3):
        assert (await send(till, told(payout_id, "payout.failed"), f"msg-{number}")).json() == {"fate": "late"}
    await send(till, told(payout_id, "payout.awaiting_visitor"), "msg-4")
    second, first = await listed(till)
    assert [(each["message"], each["fate"], each["why"]) for each in (first, second)] == [
        ("msg-2", "late", "contradicts"), ("msg-3", "late", "contradicts"),
    ]  # fmt: skip
    told_of = []
    for found in (first, second):
        told_of.append([each["kind"] for each in (await till.call("GET", f"{SITE}/notices", "ma")).json()["notices"]])
        await dismiss(till, found["id"])
    assert told_of == [["gateway_contradicts"]] * 2
    assert (await till.call("GET", f"{SITE}/notices", "ma")).json()["notices"] == []
    assert await red(till) == []


async def test_a_message_is_looked_at_once_and_a_key_gives_the_same_bytes(till: Front) -> None:
    number = str(await puzzled(till.house, await Till(till.house).brought_to("sending")))
    first, again = [await dismiss(till, number, key="dismiss-key") for _ in range(2)]
    assert first.content == again.content
    assert problem(await dismiss(till, number)) == (409, "wrong_moment")
    assert len(await till.house.desk.read(_told)) == 1


async def test_another_sites_manager_sees_and_dismisses_none_of_this_sites(till: Front) -> None:
    payout_id = await Till(till.house).brought_to("arrived")
    numbers = [str(await puzzled(till.house, payout_id)), str(await puzzled(till.house))]
    assert len(await listed(till)) == 2
    assert await listed(till, "mona", AWAY) == []
    mona = await seat(till, "mona")
    assert "The desk understood every message" in (await mona.get("/desk/gateway-messages/gulangyu")).text
    assert "Gateway messages" not in (await mona.get("/desk/notices")).text
    assert problem(await till.call("GET", f"{SITE}/gateway-messages", "mona")) == (404, "not_found")
    for number in numbers:
        assert problem(await dismiss(till, number, "mona")) == (404, "not_found")
        assert problem(await dismiss(till, number, "chen")) == (403, "not_allowed")
        assert (await dismiss(till, number)).status_code == 200


async def test_while_no_site_uses_the_gateway_a_message_of_nobodys_is_every_sites(sqlite_till_front: Front) -> None:
    front = sqlite_till_front
    number = str(await puzzled(front.house))
    assert [await listed(front, by, at) for by, at in (("chen", SITE), ("mona", AWAY))] == [await listed(front)] * 2
    assert (await dismiss(front, number, "mona")).json()["dismissed_by"] == "Mona"
    assert [each["dismissed_by"] for each in await listed(front)] == ["Mona"]


@pytest.mark.parametrize("reason", ["", " ", "x" * 2001, "a\x1b[31mb"])
async def test_whoever_looked_says_what_they_found(sqlite_till_front: Front, reason: str) -> None:
    front = sqlite_till_front
    number = await puzzled(front.house)
    answer = await front.call("POST", f"/api/v1/gateway-messages/{number}/dismiss", "ma", json={"reason": reason})
    assert (answer.status_code, flaw(answer)[0]) == (422, "/reason")
    assert (await listed(front))[0]["dismissed_at"] is None


async def test_what_is_said_of_a_message_names_no_visitor(sqlite_till_front: Front) -> None:
    front = sqlite_till_front
    number = await puzzled(front.house, await Till(front.house).brought_to("sending"))
    path = f"/api/v1/gateway-messages/{number}/dismiss"
    done = await front.call("POST", path, "ma", json={"reason": "已告诉王小薇。"})
    assert (done.status_code, "王小薇" in done.text) == (200, False)
    assert "王小薇" not in (await front.house.desk.read(_told))[0][2]


async def test_messages_come_page_by_page_and_whole_as_csv(sqlite_till_front: Front) -> None:
    front = sqlite_till_front
    for number in range(3):
        await puzzled(front.house, kind=f"=odd-{number}")
    every = [each["id"] for each in await listed(front)]
    path = f"{SITE}/gateway-messages"
    first = (await front.call("GET", path, "chen", params={"limit": 2})).json()
    second = (await front.call("GET", path, "chen", params={"limit": 2, "cursor": first["next"]})).json()
    assert [each["id"] for each in first["messages"] + second["messages"]] == every
    lines = (await front.call("GET", f"{path}.csv", "ada")).text.split("\r\n")
    assert lines[0].startswith("id,message,type,key,gateway_id,reference,payout,told,")
    assert (len(lines), lines[1].split(",")[2], lines[1].split(",")[7:9]) == (5, "'=odd-2", ["99.00", "CNY"])


@pytest.mark.parametrize(
    ("language", "empty", "what", "none"),
    [
        (
            "en",
            "The desk understood every message",
            "The gateway sent a kind of message the desk does not know.",
            "No message waits.",
        ),
        ("zh-CN", "没有要人看的", "网关发来的消息类型，系统不认识。", "没有待看的消息。"),
    ],
)
async def test_the_manager_looks_at_it_on_the_page_and_the_typed_words_stay_when_they_are_refused(
    till: Front, language: str, empty: str, what: str, none: str
) -> None:  # fmt: skip
    ma, chen = await seat(till, "ma"), await seat(till, "chen")
    assert empty in (await chen.get(PAGE, language)).text
    number = await puzzled(till.house, await Till(till.house).brought_to("sending"), "<b>odd</b>")
    shown, form = (await ma.get(PAGE, language)).text, f"{PAGE}/{number}/dismiss"
    assert (what in shown, "&lt;b&gt;odd&lt;/b&gt;" in shown, "<b>odd" in shown) == (True, True, False)
    assert form not in (await chen.get(PAGE, language)).text
    bad = await ma.submit(PAGE, form, reason=f"{XSS}\x1b")
    assert (bad.status_code, "onerror=&#34;alert" in bad.text, XSS in bad.text) == (422, True, False)
    assert (await ma.submit(PAGE, form, reason=XSS)).status_code == 303
    after = (await ma.get(PAGE, language)).text
    assert (none in after, what in after, XSS in after) == (True, True, False)
    late = await ma.post(form, {**form_in((await ma.get("/desk/account")).text, "/desk/sign-out"), "reason": FOUND_OUT})
    assert (late.status_code, FOUND_OUT in late.text) == (409, True)
