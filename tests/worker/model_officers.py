"""What officers and visitors do to money in the money model, each act with what must come of it told by hand. Holds no rule."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from desk.actions import fund, payouts, sends
from desk.actions.gateway_messages import dismiss_message
from desk.domain.errors import AmountAboveDecided, FundInsufficient, PayoutExists, SecondOfficerNeeded, SendsStopped, WrongMoment
from desk.domain.fund import Payer, Source
from desk.domain.money import Money
from desk.domain.policy import Viewer
from desk.reads.verify import verify
from tests.cast import HOME
from tests.worker.model_books import COUNTING, NOT_LEFT, OPEN
from tests.worker.model_desk import Case, Lot, OnADesk

SOLO, CASHIER_DAY, SITE_DAY = 20_000, 2_000_000, 5_000_000
HERE = ZoneInfo("Asia/Shanghai")
Refusal = type[Exception] | None


class WithOfficers(OnADesk):
    """Officers, and the visitors whose claims they pay."""

    def __init__(self) -> None:
        super().__init__()
        self.withdrawals: dict[int, int] = {}
        self.shared: set[int] = set()

    def time_passes(self, lot: Lot) -> None:
        """Seconds, or a day."""
        self.wait(lot.wait)

    def the_fund_is_filled_or_drained(self, lot: Lot) -> None:
        """A manager tops up, or asks for money back, or a second person agrees to that."""
        if lot.really:
            self.top_up(lot.asked)
        elif self.withdrawals:
            self.give_back(*lot.of(list(self.withdrawals.items())), lot.by)
        else:
            self.ask_for(lot.asked)

    def the_switch_is_pressed(self, _lot: Lot) -> None:
        """The manager stops the refunds of the site, or lets them leave again; no payout moves by that."""
        write, ma = self.house.desk.write, self.staff("ma")
        pressing = write(sends.resume_sends, ma, HOME) if self.stopped else write(sends.stop_sends, ma, HOME, "对账不符")
        self.run(pressing)
        self.stopped = not self.stopped
        assert self.look().payouts == self.seen.payouts

    def a_refund_is_agreed(self, lot: Lot) -> None:
        """A claim more that may be paid, some about one and the same order."""
        self.add_case(lot.asked, same_order=lot.really)

    def cash_goes_its_way(self, lot: Lot) -> None:
        """Proposed, approved, handed over or signed for: the step that is next."""
        case, payout = lot.of(self.going_on("cash"))
        if payout is None:
            self.propose(case, lot.by, "cash", lot.amount)
        else:
            self.go_on(payout, lot.by)

    def a_transfer_leaves(self, lot: Lot) -> None:
        """As far as it gets in so many steps; what must hold does so after each of them."""
        case, payout = lot.of(self.going_on("transfer"))
        if payout is None:
            self.propose(case, lot.by, "transfer", None, lot.account)
        for _ in range(lot.steps):
            self.everything_holds()
            for row in self.seen.standing(case.claim_id):
                self.go_on(row, lot.by)

    def a_cashier_cancels(self, lot: Lot) -> None:
        """What has not left, or cash that was not taken."""
        self.cancel(lot.of(self.payouts()), cashier(lot.by))

    def a_manager_looks_at_a_contradiction(self, lot: Lot) -> None:
        """Nothing moves by that; with the last one of a claim its doubt is over."""
        number, claim_id = lot.of(list(self.seen.denied))
        self.run(self.house.desk.write(dismiss_message, self.staff("ma"), number, "网关已更正"))
        after = self.look()
        assert (after.payouts, after.jobs) == (self.seen.payouts, self.seen.jobs)
        assert (claim_id in after.doubted) == (claim_id in {claim for _, claim in after.denied})

    def a_step_comes_at_any_moment(self, lot: Lot) -> None:
        """Out of its turn, as likely as not."""
        payout, by = lot.of(self.payouts()), cashier(lot.by)
        steps = (self.approve, self.send, self.receive, self.lapse)
        if lot.really:
            steps[lot.steps % len(steps)](payout, by)
        else:
            self.propose(self.case_of(payout), by, "cash", None)

    def an_officer_says_what_became_of_it(self, lot: Lot) -> None:
        """Of an unknown payout."""
        self.resolve(lot.of(self.payouts("unknown")), lot.by)

    def a_claim_leaves_its_path(self, lot: Lot) -> None:
        """The visitor withdraws or objects."""
        case = lot.of(self.cases)
        if lot.really:
            self.withdraw(case)
        else:
            self.object(case)

    def an_officer_finds_something_new(self, lot: Lot) -> None:
        """Of a claim whose refund is agreed: who approved its payout must look again."""
        case = lot.of(self.agreed())
        voided = {row.id for row in self.seen.of_claim(case.claim_id) if row.state == "reserved" and row.needs_second}
        self.run(self.house.assess(case.reference))
        for row in self.seen.of_claim(case.claim_id):
            assert self.state(row.id) == ("awaiting_approval" if row.id in voided else row.state)

    def a_claim_comes_back(self, lot: Lot) -> None:
        """It was paid, or withdrawn."""
        self.come_back(lot.of(self.cases))

    def an_auditor_verifies(self, _lot: Lot) -> None:
        """The desk's own check finds nothing, but what is due only while a worker is awake, and that hands here hold for ever."""
        report = self.run(self.house.desk.read(verify, self.house.kit))
        found = [finding for finding in report.invariants if not finding.ok and finding.id not in ("I10", "I16")]
        assert found == [], found

    def go_on(self, payout: Any, by: str) -> None:  # noqa: ANN401 - a row
        """Take the officers' step that is next, if one is."""
        if payout.state == "awaiting_approval":
            self.approve(payout, "ma" if self.staff(by).id == payout.proposed_by else by)
        elif payout.state == "reserved":
            self.send(payout, cashier(by))
        elif payout.method == "cash":
            self.receive(payout, cashier(by))

    def top_up(self, amount: str) -> None:
        put_in = self.house.desk.write(fund.top_up, self.staff("ma"), HOME, Money(minor(amount), "CNY"), Payer.GOVERNMENT, None)
        assert self.run(put_in).available == self.available + minor(amount)

    def ask_for(self, amount: str) -> None:
        refusal = FundInsufficient if self.available < minor(amount) else None
        money = Money(minor(amount), "CNY")
        asking = self.house.desk.write(fund.propose_withdrawal, self.staff("ma"), HOME, money, Source.SITE, "退回多余资金")
        if done := self.act(asking, refusal):
            self.withdrawals[done.row.id] = minor(amount)

    def give_back(self, number: int, amount: int, by: str) -> None:
        refusal = SecondOfficerNeeded if by == "ma" else FundInsufficient if self.available < amount else None
        if self.act(self.house.desk.write(fund.approve_withdrawal, self.staff(by), HOME, number), refusal):
            del self.withdrawals[number]

    def resolve(self, payout: Any, by: str) -> None:  # noqa: ANN401 - a row
        """Honestly: what the gateway's own ledger shows, and nothing while the visitor may still come."""
        if self.world.awaits(payout.key):
            return
        outcome, who = "settled" if self.world.paid[payout.key] else "failed", self.staff(by)
        second = payout.resolve_as == outcome
        unfit = second and who.id in (payout.resolve_by, payout.proposed_by)
        if self.act(self.till.resolve(payout.id, outcome, who), SecondOfficerNeeded if unfit else None):
            assert self.state(payout.id) == (outcome if second else "unknown")

    def withdraw(self, case: Case) -> None:
        payouts_of = self.seen.of_claim(case.claim_id)
        out = any(row.state in OPEN and row.state not in NOT_LEFT for row in payouts_of)
        ended = self.seen.claims[case.claim_id] in ("closed", "withdrawn")
        if self.act(self.house.withdraw(case.reference), WrongMoment if out or ended else None):
            assert all(self.state(row.id) == ("cancelled" if row.state in OPEN else row.state) for row in payouts_of)

    def object(self, case: Case) -> None:
        paying = any(row.state in OPEN for row in self.seen.of_claim(case.claim_id))
        agreed = self.seen.claims[case.claim_id] == "fast_refund"
        self.act(self.house.object_to(case.reference), WrongMoment if paying or not agreed else None)

    def come_back(self, case: Case) -> None:
        """A claim that ended is opened again, and its refund agreed again unless it was paid."""
        ended = self.seen.claims[case.claim_id] in ("closed", "withdrawn")
        if not self.act(self.house.reopen(case.reference), None if ended else WrongMoment):
            return
        self.run(self.house.assess(case.reference))
        self.everything_holds()
        paid = PayoutExists if self.seen.standing(case.claim_id) else None
        self.act(self.house.confirm(case.reference, "fast_refund", self.house.cast.otto), paid)

    def propose(self, case: Case, by: str, method: str, amount: str | None, account: str | None = None) -> None:
        asked, who = minor(amount or case.asked), self.staff(cashier(by))
        proposing = self.till.propose(case.reference, who, method=method, amount=amount, account=account)
        if done := self.act(proposing, self.why_not_proposed(case, asked)):
            assert set(done.payout.review) == self.reviews(case, asked, who, shared=account is not None)
            assert done.payout.state == ("awaiting_approval" if done.payout.review else "reserved")
            self.shared |= {done.payout.id} if account else set()

    def approve(self, payout: Any, by: str) -> None:  # noqa: ANN401 - a row
        refusal: Refusal = SecondOfficerNeeded if self.staff(by).id == payout.proposed_by else None
        if payout.state != "awaiting_approval":
            refusal = WrongMoment
        if self.act(self.till.approve(payout.id, self.staff(by)), refusal):
            assert self.state(payout.id) == "reserved"

    def send(self, payout: Any, by: str) -> None:  # noqa: ANN401 - a row
        refusal: Refusal = SecondOfficerNeeded if payout.state == "awaiting_approval" else WrongMoment
        if payout.state == "reserved":
            ready: Refusal = SendsStopped if self.stopped else None
            refusal = ready if self.approved(payout) else SecondOfficerNeeded
        if self.act(self.till.send(payout.id, self.staff(by)), refusal):
            assert self.state(payout.id) == ("awaiting_visitor" if payout.method == "cash" else "sending")
        elif refusal is SecondOfficerNeeded:
            self.lapse(payout, by)

    def receive(self, payout: Any, by: str) -> None:  # noqa: ANN401 - a row
        signs = (payout.method, payout.state) == ("cash", "awaiting_visitor")
        if self.act(self.till.receive(payout.id, self.staff(by)), None if signs else WrongMoment):
            self.world.paid[payout.key] += 1
            assert self.state(payout.id) == "settled"

    def cancel(self, payout: Any, by: str) -> None:  # noqa: ANN401 - a row
        cash_out = (payout.method, payout.state) == ("cash", "awaiting_visitor")
        may = cash_out or payout.state in ("awaiting_approval", "reserved")
        if self.act(self.till.cancel(payout.id, self.staff(by)), None if may else WrongMoment):
            assert self.state(payout.id) == ("failed" if cash_out else "cancelled")

    def lapse(self, payout: Any, by: str) -> None:  # noqa: ANN401 - a row
        lapses = payout.state == "reserved" and not self.approved(payout)
        self.run(self.house.desk.write(payouts.lapse_approval, self.staff(by), payout.id))
        assert self.state(payout.id) == ("awaiting_approval" if lapses else payout.state)

    def approved(self, payout: Any) -> bool:  # noqa: ANN401 - a row
        """Whether a second officer looked where one must, not longer than 24 hours ago, and knew of every doubt."""
        if self.doubts(payout):
            return False
        return not payout.needs_second or (payout.approved_at and self.now - payout.approved_at <= timedelta(hours=24))

    def agreed(self) -> list[Case]:
        """Claims whose refund is agreed."""
        return [case for case in self.cases if self.seen.claims[case.claim_id] == "fast_refund"]

    def going_on(self, *methods: str) -> list[tuple[Case, Any]]:
        """Claims to be refunded whose next act is an officer's, with their payout of these methods, or None without one."""
        standing = [(case, next(iter(self.seen.standing(case.claim_id)), None)) for case in self.agreed()]
        return [(case, row) for case, row in standing if row is None or (row.method in methods and self.is_next(row))]

    def is_next(self, payout: Any) -> bool:  # noqa: ANN401 - a row
        """Whether an officer's step is next."""
        return payout.state in ("awaiting_approval", "reserved") or (payout.method, payout.state) == ("cash", "awaiting_visitor")

    def why_not_proposed(self, case: Case, asked: int) -> Refusal:
        """What a proposal must be refused with, None where it must not."""
        if self.seen.standing(case.claim_id):
            return PayoutExists
        if self.seen.claims[case.claim_id] != "fast_refund":
            return WrongMoment
        if asked > minor(case.asked):
            return AmountAboveDecided
        return FundInsufficient if asked > self.available else None

    def reviews(self, case: Case, asked: int, who: Viewer, *, shared: bool) -> set[str]:
        """The limits that a proposal reaches. Source: SPEC 5.6."""
        counting = self.payouts(*COUNTING)
        midnight = datetime.combine(self.now.astimezone(HERE).date(), time(), HERE)
        today = [row for row in counting if row.proposed_at >= midnight]
        own = sum(row.amount_minor for row in today if row.proposed_by == who.id)
        hit = {
            "solo_limit": asked >= SOLO,
            "per_order": case.same_order and any(self.case_of(row).same_order for row in counting),
            "per_payee": shared and any(row.id in self.shared for row in counting),
            "per_cashier_day": own + asked > CASHIER_DAY,
            "per_site_day": sum(row.amount_minor for row in today) + asked > SITE_DAY,
            "gateway_contradicts": case.claim_id in self.seen.doubted,
        }
        return {review for review, reached in hit.items() if reached}

    @property
    def available(self) -> int:
        """What Huangshan's fund has left, in minor units."""
        return self.seen.balances[self.house.cast.sites[HOME], "available"]

    def staff(self, name: str) -> Viewer:
        """An officer by name."""
        return self.house.cast.staff[name]


def cashier(by: str) -> str:
    """A manager sends nobody money: Chen does."""
    return "chen" if by == "ma" else by


def minor(amount: str) -> int:
    """A sum in minor units."""
    return int(amount.replace(".", ""))
