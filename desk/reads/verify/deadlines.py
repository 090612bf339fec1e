"""The promises: which clocks a claim must have (I25) and what each of them must say (I26). Starts and mends none."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from desk.domain import clocks as rules
from desk.domain.audit import EventKind
from desk.domain.calendar import WorkingCalendar
from desk.domain.clocks import RUNNING, Clock, ClockState, Segment
from desk.domain.ladder import Rung
from desk.domain.lifecycle import Step
from desk.domain.pack import ClockRule, Unit
from desk.domain.payout import PAID
from desk.domain.policy import Role
from desk.domain.promises import BY_EVENT, KEPT_BY_PAYING, Counting, after, after_step
from desk.reads.verify.dossier import Dossier
from desk.store.columns import FOREVER

_ANSWERS_FIRST = frozenset({EventKind.MESSAGE_SENT, EventKind.QUESTION_ASKED})
_STOPPING = frozenset({EventKind.MOVED, EventKind.PAYOUT_MOVED, *_ANSWERS_FIRST})
_BY_THE_DAY = frozenset({Unit.DAY, Unit.WORKING_DAY, Unit.YEAR})

Name = tuple[str, object]


@dataclass(frozen=True, slots=True)
class _Uncounted(Counting):
    """Starts clocks without counting their deadlines: most of the time would go there, and I26 counts them."""

    def start(self, kind: str, at: datetime) -> Clock:
        """A clock that begins and is due at once."""
        rule = self.pack.clocks[kind]
        return Clock(
            kind=rule.id, length=rule.length, unit=rule.unit, pauses=rule.pauses, pack=self.pack.version,
            confirmed=rule.confirmed, provisional=False, base_at=at, due_at=at, stopped_at=None, state=ClockState.RUNNING,
            segments=(Segment(RUNNING, at),), calendar=self.calendar.version,
        )  # fmt: skip


def i25_clocks_are_those_of_the_moves(dossier: Dossier) -> Iterator[str]:
    """Posting the moves once more gives every clock exactly once, started, paused and stopped when its row says."""
    if not dossier.moves:
        return
    due, found = _replayed(dossier), dossier.clocks
    stored = {_name(clock): clock for clock in found}
    if len(stored) != len(found):
        yield f"{dossier.name}: a clock is there twice"
    for kind, base_at in sorted(due.keys() ^ stored.keys(), key=str):
        yield f"{dossier.name}: clock {kind} is {'missing' if (kind, base_at) in due else 'not one that a move started'}"
    for name in due.keys() & stored.keys():
        if _course(due[name]) != _course(stored[name]):
            yield f"{dossier.name}: clock {name[0]} did not run as its moves say"


def i25_missed_promises_were_missed(dossier: Dossier) -> Iterator[str]:
    """Every missed promise is written down once, with one event, for a clock that was late by then."""
    told = [event for event in dossier.events if event.kind == EventKind.CLOCK_BREACHED]
    for event in told:
        breach = _breach(dossier, event)
        stood = (clock for clock in _as_it_stood(dossier, event) if (clock.kind, clock.due_at) == breach)
        if not any(rules.is_late(clock, event.at) for clock in stood):
            yield f"{dossier.name} event {event.seq}: no clock {breach[0]} was late"
    kept = sorted((row.kind, row.due_at, row.recorded_at) for row in dossier.rows["clock_breach"])
    if kept != sorted((*_breach(dossier, event), event.at) for event in told) or len({row[:2] for row in kept}) != len(kept):
        yield f"{dossier.name}: its missed promises are not those its chain tells of, each once"


def i25_each_clock_will_be_seen_to(dossier: Dossier) -> Iterator[str]:
    """A running clock is looked at when what follows the last that was told or missed of it is due, or before."""
    for row, clock in zip(dossier.rows["clock"], dossier.clocks, strict=True):
        look = rules.next_look_at(clock, _looked_at(dossier, clock))
        if look is not None and (row.next_at is None or row.next_at > look):
            yield f"{dossier.name}: nobody will look at clock {clock.kind} when it is due"


def _looked_at(dossier: Dossier, clock: Clock) -> datetime:
    """When somebody last had to look at a clock, as what they told and wrote down says: the desk's own clock may be put back."""
    mine = (clock.kind, clock.due_at)
    told = [row.told_at for row in dossier.rows["clock_reminder"] if (row.kind, row.due_at) == mine]
    missed = [row.recorded_at for row in dossier.rows["clock_breach"] if (row.kind, row.due_at) == mine]
    return max((*told, *missed), default=clock.base_at)


def i25_nobody_was_told_early(dossier: Dossier) -> Iterator[str]:
    """Every reminder came when its rung says, not before; one rung of a clock that runs is the last word on it, no other."""
    rows = dossier.rows["clock_reminder"]
    running = {(clock.kind, clock.due_at) for clock in dossier.clocks if clock.state is ClockState.RUNNING}
    for row in rows:
        if row.site_id != dossier.claim.site_id:
            yield f"{dossier.name}: a reminder stands at another site"
        if row.ended_at is None and (row.kind, row.due_at) not in running:
            yield f"{dossier.name}: a reminder stands though clock {row.kind} does not run"
        if row.told_at < Rung(row.minutes, frozenset({Role(row.role)})).at(row.due_at):
            yield f"{dossier.name}: {row.role} was told of clock {row.kind} before its time"
    open_rungs = {(row.kind, row.due_at, row.minutes) for row in rows if row.ended_at is None}
    if len({kind for kind, *_ in open_rungs}) != len(open_rungs):
        yield f"{dossier.name}: two reminders of one clock stand at once"


def i26_deadlines_can_be_counted_again(dossier: Dossier) -> Iterator[str]:
    """Every deadline counted again from its base, rule, segments, zone and calendar falls on the stored second."""
    zone = dossier.books.zones[dossier.claim.site_id]
    for clock in dossier.clocks:
        calendar = dossier.books.calendar_of(clock.calendar)
        if calendar is None:
            yield f"{dossier.name}: clock {clock.kind} was counted with calendar {clock.calendar}, which is not kept"
            continue
        again = _counted_again(clock, zone, calendar)
        if (again.due_at, again.provisional) != (clock.due_at, clock.provisional):
            yield f"{dossier.name}: clock {clock.kind} is due at another time than its count gives"
        elif clock.unit in _BY_THE_DAY and not calendar.is_working(clock.due_at.astimezone(zone).date()):
            yield f"{dossier.name}: clock {clock.kind} falls due on a rest day"


def i26_rules_are_those_of_the_pack(dossier: Dossier) -> Iterator[str]:
    """Every clock runs by the rule of the pack its claim was pinned to when it was lodged, and as a manager lengthened it."""
    pinned = {dossier.told(event).get("pack") for event in dossier.moves[:1]}
    if pinned - {dossier.claim.pack}:
        yield f"{dossier.name}: is not under the pack it was lodged under"
    for clock in dossier.clocks:
        rule = dossier.books.kit.packs.by_version(clock.pack).clocks[clock.kind]
        if clock.pack != dossier.claim.pack or not _obeys(clock, rule, _lengthened(dossier, clock)):
            yield f"{dossier.name}: clock {clock.kind} does not follow the rule of its pack"


def i26_claim_shows_its_next_deadline(dossier: Dossier) -> Iterator[str]:
    """The claim and its place on the docket show the earliest deadline that runs, or none."""
    running = (clock.due_at for clock in dossier.clocks if clock.state is ClockState.RUNNING)
    shown = [dossier.claim.due_at, *(entry.due_at for entry in dossier.rows["docket_entry"] if entry.closed_at is None)]
    if set(shown) != {min(running, default=FOREVER)}:
        yield f"{dossier.name}: shows another deadline than its earliest running clock"


def _replayed(dossier: Dossier, until: int | None = None) -> dict[Name, Clock]:
    """The clocks that the events of a claim call for, up to one of them. Only their course counts here, not their deadlines."""
    books, claim = dossier.books, dossier.claim
    counting = _Uncounted(books.kit.packs.by_version(claim.pack), books.zones[claim.site_id], books.calendar)
    known: dict[Name, Clock] = {}
    for event in dossier.events[:until]:
        if event.kind == EventKind.MOVED:
            changed = after_step(Step(event.step), known.values(), event.at, counting)
            known |= {_name(clock): clock for clock in changed}
        elif event.kind in BY_EVENT:
            changed = after(BY_EVENT[EventKind(event.kind)], known.values(), event.at, counting)
            known |= {_name(clock): clock for clock in changed}
        for name, clock in known.items() if event.kind in _STOPPING else ():
            if _stops_here(clock, event):
                known[name] = rules.stop(clock, event.at)
    return known


def _as_it_stood(dossier: Dossier, event: Row[Any]) -> Iterator[Clock]:
    """The claim's clocks when an event was written, each with the deadline that its row has."""
    due = {_name(clock): clock.due_at for clock in dossier.clocks}
    yield from (replace(clock, due_at=due[name]) for name, clock in _replayed(dossier, event.seq).items() if name in due)


def _stops_here(clock: Clock, event: Row[Any]) -> bool:
    """A receipt is stored with the lodging itself; a first message answers; money handed over or promised is paid."""
    if clock.kind in KEPT_BY_PAYING:
        return bool(event.kind == EventKind.PAYOUT_MOVED and event.to_state in PAID)
    return (clock.kind == "auto_receipt" and event.step == Step.LODGE) or (
        clock.kind == "first_answer" and event.kind in _ANSWERS_FIRST
    )


def _breach(dossier: Dossier, event: Row[Any]) -> tuple[str, datetime]:
    """Which clock an event says was missed, and the deadline."""
    told = dossier.told(event)
    return told["clock"], datetime.fromisoformat(told["due_at"])


def _name(clock: Clock) -> tuple[str, object]:
    return clock.kind, clock.base_at


def _course(clock: Clock) -> tuple[object, ...]:
    return clock.state, clock.stopped_at, clock.segments


def _counted_again(clock: Clock, zone: ZoneInfo, calendar: WorkingCalendar) -> Clock:
    """Count any clock anew; the domain recounts only provisional ones that are not void, so it is shown one."""
    state = ClockState.STOPPED if clock.state is ClockState.VOID else clock.state
    again = rules.recount(replace(clock, provisional=True, state=state), zone, calendar)
    return again if clock.unit in _BY_THE_DAY else replace(again, provisional=False)


def _obeys(clock: Clock, rule: ClockRule, more: int) -> bool:
    """Whether a clock is that of its rule, lengthened by what its chain says and no further than the rule allows."""
    ruled = (rule.length + more, rule.unit, rule.pauses, rule.confirmed)
    return more <= rule.extendable and (clock.length, clock.unit, clock.pauses, clock.confirmed) == ruled


def _lengthened(dossier: Dossier, clock: Clock) -> int:
    """By how much the chain says that a clock was lengthened."""
    told = [dossier.told(event) for event in dossier.events if event.kind == EventKind.CLOCK_EXTENDED]
    return sum(one["more"] for one in told if (one["clock"], one["base_at"]) == (clock.kind, clock.base_at.isoformat()))
