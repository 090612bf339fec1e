"""What staff pages say after an act and in place of one: told once, in the officer's own frame, marked at the field."""

from http import HTTPStatus

from tests.till import Till
from tests.web.console import seat
from tests.web.front import Front

FINDINGS = {"not_at_fault": "yes", "facts_clear": "yes", "evidence_sufficient": "yes", "basis": "tourism_law_54"}
FRAME = 'class="rooms"'


async def test_an_act_is_told_once_and_no_address_can_tell_it(sqlite_front: Front) -> None:
    olga, reference = await seat(sqlite_front, "olga"), (await sqlite_front.house.lodge()).reference
    claim = f"/desk/claims/{reference}"
    for forged in (f"{claim}?done=note", f"{claim}?desk_done=note"):
        assert 'class="done"' not in (await olga.get(forged)).text
    assert (await olga.submit(claim, f"{claim}/note", text="Seen before.")).status_code == HTTPStatus.SEE_OTHER
    assert 'role="status">The note is kept.' in (await olga.get(claim)).text
    assert 'class="done"' not in (await olga.get(claim)).text
    olga.client.cookies.set("desk_done", "nothing of ours", domain="desk.example", path="/desk")
    assert 'class="done"' not in (await olga.get(claim)).text


async def test_a_claim_says_what_was_decided_by_whom_and_who_acts_next(sqlite_front: Front) -> None:
    olga, reference = await seat(sqlite_front, "olga"), (await sqlite_front.house.lodge(language="en")).reference
    claim = f"/desk/claims/{reference}"
    page = (await olga.get(claim)).text
    assert "New claim. The visitor is owed an answer" in page
    assert page.index('id="assess-form"') < page.index('id="decide-form"')
    assert "Write it in English." in page
    await olga.submit(claim, f"{claim}/assess", **FINDINGS)
    await olga.submit(claim, f"{claim}/decide")
    page = (await olga.get(claim)).text
    assert "Decided: Fast refund" in page
    assert "The cashier pays it today" in page
    assert "Done in time" in page


async def test_a_refusal_keeps_the_frame_of_who_is_signed_in(sqlite_front: Front) -> None:
    mei, reference = await seat(sqlite_front, "mei"), (await sqlite_front.house.lodge()).reference
    for path, status in ((f"/desk/claims/{reference}", 404), ("/desk/claims/nothing", 404), ("/desk/pay", 403)):
        answer = await mei.get(path)
        assert (answer.status_code, FRAME in answer.text) == (status, True), path
    absent = (await mei.get(f"/desk/claims/{reference}")).text
    assert ("What your role may not read" in absent, "ID" in absent) == (True, False)


async def test_a_second_officer_knows_the_matter_and_can_turn_it_down_with_a_reason(sqlite_till_front: Front) -> None:
    till = Till(sqlite_till_front.house)
    reference = await till.agreed(asked="200.00")
    chen, ma = await seat(sqlite_till_front, "chen"), await seat(sqlite_till_front, "ma")
    refund = f"/desk/claims/{reference}/payouts"
    above = await chen.submit(refund, refund, method="cash", amount="900")
    assert (above.status_code, 'id="amount-wrong"' in above.text) == (409, True)
    page = (await chen.submit(refund, refund, method="cash")).headers["location"]
    waiting = (await ma.get("/desk/approvals")).text
    for told in ("CNY 200.00", "Refund decided by", "second officer: CNY 200.00"):
        assert told in waiting, told
    assert (await ma.submit("/desk/approvals", f"{page}/refuse", reason=" ")).status_code == 422
    assert (await ma.submit("/desk/approvals", f"{page}/refuse", reason="The price tag says 120.")).status_code == 303
    assert (await till.payout(int(page.rpartition("/")[2]))).state == "cancelled"
    assert (await till.balances())["reserved"] == 0
    assert ": The price tag says 120." in (await ma.get(f"/desk/claims/{reference}")).text


async def test_a_closed_claim_is_no_link_for_a_cashier(sqlite_till_front: Front) -> None:
    till = Till(sqlite_till_front.house)
    reference, chen = await till.agreed(), await seat(sqlite_till_front, "chen")
    refund = f"/desk/claims/{reference}/payouts"
    page = (await chen.submit(refund, refund, method="cash")).headers["location"]
    assert f'href="/desk/claims/{reference}"' in (await chen.get(page)).text
    for step in ("send", "received"):
        await chen.submit(page, f"{page}/{step}")
    assert f'href="/desk/claims/{reference}"' not in (await chen.get(page)).text
    assert f'href="{refund}"' in (await chen.get("/desk/fund/huangshan")).text
