"""What money did that day: refunds that went each way they can, the fund filled and drawn on, the gateway's statement."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select

from desk.actions import fund, fund_watch, payout_resolution, payout_returns, payout_words, payouts, recovery, sends
from desk.actions.breaks import match_statements, resolve_break
from desk.actions.clocks import see_to_clocks
from desk.actions.day_close import close_day
from desk.actions.deposits import pay_deposit_in
from desk.actions.gateway_messages import dismiss_message
from desk.actions.officers import disable_officer
from desk.actions.promises import explain_miss, fold_counts
from desk.actions.recovery_decisions import approve_decision, propose_decision
from desk.domain.day_close import Count
from desk.domain.fund import Payer, Source
from desk.domain.money import Money
from desk.domain.payout import Method
from desk.domain.recovery import DecisionKind, How
from desk.ports import Work
from desk.reads.day_closes import open_tills
from desk.reads.promises import misses_page
from desk.store import payouts as payout_rows
from desk.store import sites
from desk.store.tables import metadata
from tests.builders import House
from tests.cast import HOME
from tests.till import ACCOUNT, Till

BREAK, MESSAGE = metadata.tables["statement_break"], metadata.tables["gateway_event"]
Paid = tuple[dict[str, str], dict[str, int]]
ON_STATEMENT = ("gateway", "resent", "forgotten")


async def money_day(house: House) -> Paid:
    """The references of the claims, and the ids of the payouts, by their part in the story."""
    till = Till(house)
    told: Paid = {}, {}
    for chapter in (_cash, _second_officers, _through_the_gateway, _sent_back, _lost, _fund, _recovered, _day_close):
        await chapter(house, till, told)
    return told


async def _refund(till: Till, told: Paid, name: str, *, method: str = "cash", asked: str = "50.00") -> int:
    """A claim agreed to be refunded, and its payout proposed."""
    reference = await till.agreed(asked=asked)
    return await _propose(till, told, name, reference, method)


async def _propose(till: Till, told: Paid, name: str, reference: str, method: str = "cash") -> int:
    told[0].setdefault(name, reference)
    account = ACCOUNT if name == "resolved" else None
    told[1][name] = (await till.propose(reference, method=method, account=account)).payout.id
    return told[1][name]


async def _cash(house: House, till: Till, told: Paid) -> None:
    paid = await _refund(till, told, "paid")
    await till.send(paid)
    await house.desk.write(payout_resolution.say_received, await house.vera(told[0]["paid"]), told[0]["paid"])
    await till.receive(paid)
    failed = await _refund(till, told, "failed")
    await till.send(failed)
    house.clock.go(minutes=40)
    await till.cancel(failed)
    retried = await _refund(till, told, "retried")
    await till.cancel(retried)
    told[1]["given_up"] = retried
    await till.send(await _propose(till, told, "retried", told[0]["retried"]))
    await _refund(till, told, "reserved")
    await _refund(till, told, "dropped")
    await house.withdraw(told[0]["dropped"], "商家已当面退款。")
    told[0]["short"] = await till.agreed()
    await house.desk.write(payouts.notice_short_fund, house.cast.chen, told[0]["short"])
    told[0]["late"] = (await house.lodge()).reference
    house.clock.go(hours=3)
    await house.desk.write(see_to_clocks, (await house.claim(told[0]["late"])).id)
    (missed,) = (await house.desk.read(misses_page, house.cast.ma, HOME, None, None, house.kit, "first_answer", 9, None))[1].lines
    await house.desk.write(explain_miss, house.cast.ma, missed.id, "值班的人都在处理索道停运。")
    await house.desk.write(fold_counts)


async def _second_officers(house: House, till: Till, told: Paid) -> None:
    reviewed = (await house.lodge(asked="200.00")).reference
    await house.assess(reviewed)
    await house.override(reviewed, "docket")
    await house.override(reviewed, "fast_refund")
    await _propose(till, told, "reviewed", reviewed)
    await till.approve(await _refund(till, told, "approved", asked="230.00"), house.cast.cai)
    lapsed = await _refund(till, told, "lapsed", asked="220.00")
    await till.approve(lapsed)
    house.clock.go(hours=25)
    await house.desk.write(payouts.lapse_approval, house.cast.chen, lapsed)
    await till.approve(lapsed, house.cast.cai)
    await till.send(lapsed)
    await till.receive(lapsed)


async def _through_the_gateway(house: House, till: Till, told: Paid) -> None:
    await _midday(house)
    for name in ("gateway", "forgotten"):
        payout_id = await _refund(till, told, name, method="original_route")
        await till.send(payout_id)
        await till.called(payout_id, "settled", f"gw-{name}")
    key = f"payout-{told[1]['gateway']}"
    for number, (kind, minor) in enumerate((("payout.settled", 1), ("payout.failed", 5000))):
        message = payout_words.Message(f"evt-{number}", kind, key, minor, "CNY", "gw-gateway")
        await house.desk.write(payout_words.hear_message, message)
    number = await house.desk.read(
        lambda conn: conn.execute(select(MESSAGE.c.number).where(MESSAGE.c.id == "evt-0")).scalar_one()
    )
    await house.desk.write(dismiss_message, house.cast.ma, number, "网关已更正金额。")
    resent = await _refund(till, told, "resent", method="transfer")
    await till.send(resent)
    await till.called(resent, "unclear")
    for seconds in (3, 31):
        house.clock.go(seconds=seconds)
        await till.asked(resent, "never_seen")
    await till.called(resent, "settled", "gw-resent")
    stuck = await _refund(till, told, "stuck", method="original_route")
    await till.send(stuck)
    await till.called(stuck, "never_left")
    house.clock.go(minutes=16)
    await till.called(stuck, "never_left")
    await house.desk.write(_statement, {name: told[1][name] for name in ON_STATEMENT})
    assert await house.desk.write(match_statements) == 1
    number = await house.desk.read(lambda conn: conn.execute(select(BREAK.c.id)).scalar_one())
    house.clock.go(minutes=1)
    await house.desk.write(resolve_break, house.cast.ma, number, "网关已追回多付的一笔。")


async def _lost(house: House, till: Till, told: Paid) -> None:
    lost = await _refund(till, told, "lost", method="original_route")
    await till.send(lost)
    await till.called(lost, "unclear")
    for hours in (1, 25):
        house.clock.go(hours=hours)
        await till.asked(lost, "unclear")
    resolved = await _refund(till, told, "resolved", method="transfer")
    await till.send(resolved)
    await till.called(resolved, "unclear")
    await till.resolve(resolved, "failed", house.cast.cai)
    await till.resolve(resolved, "failed", house.cast.ma)
    await till.send(await _refund(till, told, "sending", method="original_route"))


async def _sent_back(house: House, till: Till, told: Paid) -> None:
    for name in ("came_back", "bounced"):
        payout_id = await _refund(till, told, name, method="transfer")
        await till.send(payout_id)
        await till.called(payout_id, "settled", f"gw-{name}")
        house.clock.go(hours=1)
    await house.desk.write(recovery.record_payment, house.cast.ma, told[1]["bounced"], Money(1_000, "CNY"), How.CASH)
    for officer in (house.cast.cai, house.cast.ma):
        await house.desk.write(payout_returns.say_returned, officer, told[1]["came_back"], "银行退汇通知")
    message = payout_words.Message("evt-back", "payout.returned", f"payout-{told[1]['bounced']}", 5000, "CNY", "gw-bounced")
    await house.desk.write(payout_words.hear_message, message)


async def _fund(house: House, _: Till, told: Paid) -> None:
    write, cast = house.desk.write, house.cast
    await write(sends.stop_sends, cast.ma, "huangshan", "对账中，先停")
    house.clock.go(seconds=30)
    await write(fund.top_up, cast.ma, "huangshan", Money(500_000, "CNY"), Payer.GOVERNMENT, "第三季度")
    taken = await write(fund.propose_withdrawal, cast.ma, "huangshan", Money(70_000, "CNY"), Source.SITE, "退回景区")
    await write(fund.approve_withdrawal, cast.cai, "huangshan", taken.row.id)
    merchant = (await house.claim(told[0]["bounced"])).respondent_id
    back = (Money(400, "CNY"), Source.RECOVERED_IN_ERROR, "退还商家", merchant)
    taken = await write(fund.propose_withdrawal, cast.ma, "huangshan", *back)
    await write(fund.approve_withdrawal, cast.chen, "huangshan", taken.row.id)
    await write(sends.resume_sends, cast.ma, "huangshan")
    await write(fund.propose_withdrawal, cast.ma, "huangshan", Money(30_000, "CNY"), Source.SITE, "待复核")


async def _recovered(house: House, _: Till, told: Paid) -> None:
    write, ma, given_up, taken = house.desk.write, house.cast.ma, told[1]["lapsed"], told[1]["resent"]
    for number in (given_up, taken):
        await write(recovery.demand, ma, number, house.clock.at.date() + timedelta(days=30))
    await write(recovery.record_payment, ma, given_up, Money(2_000, "CNY"), How.CASH, "店主交来")
    asked = await write(propose_decision, ma, given_up, DecisionKind.WRITE_OFF, "商家已注销")
    assert asked.waiting
    assert asked.row.respondent_id
    await write(approve_decision, house.cast.cai, given_up, asked.waiting.row.id)
    await write(recovery.record_payment, ma, given_up, Money(1_000, "CNY"), How.TRANSFER)
    await write(pay_deposit_in, ma, "huangshan", asked.row.respondent_id, Money(3_000, "CNY"))
    await write(recovery.use_deposit, ma, taken, Money(2_000, "CNY"))


async def _day_close(house: House, till: Till, told: Paid) -> None:
    cai, ma = house.cast.cai, house.cast.ma
    for name, asked in (("counted", "30.00"), ("counted_too", "20.00")):
        await _handed_over(till, told, name, asked)
    (open_till,) = await house.desk.read(open_tills, cai, "huangshan")
    counted = (Method.CASH, Count(open_till.expected - 2_000, "CNY"), "少一张签收单", open_till.seen)
    await house.desk.write(close_day, cai, "huangshan", *counted)
    await _handed_over(till, told, "left", "10.00")
    await house.desk.write(disable_officer, house.cast.anton, "Cai")
    (left,) = [one for one in await house.desk.read(open_tills, ma, "huangshan") if one.left]
    for_cai = (Method.CASH, Count(left.expected, "CNY"), "收银员离职", left.seen, cai.id)
    await house.desk.write(close_day, ma, "huangshan", *for_cai)
    await house.desk.write(_ran_low, house.cast.sites["huangshan"])


async def _handed_over(till: Till, told: Paid, name: str, asked: str) -> None:
    """Cash that Cai proposed and handed over, and that was signed for."""
    cai, told[0][name] = till.house.cast.cai, await till.agreed(asked=asked)
    told[1][name] = (await till.propose(told[0][name], cai)).payout.id
    await till.send(told[1][name], cai)
    await till.receive(told[1][name], cai)


def _ran_low(work: Work, site_id: int) -> None:
    """A notice that the fund ran low, and that it does no longer."""
    site = sites.lock_by_id(work.conn, site_id)
    fund_watch.tell_enough(work, site, fund_watch.tell_low(work, site))


async def _midday(house: House) -> None:
    """Noon of the next day: the statement of one UTC day then holds all that the gateway does."""
    tomorrow = house.clock.at.astimezone(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=1)
    house.clock.at = datetime.combine(tomorrow, time(12), ZoneInfo("Asia/Shanghai"))


def _statement(work: Work, paid: dict[str, int]) -> None:
    """The gateway's statement of today, fetched tomorrow; its lines as the gateway tells them, one paid twice."""
    day, line = metadata.tables["statement_day"], metadata.tables["statement_line"]
    fetched = {"id": 1, "on_day": work.now.date(), "fetched_at": work.now + timedelta(days=1)}
    work.conn.execute(insert(day), fetched)
    for name, payout_id in paid.items():
        payout = payout_rows.get(work.conn, payout_id)
        told = {
            "id": payout_id, "gateway_id": f"gw-{name}", "key": payout.key, "amount_minor": payout.amount_minor,
            "currency": "CNY", "final": True, "paid_at": work.now,
        }  # fmt: skip
        work.conn.execute(insert(line), told)
        if name == "resent":
            work.conn.execute(insert(line), told | {"id": 1, "gateway_id": "gw-besides"})
