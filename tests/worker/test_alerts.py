"""Alerts on a real database: levels rise at once, fall by their windows, are told once, by two workers and through any clock."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from desk.actions.alert_watch import look_after_alerts, sites_to_alert
from desk.domain.alerts import LATELY
from desk.domain.claim import Category, Flags
from desk.reads.verify import verify
from desk.store.tables import metadata
from desk.worker.timetable import look_after_all_alerts, see_to_all_clocks
from tests.alarms import SHOP, busy, level, looked
from tests.builders import House, open_house
from tests.cast import AWAY, HOME

ALERT, EVENT = metadata.tables["alert"], metadata.tables["event"]
OTHER = "黄山特产行"


@pytest.fixture
async def house(database: str) -> AsyncIterator[House]:
    """A desk on either engine, whose history agrees with its chains afterwards."""
    async with open_house(database) as opened:
        yield opened
        report = await opened.desk.read(verify, opened.kit)
        assert [finding.detail for finding in report.invariants if finding.id == "I18" and not finding.ok] == []


async def stands(house: House, name: str | None = SHOP, site: str = HOME) -> str | None:
    """The level of a merchant, or of the site itself."""
    found = await level(house, name, site)
    return found.level if found else None


def _history(conn: Connection) -> list[tuple[str, bool, bool]]:
    rows = conn.execute(select(ALERT).where(ALERT.c.respondent_id.is_not(None)).order_by(ALERT.c.id))
    return [(row.level, row.rose, row.until is None) for row in rows]


def _told(conn: Connection) -> list[str]:
    kinds = EVENT.c.kind.in_(["alert_rose", "alert_fell"])
    return list(conn.execute(select(EVENT.c.kind).where(kinds).order_by(EVENT.c.subject, EVENT.c.seq)).scalars())


async def test_a_merchant_rises_at_once_level_by_level_and_falls_as_its_claims_grow_old(house: House) -> None:
    await busy(house, 2)
    assert await looked(house) == 0
    for more, reached in ((1, "blue"), (2, "yellow"), (5, "orange")):
        await busy(house, more)
        assert await looked(house) == 1
        assert await stands(house) == reached
    orange = await level(house)
    assert orange is not None
    assert (orange.reasons, orange.tells, orange.task) == ([["claims", 10, 10]], ["intake", "manager"], "rectify")
    assert orange.due_at == orange.since + timedelta(hours=2)
    assert await looked(house) == 0
    house.clock.go(hours=25)
    await looked(house)
    assert await stands(house) is None
    assert await house.desk.read(_history) == [("blue", True, False), ("yellow", True, False), ("orange", True, False)]


async def test_it_falls_to_the_level_that_its_window_still_supports_and_nothing_new_is_due(house: House) -> None:
    await busy(house, 5)
    house.clock.go(hours=20)
    await busy(house, 5)
    await looked(house)
    assert await stands(house) == "orange"
    house.clock.go(hours=5)
    await looked(house)
    fallen = await level(house)
    assert fallen is not None
    assert (fallen.level, fallen.rose, fallen.due_at) == ("yellow", False, None)
    assert (await house.desk.read(_told))[-1] == "alert_fell"


async def test_claims_on_others_without_a_merchant_or_in_the_past_count_for_nobody_else(house: House) -> None:
    await busy(house, 2)
    await busy(house, 2, OTHER)
    await busy(house, 2, site=AWAY)
    for _ in range(4):
        await house.lodge(respondent=None)
    assert await looked(house) == 0


async def test_a_merchant_that_is_named_later_counts_from_when_the_claim_came_in(house: House) -> None:
    await busy(house, 2)
    unknown = (await house.lodge(respondent=None)).reference
    assert await looked(house) == 0
    await house.complete(unknown, respondent=SHOP)
    assert await looked(house) == 1


async def test_a_missed_promise_is_the_sites_blue_for_a_day_and_no_merchants(house: House) -> None:
    await house.lodge()
    house.clock.go(hours=3)
    await see_to_all_clocks(house.desk)
    await looked(house)
    assert (await stands(house, None), await stands(house)) == ("blue", None)
    found = await level(house, None)
    assert found is not None
    assert found.reasons[0][0] == "missed"
    house.clock.go(hours=23)
    await looked(house)
    assert await stands(house, None) == "blue"
    house.clock.go(hours=2)
    await looked(house)
    assert await stands(house, None) is None


async def test_an_injury_is_yellow_for_merchant_and_site_and_a_danger_red(house: House) -> None:
    await busy(house, 1, flags=Flags(injury=True))
    await looked(house)
    assert (await stands(house), await stands(house, None)) == ("yellow", "yellow")
    await house.lodge(respondent=None, category=Category.INJURY_SAFETY)
    await looked(house)
    assert (await stands(house), await stands(house, None)) == ("yellow", "red")


async def test_the_same_cause_at_two_sites_is_red_at_both_and_ends_with_either(house: House) -> None:
    await busy(house, 3)
    await busy(house, 2, site=AWAY)
    await looked(house)
    assert (await stands(house), await stands(house, None, AWAY)) == ("blue", None)
    await busy(house, 1, site=AWAY)
    await looked(house)
    for site in (HOME, AWAY):
        assert (await stands(house, SHOP, site), await stands(house, None, site)) == ("red", "red")
    house.clock.go(hours=25)
    await busy(house, 3)
    await looked(house)
    assert (await stands(house), await stands(house, SHOP, AWAY)) == ("blue", None)


async def test_another_cause_at_the_other_site_is_not_the_same(house: House) -> None:
    await busy(house, 3)
    await busy(house, 3, site=AWAY, category=Category.FORCED_SHOPPING)
    await looked(house)
    assert (await stands(house), await stands(house, SHOP, AWAY)) == ("blue", "blue")


async def test_growth_is_compared_once_the_desk_was_there_for_two_weeks(house: House) -> None:
    await busy(house, 1)
    house.clock.go(days=2)
    for _ in range(5):
        house.clock.go(hours=23)
        await busy(house, 1)
    await looked(house)
    assert (await stands(house), await stands(house, None)) == (None, None)
    house.clock.go(days=20)
    await busy(house, 2)
    house.clock.go(days=7)
    for _ in range(6):
        await busy(house, 1)
        house.clock.go(hours=13)
    await looked(house)
    assert (await stands(house), await stands(house, None)) == (None, None)
    await busy(house, 1)
    await looked(house)
    assert (await stands(house), await stands(house, None)) == ("orange", "orange")
    found = await level(house)
    assert found is not None
    assert found.reasons == [["growth", 7, 2]]


async def test_two_workers_that_look_at_once_raise_and_tell_once(house: House) -> None:
    await busy(house, 3)
    await busy(house, 5, OTHER)
    site = house.cast.sites[HOME]
    found: list[Any] = await asyncio.gather(
        *(look_after_all_alerts(house.desk) for _ in range(4)), *(house.desk.write(look_after_alerts, site) for _ in range(4))
    )
    assert sum(found) == 2
    assert await house.desk.read(_told) == ["alert_rose", "alert_rose"]


async def test_what_failed_in_the_middle_left_nothing_and_is_raised_by_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await busy(house, 3)
    with monkeypatch.context() as broken:
        broken.setattr("desk.actions.alert_watch.events.append", _fail)
        with pytest.raises(RuntimeError):
            await looked(house)
    assert await house.desk.read(_history) == []
    assert await looked(house) == 1


def _fail(*_: object) -> None:
    raise RuntimeError


async def test_a_clock_put_back_ends_nothing_before_it_began_and_tells_nothing_twice(house: House) -> None:
    await busy(house, 3)
    await looked(house)
    begun = await level(house)
    assert begun is not None
    house.clock.go(hours=-5)
    assert await looked(house) == 0
    await busy(house, 2)
    await looked(house)
    raised = await level(house)
    assert raised is not None
    assert (raised.level, raised.since) == ("yellow", begun.since)


async def test_a_clock_that_jumped_over_the_windows_ends_all_at_once(house: House) -> None:
    await busy(house, 10)
    await looked(house)
    house.clock.go(days=400)
    await looked(house)
    assert (await stands(house), await house.desk.read(sites_to_alert, house.kit)) == (None, [])
    assert await house.desk.read(_history) == [("orange", True, False)]


async def test_the_last_moment_of_the_window_counts(house: House) -> None:
    house.clock.tick = timedelta()
    await busy(house, 3)
    house.clock.at += LATELY - timedelta(microseconds=1)
    assert await looked(house) == 1
    house.clock.at += timedelta(microseconds=1)
    assert await looked(house) == 1
    assert await stands(house) is None
