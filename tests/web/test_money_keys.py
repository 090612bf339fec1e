"""Keys of requests about money: each takes effect once, belongs to one officer, one route and one request, and to no other."""

from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, text

from tests.till import Till
from tests.web.front import Front, flaw, problem
from tests.web.probes import MONEY
from tests.web.test_foreign_site import Where
from tests.web.test_money_doors import expected, names, told_in
from tests.web.test_steps_pay import CASH, PAYOUTS, fund, proposed

ACTS = [where for where in MONEY if where[0] == "POST"]
LONG = "k" * 300


def books(conn: Connection) -> tuple[int, ...]:
    """How much has been written: entries, postings, events, payouts, withdrawals, answers."""
    tables = ("fund_entry", "fund_posting", "event", "payout", "withdrawal", "idempotency_key", "job", "bank_return")
    return tuple(conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables)


def who_may(where: Where) -> str:
    """An officer whom the route lets act."""
    return next(by for by in ("chen", "ma") if expected(by, where) == 200)


@pytest.mark.parametrize("where", ACTS, ids=" ".join)
async def test_every_act_of_money_takes_effect_once_and_answers_the_same_bytes(till: Front, where: Where) -> None:
    own = await names(till, where)
    path, by, body = where[1].format(**own), who_may(where), told_in(where, own) or {}
    first = await till.call("POST", path, by, json=body, key="k-1")
    assert first.is_success, first.text
    stands = await till.house.desk.read(books)
    again = await till.call("POST", path, by, json=body, key="k-1")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    told = ("content-type", "cache-control", "etag", "location")
    assert [again.headers.get(name) for name in told] == [first.headers.get(name) for name in told]
    other = httpx.Request("POST", "http://t", json=body).content + b" "
    headers = {"Content-Type": "application/json"}
    reused = await till.call("POST", path, by, content=other, headers=headers, key="k-1")
    assert problem(reused) == (422, "idempotency_key_reused")
    for key in (LONG, "k" * 129, "k 1", ""):
        refused = await till.call("POST", path, by, json=body, key=None, headers={"Idempotency-Key": key})
        assert (problem(refused), flaw(refused)) == ((422, "bad_input"), ("/Idempotency-Key", "bad_key"))
    assert await till.house.desk.read(books) == stands


async def step(till: Front, path: str, by: str, key: str = "k-1", body: Any = None) -> httpx.Response:  # noqa: ANN401 - JSON
    return await till.call("POST", path, by, json=body if body is not None else {}, key=key)


async def test_a_key_opens_nothing_for_another_officer_nor_at_another_route(till: Front) -> None:
    _, payout = await proposed(till, asked="300.00")
    path = f"{PAYOUTS}/{payout['id']}"
    assert (await step(till, f"{path}/approve", "ma")).status_code == 200
    assert problem(await step(till, f"{path}/approve", "cai")) == (409, "wrong_moment")
    sent = await step(till, f"{path}/send", "chen")
    assert (sent.json()["state"], sent.headers.get("idempotent-replayed")) == ("awaiting_visitor", None)
    assert problem(await step(till, f"{path}/send", "cai")) == (409, "wrong_moment")
    received = await step(till, f"{path}/received", "chen")
    assert (received.json()["state"], received.headers.get("idempotent-replayed")) == ("settled", None)
    assert (await step(till, f"{path}/approve", "ma")).json()["state"] == "reserved", "the first answer, whatever came since"
    assert (await fund(till))["paid"] == "300.00"


async def test_a_key_of_one_payout_moves_no_other(till: Front) -> None:
    one, other = [(await proposed(till))[1]["id"] for _ in range(2)]
    assert (await step(till, f"{PAYOUTS}/{one}/send", "chen")).status_code == 200
    assert problem(await step(till, f"{PAYOUTS}/{other}/send", "chen")) == (422, "idempotency_key_reused")
    assert [(await Till(till.house).payout(int(each))).state for each in (one, other)] == ["awaiting_visitor", "reserved"]


async def test_a_key_of_one_claim_proposes_for_no_other(till: Front) -> None:
    claims = [await Till(till.house).agreed() for _ in range(2)]
    first = await till.post(f"{claims[0]}/payouts", "chen", CASH, key="k-1")
    assert first.status_code == 201
    assert problem(await till.post(f"{claims[1]}/payouts", "chen", CASH, key="k-1")) == (422, "idempotency_key_reused")
    by_cai = await till.post(f"{claims[1]}/payouts", "cai", CASH, key="k-1")
    assert (by_cai.status_code, by_cai.json()["id"] == first.json()["id"]) == (201, False)
    assert await till.counted("payout") == 2


async def test_a_refused_act_leaves_its_key_free_and_runs_once_when_it_may(till: Front) -> None:
    _, payout = await proposed(till, asked="300.00")
    path = f"{PAYOUTS}/{payout['id']}"
    for _ in range(2):
        assert problem(await step(till, f"{path}/send", "chen", "send")) == (409, "second_officer_needed")
    assert (await step(till, f"{path}/approve", "ma")).status_code == 200
    answers = [await step(till, f"{path}/send", "chen", "send") for _ in range(2)]
    assert [answer.json()["state"] for answer in answers] == ["awaiting_visitor"] * 2
    assert answers[1].headers["idempotent-replayed"] == "true"
