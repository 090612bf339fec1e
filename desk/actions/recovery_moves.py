"""Moving a recovery: table, entry, row and event in one place, the same for every action; opened and taken back with its payout.

Holds no step's own conditions; those stand in the action that takes it.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from desk.actions.scrub import scrubbed
from desk.actions.steps import Held, counting, happening
from desk.domain import fund
from desk.domain.audit import EventKind
from desk.domain.claim import Basis, Route
from desk.domain.errors import AmountAboveOpen
from desk.domain.fund import NOBODY_NAMED, RECEIVABLE, Posting
from desk.domain.policy import Act, Kind, Viewer, require
from desk.domain.recovery import (
    ENDED,
    Parts,
    RecoveryMove,
    RecoveryState,
    RecoveryStep,
    recovery_move,
    returned_lines,
    state_after,
)
from desk.ports import Work
from desk.store import claims, events, sites
from desk.store import fund as books
from desk.store import recovery as recoveries
from desk.store.fund import Booked
from desk.store.recovery import Waiting
from desk.store.tables import PayoutRow, RecoveryRow, RespondentRow

LIMITATION = "recovery_limitation"


@dataclass(frozen=True, slots=True)
class Recovering:
    """A recovery whose claim is locked for one viewer's act, who owes it, and the decision that waits for a second person."""

    row: RecoveryRow
    held: Held
    respondent: RespondentRow | None = None
    waiting: Waiting | None = None

    @property
    def state(self) -> RecoveryState:
        """Where the recovery stands."""
        return RecoveryState(self.row.state)

    @property
    def parts(self) -> Parts:
        """The parts of its amount."""
        return recoveries.parts_of(self.row)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a bank return takes back: the parts as they stood before it, and the lines that its entry has for them."""

    parts: Parts
    lines: tuple[Posting, ...]


def hold_recovery(work: Work, viewer: Viewer, act: Act, payout_id: int) -> Recovering:
    """Lock a recovery's claim, and with it the recovery, for an officer's act. Raises NotFound, Forbidden."""
    claim = claims.get_by_id(work.conn, recoveries.claim_of(work.conn, payout_id))
    require(viewer, act, claim.site_id, claim.id)
    row = recoveries.get(work.conn, payout_id)
    owes = recoveries.respondent(work.conn, row.site_id, row.respondent_id)
    held = Held(claim, sites.get(work.conn, claim.site_id), viewer)
    return Recovering(row, held, owes, recoveries.waiting(work.conn, payout_id))


def open_recovery(work: Work, held: Held, payout: PayoutRow) -> None:
    """What the respondent owes from the moment a payout settled; its limitation runs from then. Source: SPEC 5.7; LAW R5."""
    recoveries.add(
        work.conn,
        {
            "payout_id": payout.id, "claim_id": held.claim.id, "site_id": held.site.id,
            "respondent_id": held.claim.respondent_id, "basis": _basis(work, held), "currency": payout.currency,
            "amount_minor": payout.amount_minor, "recovered_minor": 0, "written_off_minor": 0, "returned_minor": 0,
            "state": RecoveryState.OPENED.value, "opened_at": work.now, "demanded_at": None,
            "lapses_at": lapses_at(work, held), "ended_at": None,
        },
    )  # fmt: skip


def _basis(work: Work, held: Held) -> str | None:
    """The ground on which the respondent owes it: for goods taken back the pledge, else the one the findings name.

    Only a return decides an amount without that route; it stays what is owed when the bank sends the money back.
    Source: SPEC 4.5, 5.4.
    """
    if held.claim.route != Route.FAST_REFUND:
        return Basis.UNDERTAKING.value
    found = claims.latest_assessment(work.conn, held.claim.id)
    return found.basis if found else None


def take_back(work: Work, held: Held, payout_id: int) -> TakenBack:
    """Mark the recovery of a payout returned by the bank, and say what the entry of the return must move.

    The caller holds the claim and writes that entry. Raises WrongMoment where it was returned before. Source: SPEC 5.2.
    """
    recovering = Recovering(recoveries.get(work.conn, payout_id), held)
    taken = TakenBack(recovering.parts, returned_lines(recovering.parts, _receivable(recovering.row)))
    move(work, recovering, RecoveryStep.RETURN, 0)
    return taken


def lapses_at(work: Work, held: Held) -> datetime:
    """The end of a limitation that starts now. Source: LAW R5, T5; figure `recovery_limitation` of the claim's pack."""
    return counting(work, held.claim, held.site).start(LIMITATION, work.now).due_at


def move(
    work: Work, recovering: Recovering, step: RecoveryStep, minor: int = 0, said: dict[str, Any] | None = None, *,
    words: str | None = None, **values: Any,  # noqa: ANN401 - whatever columns there are
) -> Recovering:  # fmt: skip
    """Move a recovery: write its entry, row and event; `words` stand with both entry and event.

    `minor` is what the step recovers or gives up, 0 for one that moves no money. Raises WrongMoment for a pair outside the
    table, AmountAboveOpen for more than is open, FundInsufficient where an account would fall below zero.
    """
    way, before = recovery_move(recovering.state, step), recovering.parts
    if minor > (before.written_off if step is RecoveryStep.PAY_LATE else before.open):
        raise AmountAboveOpen
    after = before.after(step, minor)
    to = state_after(recovering.state, step, after)
    kept = scrubbed(work, recovering.held.claim, words)
    told = {"recovery": str(recovering.row.payout_id), "step": step.value, **(said or {})}
    if way.entry is not None:
        told |= {"amount_minor": minor, "entry": str(_post(work, recovering, way, minor, kept))}
    event = replace(happening(work, recovering.held, EventKind.RECOVERY_MOVED, told), from_state=recovering.state, to_state=to)
    events.append(work.conn, work.kit.lots.number(), replace(event, reason=kept))
    ended = {"ended_at": recovering.row.ended_at or work.now} if to in ENDED else {}
    parts = {
        "recovered_minor": after.recovered, "written_off_minor": after.written_off, "returned_minor": after.returned
    }  # fmt: skip
    row = recoveries.change(work.conn, recovering.row, state=to.value, **parts, **ended, **values)
    return replace(recovering, row=row)


def _post(work: Work, recovering: Recovering, way: RecoveryMove, minor: int, words: str | None) -> int:
    assert way.entry is not None
    lines = fund.postings(way.entry, minor, respondent=recovering.row.respondent_id or NOBODY_NAMED)
    viewer = recovering.held.viewer
    by = viewer.id if viewer.kind is Kind.OFFICER else None
    return books.post(work, recovering.held.site, way.entry, lines, Booked(recovering.row.payout_id, by, words))


def _receivable(row: RecoveryRow) -> str:
    return f"{RECEIVABLE}:{row.respondent_id or NOBODY_NAMED}"
