"""A refund that had settled and that the bank sent back: booked once, and the claim is to be paid anew.

The gateway's own word books it at once; an officer's word, with what shows it, needs a second officer's. Source: SPEC 5.2, 5.5.
"""

from dataclasses import replace
from typing import Any

from desk.actions.payout_moves import Paying, hold_payout, refresh
from desk.actions.payouts import hands_of
from desk.actions.recovery_moves import take_back
from desk.actions.scrub import scrubbed
from desk.actions.steps import DESK, officer_id, record, take
from desk.domain.audit import EventKind
from desk.domain.claim import Outcome, State
from desk.domain.errors import SecondOfficerNeeded, WrongMoment
from desk.domain.fund import EntryKind
from desk.domain.lifecycle import Step
from desk.domain.notice import NoticeKind
from desk.domain.payout import Method, PayoutState, is_second
from desk.domain.policy import RIGHTS, Act, Kind, Viewer
from desk.ports import Work
from desk.store import bank_returns, notices, officers, payouts
from desk.store import fund as books
from desk.store.fund import Booked


def say_returned(work: Work, viewer: Viewer, payout_id: int, evidence: str) -> Paying:
    """Two persons say that the bank returned a refund: the first one's word is kept, the second one's books it.

    The first one's word counts only while they may still give it. Raises WrongMoment unless a gateway settled it and nothing
    came back yet, SecondOfficerNeeded for the same person again, or a second who logged, confirmed or proposed.
    """
    paying, officer = hold_payout(work, viewer, Act.RESOLVE_PAYOUT, payout_id), officer_id(viewer)
    if not can_return(paying) or paying.payout.method == Method.CASH:
        raise WrongMoment
    first = bank_returns.find(work.conn, payout_id)
    if first is None or not _may_say(work, paying, first.said_by):
        kept = scrubbed(work, paying.held.claim, evidence)
        bank_returns.say(work, paying.payout, officer, kept or "")
        record(work, paying.held, EventKind.PAYOUT_RETURN_SAID, {"payout": str(payout_id)}, evidence)
        return Paying(paying.payout, refresh(work, paying.held))
    if first.said_by == officer or not is_second(hands_of(work, paying.held, paying.payout.proposed_by), officer):
        raise SecondOfficerNeeded
    bank_returns.agree(work, first, officer)
    return book_return(work, paying, evidence)


def can_return(paying: Paying) -> bool:
    """Whether the bank can send this payout back: it settled, and has not come back."""
    return paying.state is PayoutState.SETTLED and paying.payout.returned_at is None


def book_return(work: Work, paying: Paying, evidence: str | None = None) -> Paying:
    """Write a return down: entry, row, event, notice; a claim that this refund had closed is to be paid again.

    A claim that has gone another way since stays there; the notice tells the manager. The payout that follows names this one.
    """
    held, payout = paying.held, paying.payout
    by = held.viewer.id if held.viewer.kind is Kind.OFFICER else None
    lines = take_back(work, held, payout.id).lines
    books.post(work, held.site, EntryKind.PAYOUT_RETURNED, lines, Booked(payout.id, by))
    moved = replace(paying, payout=payouts.change(work.conn, payout, returned_at=work.now))
    said: dict[str, Any] = {"payout": str(payout.id), "amount_minor": payout.amount_minor}
    record(work, held, EventKind.PAYOUT_RETURNED, said, evidence)
    if notices.open_once(work, held.claim, NoticeKind.PAYOUT_RETURNED, payout.id):
        record(work, held, EventKind.NOTICE_OPENED, {"notice": NoticeKind.PAYOUT_RETURNED.value, "payout": str(payout.id)})
    if not _closed_by(work, paying):
        return replace(moved, held=refresh(work, held))
    itself = replace(DESK, request_id=held.viewer.request_id)
    again = take(work, replace(held, viewer=itself), Step.BANK_RETURN)
    return replace(moved, held=replace(again, viewer=held.viewer, paying=paying.state))


def _closed_by(work: Work, paying: Paying) -> bool:
    """Whether the claim is closed because of this very refund."""
    claim, latest = paying.held.claim, payouts.latest(work.conn, paying.held.claim.id)
    refunded = (claim.state, claim.outcome) == (State.CLOSED, Outcome.REFUNDED)
    return refunded and latest is not None and latest.id == paying.payout.id


def _may_say(work: Work, paying: Paying, officer: int) -> bool:
    return bool(officers.roles_at(work.conn, officer, paying.payout.site_id) & RIGHTS[Act.RESOLVE_PAYOUT])
