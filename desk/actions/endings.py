"""Steps by which a claim leaves its path or comes back to it: object, withdraw, reopen."""

from datetime import datetime
from typing import Any

from desk.actions.messages import statement
from desk.actions.payout_moves import cancel_with_claim, refuse_while_paying
from desk.actions.steps import Held, counting, hold, take
from desk.domain.claim import State
from desk.domain.errors import BadInput, WrongMoment
from desk.domain.lifecycle import Step, move_for
from desk.domain.policy import Act, Kind, Viewer
from desk.domain.returns import ReturnOutcome
from desk.ports import Work
from desk.store import returns


def object_to_refund(work: Work, viewer: Viewer, reference: str, text: str) -> Held:
    """The visitor does not agree with the refund and asks for mediation; the refund's clock becomes void.

    Raises WrongMoment outside fast_refund, and while a payout is under way. Source: SPEC 4, step `object`.
    """
    held = hold(work, viewer, Act.OBJECT, reference)
    refuse_while_paying(held)
    moved = take(work, held, Step.OBJECT, decided_minor=None, route="docket")
    statement(work, moved, text)
    return moved


def withdraw_claim(work: Work, viewer: Viewer, reference: str, text: str | None) -> Held:
    """The visitor takes the claim back, or an officer does so for them and says why.

    A payout whose money has not left is cancelled with it, and a return ends. Raises BadInput when an officer gives no
    reason, WrongMoment for a claim that has ended or whose money is out. Source: SPEC 4, step `withdraw`.
    """
    held = cancel_with_claim(work, hold(work, viewer, Act.WITHDRAW, reference))
    moved = _with_words(work, held, Step.WITHDRAW, text)
    returns.close(work.conn, held.claim.id, outcome=ReturnOutcome.WITHDRAWN.value, closed_at=work.now)
    return moved


def reopen_claim(work: Work, viewer: Viewer, reference: str, text: str) -> Held:
    """Bring an ended claim back with new facts or a reason; the visitor only inside `objection_window`.

    Raises WrongMoment after the window, or for a claim that is open or archived. Source: SPEC 3 and 4.
    """
    held = hold(work, viewer, Act.REOPEN, reference)
    if viewer.kind is Kind.VISITOR:
        move_for(State(held.claim.state), Step.REOPEN)
        if work.now.replace(microsecond=0) > objection_ends_at(work, held):
            raise WrongMoment
    return _with_words(work, held, Step.REOPEN, text, route=None, decided_minor=None)


def objection_ends_at(work: Work, held: Held) -> datetime:
    """Until when the visitor may object to how the claim ended, that second included; UTC."""
    return counting(work, held.claim, held.site).start("objection_window", held.claim.moved_at).due_at


def _with_words(work: Work, held: Held, step: Step, text: str | None, **values: Any) -> Held:  # noqa: ANN401 - columns of the claim
    """An officer's words are the step's reason; a visitor's are kept as a message of theirs."""
    if held.viewer.kind is Kind.VISITOR:
        moved = take(work, held, step, **values)
        if text:
            statement(work, moved, text)
        return moved
    if not (text or "").strip():
        raise BadInput("/text", "missing")
    return take(work, held, step, reason=text, **values)
