"""A statement that does not come, or never will: the page of breaks says which day is matched and what nobody can match."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import Connection

from desk.reads.breaks import unasked
from desk.store import breaks, claims
from desk.store.tables import ClaimRow
from desk.wording.figures import day as day_in_words
from tests.builders import TERMS, open_house
from tests.cast import OPERATOR, Cast
from tests.statements import line_of, paid, today, told
from tests.web.console import seat
from tests.web.front import Front, opened_front
from tests.web.test_breaks import PAGE


async def test_the_page_names_the_newest_day_matched_and_one_that_holds_back_the_later_ones(till: Front) -> None:
    payout_id, first = await paid(till.house), today(till.house)
    later = first + timedelta(days=1)

    async def shown(language: str = "en") -> str:
        return (await (await seat(till, "ma")).get(PAGE, language)).text

    assert "matched up to" not in await shown()
    till.house.clock.go(days=1)
    await told(till.house, await line_of(till.house, payout_id), day=first)
    assert f"matched up to {day_in_words(first, 'en')} (UTC)" in await shown()
    for minutes in (64, 65):
        till.house.clock.at = datetime.combine(later + timedelta(days=1), time(), UTC) + timedelta(minutes=minutes)
        assert (f"statement of {day_in_words(later, 'en')} (UTC) is late" in await shown()) == (minutes == 65)
    assert f"网关{day_in_words(later, 'zh-CN')}（UTC）的对账单迟迟未到" in await shown("zh-CN")
    assert f"matched up to {day_in_words(first, 'en')} (UTC)" in await shown()


async def test_the_page_names_what_a_gateway_settled_that_is_not_the_desks_any_more(till_of_ones_own: tuple[str, Cast]) -> None:
    database, cast = till_of_ones_own
    async with open_house(database, cast=cast, gateway=replace(TERMS, name="wechat:1")) as house:
        line, day = await line_of(house, await paid(house)), today(house)
        house.clock.go(hours=24)
        assert await told(house, line, day=day) == 0
        reference = (await house.desk.read(claim_of, await paid(house))).reference
    async with open_house(database, cast=cast) as house, opened_front(house) as front:
        for language, said in (("en", "Paid through wechat:1, which this desk asks no longer"), ("zh-CN", "经wechat:1支付")):
            page = (await (await seat(front, "ma")).get(PAGE, language)).text
            assert said in page
            assert page.count(f'href="/desk/claims/{reference}/payouts"') == 1
        assert await house.desk.read(unasked, OPERATOR, None, house.kit) == {"wechat:1": [reference]}
        at = house.clock.at + timedelta(days=4)
    async with open_house(database, at, cast=cast, gateway=replace(TERMS, name="wechat:1")) as house:
        assert await house.desk.read(unasked, OPERATOR, None, house.kit) == {}
        for number in range(1, 3):
            await told(house, day=day + timedelta(days=number))
    async with open_house(database, at, cast=cast) as house:
        assert await house.desk.read(unasked, OPERATOR, None, house.kit) == {}, "it was found missing, and a break tells of it"


def claim_of(conn: Connection, payout_id: int) -> ClaimRow:
    """The claim of a payout."""
    return claims.read_by_id(conn, breaks.claim_of(conn, payout_id))
