"""What of a recovery is given up: asked for by the manager, done when a second person agrees. Source: SPEC 5.2, 5.5, 8."""

from dataclasses import replace

from desk.actions.fund import refuse_unless_second
from desk.actions.recovery import check_currency
from desk.actions.recovery_moves import Recovering, hold_recovery, move
from desk.actions.scrub import scrubbed
from desk.actions.steps import officer_id, record
from desk.domain.audit import EventKind
from desk.domain.errors import AmountAboveOpen, BadInput, SecondOfficerNeeded, WrongMoment
from desk.domain.money import Money
from desk.domain.policy import Act, Viewer
from desk.domain.recovery import DecisionKind, RecoveryStep, recovery_move
from desk.ports import Row, Work
from desk.store import recovery as recoveries
from desk.store.recovery import Waiting
from desk.store.tables import RecoveryDecisionRow


def propose_decision(
    work: Work, viewer: Viewer, payout_id: int, kind: DecisionKind, reason: str, amount: Money | None = None
) -> Recovering:  # fmt: skip
    """Ask that what is open be given up, or found after a contest not to be owed; `amount` only where it is reduced.

    Raises WrongMoment where the step does not fit the state or another decision waits, BadInput for a reduction without an
    amount, AmountAboveOpen for one that is more than is open.
    """
    recovering = hold_recovery(work, viewer, Act.RECOVER, payout_id)
    recovery_move(recovering.state, RecoveryStep(kind.value))
    if recovering.waiting is not None:
        raise WrongMoment
    minor = _minor(recovering, kind, amount)
    kept = scrubbed(work, recovering.held.claim, reason) or reason
    row: Row = {
        "id": work.kit.lots.number(), "payout_id": payout_id, "kind": kind.value, "amount_minor": minor, "reason": kept,
        "proposed_by": officer_id(viewer), "proposed_at": work.now, "approved_by": None, "approved_at": None,
        "refused_by": None, "refused_at": None,
    }  # fmt: skip
    decision = recoveries.add_decision(work.conn, row)
    said = {"recovery": str(payout_id), "decision": str(decision.id), "kind": kind.value, "amount_minor": minor}
    record(work, recovering.held, EventKind.RECOVERY_CUT_PROPOSED, said, reason)
    return replace(recovering, waiting=Waiting(decision, viewer.name))


def approve_decision(work: Work, viewer: Viewer, payout_id: int, decision_id: int) -> Recovering:
    """Agree as the second person, and write off: another manager, or any cashier where the site has only one.

    Raises SecondOfficerNeeded for whoever proposed it, WrongMoment once it is decided or the recovery is elsewhere,
    AmountAboveOpen where less is open meanwhile, Forbidden for a cashier of a site with more managers than one.
    """
    recovering = hold_recovery(work, viewer, Act.APPROVE_RECOVERY, payout_id)
    decision = _waiting(recovering, decision_id)
    if decision.proposed_by == viewer.id:
        raise SecondOfficerNeeded
    refuse_unless_second(work, viewer, recovering.held.site)
    said = {"decision": str(decision.id)}
    step = RecoveryStep(decision.kind)
    moved = move(work, recovering, step, decision.amount_minor, said, words=decision.reason)
    recoveries.end_decision(work.conn, decision.id, approved_by=officer_id(viewer), approved_at=work.now)
    return replace(moved, waiting=None)


def refuse_decision(work: Work, viewer: Viewer, payout_id: int, decision_id: int, reason: str) -> Recovering:
    """Refuse as the second person, or take one's own proposal back; nothing is written off. Raises WrongMoment, Forbidden."""
    recovering = hold_recovery(work, viewer, Act.APPROVE_RECOVERY, payout_id)
    decision = _waiting(recovering, decision_id)
    if decision.proposed_by != viewer.id:
        refuse_unless_second(work, viewer, recovering.held.site)
    recoveries.end_decision(work.conn, decision.id, refused_by=officer_id(viewer), refused_at=work.now)
    said = {"recovery": str(payout_id), "decision": str(decision.id), "kind": decision.kind}
    record(work, recovering.held, EventKind.RECOVERY_CUT_REFUSED, said, reason)
    return replace(recovering, waiting=None)


def _minor(recovering: Recovering, kind: DecisionKind, amount: Money | None) -> int:
    if kind is not DecisionKind.REDUCE:
        if amount is not None:
            raise BadInput("/amount", "not_allowed_here")
        return recovering.parts.open
    if amount is None:
        raise BadInput("/amount", "missing")
    check_currency(recovering, amount)
    if amount.minor > recovering.parts.open:
        raise AmountAboveOpen
    return amount.minor


def _waiting(recovering: Recovering, decision_id: int) -> RecoveryDecisionRow:
    """The decision meant, if it still waits: another one may have been asked for since the page was opened."""
    if recovering.waiting is None or recovering.waiting.row.id != decision_id:
        raise WrongMoment
    return recovering.waiting.row
