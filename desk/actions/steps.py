"""Taking a step of the lifecycle: door, table, clocks, row and audit event in one place, the same for every action.

Holds no step's own conditions; those stand in the action that takes it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from desk.actions.notifications import notify
from desk.actions.scrub import scrubbed
from desk.domain.audit import EventKind, Happening, stored_data
from desk.domain.claim import OPEN_STATES, PAYABLE, Outcome, State
from desk.domain.clocks import Clock, ClockState, is_late
from desk.domain.errors import Forbidden, NotFound, StaleVersion
from desk.domain.lifecycle import By, Move, Step, move_for
from desk.domain.notice import NoticeKind
from desk.domain.notification import news_of
from desk.domain.opening import Windows, windows_at
from desk.domain.payout import PayoutState
from desk.domain.policy import Act, Kind, Role, Viewer, require
from desk.domain.promises import Counting, after_step
from desk.domain.tally import all_of, tallied
from desk.ports import Work
from desk.store import claims, clocks, docket, events, notices, payouts, promises, sites
from desk.store.columns import FOREVER
from desk.store.tables import ClaimRow, SiteRow

CALENDAR = Viewer(Kind.CALENDAR, request_id="calendar")
DESK = Viewer(Kind.DESK, request_id="desk")


@dataclass(frozen=True, slots=True)
class Held:
    """A claim locked for one viewer's act, with its site; after a step also the claim's clocks, oldest first.

    `paying` is the state of its newest payout while the claim is to be refunded.
    """

    claim: ClaimRow
    site: SiteRow
    viewer: Viewer
    clocks: tuple[Clock, ...] = ()
    paying: PayoutState | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.site.time_zone)


def hold(
    work: Work, viewer: Viewer | None, act: Act, reference: str, version: int | None = None, *, in_any_state: bool = False
) -> Held:  # fmt: skip
    """Lock a claim for an act, through the one door.

    `version` is what the caller read, None where it does not matter; `in_any_state` is for acts on money, whose refusal
    must say why even where the role no longer reads the claim. Raises SignInNeeded, NotFound, Forbidden, StaleVersion.
    """
    asking = require(viewer, act, 0) if viewer is None else viewer
    claim = claims.get(work.conn, reference, asking.sites if asking.kind is Kind.OFFICER else None)
    require(asking, act, claim.site_id, claim.id)
    unread = asking.kind is Kind.OFFICER and State(claim.state) not in asking.readable_at(claim.site_id)
    if unread and not in_any_state:
        raise NotFound
    if version is not None and version != claim.version:
        raise StaleVersion(etag=f'"{claim.version}"')
    return Held(claim, sites.get(work.conn, claim.site_id), asking, paying=_paying(work, claim))


def _paying(work: Work, claim: ClaimRow) -> PayoutState | None:
    payout = payouts.latest(work.conn, claim.id) if State(claim.state) in PAYABLE else None
    return PayoutState(payout.state) if payout else None


def take(
    work: Work,
    held: Held,
    step: Step,
    *,
    reason: str | None = None,
    data: dict[str, Any] | None = None,
    **values: Any,  # noqa: ANN401
) -> Held:
    """Move the claim: check the table, run the clocks on, keep the docket, write row and event.

    `values` are further columns of the claim. Raises WrongMoment for a pair outside the table, Forbidden for somebody
    else's step.
    """
    move = move_for(State(held.claim.state), step)
    if not move.by & _by(held.viewer, held.claim.site_id):
        raise Forbidden
    running = run_clocks(work, held, step)
    changes = _columns(work, move, running) | values
    moved = replace(held, claim=claims.change(work.conn, held.claim, **changes), clocks=tuple(running))
    docket.follow(work, moved.claim, moved.site)
    if State(held.claim.state) in PAYABLE or move.to not in {*OPEN_STATES, State.ARCHIVED}:
        notices.close(work, held.claim.id, {NoticeKind.FUND_SHORT, NoticeKind.PAYOUT_RETURNED})
    event = happening(work, held, EventKind.MOVED, data)
    event = replace(event, step=step, from_state=held.claim.state, to_state=move.to, reason=scrubbed(work, held.claim, reason))
    _append(work, moved, event)
    return moved


def run_clocks(work: Work, held: Held, step: Step) -> list[Clock]:
    """Apply a step to the claim's clocks and store them; returns all clocks of the claim as they then stand."""
    known = clocks.of_claim(work.conn, held.claim.id)
    changed = after_step(step, known.values(), work.now, counting(work, held.claim, held.site))
    return keep_clocks(work, held, known, changed)


def keep_clocks(work: Work, held: Held, known: dict[int, Clock], changed: tuple[Clock, ...]) -> list[Clock]:
    """Store changed and new clocks, what they missed and add to the counts; returns all of the claim as they then stand.

    A promise that was missed by now stays missed where the step makes it void.
    """
    before, after = {_name(clock): clock for clock in known.values()}, {_name(clock): clock for clock in changed}
    voided = [before[name] for name, clock in after.items() if clock.state is ClockState.VOID and name in before]
    were = promises.breaches(work.conn, held.claim.id) if changed else set()
    clocks.save(work, held.claim.id, known, changed)
    late = record_breaches(work, held, (*voided, *changed))
    was = all_of(tallied(before[name], held.zone, were) for name in after if name in before)
    promises.append(work, held.site.id, all_of(tallied(clock, held.zone, were | late) for clock in changed) - was)
    return list((before | after).values())


def count_breaches(work: Work, held: Held, looked_at: Iterable[Clock]) -> None:
    """Write down what running clocks have missed by now, and count it."""
    running = tuple(looked_at)
    late = record_breaches(work, held, running)
    missed = [clock for clock in running if (clock.kind, clock.due_at) in late and clock.stopped_at is None]
    added = all_of(tallied(clock, held.zone, late) - tallied(clock, held.zone, ()) for clock in missed)
    promises.append(work, held.site.id, added)


def record_breaches(work: Work, held: Held, looked_at: Iterable[Clock]) -> set[tuple[str, datetime]]:
    """Write down each promise among these clocks that was missed, once for its deadline; those that are new.

    A provisional deadline misses nothing: it has no consequence until its year is known. Source: SPEC 3; RELIABILITY I25.
    """
    new = set[tuple[str, datetime]]()
    for clock in looked_at:
        if clock.provisional or not is_late(clock, work.now) or not clocks.add_breach(work, held.claim.id, held.site.id, clock):
            continue
        new.add((clock.kind, clock.due_at))
        said = {"clock": clock.kind, "due_at": clock.due_at.isoformat()}
        event = event_by(CALENDAR, f"claim:{held.claim.id}", held.site.id, EventKind.CLOCK_BREACHED, work.now, said)
        events.append(work.conn, work.kit.lots.number(), event)
    return new


def counting(work: Work, claim: ClaimRow, site: SiteRow) -> Counting:
    """What this claim's deadlines are counted with."""
    pack = work.kit.packs.by_version(claim.pack)
    return Counting(pack, ZoneInfo(site.time_zone), work.kit.shelf.calendar, windows_of(site))


def windows_of(site: SiteRow) -> Windows:
    """The windows in which minute and hour clocks run: the site's, or none when they run day and night."""
    return windows_at(site.hours, "clocks")


def earliest(standing: Sequence[Clock]) -> Any:  # noqa: ANN401 - a datetime
    """The next running deadline, or for ever."""
    return min((clock.due_at for clock in standing if clock.state is ClockState.RUNNING), default=FOREVER)


def record(work: Work, held: Held, kind: EventKind, data: dict[str, Any] | None = None, reason: str | None = None) -> None:
    """Audit something that moves no state."""
    _append(work, held, replace(happening(work, held, kind, data), reason=scrubbed(work, held.claim, reason)))


def _append(work: Work, held: Held, event: Happening) -> None:
    """Chain an event of the held claim, and let its visitor be told where it is news to them."""
    event_id = work.kit.lots.number()
    events.append(work.conn, event_id, event)
    step = Step(event.step) if event.step else None
    news = news_of(event.kind, step, by_visitor=held.viewer.kind is Kind.VISITOR)
    notify(work, held.claim, held.site, event_id, news)


def happening(work: Work, held: Held, kind: EventKind, data: dict[str, Any] | None = None) -> Happening:
    """An event about the held claim by its viewer, now."""
    return event_by(held.viewer, f"claim:{held.claim.id}", held.site.id, kind, work.now, data)


def event_by(
    viewer: Viewer,
    subject: str,
    site_id: int | None,
    kind: EventKind,
    at: datetime,
    data: dict[str, Any] | None = None,
) -> Happening:
    """An event about any subject."""
    role = (
        ",".join(sorted(viewer.roles_at(site_id or 0) or viewer.roles_at(0)))
        if viewer.kind is Kind.OFFICER
        else viewer.kind.value
    )
    return Happening(subject, kind, at, actor_of(viewer), role, site_id, viewer.request_id, data=stored_data(data or {}))


def actor_of(viewer: Viewer) -> str:
    """How the audit names who did it; a visitor is only ever "visitor"."""
    return f"{viewer.kind.value}:{viewer.id}" if viewer.kind in (Kind.OFFICER, Kind.PARTNER) else viewer.kind.value


def officer_id(viewer: Viewer) -> int:
    """The officer behind an act that only officers may do. Raises NotFound for anybody else."""
    if viewer.kind is not Kind.OFFICER or viewer.id is None:
        raise NotFound
    return viewer.id


def _by(viewer: Viewer, site_id: int) -> frozenset[By]:
    """As whom the viewer may take steps of a claim at this site."""
    if viewer.kind is Kind.OFFICER:
        return frozenset(By(role.value) for role in viewer.roles_at(site_id) - {Role.AUDITOR, Role.ADMIN})
    itself = {Kind.VISITOR: By.VISITOR, Kind.CALENDAR: By.CALENDAR, Kind.DESK: By.DESK}
    return frozenset({itself[viewer.kind]} if viewer.kind in itself else ())


def _name(clock: Clock) -> tuple[str, datetime]:
    """What makes a clock of a claim the same one."""
    return clock.kind, clock.base_at


def _columns(work: Work, move: Move, running: list[Clock]) -> dict[str, Any]:
    """What every move writes into the claim's row."""
    outcome: Outcome | None = move.outcome
    return {
        "state": move.to.value, "outcome": outcome.value if outcome else None, "moved_at": work.now, "due_at": earliest(running)
    }  # fmt: skip
