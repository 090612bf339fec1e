"""What persons say of a payout that is out: the visitor, that it came; two officers, what became of an unknown one."""

from dataclasses import replace

from desk.actions.payout_moves import Paying, hold_payout, refresh
from desk.actions.payout_words import hear
from desk.actions.payouts import hands_of
from desk.actions.scrub import scrubbed
from desk.actions.steps import Held, hold, officer_id, record
from desk.domain.audit import EventKind
from desk.domain.errors import SecondOfficerNeeded, WrongMoment
from desk.domain.payout import Heard, PayoutState, is_second
from desk.domain.policy import RIGHTS, Act, Viewer
from desk.ports import Word, Work
from desk.store import claims, officers, payouts


def say_received(work: Work, viewer: Viewer, reference: str, _words: None = None) -> Held:
    """The visitor says that the money has come: written down once, and moving nothing.

    Raises WrongMoment unless the refund was sent. Source: SPEC 5.5, 6.
    """
    held = hold(work, viewer, Act.SAY_RECEIVED, reference)
    payout = payouts.latest(work.conn, held.claim.id)
    if payout is None or held.paying is not PayoutState.AWAITING_VISITOR:
        raise WrongMoment
    if payout.said_received_at is not None:
        return held
    payouts.change(work.conn, payout, said_received_at=work.now)
    record(work, held, EventKind.PAYOUT_SAID_RECEIVED, {"payout": str(payout.id)})
    return replace(held, claim=claims.change(work.conn, held.claim))


def resolve_payout(work: Work, viewer: Viewer, payout_id: int, outcome: Heard, evidence: str) -> Paying:
    """Two persons decide what became of an unknown payout: the first one's word is kept, the second one's moves the money.

    The first one's word counts only while they may still give it and nothing was sent after it.

    Raises WrongMoment unless it is unknown, SecondOfficerNeeded for the same person again, or a second who logged, confirmed
    or proposed. Source: SPEC 5.5.
    """
    paying, officer = hold_payout(work, viewer, Act.RESOLVE_PAYOUT, payout_id), officer_id(viewer)
    if paying.state is not PayoutState.UNKNOWN:
        raise WrongMoment
    first = paying.payout.resolve_by
    if first is None or paying.payout.resolve_as != outcome.value or not _may_resolve(work, paying, first):
        kept = scrubbed(work, paying.held.claim, evidence)
        values = {"resolve_by": officer, "resolve_as": outcome.value, "resolve_evidence": kept}
        proposed = payouts.change(work.conn, paying.payout, **values)
        record(work, paying.held, EventKind.RESOLUTION_PROPOSED, {"payout": str(payout_id), "as": outcome.value}, evidence)
        return Paying(proposed, refresh(work, paying.held))
    if first == officer or not is_second(hands_of(work, paying.held, paying.payout.proposed_by), officer):
        raise SecondOfficerNeeded
    record(work, paying.held, EventKind.RESOLUTION_AGREED, {"payout": str(payout_id), "as": outcome.value}, evidence)
    return hear(work, paying, Word(outcome), by_two=True)


def _may_resolve(work: Work, paying: Paying, officer: int) -> bool:
    return bool(officers.roles_at(work.conn, officer, paying.payout.site_id) & RIGHTS[Act.RESOLVE_PAYOUT])
