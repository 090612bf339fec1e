"""What a merchant paid for a refund that came back: given back to that merchant, and shown on their statement of a period."""

import csv
import html
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select, text
from sqlalchemy.exc import IntegrityError

from desk.actions.deposits import pay_deposit_in
from desk.actions.intake import WrittenRespondent
from desk.domain.claim import RespondentKind
from desk.domain.money import Money
from desk.ports import Work
from desk.store.tables import metadata
from tests.till import Till
from tests.web.console import form_in, seat
from tests.web.front import Front, flaw, problem, yuan
from tests.web.test_bank_return import say
from tests.web.test_breaks import red
from tests.web.test_gateway_events import send, told
from tests.web.test_recovery import SITE, holding, read, took

WITHDRAWALS, FUND = f"{SITE}/fund/withdrawals", "/desk/fund/huangshan"
RESPONDENT, WITHDRAWAL, EVENT = (metadata.tables[name] for name in ("respondent", "withdrawal", "event"))


async def came_back(front: Front, paid: str = "28.00", merchant: str = "云海茶庄") -> str:
    """The id of a merchant who paid a part of a refund that the bank returned after that."""
    at = Till(front.house)
    reference = await at.agreed(respondent=WrittenRespondent(name=merchant, kind=RespondentKind.SHOP))
    payout = (await at.propose(reference, method="original_route")).payout.id
    await at.send(payout)
    await send(front, told(payout, gateway_id=f"gw-{payout}"), f"settled-{payout}")
    await took(front, str(payout), "payments", amount=yuan(paid), how="cash")
    for by in ("ma", "cai"):
        assert (await say(front, payout, by)).status_code == 200
    return str((await read(front, str(payout)))["respondent"]["id"])


async def ask(front: Front, amount: str = "28.00", **told: Any) -> Any:  # noqa: ANN401 - the answer
    """Propose to give money back."""
    body = {"amount": yuan(amount), "source": "recovered_in_error", "note": "退还商家", **told}
    return await front.call("POST", WITHDRAWALS, "ma", json=body)


async def given(front: Front, who: str, amount: str = "28.00") -> Any:  # noqa: ANN401 - the JSON
    """Give money back by two persons."""
    asked = await ask(front, amount, respondent_id=who)
    assert asked.status_code == 201, asked.text
    done = await front.call("POST", f"{WITHDRAWALS}/{asked.json()['id']}/approve", "chen", json={})
    assert done.status_code == 200, done.text
    return done.json()


async def statement(front: Front, who: str, **query: str | int) -> Any:  # noqa: ANN401 - the JSON
    """A page of the merchant's statement."""
    answer = await front.call("GET", f"{SITE}/respondents/{who}/statement", "ada", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def sums(stands: Any) -> tuple[str, ...]:  # noqa: ANN401 - JSON
    """Owed, deposited, to be given back."""
    return tuple(stands[name]["amount"] for name in ("owed", "deposit", "in_error"))


def _taken(conn: Connection) -> list[Any]:
    return list(conn.execute(select(WITHDRAWAL).order_by(WITHDRAWAL.c.id)))


async def test_money_given_back_names_its_merchant_and_stands_on_their_statement(till: Front) -> None:
    who = await came_back(till)
    assert sums(await statement(till, who)) == ("0.00", "0.00", "28.00")
    done = await given(till, who, "20.00")
    assert done["respondent"] == {"id": who, "name": "云海茶庄"}
    (row,) = await till.house.desk.read(_taken)
    assert (str(row.respondent_id), row.amount_minor, row.entry_id is not None) == (who, 2_000, True)
    told = await statement(till, who)
    assert [(line["kind"], line["amount"]["amount"], *sums(line)) for line in told["lines"]] == [
        ("payout_settled", "128.00", "128.00", "0.00", "0.00"),
        ("recovered", "28.00", "100.00", "0.00", "0.00"),
        ("payout_returned", "128.00", "0.00", "0.00", "28.00"),
        ("withdrawal", "20.00", "0.00", "0.00", "8.00"),
    ]  # fmt: skip
    assert (told["lines"][-1]["note"], told["lines"][-1]["by"], sums(told), sums(told["opening"])) == (
        "退还商家", "Chen", ("0.00", "0.00", "8.00"), ("0.00", "0.00", "0.00"),
    )  # fmt: skip
    assert (await Till(till.house).balances())["source:recovered_in_error"] == 800
    file = (await till.call("GET", f"{SITE}/respondents/{who}/statement.csv", "ada")).text
    rows = list(csv.DictReader(io.StringIO(file)))
    assert [(row["kind"], row["in_error"]) for row in rows][-2:] == [("payout_returned", "28.00"), ("withdrawal", "8.00")]
    assert await red(till) == set()


async def test_a_merchant_is_given_back_what_they_had_paid_themselves_and_no_more(till: Front) -> None:
    tea, silk = await came_back(till), await came_back(till, "50.00", "丝绸店")
    assert problem(await ask(till, "28.01", respondent_id=tea)) == (409, "fund_insufficient")
    first, twice = [(await ask(till, respondent_id=tea)).json()["id"] for _ in range(2)]
    assert (await till.call("POST", f"{WITHDRAWALS}/{first}/approve", "chen", json={})).status_code == 200
    before = await Till(till.house).balances()
    assert problem(await till.call("POST", f"{WITHDRAWALS}/{twice}/approve", "chen", json={})) == (409, "fund_insufficient")
    assert await Till(till.house).balances() == before
    assert before["source:recovered_in_error"] == 5_000
    await given(till, silk, "50.00")
    assert [sums(await statement(till, who))[2] for who in (tea, silk)] == ["0.00", "0.00"]
    assert await red(till) == set()


async def test_what_was_paid_for_one_whom_nobody_had_named_goes_to_whom_two_persons_say(till: Front) -> None:
    who = await came_back(till)

    def unnamed(work: Work) -> None:
        work.conn.execute(text("UPDATE recovery SET respondent_id = NULL"))

    await till.house.desk.write(unnamed)
    assert (await given(till, who))["respondent"]["id"] == who
    assert problem(await ask(till, "0.01", respondent_id=who)) == (409, "fund_insufficient")


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ({}, "missing"), ({"respondent_id": None}, "missing"), ({"respondent_id": "7"}, "not_at_this_site"),
        ({"source": "site", "respondent_id": "7"}, "not_allowed_here"), ({"respondent_id": "x"}, None),
    ],
)  # fmt: skip
async def test_the_merchant_is_named_for_what_was_recovered_in_error_and_for_nothing_else(
    till: Front, told: dict[str, Any], what: str | None
) -> None:
    before = await till.counted("event")
    answer = await ask(till, "1.00", **told)
    assert (answer.status_code, flaw(answer)[0]) == (422, "/respondent_id")
    assert what is None or flaw(answer)[1] == what
    assert (await till.counted("withdrawal"), await till.counted("event")) == (0, before)


async def test_another_sites_merchant_is_none(till: Front) -> None:
    await came_back(till)

    site = till.house.cast.sites["gulangyu"]
    there = select(RESPONDENT.c.id).where(RESPONDENT.c.site_id == site).limit(1)
    number = await till.house.desk.read(lambda conn: conn.execute(there).scalar_one())
    assert flaw(await ask(till, respondent_id=str(number))) == ("/respondent_id", "not_at_this_site")
    assert await till.counted("withdrawal") == 0


async def test_the_database_pairs_withdrawal_entry_and_merchant(till: Front) -> None:
    who = await came_back(till)
    await given(till, who)
    await ask(till, "1.00", source="site")
    for change in (
        "respondent_id = NULL WHERE payer = 'recovered_in_error'", f"respondent_id = {who} WHERE payer = 'site'",
        "entry_id = NULL WHERE approved_at IS NOT NULL", "entry_id = (SELECT min(id) FROM fund_entry) WHERE approved_at IS NULL",
    ):  # fmt: skip

        def damage(work: Work, change: str = change) -> None:
            work.conn.execute(text(f"UPDATE withdrawal SET {change}"))

        with pytest.raises(IntegrityError):
            await till.house.desk.write(damage)


async def test_the_funds_page_asks_for_the_merchant_and_names_them_to_the_second_person(till: Front) -> None:
    who = await came_back(till)
    ma, chen = await seat(till, "ma"), await seat(till, "chen")
    page = (await ma.get(FUND)).text
    assert f'<option value="{who}">云海茶庄 · CNY 28.00</option>' in page
    typed = {"amount": "28", "source": "recovered_in_error", "note": "退还"}
    missing = await ma.submit(FUND, f"{FUND}/withdrawals", **typed, respondent_id="")
    assert (missing.status_code, 'id="withdraw-respondent_id-wrong"' in missing.text) == (422, True)
    beyond = await ma.submit(FUND, f"{FUND}/withdrawals", **(typed | {"amount": "28.01"}), respondent_id=who)
    assert (beyond.status_code, f'value="{who}" selected' in beyond.text) == (409, True)
    assert await till.counted("withdrawal") == 0
    assert (await ma.submit(FUND, f"{FUND}/withdrawals", **typed, respondent_id=who)).status_code == 303
    assert "云海茶庄" in (await ma.get(FUND)).text
    waiting = (await chen.get("/desk/approvals")).text
    assert "Merchants, for returned refunds · 云海茶庄" in waiting
    (row,) = await till.house.desk.read(_taken)
    address = f"{FUND}/withdrawals/{row.id}/approve"
    assert (await chen.post(address, form_in(waiting, address))).status_code == 303
    merchant = (await ma.get(f"{FUND}/merchants/{who}")).text
    assert "owed CNY 0.00, deposit CNY 0.00, to be given back CNY 28.00" in merchant
    assert "To be given back, for returned refunds" not in merchant
    assert 'name="respondent_id"' not in (await ma.get(FUND)).text


async def test_a_statement_shows_its_period_and_opens_with_what_stood_before_it(till: Front) -> None:
    who, clock = await came_back(till), till.house.clock
    clock.at += timedelta(days=100)
    await holding(till, "100.00")
    later = str(clock.at.date())
    everything = await statement(till, who)
    assert [line["kind"] for line in everything["lines"]][-1] == "deposit_paid_in"
    assert (everything["from"], everything["to"]) == (str(clock.at.date() - timedelta(days=365)), later)
    recent = await statement(till, who, **{"from": later})
    assert (sums(recent["opening"]), [sums(line) for line in recent["lines"]]) == (
        ("0.00", "0.00", "28.00"), [("0.00", "100.00", "28.00")],
    )  # fmt: skip
    before = await statement(till, who, to=str(clock.at.date() - timedelta(days=1)))
    assert (len(before["lines"]), sums(before["lines"][-1]), sums(before)) == (
        3, ("0.00", "0.00", "28.00"), ("0.00", "100.00", "28.00"),
    )  # fmt: skip
    clock.at += timedelta(days=366)
    old = await statement(till, who)
    assert (old["lines"], sums(old["opening"]), sums(old)) == ([], ("0.00", "100.00", "28.00"), ("0.00", "100.00", "28.00"))
    rows = list(csv.DictReader(io.StringIO((await till.call(
        "GET", f"{SITE}/respondents/{who}/statement.csv", "ada", params={"from": later, "to": later})).text)))  # fmt: skip
    assert [(row["kind"], row["deposit"], row["in_error"]) for row in rows] == [
        ("opening", "0.00", "28.00"), ("deposit_paid_in", "100.00", "28.00"),
    ]  # fmt: skip


async def test_the_first_and_the_last_day_of_a_period_are_in_it_by_the_sites_clock(till: Front) -> None:
    who, clock = await came_back(till), till.house.clock
    clock.at = clock.at.replace(hour=15, minute=59, second=59)  # a second before midnight at the site
    day = str(clock.at.date())
    await holding(till, "1.00")
    clock.at += timedelta(seconds=1)
    await holding(till, "2.00")
    next_day = str(clock.at.date() + timedelta(days=1))
    assert [line["amount"] for line in (await statement(till, who, **{"from": day, "to": day}))["lines"]][-1] == yuan("1.00")
    after = await statement(till, who, **{"from": next_day, "to": next_day})
    assert ([line["amount"] for line in after["lines"]], sums(after["opening"])) == ([yuan("2.00")], ("0.00", "1.00", "28.00"))


async def test_pages_of_a_statement_carry_what_stood_before_them_and_ask_as_often_however_long_it_is(till: Front) -> None:
    who = await came_back(till)
    asked = list[str]()
    event.listen(Engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    short = await questions(till, asked, who, limit=2)
    await deposits(till, who, 100)
    assert await questions(till, asked, who, limit=2) == short
    standing: tuple[str, ...] = ("0.00", "0.00", "0.00")
    lines, cursor = list[Any](), None
    while True:
        page = await statement(till, who, limit=40, **({"cursor": cursor} if cursor else {}))
        assert sums(page["opening"]) == standing
        lines += page["lines"]
        cursor, standing = page["next"], sums(page["lines"][-1])
        if cursor is None:
            break
    assert [sums(line)[1] for line in lines[3:]] == [f"{number}.00" for number in range(1, 101)]
    assert len({line["entry"] for line in lines}) == len(lines) == 103
    file = (await till.call("GET", f"{SITE}/respondents/{who}/statement.csv", "ada")).text
    assert [row["entry"] for row in csv.DictReader(io.StringIO(file))][1:] == [line["entry"] for line in lines]


async def deposits(front: Front, who: str, number: int) -> None:
    """So many deposits of one yuan, a moment apart."""
    for _ in range(number):
        await front.house.desk.write(pay_deposit_in, front.house.cast.ma, "huangshan", int(who), Money(100, "CNY"))


async def questions(front: Front, asked: list[str], who: str, **query: int) -> int:
    """How many statements a page of the merchant's statement costs."""
    asked.clear()
    await statement(front, who, **query)
    return len([one for one in asked if "fund_" in one])


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"from": "2026-10-02", "to": "2026-10-01"}, "to"), ({"from": "yesterday"}, "from"), ({"limit": "101"}, "limit"),
        ({"cursor": "?"}, "cursor"),
    ],
)  # fmt: skip
async def test_a_period_that_is_none_is_refused(sqlite_till_front: Front, query: dict[str, str], pointer: str) -> None:
    who = await came_back(sqlite_till_front)
    answer = await sqlite_till_front.call("GET", f"{SITE}/respondents/{who}/statement", "ada", params=query)
    assert (answer.status_code, pointer in answer.text) == (422, True)


async def test_the_merchants_page_chooses_a_period_and_leads_on(till: Front) -> None:
    who, ma = await came_back(till), await seat(till, "ma")
    home = f"{FUND}/merchants/{who}"
    page = (await ma.get(home)).text
    assert all(
        part in page for part in ("Before this period", "to be given back CNY 28.00", 'name="from"', "Returned by the bank")
    )
    await deposits(till, who, 50)
    page = (await ma.get(home)).text
    assert f"{home}?from=" in page
    (following,) = re.findall(rf'href="({home}\?[^"]*cursor=[^"]*)"', page)
    second = (await ma.get(html.unescape(following))).text
    assert all(part in second for part in ("Carried from the page before", "deposit CNY 50.00"))
    wrong = await ma.get(f"{home}?from=2026-10-02&to=2026-10-01")
    assert (wrong.status_code, 'id="to-wrong"' in wrong.text, 'value="2026-10-02"' in wrong.text) == (422, True, True)
    assert (await ma.get(f"{home}?from=x")).status_code == 422
    assert (await ma.get(f"{home}/statement.csv?from=2026-01-01&to=2026-12-31")).text.count("\r\n") == 55
