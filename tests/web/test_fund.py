"""Money into a fund and out of it again, through the routes; each step is looked up in the database afterwards."""

import json
from typing import Any, cast

import httpx
import pytest
from sqlalchemy import Connection, select

from desk.actions.fund import approve_withdrawal
from desk.actions.installation import install
from desk.actions.officers import Post, add_officer, disable_officer
from desk.actions.seed import STAFF, seed_desk
from desk.domain.errors import BadInput, Forbidden
from desk.domain.policy import Role
from desk.reads.verify import verify
from desk.store.tables import metadata
from tests.builders import all_of, open_house
from tests.cast import HOME, OPERATOR
from tests.store.test_fund import FIRST, balances, post, recomputed
from tests.till import Till
from tests.web.front import Front, flaw, opened_front, problem, yuan
from tests.web.test_limits import ASTRAL, RAW

FUND = "/api/v1/sites/huangshan/fund"
EVENT, ENTRY, WITHDRAWAL = (metadata.tables[name] for name in ("event", "fund_entry", "withdrawal"))
TOP_UP = {"amount": yuan("250.00"), "source": "government", "note": "国庆专项"}
TAKEN = {"amount": yuan("80.00"), "source": "site", "note": "年底退回"}


async def told(front: Front) -> dict[str, str]:
    """The fund as the manager reads it, all in CNY."""
    answer = await front.call("GET", FUND, "ma")
    assert answer.status_code == 200
    assert {money["currency"] for money in answer.json().values()} == {"CNY"}
    return {name: money["amount"] for name, money in answer.json().items()}


async def asked_for(front: Front, by: str = "ma", **body: Any) -> str:  # noqa: ANN401 - fields of the route
    """A withdrawal that waits; its id."""
    answer = await front.call("POST", f"{FUND}/withdrawals", by, json={**TAKEN, **body})
    assert answer.status_code == 201
    return str(answer.json()["id"])


async def approved(front: Front, withdrawal: str, by: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - as `call` takes it
    """Agree to a withdrawal."""
    return await front.call("POST", f"{FUND}/withdrawals/{withdrawal}/approve", by, json={}, **more)


async def hired(front: Front, name: str, *roles: Role) -> None:
    """One more officer at Huangshan, called by name from here on."""
    posts = [Post(role, HOME) for role in roles]
    added = await front.house.desk.write(add_officer, OPERATOR, name.title(), posts, "no password")
    cast("dict[str, str]", front.house.cast.tokens)[name] = added.token


def chain(conn: Connection, site_id: int) -> list[tuple[str, str, str, dict[str, Any]]]:
    """What stands in the site's chain about its fund: (kind, actor, role, data), oldest first."""
    rows = conn.execute(select(EVENT).where(EVENT.c.subject == f"site:{site_id}").order_by(EVENT.c.seq)).all()
    return [(row.kind, row.actor, row.role, json.loads(row.data)) for row in rows if row.kind != "site_added"]


async def chained(front: Front) -> list[tuple[str, str, str, dict[str, Any]]]:
    """The same for Huangshan."""
    return await front.house.desk.read(chain, front.house.cast.sites[HOME])


def rows(conn: Connection, table: str) -> list[Any]:
    """Every row of a table, oldest first."""
    return list(conn.execute(select(metadata.tables[table]).order_by(metadata.tables[table].c.id)))


async def sound(front: Front) -> None:
    """Expect balances to be those of the postings, and every chain and every invariant to hold."""
    house = front.house
    assert await house.desk.read(recomputed, house.cast.sites[HOME]) == await balances(house)
    report = await house.desk.read(verify, house.kit)
    assert [finding for finding in report.invariants if not finding.ok] == []


async def test_a_top_up_is_one_entry_two_balances_and_one_event(till: Front) -> None:
    answer = await till.call("POST", f"{FUND}/top-ups", "ma", json=TOP_UP)
    assert answer.status_code == 201
    entry = (await till.house.desk.read(rows, "fund_entry"))[-1]
    assert answer.json() == {
        "entry": str(entry.id), "amount": yuan("250.00"), "source": "government", "available": yuan("100250.00")
    }  # fmt: skip
    assert (entry.kind, entry.note, entry.officer_id) == ("top_up", "国庆专项", till.house.cast.ma.id)
    assert await balances(till.house) == {"available": FIRST + 25_000, "source:site": FIRST, "source:government": 25_000}
    data = {"entry": str(entry.id), "amount_minor": 25_000, "payer": "government"}
    assert await chained(till) == [("fund_topped_up", f"officer:{till.house.cast.ma.id}", "manager", data)]
    await sound(till)


async def test_a_top_up_sent_again_with_its_key_pays_in_once(till: Front) -> None:
    first, again = [await till.call("POST", f"{FUND}/top-ups", "ma", json=TOP_UP, key="k-1") for _ in range(2)]
    assert (first.status_code, again.status_code, first.content) == (201, 201, again.content)
    assert (first.headers.get("idempotent-replayed"), again.headers.get("idempotent-replayed")) == (None, "true")
    other = await till.call("POST", f"{FUND}/top-ups", "ma", json={**TOP_UP, "amount": yuan("250.01")}, key="k-1")
    away = await till.call("POST", "/api/v1/sites/gulangyu/fund/top-ups", "ma", json=TOP_UP, key="k-1")
    assert [problem(each) for each in (other, away)] == [(422, "idempotency_key_reused")] * 2
    assert problem(await till.call("POST", f"{FUND}/top-ups", "ma", json=TOP_UP, key=None)) == (400, "idempotency_key_missing")
    assert (await told(till))["available"] == "100250.00"
    assert len(await chained(till)) == 1


async def test_the_same_key_sent_many_times_at_once_pays_in_once(till: Front) -> None:
    answers = await all_of(*(till.call("POST", f"{FUND}/top-ups", "ma", json=TOP_UP, key="k-1") for _ in range(6)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert (await told(till))["available"] == "100250.00"


@pytest.mark.parametrize(
    ("within", "beyond", "at"),
    [
        ({"amount": yuan("10000000.00")}, {"amount": yuan("10000000.01")}, ("/amount/amount", "bad_amount")),
        ({"amount": yuan("0.01")}, {"amount": yuan("0.00")}, ("/amount/amount", "bad_amount")),
        ({"amount": yuan("1")}, {"amount": yuan("-1")}, ("/amount/amount", "bad_amount")),
        ({"amount": yuan("1.5")}, {"amount": {"amount": 1.5, "currency": "CNY"}}, ("/amount/amount", "wrong_type")),
        ({}, {"amount": {"amount": "1", "currency": "HKD"}}, ("/amount/currency", "wrong_currency")),
        ({"note": ASTRAL * 2000}, {"note": ASTRAL * 2001}, ("/note", "too_long")),
        ({"note": "a\nb\t=c"}, {"note": "a\0b"}, ("/note", "bad_characters")),
        ({"source": "penalty"}, {"source": "visitor"}, ("/source", "not_one_of")),
        ({"source": "insurance"}, {"source": None}, ("/source", "not_one_of")),
    ],
)
@pytest.mark.parametrize("route", ["top-ups", "withdrawals"])
async def test_what_is_written_within_and_beyond_each_limit(
    till: Front, route: str, within: dict[str, Any], beyond: dict[str, Any], at: tuple[str, str]
) -> None:
    if route == "withdrawals":
        await post(till.house, "top_up", 1_000_000_000, payer="site")
    before = await balances(till.house)
    refused = await till.call("POST", f"{FUND}/{route}", "ma", json={**TAKEN, **beyond})
    assert (problem(refused), flaw(refused)) == ((422, "bad_input"), at)
    assert (await balances(till.house), await chained(till)) == (before, [])
    assert (await till.call("POST", f"{FUND}/{route}", "ma", json={**TAKEN, **within})).status_code == 201


@pytest.mark.parametrize("raw", RAW)
@pytest.mark.parametrize("field", [b"note", b"source"])
async def test_nul_and_lone_surrogates_are_refused(till: Front, field: bytes, raw: bytes) -> None:
    sent = b'{"amount":{"amount":"1","currency":"CNY"},"source":"site","note":"x",%s}' % (b'"%s":%s' % (field, raw))
    for route in ("top-ups", "withdrawals"):
        answer = await till.call("POST", f"{FUND}/{route}", "ma", headers={"Content-Type": "application/json"}, content=sent)
        assert problem(answer) in ((422, "bad_input"), (400, "malformed_json"))
    assert await chained(till) == []


async def test_a_note_may_be_left_out_of_a_top_up_and_not_of_a_withdrawal(till: Front) -> None:
    body = {"amount": yuan("1.00"), "source": "site"}
    assert (await till.call("POST", f"{FUND}/top-ups", "ma", json=body)).status_code == 201
    refused = await till.call("POST", f"{FUND}/withdrawals", "ma", json=body)
    assert (problem(refused), flaw(refused)) == ((422, "bad_input"), ("/note", "missing"))


async def test_a_withdrawal_moves_when_a_second_person_agrees_and_not_before(till: Front) -> None:
    ma, chen = till.house.cast.ma, till.house.cast.chen
    asked = await till.call("POST", f"{FUND}/withdrawals", "ma", json=TAKEN)
    waiting = {
        "id": asked.json()["id"], "amount": yuan("80.00"), "source": "site", "note": "年底退回", "proposed_by": "Ma",
        "proposed_at": asked.json()["proposed_at"], "approved_by": None, "approved_at": None,
        "refused_by": None, "refused_at": None, "respondent": None,
    }  # fmt: skip
    assert (asked.status_code, asked.json()) == (201, waiting)
    assert (waiting["proposed_at"][:16], waiting["proposed_at"][-6:]) == ("2026-09-08T09:30", "+08:00")
    assert (await balances(till.house))["available"] == FIRST
    assert (await till.call("GET", f"{FUND}/withdrawals", "ada")).json() == {"withdrawals": [waiting], "next": None}
    done = await approved(till, waiting["id"], "chen")
    assert (done.status_code, done.json()) == (200, {**waiting, "approved_by": "Chen", "approved_at": done.json()["approved_at"]})
    entry = (await till.house.desk.read(rows, "fund_entry"))[-1]
    assert (entry.kind, entry.officer_id, entry.note) == ("withdrawal", chen.id, "年底退回")
    assert await balances(till.house) == {"available": FIRST - 8_000, "source:site": FIRST - 8_000}
    said = {"withdrawal": waiting["id"], "amount_minor": 8_000, "payer": "site"}
    assert await chained(till) == [
        ("withdrawal_proposed", f"officer:{ma.id}", "manager", said),
        ("withdrawal_approved", f"officer:{chen.id}", "cashier", {**said, "entry": str(entry.id)}),
    ]
    assert (await till.call("GET", f"{FUND}/withdrawals", "ada")).json() == {"withdrawals": [], "next": None}
    await sound(till)


async def test_a_withdrawal_and_its_approval_take_effect_once(till: Front) -> None:
    first, again = [await till.call("POST", f"{FUND}/withdrawals", "ma", json=TAKEN, key="k-1") for _ in range(2)]
    assert (first.status_code, again.status_code, first.content) == (201, 201, again.content)
    other = await till.call("POST", f"{FUND}/withdrawals", "ma", json={**TAKEN, "note": "x"}, key="k-1")
    assert problem(other) == (422, "idempotency_key_reused")
    once, twice = [await approved(till, first.json()["id"], "chen", key="k-2") for _ in range(2)]
    assert (once.status_code, twice.status_code, once.content) == (200, 200, twice.content)
    assert twice.headers["idempotent-replayed"] == "true"
    assert problem(await approved(till, first.json()["id"], "cai")) == (409, "wrong_moment")
    assert (await balances(till.house))["available"] == FIRST - 8_000
    assert [kind for kind, *_ in await chained(till)] == ["withdrawal_proposed", "withdrawal_approved"]


async def test_whoever_proposed_never_agrees_whatever_else_they_are(till: Front) -> None:
    await hired(till, "max", Role.MANAGER, Role.CASHIER)
    withdrawal = await asked_for(till, "max")
    refused = await approved(till, withdrawal, "max")
    assert problem(refused) == (409, "second_officer_needed")
    assert refused.json()["detail"] == "Ask a colleague who did not log, confirm or propose it."
    assert (await balances(till.house))["available"] == FIRST
    assert (await approved(till, withdrawal, "ma")).status_code == 200


async def test_where_there_are_two_managers_the_other_one_agrees_and_no_cashier(till: Front) -> None:
    await hired(till, "max", Role.MANAGER)
    withdrawal = await asked_for(till)
    assert problem(await approved(till, withdrawal, "chen")) == (403, "not_allowed")
    assert (await balances(till.house))["available"] == FIRST
    assert (await approved(till, withdrawal, "max")).status_code == 200


async def test_a_manager_who_has_left_does_not_count(till: Front) -> None:
    await hired(till, "max", Role.MANAGER)
    withdrawal = await asked_for(till)
    await till.house.desk.write(disable_officer, OPERATOR, "Max")
    assert problem(await approved(till, withdrawal, "max")) == (401, "sign_in_needed")
    assert (await approved(till, withdrawal, "chen")).status_code == 200


async def test_where_no_manager_is_left_nobody_takes_money_out(till: Front) -> None:
    withdrawal = await asked_for(till)
    await till.house.desk.write(disable_officer, OPERATOR, "Ma")
    assert problem(await approved(till, withdrawal, "chen")) == (403, "not_allowed")
    assert (await balances(till.house))["available"] == FIRST


async def test_the_second_person_is_judged_by_the_roles_of_the_moment(till: Front) -> None:
    withdrawal, chen = await asked_for(till), till.house.cast.chen
    await till.house.desk.write(disable_officer, OPERATOR, "Chen")
    with pytest.raises(Forbidden):
        await till.house.desk.write(approve_withdrawal, chen, HOME, int(withdrawal))
    assert (await balances(till.house))["available"] == FIRST


async def test_more_than_is_available_is_not_taken_out(till: Front) -> None:
    counts = [await till.counted(table) for table in ("event", "withdrawal", "fund_entry", "idempotency_key")]
    refused = await till.call("POST", f"{FUND}/withdrawals", "ma", json={**TAKEN, "amount": yuan("100000.01")}, key="k-1")
    assert problem(refused) == (409, "fund_insufficient")
    assert [await till.counted(table) for table in ("event", "withdrawal", "fund_entry", "idempotency_key")] == counts
    await till.call("POST", f"{FUND}/top-ups", "ma", json={**TOP_UP, "amount": yuan("0.01")})
    again = await till.call("POST", f"{FUND}/withdrawals", "ma", json={**TAKEN, "amount": yuan("100000.01")}, key="k-1")
    assert again.status_code == 201
    assert (await approved(till, again.json()["id"], "chen")).status_code == 200
    assert await told(till) == dict.fromkeys(await told(till), "0.00")


async def test_money_that_has_gone_meanwhile_is_not_taken_out(till: Front) -> None:
    withdrawal = await asked_for(till, amount=yuan("100000.00"))
    await Till(till.house).brought_to("reserved")
    before, events = await balances(till.house), await chained(till)
    assert problem(await approved(till, withdrawal, "chen")) == (409, "fund_insufficient")
    assert (await balances(till.house), await chained(till)) == (before, events)
    assert [row.approved_at for row in await till.house.desk.read(rows, "withdrawal")] == [None]
    await till.call("POST", f"{FUND}/top-ups", "ma", json={**TOP_UP, "amount": yuan("128.00")})
    assert (await approved(till, withdrawal, "chen")).status_code == 200
    assert (await balances(till.house))["available"] == 0
    await sound(till)


async def test_two_who_agree_at_once_move_the_money_once(till: Front) -> None:
    withdrawal = await asked_for(till)
    answers = await all_of(*(approved(till, withdrawal, by) for by in ("chen", "cai", "chen", "cai")))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert {problem(answer) for answer in answers if answer.status_code != 200} == {(409, "wrong_moment")}
    assert (await balances(till.house))["available"] == FIRST - 8_000


async def test_many_withdrawals_at_once_never_take_more_than_there_is(till: Front) -> None:
    waiting = [await asked_for(till, amount=yuan("30000.00")) for _ in range(6)]
    answers = await all_of(*(approved(till, one, by) for one, by in zip(waiting, ["chen", "cai"] * 3, strict=True)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 409, 409, 409]
    assert (await balances(till.house))["available"] == 1_000_000
    await sound(till)


async def test_withdrawals_that_wait_come_page_by_page_oldest_first(till: Front) -> None:
    waiting = [await asked_for(till) for _ in range(5)]
    first = await till.call("GET", f"{FUND}/withdrawals", "chen", params={"limit": 2})
    await approved(till, waiting[0], "chen")
    rest = await till.call("GET", f"{FUND}/withdrawals", "chen", params={"limit": 100, "cursor": first.json()["next"]})
    found = [one["id"] for page in (first, rest) for one in page.json()["withdrawals"]]
    assert (found, rest.json()["next"], "next" in first.links) == (waiting, None, True)


@pytest.mark.parametrize("withdrawal", ["0", "7", "abc", "-1", "9" * 19, "1" * 20, "%00", "１"])
async def test_what_cannot_be_a_withdrawal_is_not_there(till: Front, withdrawal: str) -> None:
    nowhere = await approved(till, "1", "chen")
    answer = await approved(till, withdrawal, "chen")
    assert (problem(answer), answer.content) == ((404, "not_found"), nowhere.content)


async def test_a_withdrawal_is_approved_at_its_own_site_only(till: Front) -> None:
    withdrawal = await asked_for(till)
    answer = await till.call("POST", f"/api/v1/sites/gulangyu/fund/withdrawals/{withdrawal}/approve", "cora", json={})
    assert problem(answer) == (404, "not_found")
    assert [row.approved_at for row in await till.house.desk.read(rows, "withdrawal")] == [None]


@pytest.mark.parametrize("site", ["a%00b", "%ED%A0%80", "%F0%9F%98%80", "x" * 41, "HUANGSHAN", "huangshan%0A", "huang%2Fshan"])
async def test_what_cannot_be_a_site_is_answered_as_one_that_is_not_there(till: Front, site: str) -> None:
    for method, route, body in (("GET", "", None), ("GET", "/entries.csv", None), ("POST", "/top-ups", TOP_UP)):
        answer = await till.call(method, f"/api/v1/sites/{site}/fund{route}", "ma", json=body)
        absent = await till.call(method, f"/api/v1/sites/atlantis/fund{route}", "ma", json=body)
        assert (problem(answer), answer.content) == ((404, "not_found"), absent.content)


async def test_the_fund_tells_what_is_where_and_what_was_paid_and_recovered(till: Front) -> None:
    house, here = till.house, Till(till.house)
    nothing = dict.fromkeys(("available", "reserved", "in_transit", "paid", "receivable", "recovered", "written_off"), "0.00")
    assert await told(till) == {**nothing, "available": "100000.00"}
    await here.brought_to("settled", asked="128.00")
    await here.brought_to("reserved", asked="50.00")
    await here.brought_to("sending", asked="30.00")
    moved = {"available": "99792.00", "reserved": "50.00", "in_transit": "30.00", "paid": "128.00", "receivable": "128.00"}
    assert await told(till) == {**nothing, **moved}
    (owing,) = [name for name in await balances(house) if name.startswith("receivable:")]
    respondent = int(owing.partition(":")[2])
    await post(house, "recovered", 4_000, respondent=respondent)
    await post(house, "deposit_paid_in", 9_000, respondent=respondent)
    await post(house, "deposit_used", 3_000, respondent=respondent)
    await post(house, "written_off", 2_000, respondent=respondent)
    await post(house, "recovered_after_write_off", 500)
    back = {"available": "99867.00", "receivable": "38.00", "recovered": "75.00", "written_off": "15.00"}
    assert await told(till) == {**nothing, **moved, **back}
    away = (await till.call("GET", "/api/v1/sites/gulangyu/fund", "mona")).json()
    assert (away["available"]["amount"], away["paid"]["amount"]) == ("100000.00", "0.00")


async def test_a_seeded_desk_has_a_hundred_thousand_at_each_site_once(database: str) -> None:
    hashes = dict.fromkeys(STAFF, "no password")
    async with open_house(database, furnish=False) as house, opened_front(house) as front:
        await house.desk.write(install)
        officers = await house.desk.write(seed_desk, OPERATOR, hashes)
        with pytest.raises(BadInput):
            await house.desk.write(seed_desk, OPERATOR, hashes)
        for manager in (officer for officer in officers if officer.role == "manager"):
            path, headers = f"/api/v1/sites/{manager.site}/fund", {"Authorization": f"Bearer {manager.token}"}
            fund = (await front.call("GET", path, headers=headers)).json()
            assert {name for name, money in fund.items() if money != yuan("0.00")} == {"available"}
            assert fund["available"] == yuan("100000.00")
            (entry,) = (await front.call("GET", f"{path}/entries", headers=headers)).json()["entries"]
            assert [(line["debit"], line["credit"]) for line in entry["lines"]] == [("available", "source:site")]
        entries = await house.desk.read(rows, "fund_entry")
        for entry in entries:
            data = {"entry": str(entry.id), "amount_minor": 10_000_000, "payer": "site"}
            assert await house.desk.read(chain, entry.site_id) == [("fund_topped_up", "operator", "operator", data)]
        assert len(entries) == 2
