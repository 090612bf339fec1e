"""How money comes back in the money model, each act with what must come of it told by hand from SPEC 5.7. Holds no rule."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from desk.actions import recovery
from desk.actions.deposits import pay_deposit_back, pay_deposit_in
from desk.actions.recovery_decisions import approve_decision, propose_decision
from desk.domain.errors import AmountAboveOpen, DepositInsufficient, SecondOfficerNeeded, WrongMoment
from desk.domain.money import Money
from desk.domain.recovery import DecisionKind, How
from tests.cast import HOME
from tests.worker.model_desk import Lot, OnADesk

ASKED = ("demanded", "accepted")
OPEN = ("opened", *ASKED, "contested")
SUM = 5_000


@dataclass
class Owed:
    """What a merchant owes for one payout, as the model counts it, in minor units."""

    state: str
    open: int
    paid: int = 0
    written: int = 0


class WithRecoveries(OnADesk):
    """The manager, who gets back what was paid."""

    def __init__(self) -> None:
        super().__init__()
        self.owed: dict[int, Owed] = {}
        self.deposit = 0

    def a_merchant_is_asked_or_answers(self, lot: Lot) -> None:
        """Demanded, accepted, contested or upheld, at its moment or not."""
        number, owed = self.one_owed(lot)
        write, ma, today = self.house.desk.write, self.house.cast.ma, self.now.date()
        acts: list[tuple[Any, tuple[str, ...], str | None]] = [
            (write(recovery.demand, ma, number, today + timedelta(days=30)), ("opened", *ASKED), None),
            (write(recovery.accept, ma, number), ("demanded", "contested"), "accepted"),
            (write(recovery.contest, ma, number, "没有多收"), ("demanded",), "contested"),
            (write(recovery.uphold, ma, number, "票据清楚"), ("contested",), "demanded"),
        ]
        fitting = [place for place, (_, states, _) in enumerate(acts) if owed.state in states]
        asking, states, to = acts.pop(lot.of(fitting) if lot.really and fitting else lot.steps % len(acts))
        for left, *_ in acts:
            left.close()
        if self.act(asking, None if owed.state in states else WrongMoment):
            owed.state = to or ("demanded" if owed.state == "opened" else owed.state)
        self.parts_hold()

    def money_comes_back(self, lot: Lot) -> None:
        """In cash or from the deposit, some of it, all of it, or more than is owed."""
        number, owed = self.one_owed(lot)
        late = owed.state == "written_off"
        room = owed.written if late else owed.open
        minor = room if lot.really and room else min(SUM, room + 1)
        above: Any = AmountAboveOpen if minor > room else None
        write, ma, money = self.house.desk.write, self.house.cast.ma, Money(minor, "CNY")
        if lot.how == "answered" or lot.steps % 2:
            fits = above if late or owed.state in OPEN else WrongMoment
            if self.act(write(recovery.record_payment, ma, number, money, How.CASH), fits):
                self.came(owed, minor, "recovered", late=late)
        else:
            short = DepositInsufficient if minor > self.deposit else None
            fits = (above or short) if owed.state in ASKED else WrongMoment
            if self.act(write(recovery.use_deposit, ma, number, money), fits):
                self.deposit -= minor
                self.came(owed, minor, "deposit_used", late=False)
        self.parts_hold()

    def the_rest_is_given_up(self, lot: Lot) -> None:
        """When a second person agrees; whoever asked for it is none."""
        number, owed = self.one_owed(lot)
        write, ma = self.house.desk.write, self.house.cast.ma
        kind = DecisionKind.VOID if owed.state == "contested" else DecisionKind.WRITE_OFF
        fits = None if owed.state in OPEN else WrongMoment
        asked = self.act(write(propose_decision, ma, number, kind, "无法追回"), fits)
        if asked is None:
            return
        assert asked.waiting
        self.seen = self.look()
        decision, refusal = asked.waiting.row.id, SecondOfficerNeeded if lot.by == "ma" else None
        self.act(write(approve_decision, self.house.cast.staff[lot.by], number, decision), refusal)
        if refusal:
            self.seen = self.look()
            self.run(write(approve_decision, self.house.cast.cai, number, decision))
        owed.state, owed.written, owed.open = "written_off", owed.written + owed.open, 0
        self.parts_hold()

    def a_deposit_is_paid_in_or_back(self, lot: Lot) -> None:
        """By the merchant of every claim, and to them."""
        number, _ = self.one_owed(lot)
        who = self.seen.recoveries[number].respondent_id
        way = pay_deposit_in if lot.really else pay_deposit_back
        refusal = None if lot.really or self.deposit >= SUM else DepositInsufficient
        moving = self.house.desk.write(way, self.house.cast.ma, HOME, who, Money(SUM, "CNY"))
        if done := self.act(moving, refusal):
            self.deposit += SUM if lot.really else -SUM
            assert done.holds == self.deposit

    def one_owed(self, lot: Lot) -> tuple[int, Owed]:
        """One of the payouts that settled, and what the model knows of it."""
        number = lot.of(list(self.seen.recoveries))
        return number, self.owed.setdefault(number, Owed("opened", self.seen.payouts[number].amount_minor))

    def came(self, owed: Owed, minor: int, ends: str, *, late: bool) -> None:
        """Count what came."""
        owed.paid += minor
        if late:
            owed.written -= minor
            owed.state = owed.state if owed.written else "recovered"
        else:
            owed.open -= minor
            owed.state = owed.state if owed.open else ends

    def parts_hold(self) -> None:
        """Every recovery stands as it was counted by hand."""
        rows = self.look().recoveries
        told = {number: (row.state, row.recovered_minor, row.written_off_minor) for number, row in rows.items()}
        assert {number: told[number] for number in self.owed} == {
            number: (owed.state, owed.paid, owed.written) for number, owed in self.owed.items()
        }
