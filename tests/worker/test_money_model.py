"""Anything that can happen to money, in any order, on a real desk: after each step the books are right and nobody was paid twice.

What each act may do is told here by hand; one that is refused must leave nothing behind at all.
"""

import random
import shutil
from pathlib import Path
from typing import Any, ClassVar

import anyio
import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from tests.builders import open_house
from tests.cast import Cast
from tests.conftest import ASKED
from tests.worker.model_books import EDGES, WORKED_ON
from tests.worker.model_desk import Furnished, one, picks, sums
from tests.worker.model_gateway import WithGateway
from tests.worker.model_officers import CASHIERS, WithOfficers
from tests.worker.model_world import CALLS

WAITS = [1, 31, 31, 61, 15 * 60, 8 * 3600, 24 * 3600 - 60, 25 * 3600]
SHARED = "6222020000000000000"
cashiers, approvers = st.sampled_from(CASHIERS), st.sampled_from([*CASHIERS, "ma"])
amounts, calls = st.sampled_from([None, None, "0.01", "199.99"]), st.sampled_from(CALLS)


class Money(WithOfficers, WithGateway):
    """Officers and visitors beside the worker and the gateway."""

    @rule(seconds=st.sampled_from(WAITS))
    def time_passes(self, seconds: int) -> None:
        self.wait(seconds)

    @rule(pick=picks, amount=sums, what=st.sampled_from(["in", "in", "ask", "out"]), by=approvers)
    def the_fund_is_filled_or_drained(self, pick: int, amount: str, what: str, by: str) -> None:
        """A manager tops up, or asks for money back, or a second person agrees to that."""
        if what == "in":
            self.top_up(amount)
        elif what == "ask":
            self.ask_for(amount)
        elif self.withdrawals:
            self.give_back(*one(list(self.withdrawals.items()), pick), by)

    @precondition(lambda self: len(self.going_on()) < 3)
    @rule(asked=sums, same_order=st.booleans())
    def a_refund_is_agreed(self, asked: str, same_order: bool) -> None:
        self.add_case(asked, same_order=same_order)

    @precondition(lambda self: self.going_on("cash"))
    @rule(pick=picks, by=approvers, amount=amounts)
    def cash_goes_its_way(self, pick: int, by: str, amount: str | None) -> None:
        case, payout = one(self.going_on("cash"), pick)
        if payout is None:
            self.propose(case, by, "cash", amount)
        else:
            self.go_on(payout, by)

    @precondition(lambda self: self.going_on("transfer"))
    @rule(pick=picks, by=approvers, account=st.sampled_from([None, None, SHARED]), steps=st.integers(1, 3))
    def a_transfer_leaves(self, pick: int, by: str, account: str | None, steps: int) -> None:
        """As far as it gets in so many steps; what must hold does so after each of them."""
        case, payout = one(self.going_on("transfer"), pick)
        if payout is None:
            self.propose(case, by, "transfer", None, account)
        for _ in range(steps):
            self.everything_holds()
            for row in self.seen.standing(case.claim_id):
                self.go_on(row, by)

    @precondition(lambda self: self.payouts("sending", "unknown", "awaiting_visitor", gateway=True))
    @rule(pick=picks, how=calls, clear=st.booleans(), wait=st.sampled_from([0, 31, 900]), rounds=st.integers(1, 6))
    def a_worker_goes_on(self, pick: int, how: str, clear: bool, wait: int, rounds: int) -> None:
        """It calls, its call ends, and so on; what must hold does so after each of them."""
        number = one(self.payouts("sending", "unknown", "awaiting_visitor", gateway=True), pick).id
        for _ in range(rounds):
            if self.seen.payouts[number].state in WORKED_ON:
                self.work_on(number, how, clear=clear)
                self.wait(wait)
                self.everything_holds()

    @precondition(lambda self: self.payouts())
    @rule(pick=picks, step=st.sampled_from(["propose", "approve", "send", "receive", "cancel", "lapse"]), by=cashiers)
    def a_step_at_any_moment(self, pick: int, step: str, by: str) -> None:
        payout = one(self.payouts(), pick)
        if step == "propose":
            self.propose(self.case_of(payout), by, "cash", None)
        else:
            getattr(self, step)(payout, by)

    @precondition(lambda self: self.payouts("unknown"))
    @rule(pick=picks, by=approvers)
    def an_officer_says_what_became_of_an_unknown_one(self, pick: int, by: str) -> None:
        self.resolve(one(self.payouts("unknown"), pick), by)

    @rule(pick=picks, how=st.sampled_from(["withdraw", "object", "come back", "come back", "come back"]))
    def a_claim_leaves_its_path_or_comes_back(self, pick: int, how: str) -> None:
        case = one(self.cases, pick)
        if how == "withdraw":
            self.withdraw(case)
        elif how == "object":
            self.object(case)
        else:
            self.come_back(case)

    def go_on(self, payout: Any, by: str) -> None:  # noqa: ANN401 - a row
        """Take the officers' step that is next, if one is."""
        cashier = CASHIERS[by == CASHIERS[1]]
        if payout.state == "awaiting_approval":
            self.approve(payout, "ma" if self.staff(by).id == payout.proposed_by else by)
        elif payout.state == "reserved":
            self.send(payout, cashier)
        elif payout.method == "cash":
            self.receive(payout, cashier)


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


def check_model(on: Furnished, effort: settings, seed: int) -> set[tuple[str, str]]:
    """Play so many runs, and name the seed when one fails; returns the ways that payouts went."""

    class Here(Money):
        furnished = on
        gone: ClassVar[set[tuple[str, str]]] = set()

    try:
        run_state_machine_as_test(hypothesis.seed(seed)(Here), settings=effort)
    except BaseException as error:
        error.add_note(f"the same runs again: DESK_TEST_SEED={seed}")
        raise
    return Here.gone


def test_whatever_happens_the_books_are_right_and_nobody_is_paid_twice(furnished: Furnished) -> None:
    check_model(furnished, QUICK, int(ASKED.get("DESK_TEST_SEED", 1)))


@pytest.mark.slow
def test_however_long_it_goes_on_and_every_way_is_gone(furnished: Furnished) -> None:
    gone = check_model(furnished, THOROUGH, int(ASKED.get("DESK_TEST_SEED", random.getrandbits(32))))
    assert {(state, to) for state, reached in EDGES.items() for to in reached} <= gone
