"""Amounts that are none, other currencies, missing payees, strange keys: each refused by a stable code, and nothing changed."""

from typing import Any

import pytest

from tests.till import Till
from tests.web.console import form_in, seat
from tests.web.front import Front, flaw, problem, yuan
from tests.web.probes import MONEY
from tests.web.test_foreign_site import Where
from tests.web.test_money_doors import names, told_in
from tests.web.test_money_keys import books, who_may

PROPOSE, TRIAGE = ("POST", "/api/v1/claims/{reference}/payouts"), "/api/v1/claims/{reference}/triage"
WITH_AMOUNT = [where for where, probe in MONEY.items() if "amount" in (probe.body or {}) or where == PROPOSE]
NO_AMOUNT = [
    "-1.00", "-0.01", "0", "0.00", "-0", "1.005", "0.001", "1.", ".5", "1e3", "1E2", "+1.00", " 1.00", "1 000.00", "1,000.00",
    "0x10", "01.00", "１.00", "٣.00", "NaN", "Infinity", "", "10000000.01", "99999999.99",
]  # fmt: skip
NO_TEXT: list[Any] = [1, 1.5, -1, True, None, ["1.00"], {"minor": 100}]
NO_CURRENCY = ["USD", "JPY", "cny", "XYZ", "元角分", "\u0000\u0000\u0000"]


@pytest.mark.parametrize("where", WITH_AMOUNT, ids=" ".join)
async def test_what_is_no_amount_moves_nothing_at_any_route(till: Front, where: Where) -> None:
    own = await names(till, where)
    before, path, body = await till.house.desk.read(books), where[1].format(**own), told_in(where, own) or {}
    for amount in (*NO_AMOUNT, *NO_TEXT):
        told = {**body, "amount": {"amount": amount, "currency": "CNY"}}
        answer = await till.call("POST", path, who_may(where), json=told)
        assert problem(answer) == (422, "bad_input"), (amount, answer.text)
        assert flaw(answer)[0] == "/amount/amount", (amount, answer.text)
    for currency in (*NO_CURRENCY, "", "CNYY", None, 156):
        told = {**body, "amount": {"amount": "1.00", "currency": currency}}
        answer = await till.call("POST", path, who_may(where), json=told)
        assert problem(answer) == (422, "bad_input"), (currency, answer.text)
        assert flaw(answer)[0].startswith("/amount"), (currency, answer.text)
    for amount in ("1.00", 100, [], {}, {"amount": "1.00"}, {"currency": "CNY"}, {**yuan("1.00"), "minor": 100}):
        answer = await till.call("POST", path, who_may(where), json={**body, "amount": amount})
        assert problem(answer) == (422, "bad_input"), (amount, answer.text)
    assert await till.house.desk.read(books) == before


async def test_nor_does_it_decide_a_refund(till: Front) -> None:
    reference = (await till.house.lodge()).reference
    await till.house.assess(reference)
    events = await till.counted("event")
    for amount in (*NO_AMOUNT, *NO_TEXT):
        told = {"confirm": "fast_refund", "amount": {"amount": amount, "currency": "CNY"}}
        answer = await till.call("POST", TRIAGE.format(reference=reference), "otto", json=told)
        assert (problem(answer), flaw(answer)[0]) == ((422, "bad_input"), "/amount/amount"), (amount, answer.text)
    for amount, code in (("128.01", (409, "amount_above_decided")), ("5000.00", (409, "amount_above_decided"))):
        told = {"confirm": "fast_refund", "amount": yuan(amount)}
        assert problem(await till.call("POST", TRIAGE.format(reference=reference), "otto", json=told)) == code
    assert (await till.claim(reference)).state == "received"
    assert await till.counted("event") == events


@pytest.mark.parametrize("method", ["original_route", "transfer"])
@pytest.mark.parametrize(
    "payee", [None, {}, {"name": "王小薇"}, {"account": None}, {"account": ""}, {"account": "  "}, "6222", []]
)
async def test_nobody_is_paid_through_the_gateway_without_an_account(till: Front, method: str, payee: Any) -> None:  # noqa: ANN401
    reference = await Till(till.house).agreed()
    before = await till.house.desk.read(books)
    answer = await till.post(f"{reference}/payouts", "chen", {"method": method, "payee": payee})
    assert problem(answer) == (422, "bad_input")
    assert flaw(answer)[0].startswith("/payee")
    assert await till.house.desk.read(books) == before


async def test_the_pages_take_no_other_amounts_either(till: Front) -> None:
    reference, chen, ma = await Till(till.house).agreed(), await seat(till, "chen"), await seat(till, "ma")
    page, fund = f"/desk/claims/{reference}/payouts", "/desk/fund/huangshan"
    before = await till.house.desk.read(books)
    for amount in ("-1", "0", "1.005", "1e3", "NaN", "10000000.01", "128.01", "12 USD", "$12", "1/2"):
        answer = await chen.submit(page, page, method="cash", amount=amount)
        assert answer.status_code in (409, 422), amount
        assert f'value="{amount}"' in answer.text, "what was typed stays"
    for form in ("top-ups", "withdrawals"):
        for amount in ("", "-1", "0", "1.005", "1e3", "NaN", "10000000.01", "12 USD"):
            answer = await ma.submit(fund, f"{fund}/{form}", amount=amount, source="site", note="x")
            assert answer.status_code == 422, (form, amount)
    nobody = await chen.submit(page, page, method="transfer", account=" ", name="王小薇")
    assert nobody.status_code == 422
    assert await till.house.desk.read(books) == before


async def test_a_form_whose_key_is_not_its_sessions_own_does_nothing(till: Front) -> None:
    reference, chen, cai = await Till(till.house).agreed(), await seat(till, "chen"), await seat(till, "cai")
    page = f"/desk/claims/{reference}/payouts"
    own = form_in((await cai.get(page)).text, page)["key"]
    before = await till.house.desk.read(books)
    for key in ("", "k" * 300, own, own[:-1], f"{own}x", "a" * 128, "\u0000", "钥匙"):
        answer = await chen.post(page, {"key": key, "method": "cash"})
        assert answer.status_code in (403, 409, 422), key[:20]
    assert await till.house.desk.read(books) == before
