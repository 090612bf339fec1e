"""How long the fund lasts, told by the route and by the page: at the week's pace, and at the last holiday's."""

from datetime import UTC, datetime, timedelta

from tests.till import Till
from tests.web.console import seat
from tests.web.front import Front, yuan

RUNWAY = "/api/v1/sites/huangshan/fund/runway"
LEFT = 9_987_200


async def test_a_refund_sets_the_pace_of_a_week_and_of_the_holiday_it_fell_into(till: Front) -> None:
    till.house.clock.at = datetime(2026, 10, 3, 2, tzinfo=UTC)
    ma = await seat(till, "ma")
    nothing = (await till.call("GET", RUNWAY, "ma")).json()
    assert nothing["week"] == {"paid": yuan("0.00"), "days": 1, "lasts_days": None}
    assert "Nothing was paid in the last 7 days." in (await ma.get("/desk/fund/huangshan")).text

    at = Till(till.house)
    payout = (await at.propose(await at.agreed())).payout.id
    await at.send(payout)
    await at.receive(payout)
    told = (await till.call("GET", RUNWAY, "chen")).json()
    assert told["available"] == yuan("99872.00")
    assert told["week"] == {"paid": yuan("128.00"), "days": 1, "lasts_days": LEFT // 12_800}
    assert "At the pace of the last 1 day it lasts 780 days." in (await ma.get("/desk/fund/huangshan")).text

    till.house.clock.at += timedelta(days=8)
    later = (await till.call("GET", RUNWAY, "ma")).json()
    assert later["week"]["lasts_days"] is None
    assert (later["holiday_first"], later["holiday_last"]) == ("2026-10-01", "2026-10-07")
    assert later["holiday"] == {"paid": yuan("128.00"), "days": 7, "lasts_days": LEFT * 7 // 12_800}
    again = await seat(till, "ma")
    page = (await again.get("/desk/fund/huangshan")).text
    assert "At the pace of the last holiday (1 October 2026 to 7 October 2026) it lasts 5461 days." in page
