"""Several persons want one thing at one moment: so many get it, and all others are told that they came late (I03, I05, I07)."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.gate.paying import FUND, PAYOUTS, Staff, at_once, each_of, floor, fresh, standings, told, yuan
from tests.gate.places import Place
from tests.gate.wire import Answer, by

pytestmark = pytest.mark.slow

RACERS, RACES = 16, 6
WHOLE = 100_000_00
PROPOSALS, TOP_UPS, WITHDRAWALS = 40, 10, 8
DEAF: dict[str, Any] = {"mode": "error_before", "on": "all", "events": "none"}
T = TypeVar("T")
Press = Callable[[Staff], Awaitable[Answer]]


def press(payout: str, name: str, role: str, place: int) -> Press:
    """One press of one of the staff, under a key of its own."""
    return lambda staff: staff.step(payout, name, role=role, place=place)


def say_settled(payout: str, role: str, place: int) -> Press:
    """One of the staff says that an unknown payout was settled."""
    body = json.dumps({"outcome": "settled", "evidence": "网关记录截图"}).encode()
    return lambda staff: staff.wire.post(f"{PAYOUTS}/{payout}/resolve", body, by(staff.place.token(role, place=place), fresh()))


def outcomes(answers: list[Answer]) -> Counter[str]:
    """How often which state was answered, or which refusal."""
    return Counter(str(each.document["state" if each.status == 200 else "code"]) for each in answers)


async def alone(place: Place, url: str, work: Callable[[Staff], Awaitable[T]]) -> T:
    """Something that nobody else wants."""
    return (await at_once(place, url, [work]))[0]


async def approvals(place: Place, url: str) -> list[Counter[str]]:
    """Payouts that wait for a second officer, each approved by manager and second cashier, eight times each at one moment."""

    async def proposed(staff: Staff, _: int) -> str:
        return str(told(await staff.propose((await staff.agreed("200.00")).reference), 201)["id"])

    waiting = await each_of(place, url, proposed, RACES)
    found = []
    for payout in waiting:
        both = [press(payout, "approve", *(("manager", 0) if number % 2 else ("cashier", 1))) for number in range(RACERS)]
        found.append(outcomes(await at_once(place, url, both)))
    return found


def test_of_sixteen_approvals_at_once_one_counts(place: Place, say: Callable[[str], None]) -> None:
    with place.serve(
        "--no-worker", "--workers", "2", gateway_url="http://127.0.0.1:9", gateway_secret="whsec_c2VjcmV0"
    ) as served:
        found = asyncio.run(approvals(place, served.url))
        log = served.output
    assert found == [Counter({"reserved": 1, "wrong_moment": RACERS - 1})] * RACES
    assert place.rows("SELECT count(*) FROM event WHERE CAST(data AS text) LIKE '%\"approve\"%'") == [(RACES,)]
    assert '"event":"bug"' not in log
    place.check()
    say(f"{place.engine}: {RACES} times {RACERS} approvals at once, one of each counted")


async def unknown(payout: str, staff: Staff) -> None:
    """Send one to a gateway that says nothing."""
    told(await staff.step(payout, "send"))
    await staff.until(payout, "unknown", seconds=30)


async def resolutions(place: Place, url: str) -> tuple[Counter[str], Counter[str]]:
    """Two persons speak of a payout at one moment; of another one the second person speaks sixteen times at once."""
    one, other = await each_of(place, url, lambda staff, _: staff.ready("100.00"), 2)
    for payout in (one, other):
        await alone(place, url, partial(unknown, payout))
    both = await at_once(place, url, [say_settled(one, "manager", 0), say_settled(one, "cashier", 1)])
    told(await alone(place, url, say_settled(other, "cashier", 1)))
    second = await at_once(place, url, [say_settled(other, "manager", 0) for _ in range(RACERS)])
    return outcomes(both), outcomes(second)


def test_of_two_persons_at_once_one_is_first_and_a_second_word_moves_the_money_once(
    place: Place, tmp_path: Path, say: Callable[[str], None]
) -> None:
    with floor(place, tmp_path / "gateway", "--workers", "2", gateway_honours_keys="false") as shop:
        shop.gateway.behave(**DEAF)
        with shop.open():
            both, second = asyncio.run(resolutions(place, shop.url))
        assert shop.paid() == {}
        assert set(map(shop.gateway.asked, shop.amounts())) <= {0, 1}, "a gateway that keeps no keys is never asked to pay again"
    assert both == {"unknown": 1, "settled": 1}
    assert second == {"settled": 1, "wrong_moment": RACERS - 1}
    balances = standings(place)
    assert (balances["available"], balances["reserved"], balances["in_transit"]) == (WHOLE - 200_00, 0, 0)
    place.check()
    say(f"{place.engine}: two persons at once, then {RACERS} second words at once: each payout settled once")


async def propose(reference: str, staff: Staff) -> Answer:
    """A cashier proposes to pay in cash."""
    return await staff.propose(reference, "cash")


async def give_and_take(place: Place, url: str) -> tuple[list[Answer], list[Answer], list[Answer]]:
    """Proposals, top-ups and the approvals of withdrawals, all at one moment."""
    slips = await each_of(place, url, lambda staff, _: staff.agreed("2000.00"), PROPOSALS)
    given_back = json.dumps({"amount": yuan("10000.00"), "source": "site", "note": "退回多余资金"}).encode()
    put_in = json.dumps({"amount": yuan("1000.00"), "source": "site"}).encode()

    def money(path: str, body: bytes, role: str = "manager") -> Press:
        return lambda staff: staff.wire.post(f"{FUND}/{path}", body, by(staff.place.token(role), fresh()))

    asked = [told(await alone(place, url, money("withdrawals", given_back)), 201)["id"] for _ in range(WITHDRAWALS)]
    works: list[Press] = [partial(propose, slip.reference) for slip in slips]
    works += [money("top-ups", put_in) for _ in range(TOP_UPS)]
    works += [money(f"withdrawals/{each}/approve", b"", "cashier") for each in asked]
    answers = await at_once(place, url, works)
    return answers[:PROPOSALS], answers[PROPOSALS:-WITHDRAWALS], answers[-WITHDRAWALS:]


def test_who_takes_money_out_while_others_put_some_in_gets_what_is_there_and_no_more(
    place: Place, say: Callable[[str], None]
) -> None:
    with place.serve() as served:
        proposals, top_ups, withdrawals = asyncio.run(give_and_take(place, served.url))
        log = served.output
    assert {answer.status for answer in top_ups} == {201}
    held, back = (sum(answer.status < 300 for answer in answers) for answers in (proposals, withdrawals))
    refused = [answer.document["code"] for answer in (*proposals, *withdrawals) if answer.status >= 300]
    assert set(refused) == {"fund_insufficient"}
    balances = standings(place)
    left = WHOLE + TOP_UPS * 1000_00 - held * 2000_00 - back * 10_000_00
    assert (balances["available"], balances["reserved"]) == (left, held * 2000_00)
    assert 0 <= left < 10_000_00, "somebody was refused what was there"
    assert place.count("payout") == held
    assert '"event":"bug"' not in log
    place.check()
    say(f"{place.engine}: {held} proposals held, {back} withdrawals went back, {len(refused)} refused, {left / 100:.2f} left")
