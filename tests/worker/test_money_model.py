"""Anything that can happen to money, in any order, on a real desk: after each step the books are right and nobody was paid twice.

What each act may do is told here by hand; one that is refused must leave nothing behind at all.
"""

import random
import shutil
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import ClassVar

import anyio
import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from tests.builders import open_house
from tests.cast import Cast
from tests.conftest import ASKED
from tests.worker.model_books import EDGES
from tests.worker.model_desk import SUMS, Furnished, Lot
from tests.worker.model_gateway import WithGateway
from tests.worker.model_officers import WithOfficers
from tests.worker.model_recovery import WithRecoveries
from tests.worker.model_world import ANSWERS, CALLS

WAITS = (0, 31, 31, 31, 61, 900, 8 * 3600, 24 * 3600 - 60, 25 * 3600)
ACCOUNTS = (None, None, "6222020000000000000")


class Money(WithOfficers, WithRecoveries, WithGateway):
    """All of them: at each step somebody does something that can be done."""

    def possible(self) -> list[str]:
        """What can be done now, each as often as it is likely."""
        chances: dict[str, tuple[int, object]] = {
            "time_passes": (2, True),
            "the_fund_is_filled_or_drained": (2, True),
            "the_switch_is_pressed": (3 if self.stopped else 1, True),
            "a_refund_is_agreed": (3, len(self.going_on()) < 3),
            "cash_goes_its_way": (3, self.going_on("cash")),
            "a_transfer_leaves": (6, self.going_on("transfer")),
            "a_worker_goes_on": (8, self.out()),
            "a_worker_dies": (2, self.hands),
            "a_worker_makes_its_round": (1, self.out()),
            "it_was_only_slow": (3, self.ghosts),
            "the_visitor_comes_for_it_or_not": (2, self.awaited()),
            "the_gateway_tells": (2, self.known()),
            "the_gateway_repeats_itself": (1, self.told),
            "the_gateway_contradicts_what_has_ended": (1, self.payouts("settled", "failed", gateway=True)),
            "a_manager_looks_at_a_contradiction": (3, self.seen.denied),
            "the_gateway_talks_nonsense": (1, self.payouts()),
            "an_officer_says_what_became_of_it": (2, self.payouts("unknown")),
            "a_cashier_cancels": (1, self.payouts()),
            "a_step_comes_at_any_moment": (2, self.payouts()),
            "a_claim_leaves_its_path": (1, True),
            "an_officer_finds_something_new": (1, self.agreed()),
            "a_claim_comes_back": (1, True),
            "a_merchant_is_asked_or_answers": (4, self.seen.recoveries),
            "money_comes_back": (4, self.seen.recoveries),
            "the_rest_is_given_up": (1, self.seen.recoveries),
            "a_deposit_is_paid_in_or_back": (1, self.seen.recoveries),
            "an_auditor_verifies": (1, True),
        }
        return [act for act, (times, can) in chances.items() if can for _ in range(times)]

    @rule(
        act=st.runner().flatmap(lambda machine: st.sampled_from(machine.possible())),
        lot=st.builds(
            Lot, pick=st.integers(0, 31), really=st.booleans(), by=st.sampled_from(["chen", "cai", "ma"]),
            asked=st.sampled_from(SUMS), amount=st.sampled_from([None, None, "0.01", "199.99"]),
            account=st.sampled_from(ACCOUNTS), how=st.sampled_from(CALLS),
            answer=st.sampled_from(ANSWERS), wait=st.sampled_from(WAITS), steps=st.integers(1, 8),
        ),
    )  # fmt: skip
    def step(self, act: str, lot: Lot) -> None:
        """Somebody does something."""
        getattr(self, act)(lot)


QUICK = settings(
    max_examples=4, stateful_step_count=30, deadline=None, database=None, print_blob=True,
    phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
)  # fmt: skip
THOROUGH = settings(QUICK, max_examples=200, stateful_step_count=50)
SOAK_STEPS, TOLD_EVERY = 100, 60.0


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


def check_model(on: Furnished, effort: settings, seed: int, began: Callable[[], None] = lambda: None) -> set[tuple[str, str]]:
    """Play so many runs, and name the seed when one fails; returns the ways that payouts went. `began` hears of each run."""

    class Here(Money):
        furnished = on
        gone: ClassVar[set[tuple[str, str]]] = set()

        def __init__(self) -> None:
            super().__init__()
            began()

    try:
        run_state_machine_as_test(hypothesis.seed(seed)(Here), settings=effort)
    except BaseException as error:
        error.add_note(f"the same runs again: DESK_TEST_SEED={seed}")
        raise
    return Here.gone


def test_whatever_happens_the_books_are_right_and_nobody_is_paid_twice(furnished: Furnished) -> None:
    check_model(furnished, QUICK, int(ASKED.get("DESK_TEST_SEED", 1)))


@pytest.mark.slow
def test_however_long_it_goes_on_and_every_way_is_gone(furnished: Furnished, capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(ASKED.get("DESK_TEST_SEED", random.getrandbits(32)))
    if runs := int(ASKED.get("DESK_TEST_SOAK", 0)):
        effort = settings(QUICK, max_examples=runs, stateful_step_count=SOAK_STEPS)
        gone = check_model(furnished, effort, seed, progress(runs, seed, capsys))
    else:
        gone = check_model(furnished, THOROUGH, seed)
    assert {(state, to) for state, reached in EDGES.items() for to in reached} <= gone


def progress(runs: int, seed: int, capsys: pytest.CaptureFixture[str]) -> Callable[[], None]:
    """Say the seed now, and once a minute how far it is."""
    numbers, start = count(1), time.monotonic()
    spoken = [start]

    def say(text: str) -> None:
        with capsys.disabled():
            print(text, flush=True)

    def began() -> None:
        number, now = next(numbers), time.monotonic()
        if now - spoken[0] >= TOLD_EVERY or number == runs:
            spoken[0], pace = now, number / (now - start)
            say(f"run {number} of {runs}, {pace:.2f} a second, {max(0, runs - number) / pace / 60:.0f} minutes to go")

    say(f"\n{runs} runs of {SOAK_STEPS} steps; the same again: DESK_TEST_SEED={seed}")
    return began
