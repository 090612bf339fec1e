"""A statement that does not come: the page of breaks says which day is matched, and which one holds back the later ones."""

from datetime import UTC, datetime, time, timedelta

from desk.wording.figures import day
from tests.statements import line_of, paid, today, told
from tests.web.console import seat
from tests.web.front import Front
from tests.web.test_breaks import PAGE


async def test_the_page_names_the_newest_day_matched_and_one_that_holds_back_the_later_ones(till: Front) -> None:
    payout_id, first = await paid(till.house), today(till.house)
    later = first + timedelta(days=1)

    async def shown(language: str = "en") -> str:
        return (await (await seat(till, "ma")).get(PAGE, language)).text

    assert "matched up to" not in await shown()
    till.house.clock.go(days=1)
    await told(till.house, await line_of(till.house, payout_id), day=first)
    assert f"matched up to {day(first, 'en')} (UTC)" in await shown()
    for minutes in (64, 65):
        till.house.clock.at = datetime.combine(later + timedelta(days=1), time(), UTC) + timedelta(minutes=minutes)
        assert (f"statement of {day(later, 'en')} (UTC) is late" in await shown()) == (minutes == 65)
    assert f"网关{day(later, 'zh-CN')}（UTC）的对账单迟迟未到" in await shown("zh-CN")
    assert f"matched up to {day(first, 'en')} (UTC)" in await shown()
