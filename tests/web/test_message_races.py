"""The same message delivered many times at one moment: kept once, its effect once, and each delivery answered with 200."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.builders import open_house
from tests.cast import Cast
from tests.store.test_stop_race import A_MOMENT, holding
from tests.till import Till
from tests.web.front import Front, opened_front
from tests.web.test_contradictions import is_sound
from tests.web.test_gateway_events import kept, send, told
from tests.web.test_steps_pay import entries

DELIVERIES = 6


async def delivered(till: Front, body: bytes) -> list[httpx.Response]:
    """What each of the deliveries was answered."""
    return list(await asyncio.gather(*(send(till, body) for _ in range(DELIVERIES))))


def fates(answers: list[httpx.Response]) -> list[tuple[int, str]]:
    """Status and fate, sorted."""
    return sorted((answer.status_code, answer.json()["fate"]) for answer in answers)


async def test_deliveries_that_wait_for_one_claim_move_it_once(postgresql_till: tuple[str, Cast]) -> None:
    database, cast = postgresql_till
    async with open_house(database, cast=cast) as house, opened_front(house) as till:
        payout_id = await Till(house).brought_to("sending")
        with holding(database, "SELECT 1 FROM claim FOR UPDATE"):
            sending = asyncio.create_task(delivered(till, told(payout_id)))
            await asyncio.sleep(A_MOMENT)
            assert not sending.done()
        assert fates(await sending) == [*[(200, "late")] * (DELIVERIES - 1), (200, "moved")]
        assert (await kept(till), (await entries(till)).count("payout_settled")) == ([("msg-1", "moved", None)], 1)
        await is_sound(till)


@pytest.mark.parametrize("changed", [{"key": "nobodys-key"}, {"type": "payout.paused"}, {"amount_minor": 1}])
async def test_deliveries_that_wait_for_nothing_are_parked_once(
    postgresql_till: tuple[str, Cast], changed: dict[str, Any]
) -> None:  # fmt: skip
    database, cast = postgresql_till
    async with open_house(database, cast=cast) as house, opened_front(house) as till:
        payout_id = await Till(house).brought_to("sending")
        with holding(database, "LOCK TABLE gateway_event IN EXCLUSIVE MODE"):
            sending = asyncio.create_task(delivered(till, told(payout_id, **changed)))
            await asyncio.sleep(A_MOMENT)
            assert not sending.done()
        assert fates(await sending) == [*[(200, "late")] * (DELIVERIES - 1), (200, "parked")]
        assert len(await kept(till)) == 1
        await is_sound(till)


async def test_a_contradiction_delivered_many_times_at_once_opens_one_notice(postgresql_till: tuple[str, Cast]) -> None:
    database, cast = postgresql_till
    async with open_house(database, cast=cast) as house, opened_front(house) as till:
        payout_id = await Till(house).brought_to("arrived")
        with holding(database, "LOCK TABLE gateway_event IN EXCLUSIVE MODE"):
            sending = asyncio.create_task(delivered(till, told(payout_id, "payout.failed")))
            await asyncio.sleep(A_MOMENT)
        assert fates(await sending) == [(200, "late")] * DELIVERIES
        assert await kept(till) == [("msg-1", "late", "contradicts")]
        assert await till.counted("notice") == 1
        await is_sound(till)
