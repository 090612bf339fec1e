"""Which clocks a step of the lifecycle starts, stops, pauses or makes void. Counts nothing: `clocks` does.

Only clocks that this desk can also stop stand here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from desk.domain import clocks
from desk.domain.audit import EventKind
from desk.domain.calendar import WorkingCalendar
from desk.domain.claim import Route
from desk.domain.clocks import Clock, ClockState
from desk.domain.incident import INCIDENT_CLOCKS
from desk.domain.lifecycle import OVERRIDE, Step
from desk.domain.opening import Windows
from desk.domain.pack import RulePack

WAITING_FOR_VISITOR = "waiting_for_visitor"
WAITING_FOR_GOODS = "waiting_for_goods"
DECISIONS = frozenset({"first_answer", "acceptance"})
KEPT_BY_PAYING = frozenset({"fast_payment", "return_close"})
"""Promises that are kept once the money is out, whenever its visitor takes it. Source: SPEC 3, `fast_payment`; LAW P2."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What one step does to the clocks of its claim, by clock id; it makes void before it stops, and stops before it starts.

    `again` are started too, but only where none of the kind runs any more.
    """

    starts: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    stops: frozenset[str] = frozenset()
    voids: frozenset[str] = frozenset()
    pauses: str | None = None
    resumes: bool = False


_ROUTES = frozenset({"fast_payment", "mediation"})
_RETURN = frozenset({"return_answer", "return_close"})
_ALL = DECISIONS | _ROUTES | _RETURN
_ANSWERED = DECISIONS | {"return_answer"}
_DECIDED = Effect(stops=DECISIONS, voids=_ROUTES)
_INTO_FAST = Effect(starts=("fast_payment",), stops=DECISIONS, voids=frozenset({"mediation"}))
_INTO_DOCKET = Effect(starts=("mediation",), stops=DECISIONS, voids=frozenset({"fast_payment"}))
_ASKED = Effect(stops=frozenset({"first_answer"}), voids=_ROUTES, pauses=WAITING_FOR_VISITOR)

EFFECTS: Mapping[Step, Effect] = MappingProxyType(
    {
        Step.LODGE: Effect(starts=("auto_receipt", "first_answer", "acceptance")),
        Step.CONFIRM_NEEDS_INFORMATION: _ASKED,
        Step.ANSWER: Effect(resumes=True),
        Step.NO_ANSWER: Effect(resumes=True),
        Step.CONFIRM_FAST_REFUND: _INTO_FAST,
        Step.CONFIRM_DOCKET: _INTO_DOCKET,
        Step.CONFIRM_REFUSE: _DECIDED,
        Step.CONFIRM_TRANSFER: _DECIDED,
        OVERRIDE[Route.FAST_REFUND]: _INTO_FAST,
        OVERRIDE[Route.DOCKET]: _INTO_DOCKET,
        OVERRIDE[Route.NEEDS_INFORMATION]: _ASKED,
        OVERRIDE[Route.REFUSE]: _DECIDED,
        OVERRIDE[Route.TRANSFER]: _DECIDED,
        Step.OBJECT: _INTO_DOCKET,
        Step.PAYOUT_SETTLED: Effect(stops=frozenset({"fast_payment"})),
        Step.BANK_RETURN: Effect(starts=("fast_payment",)),
        Step.START_RETURN: Effect(starts=("return_answer", "return_close")),
        Step.RETURN_REFUNDED: Effect(stops=DECISIONS | _RETURN),
        Step.RETURN_REFUSED: Effect(again=("acceptance",), stops=_RETURN | {"first_answer"}),
        Step.WITHDRAW: Effect(voids=_ALL),
        Step.REOPEN: Effect(starts=("first_answer", "acceptance")),
        Step.ARCHIVE: Effect(),
    }
)
"""Source: SPEC 3, start → stop; SPEC 4. A decision that asks for information answers the visitor but does not accept;
a refund that the bank returned is promised anew. A claim whose return is refused must still be accepted, refused or transferred:
the clock of that runs on, and anew where taking the goods back had stopped it."""

BY_EVENT: Mapping[EventKind, Effect] = MappingProxyType(
    {
        EventKind.RETURN_ANSWERED: Effect(stops=_ANSWERED, pauses=WAITING_FOR_GOODS),
        EventKind.RETURN_GOODS_BACK: Effect(stops=_ANSWERED, resumes=True),
    }
)
"""What happens to clocks within a state: a return that is answered waits for the goods. Source: SPEC 3, `return_answer`."""

PROMISED = tuple(dict.fromkeys(kind for effect in EFFECTS.values() for kind in effect.starts))
"""Every clock that runs on claims here, in the order in which a claim's life starts them."""
REPORTED = (*PROMISED, *INCIDENT_CLOCKS)
"""Every promise that is counted: those of claims, then those of incidents."""


@dataclass(frozen=True, slots=True)
class Counting:
    """What a deadline of one claim is counted with: its pack, and the site's zone, calendar and opening windows."""

    pack: RulePack
    zone: ZoneInfo
    calendar: WorkingCalendar
    windows: Windows = ()

    def start(self, kind: str, at: datetime) -> Clock:
        """Start the clock `kind` of the pack."""
        return clocks.start(self.pack.clocks[kind], at, self.pack.version, self.zone, self.calendar, self.windows)


def with_reminders(clock: Clock, pack: RulePack) -> Clock:
    """The clock with the ladder of its pack, where it was started before packs had any."""
    return clock if clock.ladder else replace(clock, ladder=pack.clocks[clock.kind].ladder)


def left_to_extend(clock: Clock, pack: RulePack, now: datetime) -> int:
    """By how many of its units a clock may still be lengthened; none once it has ended or was missed. Source: LAW c2."""
    rule = pack.clocks[clock.kind]
    if clock.stopped_at is not None or clocks.is_late(clock, now):
        return 0
    return max(0, rule.length + rule.extendable - clock.length)


def after_step(step: Step, running: Iterable[Clock], at: datetime, counting: Counting) -> tuple[Clock, ...]:
    """The clocks that the step changed or started, the started ones last. `at` is UTC; ended clocks are left alone."""
    return after(EFFECTS[step], running, at, counting)


def after(effect: Effect, running: Iterable[Clock], at: datetime, counting: Counting) -> tuple[Clock, ...]:
    """The same for an effect, of a step or of an event."""
    changed = [(clock, _changed(clock, effect, at, counting)) for clock in running]
    goes_on = {clock.kind for _, clock in changed if clock.stopped_at is None}
    kinds = (*effect.starts, *(kind for kind in effect.again if kind not in goes_on))
    started = [counting.start(kind, at) for kind in kinds]
    return (*(now for before, now in changed if now != before), *started)


def _changed(clock: Clock, effect: Effect, at: datetime, counting: Counting) -> Clock:
    if clock.state not in (ClockState.RUNNING, ClockState.PAUSED):
        return clock
    if clock.kind in effect.voids:
        return clocks.void(clock, at)
    if clock.kind in effect.stops:
        return clocks.stop(clock, at)
    if effect.pauses:
        return clocks.pause(clock, at, effect.pauses)
    return clocks.resume(clock, at, counting.zone, counting.calendar) if effect.resumes else clock
