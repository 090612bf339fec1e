"""Taking a step of the lifecycle: door, table, clocks, row and audit event in one place, the same for every action.

Holds no step's own conditions; those stand in the action that takes it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from desk.actions.scrub import scrubbed
from desk.domain.audit import EventKind, Happening, stored_data
from desk.domain.claim import PAYABLE, Outcome, State
from desk.domain.clocks import Clock, ClockState, is_late
from desk.domain.errors import Forbidden, NotFound, StaleVersion
from desk.domain.lifecycle import By, Move, Step, move_for
from desk.domain.notice import NoticeKind
from desk.domain.opening import Windows, windows_at
from desk.domain.payout import PayoutState
from desk.domain.policy import Act, Kind, Role, Viewer, require
from desk.domain.promises import Counting, after_step
from desk.ports import Work
from desk.store import claims, clocks, docket, events, notices, payouts, sites
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
    if State(held.claim.state) in PAYABLE:
        notices.close(work, held.claim.id, {NoticeKind.FUND_SHORT, NoticeKind.PAYOUT_RETURNED})
    event = happening(work, held, EventKind.MOVED, data)
    event = replace(event, step=step, from_state=held.claim.state, to_state=move.to, reason=scrubbed(work, held.claim, reason))
    events.append(work.conn, work.kit.lots.number(), event)
    return moved


def run_clocks(work: Work, held: Held, step: Step) -> list[Clock]:
    """Apply a step to the claim's clocks and store them; returns all clocks of the claim as they then stand."""
    known = clocks.of_claim(work.conn, held.claim.id)
    changed = after_step(step, known.values(), work.now, counting(work, held.claim, held.site))
    return keep_clocks(work, held, known, changed)


def keep_clocks(work: Work, held: Held, known: dict[int, Clock], changed: tuple[Clock, ...]) -> list[Clock]:
    """Store changed and new clocks, and what they missed; returns all clocks of the claim as they then stand."""
    clocks.save(work, held.claim.id, known, changed)
    record_breaches(work, held, changed)
    standing = {(clock.kind, clock.base_at): clock for clock in (*known.values(), *changed)}
    return list(standing.values())


def record_breaches(work: Work, held: Held, looked_at: Iterable[Clock]) -> None:
    """Write down each promise among these clocks that was missed, once for its deadline.

    A provisional deadline misses nothing: it has no consequence until its year is known. Source: SPEC 3; RELIABILITY I25.
    """
    for clock in looked_at:
        if clock.provisional or not is_late(clock, work.now) or not clocks.add_breach(work, held.claim.id, clock):
            continue
        said = {"clock": clock.kind, "due_at": clock.due_at.isoformat()}
        event = event_by(CALENDAR, f"claim:{held.claim.id}", held.site.id, EventKind.CLOCK_BREACHED, work.now, said)
        events.append(work.conn, work.kit.lots.number(), event)


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
    events.append(
        work.conn, work.kit.lots.number(), replace(happening(work, held, kind, data), reason=scrubbed(work, held.claim, reason))
    )


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
    return f"officer:{viewer.id}" if viewer.kind is Kind.OFFICER else viewer.kind.value


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


def _columns(work: Work, move: Move, running: list[Clock]) -> dict[str, Any]:
    """What every move writes into the claim's row."""
    outcome: Outcome | None = move.outcome
    return {
        "state": move.to.value, "outcome": outcome.value if outcome else None, "moved_at": work.now, "due_at": earliest(running)
    }  # fmt: skip
