"""Every route about money, nine callers, one's own site and a foreign one: each cell follows from the rights table."""

from datetime import date
from itertools import count
from typing import Any

import httpx
import pytest

from desk.actions import recovery
from desk.actions.deposits import pay_deposit_in
from desk.actions.recovery_decisions import propose_decision
from desk.domain.money import Money
from desk.domain.policy import RIGHTS, Role
from desk.domain.recovery import DecisionKind
from desk.store import recovery as recoveries
from tests.returns import Goods
from tests.statements import broken, puzzled
from tests.till import Till
from tests.web.front import Front, problem, yuan
from tests.web.probes import MONEY, PAYOUT, SITE
from tests.web.test_foreign_site import ROLES, Where, told

_numbers = count(1)
CLOSING = ("POST", f"{SITE}/day-closes")
ABSENT = {
    "reference": "0000000000", "payout": "1", "withdrawal": "1", "site": "atlantis", "recovery": "1", "respondent": "1",
    "decision": "1", "break": "1", "message": "1", "pledge": "1",
}  # fmt: skip


def expected(by: str, where: Where) -> int:
    """What a caller is answered at Huangshan, by SPEC 8; 200 stands for every success."""
    role, probe = ROLES[by], MONEY[where]
    if by == "ma" and where[1].endswith("}/approve") and ("{withdrawal}" in where[1] or "{recovery}" in where[1]):
        return 409  # her own proposal needs another person
    if by in ("nobody", "vera"):
        return 401
    if role is None or role is Role.ADMIN:
        return 404
    return 200 if role in RIGHTS[probe.act] else 403  # type: ignore[index] # an Act, for keys and signatures are no routes of money


async def names(front: Front, where: Where, *, away: bool = False) -> dict[str, str]:
    """What the route's path names, made fresh: a claim, a payout in the state that suits, a withdrawal of Mona's or Ma's."""
    house, till, path = front.house, Till(front.house), where[1]
    own = {"site": "gulangyu" if away else "huangshan"}
    if "{reference}" in path:
        own["reference"] = await agreed(front, away=away)
    if "{payout}" in path:
        own["payout"] = str(await (abroad(front) if away else till.brought_to(MONEY[where].state, house.cast.cai)))
    if "{break}" in path:
        own["break"] = str(await broken(house, await (abroad(front) if away else till.brought_to("reserved", house.cast.cai))))
    if "{message}" in path:
        own["message"] = str(await puzzled(house, await (abroad(front) if away else till.brought_to("reserved", house.cast.cai))))
    if "{pledge}" in path:
        manager, site = house.cast.staff["mona" if away else "ma"], own["site"]
        own["pledge"] = str((await Goods(house).pledge(f"商户{next(_numbers)}", manager, site=site)).row.id)
    if "{withdrawal}" in path:
        told = {"amount": yuan("1.00"), "source": "site", "note": "x"}
        path = f"/api/v1/sites/{own['site']}/fund/withdrawals"
        own["withdrawal"] = (await front.call("POST", path, "mona" if away else "ma", json=told)).json()["id"]
    if "{recovery}" in path or "{respondent}" in path:
        own |= await owed(front, MONEY[where].state, away=away)
    if where == CLOSING and not away:
        await till.brought_to("settled")
        (open_till,) = (await front.call("GET", f"{path.format(**own)}/open", "chen")).json()["tills"]
        own["seen"] = open_till["seen"]
    return own


async def owed(front: Front, state: str, *, away: bool) -> dict[str, str]:
    """A recovery brought to a state, its respondent with a deposit, and the decision that waits where one does."""
    cashier, manager = ("cora", "mona") if away else ("cai", "ma")
    at, cast, write = Till(front.house), front.house.cast, front.house.desk.write
    paying = await at.propose(await agreed(front, away=away), cast.staff[cashier])
    await at.send(paying.payout.id, cast.staff[cashier])
    await at.receive(paying.payout.id, cast.staff[cashier])
    number, by, decision = paying.payout.id, cast.staff[manager], "1"
    if state in ("demanded", "contested", "accepted"):
        await write(recovery.demand, by, number, date(2026, 10, 1))
    if state == "contested":
        await write(recovery.contest, by, number, "x")
    elif state == "accepted":
        await write(recovery.accept, by, number)
    elif state == "proposed":
        asked = await write(propose_decision, by, number, DecisionKind.WRITE_OFF, "x")
        assert asked.waiting
        decision = str(asked.waiting.row.id)
    who = (await front.house.desk.read(recoveries.get, number)).respondent_id
    assert who
    await write(pay_deposit_in, by, "gulangyu" if away else "huangshan", who, Money(500, "CNY"))
    return {"recovery": str(number), "respondent": str(who), "decision": decision}


async def agreed(front: Front, *, away: bool) -> str:
    house, cast = front.house, front.house.cast
    if not away:
        return await Till(house).agreed()
    reference = (await house.lodge(cast.oskar, site="gulangyu")).reference
    await house.assess(reference, cast.oskar)
    await house.confirm(reference, "fast_refund", cast.mona)
    return reference


async def abroad(front: Front) -> int:
    reference = await agreed(front, away=True)
    return (await Till(front.house).propose(reference, front.house.cast.staff["cora"])).payout.id


def told_in(where: Where, own: dict[str, str]) -> dict[str, Any] | None:
    """The route's body; `DECISION` stands for the decision that waits."""
    body = MONEY[where].json(own.get("seen", "0" * 32))
    return body and {name: own["decision"] if value == "DECISION" else value for name, value in body.items()}


async def asked(front: Front, where: Where, by: str, own: dict[str, str]) -> httpx.Response:
    """Send the route's probe as this caller. Vera sends her token as if it were an officer's."""
    (method, path), query = where, dict(MONEY[where].query)
    if "site" in query:
        query["site"] = own["site"]
    slip = await front.slip((await front.house.lodge()).reference)
    headers = {"Authorization": f"Bearer {slip.token}"} if by == "vera" else {}
    body = told_in(where, own)
    known = by if by in front.house.cast.tokens else None
    return await front.call(method, path.format(**own), known, json=body, params=query, headers=headers)


@pytest.mark.parametrize("where", MONEY, ids=" ".join)
async def test_each_caller_is_answered_as_the_rights_table_says(till: Front, where: Where) -> None:
    cells, own = {}, await names(till, where)
    for by in ROLES:
        answer = await asked(till, where, by, own)
        cells[by] = 200 if answer.is_success else answer.status_code
        if answer.is_success and where[0] == "POST":
            own = await names(till, where)
    assert cells == {by: expected(by, where) for by in ROLES}


@pytest.mark.slow
@pytest.mark.parametrize("where", MONEY, ids=" ".join)
async def test_what_belongs_to_a_foreign_site_is_answered_as_what_is_not_there(till: Front, where: Where) -> None:
    foreign, before = await names(till, where, away=True), await till.counted("fund_entry")
    for by in ("olga", "chen", "mei", "ma", "ada", "anton"):
        there, nowhere = [await asked(till, where, by, each) for each in (foreign, ABSENT)]
        assert (by, there.status_code) == (by, 404)
        assert told(there) == told(nowhere)
    assert await till.counted("fund_entry") == before


@pytest.mark.parametrize("where", [where for where, probe in MONEY.items() if where[0] == "POST"], ids=" ".join)
async def test_every_step_of_money_asks_for_a_key_and_refuses_a_field_it_does_not_know(till: Front, where: Where) -> None:
    own, path = await names(till, where), where[1]
    by = "chen" if where[1].startswith(PAYOUT) or "payouts" in path else "ma"
    by = "ma" if path.endswith(("approve", "resolve")) else by
    before = await till.counted("event")
    keyless = await till.call("POST", path.format(**own), by, json=told_in(where, own), key=None)
    assert problem(keyless) == (400, "idempotency_key_missing")
    if MONEY[where].body:
        surplus = await till.call("POST", path.format(**own), by, json={**(told_in(where, own) or {}), "surplus": 1})
        assert problem(surplus) == (422, "bad_input")
    assert await till.counted("event") == before


@pytest.mark.parametrize("no_id", ["0", "abc", "-1", "1" * 19, "9" * 19, "1" * 20, "１", "%00"])
async def test_what_cannot_be_a_payout_is_not_there(till: Front, no_id: str) -> None:
    answers = [await till.call("GET", f"/api/v1/payouts/{no_id}", "chen"), await till.call("GET", "/api/v1/payouts/7", "chen")]
    assert {answer.status_code for answer in answers} == {404}
    assert answers[0].content == answers[1].content
