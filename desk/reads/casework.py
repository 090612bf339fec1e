"""One claim as the officer works on it: the claim, the rule line by line, what happened, and what happened since one looked."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from desk.domain.claim import PAYABLE, State
from desk.domain.clocks import ClockState, is_late
from desk.domain.follow_up import Kind
from desk.domain.lifecycle import CONFIRM, OVERRIDE
from desk.domain.money import Money
from desk.domain.panel import Line, panel
from desk.domain.payout import UNDER_WAY, PayoutState
from desk.domain.policy import Viewer
from desk.domain.triage import Verdict, triage
from desk.ports import Kit
from desk.reads.claims import ClaimView, claim_view
from desk.reads.clocks import ClockWorking, clock_workings
from desk.reads.handoffs import HandoffsOfClaim, handoffs_of
from desk.reads.notifications import Notified, notified_of
from desk.reads.returns import ReturnView, turn_of, view_of
from desk.reads.status import stage_of
from desk.store import claims, follow_ups, payouts
from desk.store.tables import PayoutRow, metadata
from desk.wording.stages import Audience, Turn, due_of, say

EVENT, OFFICER = metadata.tables["event"], metadata.tables["officer"]


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of the claim. `by` is an officer's name, None for a party or the desk itself; `at` is at the site's offset."""

    seq: int
    at: datetime
    kind: str
    by: str | None
    role: str
    step: str | None
    to_state: str | None
    reason: str | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Casework:
    """Everything on the page of a claim. `history` is newest first; `seen` is the newest event's number in the chain."""

    view: ClaimView
    zone: ZoneInfo
    verdict: Verdict
    lines: Sequence[Line]
    clocks: Sequence[ClockWorking]
    history: Sequence[Happened]
    paying: bool
    payout_id: int | None
    sentence: str
    followed: tuple[Kind, ...]
    goods_return: ReturnView | None
    notified: Notified
    handoffs: HandoffsOfClaim

    @property
    def to_pay(self) -> bool:
        """Whether an amount is decided and waits to be paid."""
        return State(self.view.claim.state) in PAYABLE and self.view.claim.decided_minor is not None

    @property
    def seen(self) -> int:
        """The number of the newest event."""
        return self.history[0].seq if self.history else 0

    @property
    def decision(self) -> Happened | None:
        """The route that somebody chose last; None before, and again once the claim is back at the start."""
        steps = {*CONFIRM.values(), *OVERRIDE.values()}
        decided = next((event for event in self.history if event.step in steps), None)
        return None if State(self.view.claim.state) is State.RECEIVED else decided

    def since(self, seq: int) -> list[Happened]:
        """What happened after the event of this number, oldest first."""
        return [event for event in reversed(self.history) if event.seq > seq]


def casework(conn: Connection, viewer: Viewer, reference: str, language: str, kit: Kit) -> Casework:
    """The claim as this officer may see it. Raises NotFound as `claim_seen` does."""
    view = claim_view(conn, viewer, reference, kit)
    claim, zone = view.claim, ZoneInfo(view.site.time_zone)
    pack = kit.packs.by_version(claim.pack)
    facts = claims.facts_of(conn, claim, claim.received_at.astimezone(zone).date())
    payout, verdict = payouts.latest(conn, claim.id), triage(facts, pack)
    return Casework(
        view, zone, verdict, panel(facts, pack), clock_workings(conn, viewer, reference, language, kit),
        _history(conn, claim.id, zone), payout is not None and PayoutState(payout.state) in UNDER_WAY,
        payout.id if payout else None, _sentence(view, payout, turn_of(conn, claim), zone, language, kit),
        tuple(follow_ups.kinds_of(follow_ups.of_end(conn, claim))), view_of(conn, claim, kit),
        notified_of(conn, claim, zone, kit), handoffs_of(conn, claim, verdict.hand_offs),
    )  # fmt: skip


def _sentence(
    view: ClaimView, payout: PayoutRow | None, turn: Turn | None, zone: ZoneInfo, language: str, kit: Kit
) -> str:  # fmt: skip
    """Where the claim stands and who acts next, as an officer is told it."""
    claim, now = view.claim, kit.clock.now()
    at_stage = stage_of(claim, payout)
    running = {clock.kind: clock for clock in view.clocks if clock.state is ClockState.RUNNING}
    due_at = due_of(at_stage, {kind: clock.due_at for kind, clock in running.items()})
    late = any(clock.due_at == due_at and is_late(clock, now) for clock in running.values())
    agreed = Money(claim.decided_minor, claim.currency) if claim.decided_minor else None
    return say(
        at_stage, Audience.OFFICER, language, due_at=due_at, zone=zone, now=now, overdue=late, amount=agreed,
        payout_under_way=payout is not None and PayoutState(payout.state) in UNDER_WAY, turn=turn,
    ).sentence  # fmt: skip


def _history(conn: Connection, claim_id: int, zone: ZoneInfo) -> list[Happened]:
    query = select(EVENT).where(EVENT.c.subject == f"claim:{claim_id}").order_by(EVENT.c.seq.desc())
    rows = conn.execute(query).all()
    ids = {int(row.actor.partition(":")[2]) for row in rows if row.actor.startswith("officer:")}
    found = conn.execute(select(OFFICER.c.id, OFFICER.c.name).where(OFFICER.c.id.in_(ids)))
    names = {f"officer:{row.id}": row.name for row in found}
    return [
        Happened(
            row.seq, row.at.astimezone(zone), row.kind, names.get(row.actor), row.role, row.step, row.to_state, row.reason,
            json.loads(row.data),
        )
        for row in rows
    ]  # fmt: skip
