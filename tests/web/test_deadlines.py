"""Deadlines that come near, are missed or are lengthened, through routes and pages: row, event, clock and sentence of each."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from desk.domain.clocks import Clock
from desk.ports import Work
from desk.reads.verify import verify
from desk.store import clocks
from desk.store.tables import metadata
from desk.worker.timetable import see_to_all_clocks
from tests.builders import all_of, open_house
from tests.postgres import LATER
from tests.verify.breaking import red
from tests.web.console import seat
from tests.web.front import Front, flaw, last, opened_front, problem

REASON = "双方同意再等一份鉴定，主管批准延长"
REMINDER, SITE = metadata.tables["clock_reminder"], metadata.tables["site"]


@pytest.fixture(params=["sqlite", LATER])
def day(request: pytest.FixtureRequest) -> Front:
    """On SQLite before each landing, on PostgreSQL in the gate."""
    opened: Front = request.getfixturevalue(f"{request.param}_day")
    return opened


@pytest.fixture
async def henan(database_later: str) -> AsyncIterator[Front]:
    """A desk in Henan, where mediation lasts 30 days and may be lengthened by 30 more."""
    async with open_house(database_later) as house, opened_front(house) as front:
        await house.desk.write(_under, "cn-henan")
        yield front


def _under(work: Work, overlay: str) -> None:
    work.conn.execute(update(SITE).values(overlay=overlay))


async def of_kind(front: Front, reference: str, kind: str) -> Clock:
    """The newest clock of a kind."""
    claim = await front.claim(reference)
    found = await front.house.desk.read(clocks.of_claim, claim.id)
    return [clock for clock in found.values() if clock.kind == kind][-1]


async def told(front: Front, *, open_only: bool = False) -> list[tuple[str, int, str]]:
    """What was told: clock, minutes after its deadline, role."""
    rows = await front.house.desk.read(_reminders)
    return [(row.kind, row.minutes, row.role) for row in rows if not (open_only and row.ended_at)]


def _reminders(conn: Connection) -> Any:  # noqa: ANN401 - rows
    return conn.execute(select(REMINDER).order_by(REMINDER.c.told_at, REMINDER.c.minutes, REMINDER.c.role)).all()


async def seen(front: Front, by: str, **query: str) -> list[tuple[str, str, int]]:
    """What an officer is reminded of: reference, clock, minutes after its deadline."""
    answer = await front.call("GET", "/api/v1/reminders", by, params=query)
    assert answer.status_code == 200
    return [(one["reference"], one["clock"], one["minutes"]) for one in answer.json()["reminders"]]


async def extended(front: Front, reference: str, by: str = "ma", clock: str = "mediation", **body: Any) -> Any:  # noqa: ANN401
    return await front.post(f"{reference}/clocks/{clock}/extend", by, {"more": 30, "reason": REASON, **body})


async def test_ma_lengthens_a_mediation_from_its_first_day(henan: Front) -> None:
    reference = await henan.house.docketed()
    before, version = await of_kind(henan, reference, "mediation"), (await henan.claim(reference)).version
    answer = await extended(henan, reference)
    after, claim = await of_kind(henan, reference, "mediation"), await henan.claim(reference)
    assert answer.status_code == 200
    assert answer.json()["state"] == "docketed"
    assert (after.length, after.base_at, after.segments) == (60, before.base_at, before.segments)
    assert timedelta(days=29) < after.due_at - before.due_at < timedelta(days=40)
    assert (claim.due_at, claim.version) == (after.due_at, version + 1)
    events = await henan.events(reference)
    assert last(events) == ("clock_extended", None, None, None, "manager", REASON)
    workings = (await henan.get(f"{reference}/clocks", "ma")).json()
    (shown,) = [one for one in workings if one["id"] == "mediation"]
    assert (shown["extendable"], datetime.fromisoformat(shown["due_at"])) == (0, after.due_at)
    status = await henan.status(await henan.slip(reference))
    assert "lengthened" in status["history"][0]["text"]
    assert red(await henan.house.desk.read(verify, henan.house.kit)) == {}
    assert datetime.fromisoformat(status["next"]["due_at"]) == after.due_at


async def test_it_is_lengthened_in_parts_up_to_what_the_rule_allows_in_all(henan: Front) -> None:
    reference = await henan.house.docketed()
    assert (await extended(henan, reference, more=10)).status_code == 200
    refused = await extended(henan, reference, more=21)
    assert (problem(refused), flaw(refused)) == ((422, "bad_input"), ("/more", "too_large"))
    assert (await extended(henan, reference, more=20)).status_code == 200
    assert problem(await extended(henan, reference, more=1)) == (409, "not_extendable")
    assert (await of_kind(henan, reference, "mediation")).length == 60


async def test_two_managers_cannot_lengthen_it_twice(henan: Front) -> None:
    reference = await henan.house.docketed()
    answers = await all_of(*(extended(henan, reference, more=20) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422]
    assert (await of_kind(henan, reference, "mediation")).length == 50


@pytest.mark.parametrize(
    ("by", "clock", "body", "refusal"),
    [
        ("mei", "mediation", {}, (403, "not_allowed")), ("mona", "mediation", {}, (404, "not_found")),
        ("ma", "acceptance", {}, (409, "not_extendable")), ("ma", "first_answer", {}, (409, "not_extendable")),
        ("ma", "nonsense", {}, (409, "not_extendable")), ("ma", "mediation", {"more": 0}, (422, "bad_input")),
        ("ma", "mediation", {"more": -3}, (422, "bad_input")), ("ma", "mediation", {"more": 1.5}, (422, "bad_input")),
        ("ma", "mediation", {"reason": " "}, (422, "bad_input")), ("ma", "mediation", {"until": "x"}, (422, "bad_input")),
    ],
)  # fmt: skip
async def test_a_refused_extension_changes_nothing(
    henan: Front, by: str, clock: str, body: dict[str, Any], refusal: tuple[int, str]
) -> None:  # fmt: skip
    reference = await henan.house.docketed()
    before, events = await henan.claim(reference), await henan.events(reference)
    assert problem(await extended(henan, reference, by, clock, **body)) == refusal
    assert (await henan.claim(reference), await henan.events(reference)) == (before, events)


async def test_nothing_is_lengthened_once_it_was_missed(henan: Front) -> None:
    reference = await henan.house.docketed()
    henan.house.clock.go(days=45)
    assert problem(await extended(henan, reference)) == (409, "not_extendable")


async def test_the_national_pack_allows_no_longer_time(front: Front) -> None:
    reference = await front.house.docketed()
    assert problem(await extended(front, reference)) == (409, "not_extendable")


async def test_each_role_is_told_in_its_turn_and_the_line_goes_when_the_promise_is_kept(front: Front) -> None:
    reference, house = (await front.house.lodge()).reference, front.house
    due = (await of_kind(front, reference, "first_answer")).due_at
    house.clock.at = due - timedelta(minutes=31)
    await see_to_all_clocks(house.desk)
    assert await told(front) == []
    house.clock.at = due - timedelta(minutes=30)
    await see_to_all_clocks(house.desk)
    assert await told(front) == [("first_answer", -30, "intake")]
    assert (await seen(front, "olga"), await seen(front, "ma")) == ([(reference, "first_answer", -30)], [])
    house.clock.at = due + timedelta(seconds=1)
    await see_to_all_clocks(house.desk)
    assert await told(front, open_only=True) == [("first_answer", 0, "intake"), ("first_answer", 0, "manager")]
    assert await seen(front, "ma") == await seen(front, "olga") == [(reference, "first_answer", 0)]
    assert await seen(front, "chen") == []
    await house.message(reference)
    assert await told(front, open_only=True) == []
    assert (await seen(front, "olga"), len(await told(front))) == ([], 3)


async def test_after_a_stand_still_each_promise_is_told_once_and_not_once_a_rung(front: Front) -> None:
    await front.house.lodge()
    front.house.clock.go(hours=30)
    await all_of(*(see_to_all_clocks(front.house.desk) for _ in range(3)))
    await see_to_all_clocks(front.house.desk)
    assert await told(front) == [("first_answer", 60, "intake"), ("first_answer", 60, "manager")]


async def test_a_clock_put_back_tells_nothing_twice(front: Front) -> None:
    await front.house.lodge()
    for hours in (2.5, -3, 2.9, -2.5, 3):
        front.house.clock.go(hours=hours)
        await see_to_all_clocks(front.house.desk)
    found = await told(front)
    assert len(found) == len(set(found))
    assert await front.counted("clock_breach") == 1


async def test_whoever_waits_for_the_visitor_is_not_reminded_and_a_resumed_promise_is(front: Front) -> None:
    reference = await front.house.waiting()
    front.house.clock.go(days=3)
    await see_to_all_clocks(front.house.desk)
    assert [one for one in await told(front) if one[0] == "acceptance"] == []
    await front.house.answer(reference)
    front.house.clock.at = (await of_kind(front, reference, "acceptance")).due_at - timedelta(hours=1)
    await see_to_all_clocks(front.house.desk)
    assert ("acceptance", -899, "intake") in await told(front)


async def test_a_promise_that_runs_on_late_after_a_pause_is_told_of_again(front: Front) -> None:
    reference, house = (await front.house.lodge()).reference, front.house
    house.clock.at = (await of_kind(front, reference, "acceptance")).due_at + timedelta(hours=10)
    await see_to_all_clocks(house.desk)
    late = [one for one in await told(front, open_only=True) if one[0] == "acceptance"]
    await front.post(f"{reference}/triage", "olga", {"override": "needs_information", "reason": "缺票据"})
    assert [one for one in await told(front, open_only=True) if one[0] == "acceptance"] == []
    await house.answer(reference)
    await see_to_all_clocks(house.desk)
    assert [one for one in await told(front, open_only=True) if one[0] == "acceptance"] == late != []


async def test_one_claim_that_cannot_be_seen_to_stops_no_other_and_not_the_worker(front: Front) -> None:
    lodged = [(await front.house.lodge()).reference for _ in range(17)]  # one more than are seen to at once
    await front.house.desk.write(_poisoned, (await front.claim(lodged[0])).id)
    front.house.clock.go(hours=3)
    await see_to_all_clocks(front.house.desk)
    assert {reference for reference, *_ in await seen(front, "ma")} == set(lodged[1:])
    assert await front.counted("clock_breach") == 16


def _poisoned(work: Work, claim_id: int) -> None:
    clock = metadata.tables["clock"]
    rule = work.conn.execute(
        select(clock.c.rule).where(clock.c.claim_id == claim_id, clock.c.kind == "first_answer")
    ).scalar_one()
    damaged = rule | {"ladder": [[0, ["porter"]]]}
    work.conn.execute(update(clock).where(clock.c.claim_id == claim_id, clock.c.kind == "first_answer").values(rule=damaged))


async def test_a_clock_from_before_the_ladder_takes_that_of_its_pack(front: Front) -> None:
    reference = (await front.house.lodge()).reference
    await front.house.desk.write(_without_ladders)
    await see_to_all_clocks(front.house.desk)
    assert (await of_kind(front, reference, "first_answer")).ladder != ()
    front.house.clock.go(hours=1, minutes=40)
    await see_to_all_clocks(front.house.desk)
    assert await told(front) == [("first_answer", -30, "intake")]


def _without_ladders(work: Work) -> None:
    """As the upgrade leaves clocks that run already."""
    clock = metadata.tables["clock"]
    for row in work.conn.execute(select(clock.c.id, clock.c.rule, clock.c.base_at).where(clock.c.state == "running")).all():
        rule = {name: value for name, value in row.rule.items() if name != "ladder"}
        work.conn.execute(update(clock).where(clock.c.id == row.id).values(rule=rule, next_at=row.base_at))


async def test_what_was_missed_while_the_clock_was_wrong_stays_missed(henan: Front) -> None:
    reference, house = await henan.house.docketed(), henan.house
    house.clock.go(days=45)
    await see_to_all_clocks(house.desk)
    house.clock.go(days=-45)
    assert problem(await extended(henan, reference)) == (409, "not_extendable")
    assert red(await house.desk.read(verify, house.kit)) == {}


async def test_reminders_of_a_foreign_site_are_not_there(front: Front) -> None:
    await front.house.lodge()
    front.house.clock.go(hours=2)
    await see_to_all_clocks(front.house.desk)
    assert len(await seen(front, "olga")) == 1
    assert await seen(front, "oskar") == []
    assert problem(await front.call("GET", "/api/v1/reminders", "oskar", params={"site": "huangshan"})) == (404, "not_found")


async def test_many_reminders_come_page_by_page_each_once(front: Front) -> None:
    lodged = [(await front.house.lodge()).reference for _ in range(5)]
    front.house.clock.go(hours=2)
    await see_to_all_clocks(front.house.desk)
    found, cursor = list[str](), None
    for _ in range(4):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await front.call("GET", "/api/v1/reminders", "olga", params=query)).json()
        found += [one["reference"] for one in page["reminders"]]
        if (cursor := page["next"]) is None:
            break
    assert found == lodged


async def test_the_page_shows_what_is_near_and_leads_to_the_claim(sqlite_front: Front) -> None:
    reference, olga = (await sqlite_front.house.lodge()).reference, await seat(sqlite_front, "olga")
    assert "您的岗位没有将到或已过的时限" in (await olga.get("/desk/reminders", "zh-CN")).text
    sqlite_front.house.clock.go(hours=1, minutes=45)
    await see_to_all_clocks(sqlite_front.house.desk)
    olga = await seat(sqlite_front, "olga")
    page = (await olga.get("/desk/reminders", "zh-CN")).text
    assert f'href="/desk/claims/{reference}"' in page
    assert "首次人工答复" in page


async def test_ma_lengthens_it_on_the_claims_page_and_loses_no_word_when_refused(henan: Front) -> None:
    reference, ma = await henan.house.docketed(), await seat(henan, "ma")
    page, form = f"/desk/claims/{reference}", f"/desk/claims/{reference}/extend"
    refused = await ma.submit(page, form, more="31", reason=REASON)
    assert refused.status_code == 422
    assert REASON in refused.text
    assert "Enter 30 or less." in refused.text
    assert (await ma.submit(page, form, more="three", reason=REASON)).status_code == 422
    assert (await of_kind(henan, reference, "mediation")).length == 30
    done = await ma.submit(page, form, more="30", reason=REASON)
    assert (done.status_code, done.headers["location"]) == (303, f"{page}#clocks")
    assert (await of_kind(henan, reference, "mediation")).length == 60
    assert "/extend" not in (await ma.get(page)).text
