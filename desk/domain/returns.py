"""No-reason returns: which pledge covers a purchase, which coded reasons speak against taking the goods back, what is missing.

Decides nothing: what the rule proposes a named officer confirms. Reads no clock; days are calendar days at the site.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from desk.domain.claim import Answer
from desk.domain.pack import RulePack
from desk.domain.triage import Reason

WINDOW = "return_window"
"""The rule of a pack that a pledge's days come from where it names none."""

LONGEST_DAYS = 365
SPEC_RETURNS = "SPEC 4.5"


class ReturnReason(StrEnum):
    """Why goods are not taken back, heaviest first. Source: SPEC 4.5; LAW R8."""

    SELLER_NOT_COVERED = "seller_not_covered"
    OUT_OF_TIME = "out_of_time"
    CUSTOM_MADE = "custom_made"
    ALTERED = "altered"
    DAMAGED_IN_TRANSPORT = "damaged_in_transport"
    NO_INVOICE = "no_invoice"


EXCLUSIONS = tuple(one for one in ReturnReason if one not in (ReturnReason.SELLER_NOT_COVERED, ReturnReason.OUT_OF_TIME))
"""What a pledge may except; its seller and its days bind every pledge."""


class ReturnAnswer(StrEnum):
    """What the visitor was answered first."""

    GOODS_AWAITED = "goods_awaited"
    REFUSED = "refused"


class ReturnOutcome(StrEnum):
    """How a return ended."""

    REFUNDED = "refunded"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ReturnPhase(StrEnum):
    """How far an open return has come."""

    ASKED = "asked"
    GOODS_AWAITED = "goods_awaited"
    GOODS_BACK = "goods_back"


@dataclass(frozen=True, slots=True)
class Pledge:
    """A promise to take goods back. `respondent` None: the site pledges for all its licensed merchants.

    It covers what is bought from `signed_on` to `withdrawn_on`, both included.
    """

    id: int
    respondent: int | None
    days: int
    exclusions: frozenset[ReturnReason]
    signed_on: date
    withdrawn_on: date | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What an officer sees of the goods; unknown while nobody has looked."""

    custom_made: Answer = Answer.UNKNOWN
    altered: Answer = Answer.UNKNOWN
    damaged_in_transport: Answer = Answer.UNKNOWN


@dataclass(frozen=True, slots=True)
class ReturnFacts:
    """What the rule looks at. `respondent` is None while nobody knows where the goods were bought.

    `licensed`: a merchant for whom the site's own pledge may stand, that is within the fund's reach.
    """

    requested_on: date
    purchased_on: date | None
    has_invoice: bool
    respondent: int | None
    licensed: bool = True
    findings: Findings = field(default_factory=Findings)

    @property
    def bought_on(self) -> date:
        """The day on which a pledge must have stood: of the purchase, of the request while nobody knows it."""
        return self.purchased_on or self.requested_on


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the rule says: the reasons against it, heaviest first, and what could still change that."""

    reasons: tuple[Reason, ...]
    missing: tuple[str, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of its reasons."""
        return tuple(reason.code for reason in self.reasons)


def phase(answer: str | None, *, goods_back: bool) -> ReturnPhase:
    """How far an open return has come, as its row stands."""
    if goods_back:
        return ReturnPhase.GOODS_BACK
    return ReturnPhase.GOODS_AWAITED if answer == ReturnAnswer.GOODS_AWAITED else ReturnPhase.ASKED


def covering(pledges: Iterable[Pledge], facts: ReturnFacts) -> Pledge | None:
    """The pledge that covers a purchase: the merchant's own before the site's, of several the one signed last.

    The site pledges for licensed merchants only; nobody pledges for a seller nobody knows. Source: SPEC 4.5; LAW R8.
    """
    if facts.respondent is None:
        return None
    bought = facts.bought_on
    stood = [
        pledge
        for pledge in pledges
        if pledge.signed_on <= bought <= (pledge.withdrawn_on or date.max)
        and (pledge.respondent == facts.respondent or (pledge.respondent is None and facts.licensed))
    ]
    return max(stood, key=lambda pledge: (pledge.respondent is not None, pledge.signed_on, pledge.id), default=None)


def last_day(pledge: Pledge, purchased_on: date) -> date:
    """The last day on which a return can be asked for; the day of the purchase is not counted (Civil Code 201)."""
    return purchased_on + timedelta(days=pledge.days)


def propose(facts: ReturnFacts, pledge: Pledge | None, pack: RulePack) -> Proposal:
    """Which coded reasons apply to a return, and which unknown facts could still bring one.

    The last day of the window counts. A reason is a proposal and never refuses by itself.
    Source: SPEC 3 `return_window`, 4.5; LAW R8.
    """
    if facts.respondent is None:
        return Proposal((), ("respondent",))
    if pledge is None:
        return Proposal((Reason(ReturnReason.SELLER_NOT_COVERED, SPEC_RETURNS),), ())
    reasons: list[Reason] = []
    missing: list[str] = []
    if facts.purchased_on is None:
        missing.append("purchased_on")
    elif facts.requested_on > (last := last_day(pledge, facts.purchased_on)):
        source = pack.clocks[WINDOW].source
        reasons.append(
            Reason(ReturnReason.OUT_OF_TIME, source, figure=facts.requested_on.isoformat(), limit=last.isoformat())
        )  # fmt: skip
    for code in EXCLUSIONS:
        if code in pledge.exclusions:
            found = _found(facts, code)
            reasons += [Reason(code, SPEC_RETURNS)] if found is Answer.YES else []
            missing += [code.value] if found is Answer.UNKNOWN else []
    return Proposal(tuple(reasons), tuple(missing))


def _found(facts: ReturnFacts, code: ReturnReason) -> Answer:
    """Whether an exclusion applies; an invoice that was not named can still be brought until the goods are looked at."""
    if code is ReturnReason.NO_INVOICE:
        return Answer.NO if facts.has_invoice else Answer.YES
    found: Answer = getattr(facts.findings, code.value)
    return found
