"""The ground of the money model: a real desk on a file, acts and refusals, and what is looked at after each step.

Holds no rule: officers' are in `test_money_model`, the worker's and the gateway's in `model_gateway`.
"""

import asyncio
import shutil
from collections.abc import Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from desk.ports import GatewayTerms
from tests.builders import GATEWAY_SECRET, House, open_house
from tests.cast import Cast
from tests.till import Till
from tests.worker.model_books import Seen, check_books, check_jobs, check_moves, check_world, look
from tests.worker.model_world import World

T = TypeVar("T")
SUMS = ("0.01", "88.00", "199.99", "200.00", "200.01", "1500.00", "4999.99")
numbers = count(1)


@dataclass(frozen=True)
class Furnished:
    """A desk with its staff on a file to copy, and a folder for the copies."""

    file: Path
    cast: Cast
    copies: Path


@dataclass(frozen=True)
class Case:
    """A claim of the model: what was asked, and whether it names the one order that several claims are about."""

    reference: str
    claim_id: int
    asked: str
    same_order: bool


@dataclass(frozen=True)
class Lot:
    """What chance decides about one step; each act looks at what concerns it."""

    pick: int
    really: bool
    by: str
    asked: str
    amount: str | None
    account: str | None
    how: str
    answer: str
    wait: int
    steps: int

    def of(self, found: Sequence[T]) -> T:
        """One of them."""
        return found[self.pick % len(found)]


class OnADesk(RuleBasedStateMachine):
    """One desk for one run. The event loop lives as long as the run does."""

    furnished: ClassVar[Furnished]
    gone: ClassVar[set[tuple[str, str]]]
    """The ways that payouts went, over all runs."""

    def __init__(self) -> None:
        super().__init__()
        self.file = self.furnished.copies / f"{next(numbers)}.db"
        self.loop = asyncio.Runner()
        self.opened: AbstractAsyncContextManager[House] | None = None
        self.cases: list[Case] = []
        self.stopped = False

    @initialize(
        honours=st.sampled_from([True, True, False]),
        left=st.sampled_from(["1500.00", "20000.00", "99000.00"]),
        asked=st.lists(st.sampled_from(SUMS), min_size=3, max_size=4),
    )
    def open_desk(self, honours: bool, left: str, asked: list[str]) -> None:
        """A gateway that honours keys or does not, so much in the fund, some claims agreed to be refunded."""
        shutil.copyfile(self.furnished.file, self.file)
        terms = GatewayTerms(honours, GATEWAY_SECRET)
        self.opened = open_house(f"sqlite:///{self.file}", furnish=False, gateway=terms)
        self.house = self.run(self.opened.__aenter__())
        self.house.cast = self.furnished.cast
        self.till, self.world = Till(self.house), World(honours)
        self.run(self.till.top_down(left))
        for one in asked:
            self.add_case(one, same_order=False)
        self.seen = self.look()

    def teardown(self) -> None:
        """Close the desk, also after a failure."""
        if self.opened is not None:
            self.run(self.opened.__aexit__(None, None, None))
        self.loop.close()
        self.file.unlink(missing_ok=True)

    @invariant()
    def everything_holds(self) -> None:
        """After each step."""
        before, self.seen = self.seen, self.look()
        check_books(self.seen)
        self.gone.update(check_moves(before, self.seen))
        check_world(self.seen, self.world)
        check_jobs(self.seen)

    @property
    def now(self) -> datetime:
        """The desk's time."""
        return self.house.clock.at

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.house.clock.at += timedelta(seconds=seconds)

    def run(self, act: Coroutine[Any, Any, T]) -> T:
        """Run on this run's own loop."""
        return self.loop.run(act)

    def look(self) -> Seen:
        """The database now."""
        return self.run(self.house.desk.read(look))

    def act(self, act: Coroutine[Any, Any, T], refusal: type[Exception] | None = None) -> T | None:
        """Act; where `refusal` says so it must be refused with just that, and leave nothing behind."""
        if refusal is None:
            return self.run(act)
        with pytest.raises(refusal) as raised:
            self.run(act)
        assert raised.type is refusal
        assert self.look() == self.seen
        return None

    def add_case(self, asked: str, *, same_order: bool) -> None:
        """Lodge a claim and agree to its refund."""
        reference = self.run(self.till.agreed(asked=asked, order_no="T-1" if same_order else None))
        self.cases.append(Case(reference, self.run(self.house.claim(reference)).id, asked, same_order))

    def doubts(self, payout: Any) -> bool:  # noqa: ANN401 - a row
        """Whether the gateway contradicts itself about a payout's claim, and nobody looked at it for that since it began."""
        since = self.seen.doubted.get(payout.claim_id)
        if since is None or "gateway_contradicts" not in payout.review:
            return since is not None
        return payout.state != "awaiting_approval" and (payout.approved_at is None or payout.approved_at < since)

    def payouts(self, *states: str, gateway: bool = False) -> list[Any]:
        """Payouts in these states, or in any, oldest first."""
        rows = self.seen.payouts.values()
        return [row for row in rows if (not states or row.state in states) and not (gateway and row.method == "cash")]

    def case_of(self, payout: Any) -> Case:  # noqa: ANN401 - a row
        """The claim of a payout."""
        return next(case for case in self.cases if case.claim_id == payout.claim_id)

    def state(self, payout_id: int) -> str:
        """Where a payout stands now."""
        return str(self.run(self.till.payout(payout_id)).state)
