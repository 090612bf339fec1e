"""Guessing at a claim's door: five failed tries, then ten an hour, per claim and per network, and nobody is locked out."""

import asyncio
from typing import Any

import pytest

from tests.web.front import ELSEWHERE, STATUS, Front, Slip, problem

THIRD = "203.0.113.77"


def wrong(slip: Slip) -> dict[str, str]:
    return {"reference": slip.reference, "access_code": str((int(slip.code) + 1) % 10**8).zfill(8)}


async def statuses(front: Front, body: dict[str, str], times: int, peer: str) -> list[int]:
    return [(await front.look(body, peer)).status_code for _ in range(times)]


async def test_after_five_wrong_codes_the_right_one_finds_nothing_and_the_token_still_opens(front: Front) -> None:
    slip = await front.slip((await front.house.lodge()).reference)
    other = await front.slip((await front.house.lodge()).reference)
    assert await statuses(front, wrong(slip), 4, ELSEWHERE) == [404] * 4
    assert (await front.look(slip.pair, THIRD)).status_code == 200
    assert await statuses(front, wrong(slip), 1, ELSEWHERE) == [404]
    assert (await front.look(slip.pair, THIRD)).status_code == 404
    for peer in (ELSEWHERE, THIRD):
        assert (await front.look({"token": slip.token}, peer)).status_code == 200
    assert (await front.look(other.pair, ELSEWHERE)).status_code == 404
    assert (await front.look(other.pair, THIRD)).status_code == 200


async def test_after_six_minutes_there_is_one_more_try(front: Front) -> None:
    slip = await front.slip((await front.house.lodge()).reference)
    await statuses(front, wrong(slip), 5, ELSEWHERE)
    front.house.clock.go(minutes=5, seconds=59)
    assert (await front.look(slip.pair, THIRD)).status_code == 404
    front.house.clock.go(seconds=1)
    assert await statuses(front, wrong(slip), 1, THIRD) == [404]
    assert (await front.look(slip.pair, THIRD)).status_code == 404
    front.house.clock.go(minutes=6)
    assert await statuses(front, slip.pair, 20, THIRD) == [200] * 20


async def test_half_an_hour_later_all_five_are_back_and_never_more(front: Front) -> None:
    slip = await front.slip((await front.house.lodge()).reference)
    for _ in range(2):
        assert await judged(front, [wrong(slip)] * 9, [f"203.0.113.{place}" for place in range(9)]) == 5
        front.house.clock.go(hours=3)


async def test_right_codes_are_never_counted(front: Front) -> None:
    slip = await front.slip((await front.house.lodge()).reference)
    assert await statuses(front, slip.pair, 30, ELSEWHERE) == [200] * 30


async def test_one_network_may_not_try_one_claim_after_another(front: Front) -> None:
    slips = [await front.slip((await front.house.lodge()).reference) for _ in range(7)]
    assert await judged(front, [wrong(slip) for slip in slips], [ELSEWHERE] * 7) == 5
    assert (await front.look(slips[-1].pair, ELSEWHERE)).status_code == 404
    assert (await front.look(slips[-1].pair, THIRD)).status_code == 200


async def test_neighbours_in_one_ipv6_network_share_their_tries(front: Front) -> None:
    slips = [await front.slip((await front.house.lodge()).reference) for _ in range(6)]
    peers = [f"2001:db8:7:8::{place}" for place in range(6)]
    assert await judged(front, [wrong(slip) for slip in slips], peers) == 5
    assert (await front.look(slips[0].pair, "2001:db8:7:9::1")).status_code == 200


async def test_a_reference_that_does_not_exist_is_throttled_like_one_that_does(front: Front) -> None:
    nobody = {"reference": "0000000000", "access_code": "12345678"}
    peers = [f"203.0.113.{place}" for place in range(9)]
    assert await judged(front, [nobody] * 9, peers) == 5


async def test_wrong_tokens_count_against_their_network_alone(front: Front) -> None:
    slip = await front.slip((await front.house.lodge()).reference)
    assert await statuses(front, {"token": slip.token[:-1] + "~"}, 8, ELSEWHERE) == [404] * 8
    assert (await front.look({"token": slip.token}, ELSEWHERE)).status_code == 200
    assert (await front.look(slip.pair, THIRD)).status_code == 200
    assert (await front.look(slip.pair, ELSEWHERE)).status_code == 404


@pytest.mark.parametrize("spread", [False, True])
async def test_of_fifty_wrong_guesses_at_once_at_most_five_are_judged(front: Front, spread: bool) -> None:
    slip = await front.slip((await front.house.lodge()).reference)
    peers = [f"203.0.113.{place if spread else 1}" for place in range(50)]
    assert await judged(front, [wrong(slip)] * 50, peers) == 5


async def test_the_other_doors_of_a_visitor_share_the_same_tries(front: Front) -> None:
    slip = await front.slip(await front.house.waiting())
    paths = [*(f"{STATUS}/{act}" for act in ("answer", "object", "withdraw", "reopen")), STATUS]
    for path in paths:
        words = {} if path == STATUS else {"text": "x"}
        assert problem(await front.call("POST", path, json={**wrong(slip), **words}))[0] == 404
    right = await front.call("POST", f"{STATUS}/answer", json={**slip.pair, "text": "128"}, peer=THIRD)
    assert problem(right) == (404, "not_found")
    page = await front.from_network(THIRD).post("/s", data={"reference": slip.reference, "access_code": slip.code})
    assert page.status_code == 404


@pytest.mark.parametrize("written", ["{} ", " {}", "１２", "é", "", "\u0660" * 8, "0" * 80])
async def test_whatever_is_typed_as_a_code_is_only_a_wrong_code(sqlite_front: Front, written: str) -> None:
    slip = await sqlite_front.slip((await sqlite_front.house.lodge()).reference)
    code = written.format(slip.code)
    answer = await sqlite_front.look({"reference": slip.reference, "access_code": code})
    assert answer.status_code == (200 if slip.code in code else 404)


async def test_a_code_in_full_width_digits_opens_too(sqlite_front: Front) -> None:
    slip = await sqlite_front.slip((await sqlite_front.house.lodge()).reference)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in slip.code)
    assert (await sqlite_front.look({"reference": slip.reference, "access_code": wide})).status_code == 200


async def judged(front: Front, bodies: list[dict[str, str]], peers: list[str]) -> int:
    """Send the guesses at the same time, all of them wrong, and count how many codes were looked at."""
    sealer, looked = front.house.kit.sealer, 0
    real = sealer.access_code

    def counting(claim_id: int, generation: int) -> str:
        nonlocal looked
        looked += 1
        return real(claim_id, generation)

    front.house.kit.sealer.access_code = counting  # type: ignore[method-assign]
    try:
        answers: list[Any] = await asyncio.gather(*(front.look(body, peer) for body, peer in zip(bodies, peers, strict=True)))
    finally:
        front.house.kit.sealer.access_code = real  # type: ignore[method-assign]
    assert {answer.status_code for answer in answers} == {404}
    return looked
