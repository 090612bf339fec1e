"""Moving a payout: table, entry, row, event, clock, notices and the claim's own step in one place, the same for every action.

Holds no step's own conditions; those stand in the action that takes it.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from desk.actions.notifications import notify
from desk.actions.recovery_moves import open_recovery
from desk.actions.scrub import scrubbed
from desk.actions.steps import DESK, Held, earliest, happening, keep_clocks, record, take
from desk.domain import clocks, fund
from desk.domain.audit import EventKind
from desk.domain.claim import State
from desk.domain.clocks import Clock
from desk.domain.errors import WrongMoment
from desk.domain.fund import NOBODY_NAMED
from desk.domain.lifecycle import SETTLES
from desk.domain.limits import Review
from desk.domain.notice import OF_THE_UNKNOWN, NoticeKind
from desk.domain.notification import news_of_payout
from desk.domain.payout import (
    CAME_TO_NOTHING,
    PAID,
    UNDER_WAY,
    Doubt,
    Method,
    PayoutMove,
    PayoutState,
    PayoutStep,
    is_unseen,
    payout_move,
)
from desk.domain.policy import Act, Kind, Viewer, require
from desk.domain.promises import KEPT_BY_PAYING
from desk.domain.returns import ReturnOutcome
from desk.domain.tally import PAID_FAST, received
from desk.ports import Work
from desk.store import claims, events, notices, payouts, promises, returns, sites
from desk.store import clocks as clock_rows
from desk.store import fund as books
from desk.store.fund import Booked
from desk.store.tables import PayoutRow


@dataclass(frozen=True, slots=True)
class Paying:
    """A payout whose claim is locked for one viewer's act."""

    payout: PayoutRow
    held: Held

    @property
    def state(self) -> PayoutState:
        """Where the payout stands."""
        return PayoutState(self.payout.state)


def hold_payout(work: Work, viewer: Viewer, act: Act, payout_id: int) -> Paying:
    """Lock a payout's claim, and with it the payout, for an officer's act. Raises NotFound, Forbidden."""
    claim = claims.get_by_id(work.conn, payouts.claim_of(work.conn, payout_id))
    require(viewer, act, claim.site_id, claim.id)
    return Paying(payouts.get(work.conn, payout_id), Held(claim, sites.get(work.conn, claim.site_id), viewer))


def hold_for_desk(work: Work, payout_id: int) -> Paying:
    """Lock a payout for the desk itself, which acts on a gateway's word. Raises NotFound."""
    claim = claims.get_by_id(work.conn, payouts.claim_of(work.conn, payout_id))
    return Paying(payouts.get(work.conn, payout_id), Held(claim, sites.get(work.conn, claim.site_id), DESK))


def move(
    work: Work, paying: Paying, step: PayoutStep, data: dict[str, Any] | None = None, *, reason: str | None = None,
    **values: Any,  # noqa: ANN401 - whatever columns there are
) -> Paying:  # fmt: skip
    """Move a payout: write its entry, row and event, stop the promise it keeps, close what it ends, raise the claim's version.

    `values` are further columns of the payout; what its visitor needed to take it is emptied unless they say otherwise. One
    that settles opens its recovery and closes its claim, as the desk itself.
    Raises WrongMoment for a pair outside the table, FundInsufficient where an account would fall below zero.
    Source: SPEC 5.2, 5.5, 5.7.
    """
    way = payout_move(paying.state, step)
    _post(work, paying, way)
    ending: dict[str, Any] = {"ended_at": work.now} if way.to in (PayoutState.SETTLED, *CAME_TO_NOTHING) else {}
    if paying.payout.take is not None:
        values.setdefault("take", None)
    if way.to in CAME_TO_NOTHING:
        ending["replaces_id"] = None  # so that the next one names what the bank sent back
    moved = payouts.change(work.conn, paying.payout, state=way.to.value, **ending, **values)
    note(work, paying, step, way.to, data, before=paying.state, reason=reason)
    _end_notices(work, paying, way.to)
    return _settle_claim(work, replace(paying, payout=moved))


def note(
    work: Work, paying: Paying, step: PayoutStep, to: PayoutState, data: dict[str, Any] | None = None,
    *, before: PayoutState | None = None, reason: str | None = None,
) -> None:  # fmt: skip
    """Write a payout's move into its claim's chain."""
    said = {"payout": str(paying.payout.id), "step": step.value, "amount_minor": paying.payout.amount_minor, **(data or {})}
    event = replace(happening(work, paying.held, EventKind.PAYOUT_MOVED, said), from_state=before, to_state=to)
    event, event_id = replace(event, reason=scrubbed(work, paying.held.claim, reason)), work.kit.lots.number()
    events.append(work.conn, event_id, event)
    notify(work, paying.held.claim, paying.held.site, event_id, news_of_payout(to, Method(paying.payout.method)))


def refresh(work: Work, held: Held) -> Held:
    """Stop the promises that paying keeps where the money is out, show the next deadline, raise the claim's version."""
    known = clock_rows.of_claim(work.conn, held.claim.id)
    latest = payouts.latest(work.conn, held.claim.id)
    paid = latest is not None and latest.returned_at is None and PayoutState(latest.state) in PAID
    stopped = tuple(clocks.stop(clock, work.now) for clock in known.values() if paid and _is_promise(clock))
    standing = keep_clocks(work, held, known, stopped)
    return replace(held, claim=claims.change(work.conn, held.claim, due_at=earliest(standing)), clocks=tuple(standing))


def refuse_while_paying(held: Held) -> None:
    """Raise WrongMoment while a payout of the claim is under way: the refund is being carried out. Source: SPEC 4."""
    if held.paying in UNDER_WAY:
        raise WrongMoment


def keep_take(work: Work, paying: Paying, take: str) -> None:
    """Keep what the visitor needs to take a payout that waits for them already; the claim's version tells who reads it."""
    if paying.state is PayoutState.AWAITING_VISITOR and take != paying.payout.take:
        payouts.change(work.conn, paying.payout, take=take)
        refresh(work, paying.held)


def tell(work: Work, paying: Paying, kind: NoticeKind) -> None:
    """Open a notice about a payout, and write that into its claim's chain, once while it lasts."""
    if notices.open_once(work, paying.held.claim, kind, paying.payout.id):
        record(work, paying.held, EventKind.NOTICE_OPENED, {"notice": kind.value, "payout": str(paying.payout.id)})


_OF_DOUBTS = (EventKind.NOTICE_OPENED, EventKind.PAYOUT_WORD_PARKED, EventKind.PAYOUT_MOVED)


def doubt(work: Work, paying: Paying, said: str) -> None:
    """The gateway says of a payout what the books deny: a manager is told, and what is reserved for the claim is looked at again.

    What is about to leave is held back by whoever sends it (`payout_holds`). Source: RELIABILITY I09.
    """
    tell(work, paying, NoticeKind.GATEWAY_CONTRADICTS)
    told = {"payout": str(paying.payout.id), "why": Doubt.CONTRADICTS.value, "said": said}
    record(work, paying.held, EventKind.PAYOUT_WORD_PARKED, told)
    latest = payouts.latest(work.conn, paying.payout.claim_id)
    if latest is not None and latest.state == PayoutState.RESERVED:
        look_again(work, replace(paying, payout=latest))


def is_doubted(work: Work, paying: Paying) -> bool:
    """Whether the gateway contradicts itself about the claim, and nobody looked at this payout since it last did.

    Which came first the chain says, and no clock. Source: RELIABILITY I09, I27.
    """
    if not notices.is_open(work.conn, paying.payout.claim_id, NoticeKind.GATEWAY_CONTRADICTS):
        return False
    if Review.GATEWAY_CONTRADICTS.value not in paying.payout.review:
        return True
    chain = events.of_kinds(work.conn, f"claim:{paying.payout.claim_id}", _OF_DOUBTS)
    return paying.state is not PayoutState.AWAITING_APPROVAL and is_unseen(chain, str(paying.payout.id))


def look_again(work: Work, paying: Paying) -> None:
    """Put a reserved payout before a second officer where a doubt asks for it; one that was put there for it stays."""
    if is_doubted(work, paying):
        review = [*dict.fromkeys((*paying.payout.review, Review.GATEWAY_CONTRADICTS.value))]
        again: dict[str, Any] = {"needs_second": True, "review": review, "approved_by": None, "approved_at": None}
        move(work, paying, PayoutStep.LAPSE, {"review": review}, **again)


def void_approval(work: Work, held: Held) -> Held:
    """Put an approved payout back before a second officer: what they looked at has changed. Source: SPEC 5.5; RELIABILITY I33."""
    payout = payouts.latest(work.conn, held.claim.id)
    if payout is None or held.paying is not PayoutState.RESERVED or not payout.needs_second:
        return held
    return move(work, Paying(payout, held), PayoutStep.LAPSE, approved_by=None, approved_at=None).held


def cancel_with_claim(work: Work, held: Held) -> Held:
    """Cancel the claim's payout before the claim leaves its path. Raises WrongMoment once the money is out. Source: SPEC 4."""
    payout = payouts.latest(work.conn, held.claim.id)
    if payout is None or held.paying not in UNDER_WAY:
        return held
    return move(work, Paying(payout, held), PayoutStep.CANCEL).held


def _post(work: Work, paying: Paying, way: PayoutMove) -> None:
    if way.entry is None:
        return
    respondent = paying.held.claim.respondent_id or NOBODY_NAMED
    lines = fund.postings(way.entry, paying.payout.amount_minor, respondent=respondent)
    by = paying.held.viewer.id if paying.held.viewer.kind is Kind.OFFICER else None
    books.post(work, paying.held.site, way.entry, lines, Booked(paying.payout.id, by))


def _end_notices(work: Work, paying: Paying, to: PayoutState) -> None:
    """An unknown payout that is known again needs nobody's look, nor does a stuck one that left."""
    if paying.state is PayoutState.UNKNOWN:
        notices.close(work, paying.payout.claim_id, OF_THE_UNKNOWN)
    if to in PAID or to in CAME_TO_NOTHING:
        notices.close(work, paying.payout.claim_id, {NoticeKind.PAYOUT_STUCK})


def _settle_claim(work: Work, paying: Paying) -> Paying:
    if paying.state is not PayoutState.SETTLED:
        return replace(paying, held=replace(refresh(work, paying.held), paying=paying.state))
    open_recovery(work, paying.held, paying.payout)
    itself = replace(DESK, request_id=paying.held.viewer.request_id)
    if State(paying.held.claim.state) is State.RETURNING:
        returns.close(work.conn, paying.held.claim.id, outcome=ReturnOutcome.REFUNDED.value, closed_at=work.now)
    closed = take(work, replace(paying.held, viewer=itself), SETTLES[State(paying.held.claim.state)])
    if promise := next((clock for clock in reversed(closed.clocks) if clock.kind == PAID_FAST), None):
        promises.append(work, closed.site.id, Counter([received(promise, closed.zone, work.now)]))
    return replace(paying, held=replace(closed, viewer=paying.held.viewer))


def _is_promise(clock: Clock) -> bool:
    return clock.kind in KEPT_BY_PAYING and clock.stopped_at is None
