"""A fund that runs low is told to its manager before it is empty, once, and no longer once it has money again."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError

from desk.actions.fund_watch import funds_to_look_at, look_after_fund
from desk.ports import Work
from desk.reads.verify import verify
from desk.store.tables import metadata
from desk.worker.timetable import look_after_funds
from tests.till import Till
from tests.web.console import seat
from tests.web.front import Front, yuan

NOTICES, FUND = "/api/v1/sites/huangshan/notices", "/api/v1/sites/huangshan/fund"
NOTICE, EVENT = metadata.tables["notice"], metadata.tables["event"]


async def paid(front: Front, asked: str = "128.00") -> None:
    """A refund that left, so that there is a pace."""
    await Till(front.house).brought_to("settled", asked=asked)


async def told(front: Front, language: str = "en") -> list[tuple[str, str | None, str]]:
    """What the route tells the manager: kind, reference, sentence."""
    answer = await front.call("GET", NOTICES, "ma", language=language)
    assert answer.status_code == 200, answer.text
    return [(one["kind"], one["reference"], one["detail"]) for one in answer.json()["notices"]]


async def put_in(front: Front, amount: str) -> None:
    """Money put in by the manager."""
    body = {"amount": yuan(amount), "source": "government"}
    assert (await front.call("POST", f"{FUND}/top-ups", "ma", json=body)).status_code == 201


def _told(conn: Connection) -> list[tuple[str, str, str]]:
    rows = conn.execute(select(EVENT).where(EVENT.c.kind.like("notice_%"), EVENT.c.subject.like("site:%")).order_by(EVENT.c.seq))
    return [(row.kind, row.actor, json.loads(row.data)["notice"]) for row in rows]


async def sound(front: Front) -> bool:
    """Whether every invariant holds."""
    return (await front.house.desk.read(verify, front.house.kit)).ok


async def test_a_fund_for_three_days_or_less_is_told_by_the_workers_round_and_taken_back_by_money(till: Front) -> None:
    desk = till.house.desk
    await paid(till)
    await look_after_funds(desk)
    assert await told(till) == []
    await Till(till.house).top_down("384.01")
    await look_after_funds(desk)
    assert await told(till) == []
    await Till(till.house).top_down("384.00")
    for _ in range(2):
        await look_after_funds(desk)
    sentence = "The fund has CNY 384.00 left. At the pace of the last 1 day it lasts 3 days."
    assert await told(till) == [("fund_low", None, sentence)]
    assert (await told(till, "zh-CN"))[0][2] == "基金还剩人民币 384.00 元。按最近 1 天的付款，还够 3 天。"
    assert (await till.call("GET", f"{FUND}/runway", "ma")).json()["low"] is True
    await put_in(till, "1000.00")
    assert await told(till) == []
    assert (await till.call("GET", f"{FUND}/runway", "ma")).json()["low"] is False
    await look_after_funds(desk)
    assert await desk.read(_told) == [("notice_opened", "desk", "fund_low"), ("notice_closed", "desk", "fund_low")]
    assert await till.counted("notice") == 1
    assert await sound(till)


async def test_a_withdrawal_that_leaves_too_little_is_told_at_once(till: Front) -> None:
    await paid(till)
    body = {"amount": yuan("99800.00"), "source": "site", "note": "年底退回"}
    asked = (await till.call("POST", f"{FUND}/withdrawals", "ma", json=body)).json()["id"]
    assert await told(till) == []
    assert (await till.call("POST", f"{FUND}/withdrawals/{asked}/approve", "chen", json={})).status_code == 200
    assert [kind for kind, *_ in await told(till)] == ["fund_low"]
    assert await sound(till)


async def test_while_nothing_was_paid_less_than_a_tenth_of_what_was_put_in_is_low(till: Front) -> None:
    at = Till(till.house)
    await at.top_down("1280.00")
    for _ in range(9):
        await at.propose(await at.agreed())
    await look_after_funds(till.house.desk)
    assert await told(till) == []
    await at.propose(await at.agreed(asked="1.00"))
    await look_after_funds(till.house.desk)
    sentence = "The fund has CNY 127.00 left. That is less than a tenth of what was put in."
    assert await told(till) == [("fund_low", None, sentence)]


async def test_once_the_pace_has_gone_the_notice_goes_by_itself(till: Front) -> None:
    await paid(till)
    await Till(till.house).top_down("300.00")
    await look_after_funds(till.house.desk)
    assert [kind for kind, *_ in await told(till)] == ["fund_low"]
    till.house.clock.at += timedelta(days=8)
    await look_after_funds(till.house.desk)
    assert await told(till) == []
    assert await sound(till)


async def test_several_workers_tell_it_once(till: Front) -> None:
    desk = till.house.desk
    await paid(till)
    await Till(till.house).top_down("300.00")
    (site_id,) = await desk.read(funds_to_look_at, desk.kit)
    await asyncio.gather(*(desk.write(look_after_fund, site_id) for _ in range(6)))
    assert await till.counted("notice") == 1

    def again(work: Work) -> None:
        work.conn.execute(
            text("INSERT INTO notice (id, site_id, kind, opened_at) SELECT 5, site_id, kind, opened_at FROM notice")
        )

    def of_no_claim(work: Work) -> None:
        work.conn.execute(text("UPDATE notice SET kind = 'fund_short'"))

    for wrong in (again, of_no_claim):
        with pytest.raises(IntegrityError):
            await desk.write(wrong)


async def test_a_short_fund_is_told_beside_it_and_of_its_claim(till: Front) -> None:
    at = Till(till.house)
    await paid(till)
    await at.top_down("100.00")
    reference = await at.agreed()
    answer = await till.post(f"{reference}/payouts", "chen", {"method": "cash"})
    assert answer.status_code == 409
    await look_after_funds(till.house.desk)
    assert sorted((kind, about) for kind, about, _ in await told(till)) == [("fund_low", None), ("fund_short", reference)]
    await put_in(till, "5000.00")
    assert [kind for kind, *_ in await told(till)] == ["fund_short"]
    assert (await till.post(f"{reference}/payouts", "chen", {"method": "cash"})).status_code == 201
    assert await told(till) == []
    assert await sound(till)


async def test_the_pages_of_the_manager_tell_it_with_its_figures(till: Front) -> None:
    ma = await seat(till, "ma")
    await paid(till)
    await Till(till.house).top_down("100.00")
    await look_after_funds(till.house.desk)
    for page in ("/desk/notices", "/desk/fund/huangshan"):
        shown = (await ma.get(page)).text
        assert "The fund runs low" in shown, page
        assert "CNY 100.00" in shown
        assert "At the pace of the last 1 day it does not last a day." in shown
        assert "The manager puts money in before it is empty." in shown
    assert "/desk/fund/huangshan" in (await ma.get("/desk/notices")).text


def _sites(conn: Connection) -> Any:  # noqa: ANN401 - rows
    return conn.execute(select(NOTICE.c.site_id)).scalars().all()


async def test_another_sites_fund_is_its_own(till: Front) -> None:
    await paid(till)
    await Till(till.house).top_down("100.00")
    await look_after_funds(till.house.desk)
    assert await till.house.desk.read(_sites) == [till.house.cast.sites["huangshan"]]
    away = await till.call("GET", NOTICES.replace("huangshan", "gulangyu"), "mona")
    assert away.json() == {"notices": []}
