"""One claim as the officer works on it: the claim, the rule line by line, what happened, and what happened since one looked."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from desk.domain.panel import Line, panel
from desk.domain.payout import UNDER_WAY, PayoutState
from desk.domain.policy import Viewer
from desk.domain.triage import Verdict, triage
from desk.ports import Kit
from desk.reads.claims import ClaimView, claim_view
from desk.reads.clocks import ClockWorking, clock_workings
from desk.store import claims, payouts
from desk.store.tables import metadata

EVENT, OFFICER = metadata.tables["event"], metadata.tables["officer"]


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of the claim. `by` is an officer's name, None for a party or the desk itself; `at` is at the site's offset."""

    seq: int
    at: datetime
    kind: str
    by: str | None
    role: str
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

    @property
    def seen(self) -> int:
        """The number of the newest event."""
        return self.history[0].seq if self.history else 0

    def since(self, seq: int) -> list[Happened]:
        """What happened after the event of this number, oldest first."""
        return [event for event in reversed(self.history) if event.seq > seq]


def casework(conn: Connection, viewer: Viewer, reference: str, language: str, kit: Kit) -> Casework:
    """The claim as this officer may see it. Raises NotFound as `claim_seen` does."""
    view = claim_view(conn, viewer, reference, kit)
    claim, zone = view.claim, ZoneInfo(view.site.time_zone)
    pack = kit.packs.by_version(claim.pack)
    facts = claims.facts_of(conn, claim, claim.received_at.astimezone(zone).date())
    payout = payouts.latest(conn, claim.id)
    return Casework(
        view, zone, triage(facts, pack), panel(facts, pack), clock_workings(conn, viewer, reference, language, kit),
        _history(conn, claim.id, zone), payout is not None and PayoutState(payout.state) in UNDER_WAY,
        payout.id if payout else None,
    )  # fmt: skip


def _history(conn: Connection, claim_id: int, zone: ZoneInfo) -> list[Happened]:
    query = select(EVENT).where(EVENT.c.subject == f"claim:{claim_id}").order_by(EVENT.c.seq.desc())
    rows = conn.execute(query).all()
    ids = {int(row.actor.partition(":")[2]) for row in rows if row.actor.startswith("officer:")}
    found = conn.execute(select(OFFICER.c.id, OFFICER.c.name).where(OFFICER.c.id.in_(ids)))
    names = {f"officer:{row.id}": row.name for row in found}
    return [
        Happened(
            row.seq, row.at.astimezone(zone), row.kind, names.get(row.actor), row.role, row.to_state, row.reason,
            json.loads(row.data),
        )
        for row in rows
    ]  # fmt: skip
