"""Two pairs of eyes: I32, and what they saw: I33.

Follows the chain of a claim, so that it judges by who had done what when the money was released.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row

from desk.domain.audit import EventKind
from desk.domain.claim import Route
from desk.domain.lifecycle import Step
from desk.domain.limits import Review
from desk.domain.payout import APPROVAL_HOLDS, Hands, Method, PayoutStep, approval_of, is_second
from desk.reads.verify.decisions import ROUTED
from desk.reads.verify.dossier import Dossier, Payment

_APPROVALS = frozenset({PayoutStep.APPROVE, PayoutStep.LAPSE})
_TAKEN_BACK = frozenset({EventKind.RETURN_ANSWERED, EventKind.RETURN_GOODS_BACK})
_SAYS = {"settled": PayoutStep.HEAR_SETTLED, "failed": PayoutStep.HEAR_FAILED}


def i32_released_with_a_second_pair_of_eyes(dossier: Dossier) -> Iterator[str]:
    """A payout that had to wait for a second officer left approved by one, within the last 24 h. Source: SPEC 5.5."""
    for payment in dossier.payments:
        approval: Row[Any] | None = None
        for event in payment.moves:
            step = dossier.told(event).get("step")
            if step == PayoutStep.LAPSE:
                approval = None
            elif step == PayoutStep.APPROVE:
                approval = event
                if not _is_second(dossier, payment, event, event.seq):
                    yield f"{dossier.name} event {event.seq}: approved by a lodger, confirmer or proposer"
            elif step == PayoutStep.SEND and _review(dossier, payment, event) and not _holds(dossier, payment, approval, event):
                yield f"{dossier.name} event {event.seq}: released without a second officer's approval"


def i33_approved_is_what_was_proposed(dossier: Dossier) -> Iterator[str]:
    """Every approval is of the amount and the payee that were proposed; that the row has no others, I06, I09 and I24 say."""
    for payment in dossier.payments:
        for event in payment.moves:
            told, first = dossier.told(event), dossier.told(payment.moves[0])
            if told.get("step") != PayoutStep.APPROVE or "of" not in told:
                continue
            proposed = first["amount_minor"], dossier.claim.currency, first["method"], first["payee_commitment"]
            if told["of"] != approval_of(*proposed):
                yield f"{dossier.name} event {event.seq}: approves another amount or payee than was proposed"


def i32_row_waits_for_whom_its_limits_name(dossier: Dossier) -> Iterator[str]:
    """The row asks for a second officer when its proposal did, and names the approval that stands after all moves."""
    for payment in dossier.payments:
        if not payment.moves:
            continue
        row, review = payment.row, _review(dossier, payment)
        steps = [(dossier.told(event).get("step"), event) for event in payment.moves]
        approvals = [event if step == PayoutStep.APPROVE else None for step, event in steps if step in _APPROVALS]
        stands = approvals[-1] if approvals else None
        approved = (_officer(stands.actor), stands.at) if stands else (None, None)
        if (row.needs_second, row.review, row.approved_by, row.approved_at) != (bool(review), review, *approved):
            yield f"{dossier.name} payout {row.id}: its row has another review or approval than its events"


def i32_limits_that_hold_always_were_named(dossier: Dossier) -> Iterator[str]:
    """A proposal asked for a second officer at the solo limit, and where the proposer had logged or confirmed the claim."""
    solo = dossier.books.kit.packs.by_version(dossier.claim.pack).limits["solo_limit"].amount.minor
    for payment in dossier.payments:
        for event in payment.moves[:1]:
            review, own = _review(dossier, payment, event), not _is_second(dossier, payment, event, event.seq, proposing=True)
            due = {Review.SOLO_LIMIT: dossier.told(event)["amount_minor"] >= solo, Review.OWN_CLAIM: own}
            if any((limit in review) is not reached for limit, reached in due.items()):
                yield f"{dossier.name} event {event.seq}: proposed without the review that its amount or its proposer asks for"


def i32_the_unknown_is_resolved_by_two(dossier: Dossier) -> Iterator[str]:
    """Only the gateway says what became of its payouts, or one officer whom a second one agreed with. Source: SPEC 5.5."""
    for payment in dossier.payments:
        said: Row[Any] | None = None
        agreed: str | None = None
        for event in _about(dossier, payment):
            told = dossier.told(event)
            if event.kind == EventKind.RESOLUTION_PROPOSED:
                said = event
            elif event.kind == EventKind.RESOLUTION_AGREED:
                agreed = told.get("as")
                alone = said is None or said.actor == event.actor or dossier.told(said).get("as") != agreed
                if alone or not _is_second(dossier, payment, event, event.seq):
                    yield f"{dossier.name} event {event.seq}: agreed to by no second officer"
            elif _by_officer(dossier, payment, event) and told["step"] != _SAYS.get(agreed or ""):
                yield f"{dossier.name} event {event.seq}: an officer alone said what became of it"


def i32_a_return_is_booked_by_two(dossier: Dossier) -> Iterator[str]:
    """Only the gateway says that a refund came back, or one officer whom a second one agreed with. Source: SPEC 5.5."""
    for payment in dossier.payments:
        said: Row[Any] | None = None
        for event in _about(dossier, payment):
            if event.kind == EventKind.PAYOUT_RETURN_SAID:
                said = event
            elif event.kind == EventKind.PAYOUT_RETURNED and _officer(event.actor) is not None:
                alone = said is None or said.actor == event.actor
                if alone or not _is_second(dossier, payment, event, event.seq):
                    yield f"{dossier.name} event {event.seq}: a return was booked by one officer alone"


def _review(dossier: Dossier, payment: Payment, until: Row[Any] | None = None) -> list[str]:
    """What was to be looked at: the limits that the proposal named, or what was found since; up to a move, or now."""
    told = [dossier.told(move).get("review") for move in payment.moves if until is None or move.seq <= until.seq]
    return next((review for review in reversed(told) if review is not None), [])


def _by_officer(dossier: Dossier, payment: Payment, event: Row[Any]) -> bool:
    """Whether an officer's word ended a payout that only a gateway can know about."""
    through_gateway = dossier.told(payment.moves[0]).get("method") != Method.CASH
    return through_gateway and dossier.told(event).get("step") in _SAYS.values() and _officer(event.actor) is not None


def _holds(dossier: Dossier, payment: Payment, approval: Row[Any] | None, release: Row[Any]) -> bool:
    """Whether an approval was good at the moment of release."""
    if approval is None or release.at - approval.at > APPROVAL_HOLDS:
        return False
    return _is_second(dossier, payment, approval, release.seq)


def _is_second(dossier: Dossier, payment: Payment, act: Row[Any], seq: int, *, proposing: bool = False) -> bool:
    """Whether who acted was a second pair of eyes to the hands that had been on the claim when event `seq` was written."""
    officer, proposer = _officer(act.actor), _officer(payment.moves[0].actor)
    hands = _hands(dossier, seq, 0 if proposing else proposer or 0)
    return officer is not None and is_second(hands, officer)


def _hands(dossier: Dossier, seq: int, proposed_by: int) -> Hands:
    confirmed = (_officer(event.actor) for event in dossier.events if event.seq < seq and _confirms(event))
    return Hands(_officer(dossier.events[0].actor), frozenset(one for one in confirmed if one is not None), proposed_by)


def _confirms(event: Row[Any]) -> bool:
    """Whether an event decided that money is paid: a fast refund, or goods that are taken back."""
    return event.kind in _TAKEN_BACK or (event.kind == EventKind.MOVED and ROUTED.get(Step(event.step)) is Route.FAST_REFUND)


def _officer(actor: str) -> int | None:
    """The officer behind an actor's name, None for anybody else."""
    kind, _, number = actor.partition(":")
    return int(number) if kind == "officer" and number.isdecimal() else None


def _about(dossier: Dossier, payment: Payment) -> Iterator[Row[Any]]:
    """Every event that names a payout, in order."""
    own = str(payment.row.id)
    return (event for event in dossier.events if payment.moves and dossier.told(event).get("payout") == own)
