"""Anything that can happen to money, in any order, on a real desk: after each step the books are right and nobody was paid twice.

What each act may do is told here by hand; one that is refused must leave nothing behind at all.
"""

import random
import shutil
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import anyio
import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from desk.actions import fund, payouts
from desk.domain.errors import (
    AmountAboveDecided,
    FundInsufficient,
    PayoutExists,
    SecondOfficerNeeded,
    WrongMoment,
)
from desk.domain.fund import Payer
from desk.domain.policy import Viewer
from tests.builders import open_house, yuan
from tests.cast import HOME, Cast
from tests.conftest import ASKED
from tests.worker.model_books import COUNTING, NOT_LEFT, OPEN
from tests.worker.model_desk import Case, Furnished, one, picks, sums
from tests.worker.model_gateway import WithGateway

SOLO, CASHIER_DAY, SITE_DAY = 20_000, 2_000_000, 5_000_000
WAITS = [1, 3, 31, 61, 15 * 60, 8 * 3600, 24 * 3600 - 60, 24 * 3600, 25 * 3600]
HERE, SHARED = ZoneInfo("Asia/Shanghai"), "6222020000000000000"
cashiers, approvers = st.sampled_from(["chen", "cai"]), st.sampled_from(["chen", "cai", "ma"])
STEPS = ("approve", "send", "receive", "cancel", "lapse")


class Money(WithGateway):
    """Officers and visitors beside the worker and the gateway."""

    def __init__(self) -> None:
        super().__init__()
        self.withdrawals: dict[int, int] = {}
        self.shared: set[int] = set()

    @rule(seconds=st.sampled_from(WAITS))
    def time_passes(self, seconds: int) -> None:
        self.wait(seconds)

    @rule(amount=sums)
    def a_manager_tops_up(self, amount: str) -> None:
        put_in = self.house.desk.write(fund.top_up, self.staff("ma"), HOME, yuan(amount), Payer.GOVERNMENT, None)
        assert self.run(put_in).available == self.available + minor(amount)

    @rule(amount=sums)
    def a_manager_asks_for_money_back(self, amount: str) -> None:
        short = FundInsufficient if self.available < minor(amount) else None
        asking = fund.propose_withdrawal, self.staff("ma"), HOME, yuan(amount), Payer.SITE, "退回多余资金"
        if done := self.act(self.house.desk.write(*asking), short):
            self.withdrawals[done.row.id] = minor(amount)

    @precondition(lambda self: self.withdrawals)
    @rule(pick=picks, by=approvers)
    def a_second_person_gives_it_back(self, pick: int, by: str) -> None:
        number, amount = one(list(self.withdrawals.items()), pick)
        refusal = SecondOfficerNeeded if by == "ma" else FundInsufficient if self.available < amount else None
        if self.act(self.house.desk.write(fund.approve_withdrawal, self.staff(by), HOME, number), refusal):
            del self.withdrawals[number]

    @rule(asked=sums, same_order=st.booleans())
    def a_refund_is_agreed(self, asked: str, same_order: bool) -> None:
        self.add_case(asked, same_order=same_order)

    @rule(
        pick=picks,
        by=cashiers,
        method=st.sampled_from(["cash", "original_route", "transfer"]),
        amount=st.none() | sums,
        shared=st.booleans(),
    )
    def a_cashier_proposes(self, pick: int, by: str, method: str, amount: str | None, shared: bool) -> None:
        case, account = one(self.cases, pick), SHARED if shared and method != "cash" else None
        asked = minor(amount or case.asked)
        proposing = self.till.propose(case.reference, self.staff(by), method=method, amount=amount, account=account)
        done = self.act(proposing, self.why_not_proposed(case, asked))
        if done is None:
            return
        assert set(done.payout.review) == self.reviews(case, asked, by, shared=account is not None)
        assert done.payout.state == ("awaiting_approval" if done.payout.review else "reserved")
        self.shared |= {done.payout.id} if account else set()

    @precondition(lambda self: self.payouts("awaiting_approval"))
    @rule(pick=picks, by=approvers)
    def a_second_officer_approves(self, pick: int, by: str) -> None:
        self.approve(one(self.payouts("awaiting_approval"), pick), by)

    @precondition(lambda self: self.payouts("reserved"))
    @rule(pick=picks, by=cashiers)
    def a_cashier_sends(self, pick: int, by: str) -> None:
        self.send(one(self.payouts("reserved"), pick), by)

    @precondition(lambda self: self.payouts("awaiting_visitor"))
    @rule(pick=picks, by=cashiers)
    def a_visitor_signs(self, pick: int, by: str) -> None:
        self.receive(one(self.payouts("awaiting_visitor"), pick), by)

    @precondition(lambda self: self.payouts("awaiting_approval", "reserved", "awaiting_visitor"))
    @rule(pick=picks, by=cashiers)
    def a_cashier_cancels(self, pick: int, by: str) -> None:
        self.cancel(one(self.payouts("awaiting_approval", "reserved", "awaiting_visitor"), pick), by)

    @precondition(lambda self: self.payouts())
    @rule(pick=picks, step=st.sampled_from(STEPS), by=cashiers)
    def a_step_at_any_moment(self, pick: int, step: str, by: str) -> None:
        getattr(self, step)(one(self.payouts(), pick), by)

    @precondition(lambda self: self.payouts("unknown"))
    @rule(pick=picks, by=approvers)
    def an_officer_says_what_became_of_an_unknown_one(self, pick: int, by: str) -> None:
        """Honestly: what the gateway's own ledger shows, and nothing while the visitor may still come."""
        payout = one(self.payouts("unknown"), pick)
        if self.world.awaits(payout.key):
            return
        outcome = "settled" if self.world.paid[payout.key] else "failed"
        who, second = self.staff(by), payout.resolve_as == outcome
        unfit = second and who.id in (payout.resolve_by, payout.proposed_by)
        if self.act(self.till.resolve(payout.id, outcome, who), SecondOfficerNeeded if unfit else None):
            assert self.state(payout.id) == (outcome if second else "unknown")

    @rule(pick=picks)
    def a_visitor_withdraws(self, pick: int) -> None:
        case = one(self.cases, pick)
        states = {row.state for row in self.seen.of_claim(case.claim_id)}
        out = states & set(OPEN) - set(NOT_LEFT)
        ended = self.seen.claims[case.claim_id] in ("closed", "withdrawn")
        if self.act(self.house.withdraw(case.reference), WrongMoment if out or ended else None):
            left = {row.id: row.state for row in self.seen.of_claim(case.claim_id)}
            assert all(self.state(number) == ("cancelled" if was in OPEN else was) for number, was in left.items())

    @rule(pick=picks)
    def a_visitor_objects(self, pick: int) -> None:
        case = one(self.cases, pick)
        paying = {row.state for row in self.seen.of_claim(case.claim_id)} & set(OPEN)
        agreed = self.seen.claims[case.claim_id] == "fast_refund"
        self.act(self.house.object_to(case.reference), WrongMoment if paying or not agreed else None)

    @rule(pick=picks)
    def an_ended_claim_comes_back_and_is_agreed_again(self, pick: int) -> None:
        case, house = one(self.cases, pick), self.house
        ended = self.seen.claims[case.claim_id] in ("closed", "withdrawn")
        if self.act(house.reopen(case.reference), None if ended else WrongMoment):
            self.run(house.assess(case.reference))
            self.run(house.confirm(case.reference, "fast_refund", house.cast.otto))

    def approve(self, payout: Any, by: str) -> None:  # noqa: ANN401 - a row
        refusal = WrongMoment if payout.state != "awaiting_approval" else None
        if refusal is None and self.staff(by).id == payout.proposed_by:
            refusal = SecondOfficerNeeded
        if self.act(self.till.approve(payout.id, self.staff(by)), refusal):
            assert self.state(payout.id) == "reserved"

    def send(self, payout: Any, by: str) -> None:  # noqa: ANN401 - a row
        refusal = SecondOfficerNeeded if payout.state == "awaiting_approval" else WrongMoment
        if payout.state == "reserved":
            refusal = None if self.approved(payout) else SecondOfficerNeeded
        if self.act(self.till.send(payout.id, self.staff(by)), refusal):
            assert self.state(payout.id) == ("awaiting_visitor" if payout.method == "cash" else "sending")

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
        """Whether a second officer looked where one must, not longer than 24 hours ago."""
        return not payout.needs_second or (payout.approved_at and self.now - payout.approved_at <= timedelta(hours=24))

    def why_not_proposed(self, case: Case, asked: int) -> type[Exception] | None:
        """What a proposal must be refused with, None where it must not."""
        if self.seen.standing(case.claim_id):
            return PayoutExists
        if self.seen.claims[case.claim_id] != "fast_refund":
            return WrongMoment
        if asked > minor(case.asked):
            return AmountAboveDecided
        return FundInsufficient if asked > self.available else None

    def reviews(self, case: Case, asked: int, by: str, *, shared: bool) -> set[str]:
        """The limits that a proposal reaches. Source: SPEC 5.6."""
        counting = self.payouts(*COUNTING)
        midnight = datetime.combine(self.now.astimezone(HERE).date(), time(), HERE)
        today = [row for row in counting if row.proposed_at >= midnight]
        own = sum(row.amount_minor for row in today if row.proposed_by == self.staff(by).id)
        hit = {
            "solo_limit": asked >= SOLO,
            "per_order": case.same_order and any(self.case_of(row).same_order for row in counting),
            "per_payee": shared and any(row.id in self.shared for row in counting),
            "per_cashier_day": own + asked > CASHIER_DAY,
            "per_site_day": sum(row.amount_minor for row in today) + asked > SITE_DAY,
        }
        return {review for review, reached in hit.items() if reached}

    @property
    def available(self) -> int:
        """What Huangshan's fund has left, in minor units."""
        return self.seen.balances[self.house.cast.sites[HOME], "available"]

    def staff(self, name: str) -> Viewer:
        """An officer by name."""
        return self.house.cast.staff[name]


def minor(amount: str) -> int:
    """A sum in minor units."""
    return int(amount.replace(".", ""))


QUICK = settings(
    max_examples=15, stateful_step_count=30, deadline=None, database=None, print_blob=True,
    phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
)  # fmt: skip
THOROUGH = settings(QUICK, max_examples=200, stateful_step_count=50)


@pytest.fixture(scope="module")
def furnished(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    """A desk with its staff, to be copied for each run."""
    folder = tmp_path_factory.mktemp("model")
    file = Path(shutil.copyfile(sqlite_template, folder / "furnished.db"))

    async def furnish() -> Cast:
        async with open_house(f"sqlite:///{file}") as house:
            return house.cast

    cast = anyio.run(furnish)
    assert [path.name for path in folder.iterdir()] == ["furnished.db"], "what was written must be in the file itself"
    return Furnished(file, cast, folder)


def check_model(on: Furnished, effort: settings, seed: int) -> None:
    """Play so many runs, and name the seed when one fails."""

    class Here(Money):
        furnished = on

    try:
        run_state_machine_as_test(hypothesis.seed(seed)(Here), settings=effort)
    except BaseException as error:
        error.add_note(f"the same runs again: DESK_TEST_SEED={seed}")
        raise


def test_whatever_happens_the_books_are_right_and_nobody_is_paid_twice(furnished: Furnished) -> None:
    check_model(furnished, QUICK, int(ASKED.get("DESK_TEST_SEED", 1)))


@pytest.mark.slow
def test_however_long_it_goes_on(furnished: Furnished) -> None:
    check_model(furnished, THOROUGH, int(ASKED.get("DESK_TEST_SEED", random.getrandbits(32))))
