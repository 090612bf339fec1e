"""What an approval is of, and what a payout after a return names: through their routes, on both engines."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from desk.actions.officers import Post, change_roles
from desk.actions.payouts import lapse_approval
from desk.domain.policy import Role
from desk.ports import Work
from desk.reads.verify import verify
from tests.builders import officer
from tests.cast import AWAY, HOME, OPERATOR
from tests.till import Till
from tests.web.console import seat
from tests.web.front import MET, Front, yuan
from tests.web.test_bank_return import settled
from tests.web.test_gateway_events import send, told
from tests.web.test_steps_pay import CASH, GATEWAY, PAYOUTS, fund, payout_events, proposed, refused, step


async def by_hand(till: Front, payout_id: int, change: str) -> None:
    """Change a payout's row past every rule."""

    def run(work: Work) -> None:
        work.conn.execute(text(f"UPDATE payout SET {change} WHERE id = {payout_id}"))

    await till.house.desk.write(run)


@pytest.mark.parametrize(
    "change", ["amount_minor = amount_minor - 1", "payee_commitment = 'other'", "method = 'transfer'", "currency = 'USD'"]
)
async def test_an_approval_is_of_one_amount_and_payee_and_of_no_other(till: Front, change: str) -> None:
    reference, payout = await proposed(till, asked="300.00", body=GATEWAY)
    await step(till, payout, "approve", "ma")
    await by_hand(till, int(payout["id"]), change)
    assert await refused(till, payout, "send") == (409, "second_officer_needed")
    row = await Till(till.house).payout(int(payout["id"]))
    assert (row.state, row.approved_by, row.first_sent_at) == ("awaiting_approval", None, None)
    assert (await payout_events(till, reference))[-1] == ("reserved", "awaiting_approval", "cashier")
    assert (await fund(till))["in_transit"] == "0.00"


async def by_assessment(till: Front, reference: str) -> Any:  # noqa: ANN401 - the answer
    version = (await till.claim(reference)).version
    path = f"/api/v1/claims/{reference}/assessment"
    return await till.call("PUT", path, "olga", json={**MET, "evidence_sufficient": "unknown"}, version=version)


async def by_contact(till: Front, reference: str) -> Any:  # noqa: ANN401 - the answer
    return await till.post(f"{reference}/contact", "olga", {"phone": "+8613900001111"})


async def by_the_visitor(till: Front, reference: str) -> Any:  # noqa: ANN401 - the answer
    return await till.visit(await till.slip(reference), "contact", phone="+8613900002222")


@pytest.mark.parametrize("edit", [by_assessment, by_contact, by_the_visitor])
async def test_any_edit_of_what_was_looked_at_voids_an_approval(till: Front, edit: Any) -> None:  # noqa: ANN401 - one of the above
    reference, payout = await proposed(till, asked="300.00")
    await step(till, payout, "approve", "ma")
    assert (await edit(till, reference)).is_success
    shown = (await till.call("GET", f"{PAYOUTS}/{payout['id']}", "chen")).json()
    assert (shown["state"], shown["approved_at"]) == ("awaiting_approval", None)
    assert await refused(till, payout, "send") == (409, "second_officer_needed")
    await step(till, payout, "approve", "cai")
    assert (await step(till, payout, "send"))["state"] == "awaiting_visitor"
    assert (await till.house.desk.read(verify, till.house.kit)).ok


async def test_an_approval_holds_to_the_last_second_of_its_day(till: Front) -> None:
    _, payout = await proposed(till, asked="300.00")
    clock = till.house.clock
    clock.at, clock.tick = clock.at.replace(microsecond=0), timedelta(0)
    await step(till, payout, "approve", "ma")
    clock.go(hours=24)
    assert (await step(till, payout, "send"))["state"] == "awaiting_visitor"


@pytest.mark.parametrize("posts", [[Post(Role.INTAKE, HOME)], [Post(Role.CASHIER, AWAY)], [Post(Role.AUDITOR, HOME)]])
async def test_an_approval_ends_with_the_right_to_give_it(till: Front, posts: list[Post]) -> None:
    _, payout = await proposed(till, asked="300.00")
    await step(till, payout, "approve", "cai")
    await till.house.desk.write(change_roles, OPERATOR, "Cai", posts)
    assert await refused(till, payout, "send") == (409, "second_officer_needed")
    assert (await Till(till.house).payout(int(payout["id"]))).state == "awaiting_approval"
    await step(till, payout, "approve", "ma")
    assert (await step(till, payout, "send"))["state"] == "awaiting_visitor"


@pytest.mark.parametrize("hand", ["lodged_by", "confirmed_by"])
async def test_whoever_had_a_hand_in_it_approves_nothing_whatever_their_role(till: Front, hand: str) -> None:
    house = till.house
    by = officer(house.cast.ma.id or 0, "ma", Role.INTAKE, house.cast.sites[HOME])
    reference = (await house.lodge(by if hand == "lodged_by" else None, asked="300.00")).reference
    await house.assess(reference)
    await house.confirm(reference, "fast_refund", by if hand == "confirmed_by" else house.cast.otto)
    payout = (await till.post(f"{reference}/payouts", "chen", CASH)).json()
    assert await refused(till, payout, "approve", "ma") == (409, "second_officer_needed")
    page, ma = f"/desk/payouts/{payout['id']}", await seat(till, "ma")
    opened = (await ma.get(page)).text
    assert f"{page}/approve" not in opened, "not even offered"
    assert (await ma.post(f"{page}/approve", {"key": re.findall(r'name="key" value="([^"]+)"', opened)[0]})).status_code == 409
    row = await Till(house).payout(int(payout["id"]))
    assert (row.state, row.approved_by) == ("awaiting_approval", None)
    await step(till, payout, "approve", "cai")


async def test_a_send_that_is_refused_for_something_else_leaves_the_approval(till: Front) -> None:
    _, payout = await proposed(till, asked="300.00")
    await step(till, payout, "approve", "ma")
    await till.call("POST", "/api/v1/sites/huangshan/sends/stop", "ma", json={"reason": "x"})
    assert await refused(till, payout, "send") == (409, "sends_stopped")
    shown = (await till.call("GET", f"{PAYOUTS}/{payout['id']}", "chen")).json()
    assert (shown["state"], shown["approved_at"] is not None) == ("reserved", True)
    await till.house.desk.write(lapse_approval, till.house.cast.chen, int(payout["id"]))
    assert (await Till(till.house).payout(int(payout["id"]))).state == "reserved"


async def test_an_edit_touches_nothing_that_needed_no_second_officer(till: Front) -> None:
    reference, payout = await proposed(till)
    assert (await by_contact(till, reference)).status_code == 200
    assert (await step(till, payout, "send"))["state"] == "awaiting_visitor"


@pytest.mark.parametrize("end", ["cancelled", "failed"])
async def test_whatever_came_to_nothing_between_the_last_payout_names_the_one_that_came_back(till: Front, end: str) -> None:
    reference, payout_id = await settled(till)
    assert (await send(till, told(payout_id, "payout.returned", gateway_id="gw-7"), "back")).json() == {"fate": "moved"}
    again = (await till.post(f"{reference}/payouts", "chen", GATEWAY)).json()
    assert again["replaces"] == str(payout_id)
    if end == "failed":
        await step(till, again, "approve", "ma")
        await step(till, again, "send")
        body = told(int(again["id"]), "payout.failed", gateway_id="gw-8")
        assert (await send(till, body, "failed")).json() == {"fate": "moved"}
    else:
        await step(till, again, "cancel")
    last = (await till.post(f"{reference}/payouts", "chen", {**CASH, "amount": yuan("100.00")})).json()
    assert (last["replaces"], last["state"], last["review"][0]) == (str(payout_id), "awaiting_approval", "per_claim")
    await step(till, last, "approve", "ma")
    await step(till, last, "send")
    assert (await step(till, last, "received"))["state"] == "settled"
    report = await till.house.desk.read(verify, till.house.kit)
    assert report.ok, [finding for finding in report.invariants if not finding.ok]
