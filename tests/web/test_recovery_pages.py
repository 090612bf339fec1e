"""Recoveries on their pages: every form takes its step once, a refusal keeps what was typed, the second person agrees."""

import pytest

from tests.till import Till
from tests.web.console import Seat, form_in, seat
from tests.web.front import Front, yuan
from tests.web.test_recovery import PAY_BY, SITE, demanded, holding, parts, read, settled, took

XSS = '<img src=x onerror="alert(1)">'


async def done(at: Seat, recovery: str, step: str, **typed: str) -> str:
    """Send a form of a recovery's page; the page after it."""
    home = f"/desk/recoveries/{recovery}"
    answer = await at.submit(home, f"{home}/{step}", **typed)
    assert (answer.status_code, answer.headers.get("location")) == (303, home), answer.text
    return (await at.get(home)).text


async def test_the_list_shows_what_is_owed_by_age_and_an_empty_site_says_so(sqlite_till_front: Front) -> None:
    ma, front = await seat(sqlite_till_front, "ma"), sqlite_till_front
    assert "Nothing to recover here" in (await ma.get("/desk/recoveries")).text
    old = await settled(front)
    front.house.clock.go(days=40)
    ended = await settled(front, asked="50.00")
    await took(front, ended, "payments", amount=yuan("50.00"), how="cash")
    ma = await seat(front, "ma")
    shown = (await ma.get("/desk/recoveries")).text
    assert all(part in shown for part in (f"/desk/recoveries/{old}", "CNY 128.00", "40 days", "云海茶庄", "1 open"))
    assert f"/desk/recoveries/{ended}" not in shown
    assert f"/desk/recoveries/{ended}" in (await ma.get("/desk/recoveries?show=ended")).text
    assert f"/desk/recoveries/{old}" not in (await ma.get("/desk/recoveries?age=0-30")).text
    assert "还欠" in (await ma.get("/desk/recoveries", language="zh")).text
    assert (await ma.get("/desk/recoveries?site=gulangyu")).status_code == 404
    csv = await ma.get("/desk/fund/huangshan/recoveries.csv")
    assert (csv.status_code, csv.text.count("\n")) == (200, 3)


async def test_from_demand_to_instalments_every_form_takes_its_step(sqlite_till_front: Front) -> None:
    recovery, ma = await settled(sqlite_till_front), await seat(sqlite_till_front, "ma")
    shown = await done(ma, recovery, "demand", pay_by=PAY_BY)
    assert "The letter is made." in shown
    assert f"/desk/recoveries/{recovery}/demands/1" in shown
    await done(ma, recovery, "contest", words=f"价格已说明 {XSS}")
    shown = await done(ma, recovery, "review", outcome="upheld", reason="票据清楚")
    assert XSS not in shown
    assert "Contest not upheld" in shown
    await done(ma, recovery, "accept")
    shown = await done(ma, recovery, "instalments", due_on_1="2026-09-20", amount_1="28", due_on_2=PAY_BY, amount_2="￥100.00")
    assert "In instalments" in shown
    await done(ma, recovery, "payments", amount="28", how="cash", note="第一期")
    who = await holding(sqlite_till_front, "200.00")
    await done(ma, recovery, "deposit", amount="100")
    assert parts(await read(sqlite_till_front, recovery))[:3] == ("deposit_used", "0.00", "128.00")
    statement = (await ma.get(f"/desk/fund/huangshan/merchants/{who}")).text
    assert all(part in statement for part in ("Deposit used", "owed CNY 0.00, deposit CNY 100.00", "第一期"))


@pytest.mark.parametrize(
    ("step", "typed", "field"),
    [
        ("payments", {"amount": "999", "how": "cash", "note": XSS}, "payments-amount"),
        ("payments", {"amount": "x", "how": "cash", "note": XSS}, "payments-amount"),
        ("demand", {"pay_by": "2026-09-01"}, "demand-pay_by"),
        ("contest", {"words": " "}, "contest-words"),
        ("deposit", {"amount": "1"}, "deposit-amount"),
        ("write-off", {"reason": " "}, "write-off-reason"),
    ],
)
async def test_a_refusal_stands_at_its_field_and_keeps_what_was_typed(
    sqlite_till_front: Front, step: str, typed: dict[str, str], field: str
) -> None:
    recovery, ma = await demanded(sqlite_till_front), await seat(sqlite_till_front, "ma")
    before, home = await sqlite_till_front.counted("event"), f"/desk/recoveries/{recovery}"
    answer = await ma.submit(home, f"{home}/{step}", **typed)
    assert answer.status_code in (409, 422)
    assert f'id="{field}-wrong"' in answer.text
    assert XSS not in answer.text
    kept = form_in(answer.text, f"{home}/{step}")
    assert {name: kept[name] for name in typed} == typed
    assert await sqlite_till_front.counted("event") == before


async def test_a_write_off_waits_for_its_second_person_among_the_approvals(sqlite_till_front: Front) -> None:
    recovery = await settled(sqlite_till_front)
    ma, chen = await seat(sqlite_till_front, "ma"), await seat(sqlite_till_front, "chen")
    await done(ma, recovery, "write-off", reason="商家已注销")
    home = f"/desk/recoveries/{recovery}"
    assert f"{home}/approve" not in (await ma.get("/desk/approvals")).text
    waiting = (await chen.get("/desk/approvals")).text
    assert "商家已注销" in waiting
    answer = await chen.submit("/desk/approvals", f"{home}/approve")
    assert (answer.status_code, answer.headers["location"]) == (303, home)
    assert "Agreed. The amount is written off." in (await chen.get(home)).text
    assert parts(await read(sqlite_till_front, recovery))[0] == "written_off"
    late = await ma.submit(home, f"{home}/payments", amount="128", how="transfer")
    assert late.status_code == 303
    assert (await Till(sqlite_till_front.house).balances())["written_off"] == 0


async def test_what_was_paid_meanwhile_is_said_before_the_second_person_agrees(sqlite_till_front: Front) -> None:
    recovery, ma = await settled(sqlite_till_front), await seat(sqlite_till_front, "ma")
    await done(ma, recovery, "write-off", reason="商家已注销")
    await done(ma, recovery, "payments", amount="1", how="cash")
    for page in ("/desk/approvals", f"/desk/recoveries/{recovery}"):
        shown = (await (await seat(sqlite_till_front, "chen")).get(page)).text
        assert "Less is owed now than was proposed" in shown
        assert f"{recovery}/approve" not in shown


async def test_a_proposal_is_taken_back_by_who_made_it(sqlite_till_front: Front) -> None:
    recovery, ma = await settled(sqlite_till_front), await seat(sqlite_till_front, "ma")
    assert "Take it back" in await done(ma, recovery, "write-off", reason="商家已注销")
    assert "The proposal has ended" in await done(ma, recovery, "refuse", reason="再催一次")
    assert (await read(sqlite_till_front, recovery))["decision"] is None


async def test_a_demand_letter_is_chinese_with_english_beside_it(sqlite_till_front: Front) -> None:
    recovery, ada = await demanded(sqlite_till_front), await seat(sqlite_till_front, "ada")
    letter = (await ada.get(f"/desk/recoveries/{recovery}/demands/1")).text
    for part in (
        'lang="zh-CN"',
        "请您付清人民币 128.00 元，最晚2026年9月30日星期三。",
        "Demand for payment",
        "We ask you to pay CNY 128.00",
    ):
        assert part in letter, part
    assert (await ada.get(f"/desk/recoveries/{recovery}/demands/2")).status_code == 404
    assert f'/desk/recoveries/{recovery}/demand"' not in (await ada.get(f"/desk/recoveries/{recovery}")).text


async def test_a_deposit_is_paid_in_and_back_on_the_merchants_page(sqlite_till_front: Front) -> None:
    await settled(sqlite_till_front)
    who, ma = await holding(sqlite_till_front, "10.00"), await seat(sqlite_till_front, "ma")
    home = f"/desk/fund/huangshan/merchants/{who}"
    assert (await ma.submit(home, f"{home}/deposits/in", amount="90", note="补足")).status_code == 303
    over = await ma.submit(home, f"{home}/deposits/back", amount="100.01")
    assert (over.status_code, 'id="back-amount-wrong"' in over.text) == (409, True)
    assert (await ma.submit(home, f"{home}/deposits/back", amount="100")).status_code == 303
    told = (await sqlite_till_front.call("GET", f"{SITE}/respondents/{who}/statement", "ma")).json()
    assert (told["deposit"], len(told["lines"])) == (yuan("0.00"), 4)
    assert (await ma.get(f"{home}/statement.csv")).status_code == 200
    assert (await ma.get("/desk/fund/huangshan/merchants/7")).status_code == 404
