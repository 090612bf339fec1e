"""Paying through its routes, on both engines: each step leaves its row, entry, event, clock and sentence, or nothing at all."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import Connection, select

from desk.store.tables import metadata
from tests.builders import House, open_house
from tests.till import ACCOUNT, Till, jobs_of
from tests.web.front import Front, moved, opened_front, problem, yuan

ENTRY, POSTING, NOTICE = (metadata.tables[name] for name in ("fund_entry", "fund_posting", "notice"))
PAYOUTS = "/api/v1/payouts"
CASH = {"method": "cash"}
GATEWAY: dict[str, Any] = {"method": "original_route", "payee": {"account": ACCOUNT, "name": "王小薇"}}


@pytest.fixture
async def till(house_on_both: House) -> AsyncIterator[Front]:
    """A desk that nobody used, on both engines at once."""
    async with opened_front(house_on_both) as opened:
        yield opened


async def proposed(till: Front, by: str = "chen", **told: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401 - JSON
    """A claim agreed to be refunded and its payout, proposed through the route."""
    body = told.pop("body", CASH)
    reference = await Till(till.house).agreed(**told)
    answer = await till.post(f"{reference}/payouts", by, body)
    assert answer.status_code == 201, answer.text
    return reference, answer.json()


async def step(till: Front, payout: dict[str, Any], name: str, by: str = "chen", **body: Any) -> Any:  # noqa: ANN401 - JSON
    """Take a step that is allowed; the payout after it."""
    answer = await till.call("POST", f"{PAYOUTS}/{payout['id']}/{name}", by, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(till: Front, payout: dict[str, Any], name: str, by: str = "chen", **body: Any) -> tuple[int, str]:  # noqa: ANN401
    """Ask for a step that is not; status and code."""
    return problem(await till.call("POST", f"{PAYOUTS}/{payout['id']}/{name}", by, json=body))


async def fund(till: Front) -> dict[str, str]:
    """The fund as its route shows it, amounts as text."""
    answer = await till.call("GET", "/api/v1/sites/huangshan/fund", "ma")
    return {name: money["amount"] for name, money in answer.json().items()}


async def entries(till: Front) -> list[str]:
    """The kinds of all entries about payouts, oldest first."""
    return list(await till.house.desk.read(_kinds))


def _kinds(conn: Connection) -> list[str]:
    return list(conn.execute(select(ENTRY.c.kind).where(ENTRY.c.payout_id.is_not(None)).order_by(ENTRY.c.id)).scalars())


async def payout_events(till: Front, reference: str) -> list[tuple[str | None, str, str]]:
    """The payout's moves in the claim's chain: (from, to, role)."""
    return [(one.from_state, one.to_state, one.role) for one in await till.events(reference) if one.kind == "payout_moved"]


async def notices(till: Front) -> list[str]:
    """What is open for the manager."""
    answer = await till.call("GET", "/api/v1/sites/huangshan/notices", "ma")
    return [one["kind"] for one in answer.json()["notices"]]


async def test_cash_from_the_claim_to_the_visitors_page(till: Front) -> None:
    reference, payout = await proposed(till)
    assert (payout["state"], payout["amount"], payout["review"]) == ("reserved", yuan("128.00"), [])
    assert await fund(till) | {"paid": "0.00"} == {
        "available": "99872.00", "reserved": "128.00", "in_transit": "0.00", "paid": "0.00", "receivable": "0.00",
        "recovered": "0.00", "written_off": "0.00",
    }  # fmt: skip
    slip = await till.slip(reference)
    agreed = await till.status(slip)
    assert (agreed["stage"], agreed["amounts"]["agreed"], agreed["amounts"]["sent_at"]) == ("refund_agreed", yuan("128.00"), None)
    assert "object" not in agreed["acts"]

    sent = await step(till, payout, "send")
    assert (sent["state"], (await till.clocks(reference))["fast_payment"]) == ("awaiting_visitor", "stopped")
    shown = await till.status(slip)
    assert (shown["state"], shown["stage"], shown["next"]["who"]) == ("refund_sent", "refund_sent", "visitor")
    assert shown["amounts"]["sent_at"] == sent["sent_at"]
    assert shown["amounts"]["received_at"] is None
    assert (await fund(till))["in_transit"] == "128.00"

    settled = await step(till, payout, "received")
    assert settled["state"] == "settled"
    assert moved(await till.events(reference))[1:5] == ("payout_settled", "fast_refund", "closed", "desk")
    claim = await till.claim(reference)
    assert (claim.state, claim.outcome) == ("closed", "refunded")
    done = await till.status(slip)
    assert (done["state"], done["stage"]) == ("closed", "closed_refunded")
    assert done["amounts"]["received_at"] == settled["settled_at"]
    assert done["sentence"].startswith("Closed: your refund of CNY 128.00 has been paid.")
    assert [line["text"] for line in done["history"]][:2] == ["The refund was received.", "The refund was paid out."]

    assert await payout_events(till, reference) == [
        (None, "reserved", "cashier"), ("reserved", "sending", "cashier"), ("sending", "awaiting_visitor", "cashier"),
        ("awaiting_visitor", "settled", "cashier"),
    ]  # fmt: skip
    assert await entries(till) == ["payout_proposed", "payout_sent", "payout_settled"]
    stands = await fund(till)
    assert (stands["available"], stands["paid"], stands["receivable"]) == ("99872.00", "128.00", "128.00")
    assert stands["reserved"] == stands["in_transit"] == "0.00"


async def test_through_the_gateway_only_the_gateways_word_settles(till: Front) -> None:
    reference, payout = await proposed(till, body=GATEWAY)
    sent = await step(till, payout, "send")
    assert (sent["state"], sent["sent_at"]) == ("sending", None)
    slip = await till.slip(reference)
    assert (await till.status(slip))["stage"] == "refund_being_confirmed"
    assert (await till.clocks(reference))["fast_payment"] == "running"
    assert await refused(till, payout, "received") == (409, "wrong_moment")
    assert await refused(till, payout, "cancel") == (409, "wrong_moment")
    await Till(till.house).called(int(payout["id"]), "settled")
    shown = (await till.call("GET", f"{PAYOUTS}/{payout['id']}", "chen")).json()
    assert shown["state"] == "settled"
    assert (await till.clocks(reference))["fast_payment"] == "stopped"
    done = await till.status(slip)
    assert (done["stage"], done["amounts"]["received_at"]) == ("closed_refunded", shown["settled_at"])
    assert (await payout_events(till, reference))[-1] == ("sending", "settled", "desk")
    assert await till.house.desk.read(jobs_of) == [("send_payout", True)]


async def test_a_desk_without_a_gateway_pays_cash_only(database: str) -> None:
    async with open_house(database, gateway=None) as house, opened_front(house) as front:
        reference = await Till(house).agreed()
        refusal = await front.post(f"{reference}/payouts", "chen", GATEWAY)
        assert (problem(refusal), refusal.json()["errors"][0]["pointer"]) == ((422, "bad_input"), "/method")
        assert problem(await front.call("POST", "/api/v1/gateway/events", json={}, key=None)) == (404, "not_found")
        assert (await front.post(f"{reference}/payouts", "chen", CASH)).status_code == 201


async def test_the_payee_is_sealed_and_in_no_answer(till: Front) -> None:
    reference, payout = await proposed(till, body=GATEWAY)
    row = await Till(till.house).payout(int(payout["id"]))
    assert row.payee_sealed
    assert ACCOUNT.encode() not in row.payee_sealed
    shown = [
        (await till.call("GET", f"{PAYOUTS}/{payout['id']}", "chen")).text, str(await till.events(reference)), str(payout),
        (await till.call("GET", "/api/v1/sites/huangshan/fund/entries", "ma")).text,
    ]  # fmt: skip
    assert not any(ACCOUNT in text for text in shown)


@pytest.mark.parametrize(
    ("asked", "state", "review"), [("199.99", "reserved", []), ("200.00", "awaiting_approval", ["solo_limit"])]
)
async def test_at_the_solo_limit_a_second_officer_is_asked_for(till: Front, asked: str, state: str, review: list[str]) -> None:
    _, payout = await proposed(till, asked=asked)
    assert (payout["state"], payout["review"]) == (state, review)


async def test_a_second_officer_releases_what_waits_and_never_a_first_one(till: Front) -> None:
    reference, payout = await proposed(till, asked="300.00")
    assert await refused(till, payout, "send") == (409, "second_officer_needed")
    assert await refused(till, payout, "approve", "chen") == (409, "second_officer_needed")
    assert await refused(till, payout, "approve", "olga") == (403, "not_allowed")
    assert (await fund(till))["reserved"] == "300.00"
    approved = await step(till, payout, "approve", "ma")
    assert approved["state"] == "reserved"
    assert approved["approved_at"]
    assert await refused(till, payout, "approve", "cai") == (409, "wrong_moment")
    assert (await step(till, payout, "send"))["state"] == "awaiting_visitor"
    assert (await payout_events(till, reference))[:2] == [
        (None, "awaiting_approval", "cashier"), ("awaiting_approval", "reserved", "manager"),
    ]  # fmt: skip


async def test_an_approval_older_than_a_day_holds_no_more(till: Front) -> None:
    _, payout = await proposed(till, asked="300.00")
    await step(till, payout, "approve", "ma")
    till.house.clock.go(hours=24, seconds=1)
    assert await refused(till, payout, "send") == (409, "second_officer_needed")
    lapsed = (await till.call("GET", f"{PAYOUTS}/{payout['id']}", "chen")).json()
    assert (lapsed["state"], lapsed["approved_at"]) == ("awaiting_approval", None)
    await step(till, payout, "approve", "cai")
    assert (await step(till, payout, "send"))["state"] == "awaiting_visitor"


async def test_nor_does_one_whose_giver_was_disabled(till: Front) -> None:
    from desk.actions.officers import disable_officer
    from tests.cast import OPERATOR

    _, payout = await proposed(till, asked="300.00")
    await step(till, payout, "approve", "cai")
    await till.house.desk.write(disable_officer, OPERATOR, "Cai")
    assert await refused(till, payout, "send") == (409, "second_officer_needed")
    assert (await Till(till.house).payout(int(payout["id"]))).state == "awaiting_approval"


async def test_more_than_was_decided_is_refused_and_less_is_paid(till: Front) -> None:
    reference = await Till(till.house).agreed()
    beyond = await till.post(f"{reference}/payouts", "chen", {**CASH, "amount": yuan("128.01")})
    assert problem(beyond) == (409, "amount_above_decided")
    foreign = await till.post(f"{reference}/payouts", "chen", {**CASH, "amount": {"amount": "1.00", "currency": "USD"}})
    assert problem(foreign) == (422, "bad_input")
    less = await till.post(f"{reference}/payouts", "chen", {**CASH, "amount": yuan("100.00")})
    assert (less.status_code, less.json()["amount"]) == (201, yuan("100.00"))
