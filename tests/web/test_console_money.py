"""Paying and the fund by the staff's forms: each step through its route leaves row, entry, event, clock and sentence."""

import re

import pytest

from desk.actions.checks import Checked
from desk.domain.policy import Act
from desk.worker.jobs import Means
from desk.worker.timetable import work_through
from tests.till import Till
from tests.web.console import Seat, form_in, seat
from tests.web.front import Front, moved

XSS = '<img src=x onerror="alert(1)">'


@pytest.fixture
def desk(till: Front) -> Front:
    """A desk of one's own."""
    return till


async def propose(front: Front, chen: Seat, reference: str, **typed: str) -> str:
    """Propose a payout by the form; the address of its page."""
    path = f"/desk/claims/{reference}/payouts"
    answer = await chen.submit(path, path, **{"method": "cash"} | typed)
    assert answer.status_code == 303, answer.text
    address: str = answer.headers["location"]
    assert re.fullmatch(r"/desk/payouts/\d+", address)
    return address


async def test_cash_from_the_to_pay_list_to_the_visitors_page(desk: Front) -> None:
    till, chen = Till(desk.house), await seat(desk, "chen")
    reference = await till.agreed()
    listed = (await chen.get("/desk/pay")).text
    assert "CNY 128.00" in listed
    assert f"/desk/claims/{reference}/payouts" in listed
    page = await propose(desk, chen, reference)
    before = await till.balances()
    assert before["reserved"] == 12_800
    assert "I handed over CNY 128.00" in (await chen.get(page)).text
    assert (await chen.submit(page, f"{page}/send")).status_code == 303
    slip = await desk.slip(reference)
    assert (await desk.status(slip))["stage"] == "refund_sent"
    assert (await chen.submit(page, f"{page}/received")).status_code == 303
    assert (await desk.status(slip))["stage"] == "closed_refunded"
    assert (await till.balances())["in_transit"] == 0
    assert moved(await desk.events(reference))[1:4] == ("payout_settled", "fast_refund", "closed")
    assert (await desk.clocks(reference))["fast_payment"] == "stopped"
    assert (await chen.get(page)).status_code == 200
    assert "Nothing to pay" in (await chen.get("/desk/pay")).text


async def test_at_the_solo_limit_a_second_person_is_asked_for_on_every_page(desk: Front) -> None:
    till, chen, ma = Till(desk.house), await seat(desk, "chen"), await seat(desk, "ma")
    reference = await till.agreed(asked="200.00")
    page = await propose(desk, chen, reference)
    own = (await chen.get("/desk/approvals")).text
    assert "You proposed this payout. Let somebody else confirm it." in own
    assert f'action="{page}/approve"' not in own
    key = form_in((await chen.get("/desk/account")).text, "/desk/sign-out")
    refused = await chen.post(f"{page}/approve", key)
    assert (refused.status_code, "second" in refused.text) == (409, True)
    assert (await chen.post(f"{page}/send", key)).status_code == 409
    assert "waits for a second person" in (await chen.get("/desk/pay")).text
    confirmed = (await (await seat(desk, "otto")).get("/desk/approvals")).status_code
    assert confirmed == 403
    waiting = (await ma.get("/desk/approvals")).text
    assert "At or above the sum for a second officer" in waiting
    assert "Agree to pay CNY 200.00" in waiting
    assert (await ma.submit("/desk/approvals", f"{page}/approve")).status_code == 303
    assert "confirmed by Ma" in (await chen.get("/desk/pay")).text
    assert (await chen.submit(page, f"{page}/send")).status_code == 303
    assert (await till.payout(int(page.rpartition("/")[2]))).approved_by == desk.house.cast.ma.id


async def test_a_double_press_proposes_and_pays_once(desk: Front) -> None:
    till, chen = Till(desk.house), await seat(desk, "chen")
    reference = await till.agreed()
    path = f"/desk/claims/{reference}/payouts"
    form = form_in((await chen.get(path)).text, path) | {"method": "cash"}
    assert [(await chen.post(path, form)).status_code for _ in range(2)] == [303, 303]
    assert await desk.counted("payout") == 1
    page = (await chen.get("/desk/pay")).text
    found = re.search(r"/desk/payouts/\d+", page)
    assert found
    form = form_in((await chen.get(found[0])).text, f"{found[0]}/send")
    assert [(await chen.post(f"{found[0]}/send", form)).status_code for _ in range(2)] == [303, 303]
    assert (await till.balances())["in_transit"] == 12_800


async def test_two_cashiers_on_one_refund_pay_once_and_the_second_keeps_what_was_typed(desk: Front) -> None:
    till, chen, cai = Till(desk.house), await seat(desk, "chen"), await seat(desk, "cai")
    reference = await till.agreed()
    path = f"/desk/claims/{reference}/payouts"
    mine = form_in((await cai.get(path)).text, path) | {"method": "cash", "amount": "96.50", "name": XSS}
    page = await propose(desk, chen, reference)
    refused = await cai.post(path, mine)
    assert refused.status_code == 409
    assert page in refused.text
    assert "96.50" in refused.text.partition('id="yours-heading"')[2].partition("</section>")[0]
    assert XSS not in refused.text
    assert await desk.counted("payout") == 1


async def test_the_list_names_the_payee_masked_and_the_page_what_to_do_after_a_failure(desk: Front) -> None:
    till, chen = Till(desk.house), await seat(desk, "chen")
    reference = await till.agreed()
    await till.propose(reference, method="transfer")
    listed = (await chen.get("/desk/pay")).text
    assert "王*" in listed
    assert "6222" not in listed
    assert "王小薇" not in listed
    failed = (await chen.get(f"/desk/payouts/{await till.brought_to('failed')}")).text
    assert "the cash was taken back" in failed
    assert "Pay again" in failed


async def test_forms_about_money_from_elsewhere_are_refused(desk: Front) -> None:
    till, chen, ma = Till(desk.house), await seat(desk, "chen"), await seat(desk, "ma")
    reference, fund = await till.agreed(), "/desk/fund/huangshan"
    path = f"/desk/claims/{reference}/payouts"
    cash = form_in((await chen.get(path)).text, path) | {"method": "cash"}
    into = form_in((await ma.get(fund)).text, f"{fund}/top-ups") | {"amount": "1", "source": "site"}
    before = await till.balances()
    for who, where, form in ((chen, path, cash), (ma, f"{fund}/top-ups", into)):
        assert (await who.post(where, form | {"key": "made-up"})).status_code == 403
        assert (await who.post(where, form, **{"Sec-Fetch-Site": "cross-site"})).status_code == 403
        assert (await who.post(where, form, Origin="https://evil.example")).status_code == 403
    assert (await chen.post(path, cash | {"key": into["key"]})).status_code == 403
    assert (await till.balances(), await desk.counted("payout")) == (before, 0)


async def test_what_cannot_be_paid_is_said_and_what_was_typed_stays(desk: Front) -> None:
    till, chen = Till(desk.house), await seat(desk, "chen")
    reference = await till.agreed()
    path = f"/desk/claims/{reference}/payouts"
    for typed, status in (({"amount": "129"}, 409), ({"amount": "lots"}, 422), ({"amount": "1", "name": "x" * 81}, 422)):
        answer = await chen.submit(path, path, **{"method": "cash"} | typed)
        assert answer.status_code == status, typed
        assert 'role="alert"' in answer.text
        assert form_in(answer.text, path)["amount"] == typed["amount"]
    assert await desk.counted("payout") == 0
    await till.top_down("100.00")
    answer = await chen.submit(path, path, method="cash")
    assert answer.status_code == 409
    ma = await seat(desk, "ma")
    told = (await ma.get("/desk/notices")).text
    assert "The fund is short" in told
    assert reference in told


async def test_an_unknown_payout_says_do_not_pay_again_and_two_persons_end_it(desk: Front) -> None:
    till, ma, cai = Till(desk.house), await seat(desk, "ma"), await seat(desk, "cai")
    number = await till.brought_to("unknown")
    page = f"/desk/payouts/{number}"
    assert "Do not pay again" in (await cai.get(page)).text
    desk.house.clock.go(minutes=16)
    empty = await cai.submit(page, f"{page}/resolve", outcome="failed", evidence=" ")
    assert empty.status_code == 422
    assert form_in(empty.text, f"{page}/resolve")["outcome"] == "failed"
    assert (await cai.submit(page, f"{page}/resolve", outcome="failed", evidence=XSS)).status_code == 303
    assert (await till.payout(number)).state == "unknown"
    assert XSS not in (await ma.get(page)).text
    assert (await ma.submit(page, f"{page}/resolve", outcome="failed", evidence="letter of the bank")).status_code == 303
    assert (await till.payout(number)).state == "failed"


async def test_the_fund_is_topped_up_and_emptied_by_two_persons(desk: Front) -> None:
    till, ma, chen = Till(desk.house), await seat(desk, "ma"), await seat(desk, "chen")
    fund = "/desk/fund/huangshan"
    before = (await till.balances())["available"]
    wrong = await ma.submit(fund, f"{fund}/top-ups", amount="much", source="insurance", note=XSS)
    assert (wrong.status_code, form_in(wrong.text, f"{fund}/top-ups")["note"], XSS in wrong.text) == (422, XSS, False)
    assert (await ma.submit(fund, f"{fund}/top-ups", amount="1,000元", source="insurance", note=XSS)).status_code == 303
    assert (await till.balances())["available"] == before + 100_000
    assert (await ma.submit(fund, f"{fund}/withdrawals", amount="300", source="insurance", note="")).status_code == 422
    assert (await ma.submit(fund, f"{fund}/withdrawals", amount="300", source="insurance", note=XSS)).status_code == 303
    assert (await till.balances())["available"] == before + 100_000
    own = (await ma.get("/desk/approvals")).text
    assert "You proposed it" in own
    assert XSS not in own
    waiting = (await chen.get("/desk/approvals")).text
    found = re.search(r'action="(/desk/fund/huangshan/withdrawals/\d+/approve)"', waiting)
    assert found
    assert (await chen.submit("/desk/approvals", found[1])).status_code == 303
    assert (await till.balances())["available"] == before + 70_000
    page = (await chen.get(fund)).text
    assert "CNY 300.00" in page
    assert "The books agree: CNY" in page
    assert XSS not in page
    csv = await ma.get(f"{fund}/entries.csv")
    assert (csv.status_code, csv.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert "insurance" in csv.text
    assert (await chen.get(f"{fund}/entries.csv")).status_code == 403


@pytest.mark.parametrize(
    ("failing", "english", "chinese"),
    [
        ([], "every rule holds.", "各项规则都成立。"),
        (["I03", "I09"], "I03, I09 broken. Stop paying and call the operator.", "I03、I09不成立。请停止付款，并联系系统管理员。"),
    ],
)  # fmt: skip
async def test_the_funds_page_says_what_the_hours_check_found(
    desk: Front, failing: list[str], english: str, chinese: str
) -> None:
    cai = await seat(desk, "cai")
    assert "The hourly check has not run yet." in (await cai.get("/desk/fund/huangshan")).text
    await work_through(Means(desk.house.desk, None, lambda: Checked(5, tuple(failing))))
    assert english in (await cai.get("/desk/fund/huangshan")).text
    assert chinese in (await cai.get("/desk/fund/huangshan", "zh-CN")).text


@pytest.mark.parametrize("path", ["/desk/pay", "/desk/approvals", "/desk/fund", "/desk/notices"])
async def test_pages_about_money_are_for_those_who_handle_it(sqlite_till_front: Front, path: str) -> None:
    rights = {"/desk/pay": Act.READ_PAYOUT, "/desk/approvals": Act.APPROVE_PAYOUT, "/desk/fund": Act.READ_FUND}
    for by in ("olga", "chen", "mei", "ma", "ada", "anton"):
        at = await seat(sqlite_till_front, by)
        viewer = getattr(sqlite_till_front.house.cast, by)
        may = viewer.may(rights.get(path, Act.READ_NOTICES), sqlite_till_front.house.cast.olga.sites[0])
        assert ((await at.get(path)).status_code in (200, 303)) is may, by


async def test_a_foreign_payout_and_a_foreign_fund_are_not_there(desk: Front) -> None:
    number = await Till(desk.house).brought_to("reserved")
    mona = await seat(desk, "mona")
    key = form_in((await mona.get("/desk/account")).text, "/desk/sign-out")
    for path in (f"/desk/payouts/{number}", "/desk/payouts/1", "/desk/payouts/x", "/desk/fund/huangshan", "/desk/fund/atlantis"):
        assert (await mona.get(path)).status_code == 404, path
    for step in ("approve", "send", "received", "cancel", "resolve"):
        fields = key | {"outcome": "failed", "evidence": "x"}
        assert (await mona.post(f"/desk/payouts/{number}/{step}", fields)).status_code == 404, step
    assert (await Till(desk.house).payout(number)).state == "reserved"
