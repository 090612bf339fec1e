"""Past verdicts asked again under other figures: what would change, and how much money that moves.

It speaks of what the rule says of stored facts, not of what officers made of it. Reads no records and moves nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from desk.domain.claim import ClaimFacts, Route
from desk.domain.pack import RulePack
from desk.domain.triage import Reason, principal, triage


@dataclass(frozen=True, slots=True)
class PastVerdict:
    """What the rule said of a claim when it was last asked, and the facts it was asked about.

    `site` is a slug, `on` the day at the site. `made` tells whether an officer confirmed or overrode it or it was only proposed.
    """

    reference: str
    site: str
    on: date
    made: str
    pack: str
    route: Route
    reasons: tuple[Reason, ...]
    facts: ClaimFacts


@dataclass(frozen=True, slots=True)
class Change:
    """A verdict that would be another one: its route before and after, and the reasons it would gain and lose.

    `principal_minor` is what is asked back, in minor units of `currency`.
    """

    reference: str
    site: str
    on: date
    made: str
    pack: str
    before: Route
    after: Route
    gained: tuple[Reason, ...]
    lost: tuple[Reason, ...]
    principal_minor: int
    currency: str

    @property
    def rerouted(self) -> bool:
        """Whether the route itself would be another, and not only its reasons."""
        return self.before is not self.after

    @property
    def moved_minor(self) -> int:
        """What would be paid fast that was not, above zero; what would not be that was, below; 0 for any other change."""
        gains, had = self.after is Route.FAST_REFUND, self.before is Route.FAST_REFUND
        return (gains - had) * self.principal_minor


@dataclass(slots=True)
class Sum:
    """How many, and how much in minor units."""

    number: int = 0
    minor: int = 0

    def add(self, minor: int, number: int = 1) -> None:
        """Count one more of this amount."""
        self.number += number
        self.minor += minor


@dataclass(slots=True)
class Moved:
    """The money of one currency that a replay moves: what would go fast now, and what no longer would."""

    into_fast: Sum = field(default_factory=Sum)
    out_of_fast: Sum = field(default_factory=Sum)

    @property
    def net_minor(self) -> int:
        """By how much more the fund would pay; below zero, less."""
        return self.into_fast.minor - self.out_of_fast.minor


@dataclass(slots=True)
class FundDay:
    """Fast refunds of one day at the sites: as the verdicts were, as they would be, and what was really paid.

    A claim's principal counts whole, on the day of its last verdict; a payout on the day it settled.
    """

    before: Sum = field(default_factory=Sum)
    after: Sum = field(default_factory=Sum)
    paid: Sum = field(default_factory=Sum)

    @property
    def difference_minor(self) -> int:
        """By how much more would be paid; below zero, less."""
        return self.after.minor - self.before.minor


@dataclass(slots=True)
class Replay:
    """A run through past verdicts: how many were looked at, what would change, and the sums by currency and day."""

    looked_at: int = 0
    changes: list[Change] = field(default_factory=list)
    days: dict[tuple[str, date], FundDay] = field(default_factory=dict)

    def judge(self, past: PastVerdict, pack: RulePack) -> None:
        """Ask the rule again, under `pack`."""
        self.looked_at += 1
        again = triage(past.facts, pack)
        if change := change_of(past, again.route, again.reasons):
            self.changes.append(change)
        for route, sums in ((past.route, "before"), (again.route, "after")):
            if route is Route.FAST_REFUND:
                getattr(self._day(past.facts.currency, past.on), sums).add(principal(past.facts))

    def pay(self, currency: str, on: date, minor: int) -> None:
        """Count a payout that settled on that day at its site."""
        self._day(currency, on).paid.add(minor)

    def total(self, currency: str) -> FundDay:
        """All days of a currency in one."""
        whole = FundDay()
        for day in (day for (each, _), day in self.days.items() if each == currency):
            for sums, more in ((whole.before, day.before), (whole.after, day.after), (whole.paid, day.paid)):
                sums.add(more.minor, more.number)
        return whole

    def _day(self, currency: str, on: date) -> FundDay:
        return self.days.setdefault((currency, on), FundDay())


def change_of(past: PastVerdict, route: Route, reasons: tuple[Reason, ...]) -> Change | None:
    """How another verdict on the same facts differs, None where route and reasons are the same.

    Reasons are told apart by their codes: the same reason with another limit beside it is no change of the verdict.
    """
    before, after = {reason.code for reason in past.reasons}, {reason.code for reason in reasons}
    if (route, after) == (past.route, before):
        return None
    return Change(
        past.reference, past.site, past.on, past.made, past.pack, past.route, route,
        gained=tuple(reason for reason in reasons if reason.code not in before),
        lost=tuple(reason for reason in past.reasons if reason.code not in after),
        principal_minor=principal(past.facts), currency=past.facts.currency,
    )  # fmt: skip


def moved(changes: Iterable[Change]) -> dict[str, Moved]:
    """The money that changes move, by currency, in order of the codes; currencies in which nothing moves are left out."""
    sums = dict[str, Moved]()
    for change in changes:
        if change.moved_minor:
            of_currency = sums.setdefault(change.currency, Moved())
            into = change.moved_minor > 0
            (of_currency.into_fast if into else of_currency.out_of_fast).add(abs(change.moved_minor))
    return dict(sorted(sums.items()))
