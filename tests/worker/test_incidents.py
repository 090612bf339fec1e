"""Incidents on a real database: claims of one cause found by the worker, opened by people, risen, missed, told, and closed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from desk.actions.endings import withdraw_claim
from desk.actions.incident_watch import look_after_incidents, sites_with_incidents
from desk.actions.incidents import Report, close_incident, count_people, file_report, log_arrival, plan_settlement, report_upward
from desk.domain.claim import Category
from desk.domain.incident import INCIDENT_CLOCKS
from desk.domain.tally import Fate
from desk.reads.verify import verify
from desk.store import incident_clocks, incidents, promises
from desk.store.tables import metadata
from desk.worker.timetable import look_after_all_incidents, see_to_all_incidents
from tests.alarms import level
from tests.builders import House, open_house
from tests.cast import AWAY, HOME
from tests.crowds import SITE_ITSELF, all_incidents, joined, opened, seen, stuck, the_incident

EVENT, BREACH, REMINDER = (metadata.tables[name] for name in ("event", "clock_breach", "clock_reminder"))
WHOLE = Report("索道停运两小时。", 12, 0, "疏散并发放饮用水。", "电子部件失灵。")


@pytest.fixture
async def house(database: str) -> AsyncIterator[House]:
    """A desk on either engine, whose history agrees with its chains afterwards."""
    async with open_house(database) as opened_house:
        yield opened_house
        report = await opened_house.desk.read(verify, opened_house.kit)
        assert [(finding.id, finding.detail) for finding in report.invariants if not finding.ok] == []


def _told(conn: Connection) -> list[str]:
    ours = EVENT.c.subject.like("site:%") & (EVENT.c.kind.like("incident_%") | EVENT.c.kind.like("collective_%"))
    return list(conn.execute(select(EVENT.c.kind).where(ours).order_by(EVENT.c.subject, EVENT.c.seq)).scalars())


def _misses(conn: Connection) -> list[str]:
    return list(conn.execute(select(BREACH.c.kind).where(BREACH.c.incident_id.is_not(None)).order_by(BREACH.c.due_at)).scalars())


async def counted(house: House, fate: Fate) -> dict[str, int]:
    """What reports count of the promises of incidents."""
    on = house.clock.at.date()
    found = await house.desk.read(promises.counts, house.cast.sites[HOME], on, on)
    return {one.kind: number for one, number in found.items() if one.what is fate and one.kind in INCIDENT_CLOCKS}


async def test_four_claims_of_one_cause_propose_and_three_do_not(house: House) -> None:
    await stuck(house, 3)
    await seen(house)
    assert await all_incidents(house) == []
    await stuck(house, 1)
    assert await look_after_all_incidents(house.desk) == 2
    found = await the_incident(house)
    assert (found.people, found.level, found.opened_at, found.category, found.pack) == (
        4,
        None,
        None,
        "ticket_and_ride",
        "cn-2026",
    )
    assert await look_after_all_incidents(house.desk) == 0
    assert await house.desk.read(_told) == ["collective_proposed"]


async def test_another_category_another_merchant_another_site_and_older_claims_are_not_of_the_cause(house: House) -> None:
    await stuck(house, 3)
    house.clock.go(hours=72, seconds=1)
    await stuck(house, 3)
    await stuck(house, 1, category=Category.PRICE_LABELLING)
    await stuck(house, 1, respondent=None, spot=None)
    await stuck(house, 1, site=AWAY, spot=None)
    withdrawn = await stuck(house, 1)
    await house.withdraw(withdrawn[0])
    await seen(house)
    assert await all_incidents(house) == []
    await stuck(house, 1)
    await seen(house)
    assert (await the_incident(house)).people == 4


async def test_without_a_merchant_claims_of_one_spot_are_of_one_cause(house: House) -> None:
    await stuck(house, 2, respondent=None)
    await stuck(house, 2, respondent=None, spot="yungu-cableway")
    await stuck(house, 3, respondent=None, spot=None)
    await seen(house)
    assert await all_incidents(house) == []
    await stuck(house, 2, respondent=None)
    await seen(house)
    found = await the_incident(house)
    assert (found.respondent_id, found.spot, found.people) == (None, "yuping-cableway", 4)


async def test_ten_people_open_it_with_four_clocks_and_its_level_only_rises(house: House) -> None:
    await stuck(house, 3, people=3)
    await seen(house)
    assert await all_incidents(house) == []
    last = await stuck(house, 1)
    await seen(house)
    found = await the_incident(house)
    assert (found.level, found.people, found.year, found.number, found.opened_by) == ("general", 10, 2026, 1, None)
    clocks = list((await house.desk.read(incident_clocks.of_incident, found.id)).values())
    assert found.opened_at is not None
    assert [(clock.kind, clock.due_at - found.opened_at) for clock in clocks] == [
        ("incident_first_report", timedelta(minutes=20)), ("incident_on_scene", timedelta(minutes=30)),
        ("incident_report", timedelta(hours=1)), ("incident_plan", timedelta(hours=2)),
    ]  # fmt: skip
    for more, reached in ((9, "general"), (1, "larger"), (29, "larger"), (1, "major")):
        await stuck(house, 1, people=more)
        await seen(house)
        assert (await the_incident(house)).level == reached
    await house.withdraw(last[0])
    await seen(house)
    after = await the_incident(house)
    assert (after.level, after.people, [step[0] for step in after.levels]) == ("major", 50, ["general", "larger", "major"])
    told = await house.desk.read(_told)
    assert told == [
        "collective_proposed", "incident_opened", "collective_grew", "collective_grew", "incident_rose", "collective_grew",
        "collective_grew", "incident_rose",
    ]  # fmt: skip


async def test_alerts_of_site_and_merchant_know_of_ten_and_fifty_people_until_it_is_closed(house: House) -> None:
    await opened(house, 4, people=3)
    for name in (None, SITE_ITSELF):
        found = await level(house, name)
        assert found is not None
        assert (found.level, ["incident", 12, 10] in found.reasons) == ("yellow", True)
    await house.desk.write(count_people, house.cast.olga, (await the_incident(house)).id, 50)
    await seen(house)
    for name in (None, SITE_ITSELF):
        found = await level(house, name)
        assert found is not None
        assert (found.level, found.reasons) == ("orange", [["incident", 50, 50]])
    await house.desk.write(close_incident, house.cast.ma, (await the_incident(house)).id, "人员已全部疏散。")
    await seen(house)
    assert await level(house, None) is None


async def test_alerts_count_who_is_there_now_and_not_the_most_there_ever_were(house: House) -> None:
    first, *_ = await stuck(house, 4, people=3)
    await seen(house)
    found = await the_incident(house)
    await house.desk.write(withdraw_claim, await house.vera(first), first, None)
    assert set((await house.desk.read(incidents.largest_open)).values()) == {9}
    await house.desk.write(count_people, house.cast.olga, found.id, 11)
    assert set((await house.desk.read(incidents.largest_open)).values()) == {11}
    assert (await the_incident(house)).people == 12


async def test_steps_in_time_keep_their_promises(house: House) -> None:
    number = await opened(house)
    olga, desk = house.cast.olga, house.desk
    house.clock.go(minutes=19)
    await desk.write(report_upward, olga, number, "汤口镇政府")
    house.clock.go(minutes=10)
    await desk.write(log_arrival, olga, number)
    await desk.write(file_report, olga, number, WHOLE, 0)
    await desk.write(plan_settlement, olga, number, "逐一退票。")
    await see_to_all_incidents(desk)
    assert await desk.read(_misses) == []
    assert await counted(house, Fate.KEPT) == dict.fromkeys(INCIDENT_CLOCKS, 1)
    assert await counted(house, Fate.MADE) == dict.fromkeys(INCIDENT_CLOCKS, 1)
    assert (await the_incident(house)).people == 12


async def test_what_is_late_is_missed_once_told_by_its_ladder_and_stays_missed(house: House) -> None:
    number = await opened(house)
    house.clock.go(minutes=15)
    assert await see_to_all_incidents(house.desk) == 1
    waiting = await house.desk.read(lambda conn: conn.execute(select(REMINDER.c.kind, REMINDER.c.role)).all())
    assert sorted(waiting) == [("incident_first_report", "intake"), ("incident_first_report", "manager")]
    house.clock.go(minutes=5, seconds=1)
    await see_to_all_incidents(house.desk)
    await see_to_all_incidents(house.desk)
    assert await house.desk.read(_misses) == ["incident_first_report"]
    await house.desk.write(report_upward, house.cast.ma, number, "镇政府")
    still = await house.desk.read(lambda conn: conn.execute(select(REMINDER.c.kind).where(REMINDER.c.ended_at.is_(None))).all())
    assert {row.kind for row in still} == {"incident_on_scene"}
    house.clock.go(minutes=10)
    await house.desk.write(log_arrival, house.cast.ma, number)
    assert await house.desk.read(_misses) == ["incident_first_report", "incident_on_scene"]
    await house.desk.write(close_incident, house.cast.ma, number, "误报。")
    assert await counted(house, Fate.MISSED) == {"incident_first_report": 1, "incident_on_scene": 1}
    assert await counted(house, Fate.VOID) == {"incident_report": 1, "incident_plan": 1}


async def test_what_was_proposed_and_grew_no_more_lapses_after_its_window(house: House) -> None:
    await stuck(house, 4)
    await seen(house)
    house.clock.go(hours=71)
    await seen(house)
    assert (await the_incident(house)).closed_at is None
    house.clock.go(hours=1)
    await seen(house)
    lapsed = await the_incident(house)
    assert (lapsed.closed_at is not None, lapsed.closed_by, lapsed.closed_why) == (True, None, None)
    await stuck(house, 3)
    await seen(house)
    assert len(await all_incidents(house)) == 1
    await stuck(house, 1)
    await seen(house)
    assert len(await all_incidents(house)) == 2


async def test_a_trickle_of_claims_opens_no_incident(house: House) -> None:
    references = await stuck(house, 4)
    await seen(house)
    await joined(house, references[0])
    for _ in range(3):
        house.clock.go(hours=48)
        await stuck(house, 3)
        await seen(house)
    found = await the_incident(house)
    assert (found.opened_at, len(await house.desk.read(incidents.members, found.id)), found.people) == (None, 13, 7)
    await stuck(house, 4)
    await seen(house)
    opened_now = await the_incident(house)
    assert (opened_now.opened_at is not None, opened_now.level) == (True, "general")


async def test_two_workers_bring_claims_together_once(house: House) -> None:
    await stuck(house, 10)
    site = house.cast.sites[HOME]
    assert await house.desk.read(sites_with_incidents, house.kit) == [site]
    done = await asyncio.gather(*(house.desk.write(look_after_incidents, site) for _ in range(2)))
    assert sorted(done) == [0, 2]
    found = await the_incident(house)
    assert len(await house.desk.read(incidents.members, found.id)) == 10
