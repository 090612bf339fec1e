"""What a gateway says of a payout, or does not say: each word written down once, the unknown asked for, two persons deciding.

Calls nobody: the worker does, between two of these actions and with nothing open.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from desk.actions.payout_doubts import doubt_amount, doubt_answer
from desk.actions.payout_holds import LOOK_AGAIN, hold_back, is_elsewhere, why_held
from desk.actions.payout_moves import Paying, doubt, hold_for_desk, keep_take, move, tell
from desk.actions.payout_orders import order_of
from desk.actions.payout_returns import book_return, can_return
from desk.actions.payouts import SEND
from desk.actions.steps import record
from desk.domain.audit import EventKind
from desk.domain.notice import NoticeKind
from desk.domain.payout import (
    GATEWAY_REMEMBERS,
    MESSAGES,
    UNKNOWN_IS_ALARMING,
    UNKNOWN_IS_LATE,
    VERDICTS,
    Doubt,
    Heard,
    Method,
    PayoutState,
    PayoutStep,
    Trace,
    after_query,
    after_send,
    ask_again_in,
    contradicts,
    word_moves,
)
from desk.ports import OTHER_AMOUNT, Lease, PayOrder, Row, Word, Work
from desk.store import gateway_messages, jobs, payouts

QUERY = "query_payout"
TRY_AGAIN = timedelta(seconds=2)
LONGEST_KIND = 40


@dataclass(frozen=True, slots=True)
class Message:
    """A signed message of the gateway: its own id, its type as it came, and what it says of which key, if it says that."""

    id: str
    type: str
    key: str = ""
    amount_minor: int | None = None
    currency: str | None = None
    gateway_id: str | None = None


UNSAID: dict[str, Any] = {"resolve_as": None, "resolve_by": None, "resolve_evidence": None}
"""What a first officer said of an unknown payout says nothing once its key has left again."""


def begin_send(work: Work, held: Lease, payout_id: int) -> PayOrder | None:
    """Write down that a call begins, and give the order to call with; None when there is nothing to send any more.

    A call that began before and whose end nobody wrote down may have paid: the payout is unknown then. So it is when an
    earlier send may have arrived and the gateway no longer knows the key by now. Where refunds are stopped, or the gateway
    contradicts itself about the claim, it goes back to the till.
    Source: SPEC 5.5 and 5.8; RELIABILITY I08, I09, I12.
    """
    paying = hold_for_desk(work, payout_id)
    jobs.keep_hold(work, held)
    if paying.state is not PayoutState.SENDING:
        jobs.done(work, held)
        return None
    if paying.payout.calling or _is_forgotten(work, paying):
        lose_track(work, paying)
        jobs.done(work, held)
        return None
    if why := why_held(work, paying):
        hold_back(work, held, paying, why)
        return None
    payouts.change(work.conn, paying.payout, calling=True, first_sent_at=paying.payout.first_sent_at or work.now)
    return order_of(work, paying)


def end_send(work: Work, held: Lease, payout_id: int, word: Word) -> None:
    """Write down how a call ended, together with its job. A payout that a message has moved meanwhile stays where it is."""
    paying = hold_for_desk(work, payout_id)
    if paying.state is not PayoutState.SENDING:
        _take_answer(work, paying, word)
        jobs.done(work, held)
        return
    word = _about(paying, word)
    began = paying.payout.sending_at or work.now
    step = after_send(word.heard, work.now - began, left_before=paying.payout.unknown_since is not None)
    if step is None:
        payouts.change(work.conn, paying.payout, calling=False)
        jobs.again(work, held, TRY_AGAIN)
        return
    if step is PayoutStep.LOSE_TRACK:
        lose_track(work, paying, word.why)
    elif step is PayoutStep.NEVER_LEFT:
        move(work, paying, step, {"why": word.why}, calling=False, sending_at=None)
        tell(work, paying, NoticeKind.PAYOUT_STUCK)
    else:
        hear(work, paying, word)
    jobs.done(work, held)


def begin_query(work: Work, held: Lease, payout_id: int) -> PayOrder | None:
    """Write down that the gateway is asked, and give the order to ask for; None when all is known, and at another gateway."""
    paying = hold_for_desk(work, payout_id)
    jobs.keep_hold(work, held)
    if paying.state not in (PayoutState.UNKNOWN, PayoutState.AWAITING_VISITOR):
        jobs.done(work, held)
        return None
    if is_elsewhere(work, paying):
        tell_manager(work, paying, work.now - (paying.payout.unknown_since or work.now))
        jobs.again(work, held, LOOK_AGAIN)
        return None
    payouts.change(work.conn, paying.payout, queried_at=work.now)
    return order_of(work, paying)


def end_query(work: Work, held: Lease, payout_id: int, word: Word) -> None:
    """Write down what the gateway answered: its verdict, the same key once more, or ask again later. Source: SPEC 5.5."""
    paying = hold_for_desk(work, payout_id)
    if paying.state in (PayoutState.UNKNOWN, PayoutState.AWAITING_VISITOR) and _about(paying, word).why == OTHER_AMOUNT:
        doubt_amount(work, paying, word)
    if paying.state is PayoutState.UNKNOWN:
        goes_on = _goes_on(work, held, paying, _about(paying, word))
    elif goes_on := not _take_answer(work, paying, word) and paying.state is PayoutState.AWAITING_VISITOR:
        jobs.again(work, held, LOOK_AGAIN)
    if not goes_on:
        jobs.done(work, held)


def _about(paying: Paying, word: Word) -> Word:
    """The word, unless it speaks of another amount or currency: then nobody knows what was paid. Source: RELIABILITY I13."""
    payout = paying.payout
    agrees = word.amount_minor in (None, payout.amount_minor) and word.currency in (None, payout.currency)
    return word if agrees else Word(Heard.UNCLEAR, why=OTHER_AMOUNT)


def take_word(work: Work, paying: Paying, word: Word) -> bool:
    """Let a word move a payout that it may move; True if it did. Source: SPEC 5.5, late events; RELIABILITY I09."""
    if word_moves(paying.state, word.heard):
        hear(work, paying, word)
        return True
    if word.take is not None:
        keep_take(work, paying, word.take)
    return False


def _take_answer(work: Work, paying: Paying, word: Word) -> bool:
    """Let an answer that something overtook move what it may move; one that the books deny waits for a manager. True if moved."""
    if take_word(work, paying, _about(paying, word)):
        return True
    if contradicts(paying.state, word.heard):
        doubt_answer(work, paying, word)  # also where another amount went than the books deny
    return False


def hear(work: Work, paying: Paying, word: Word, *, by_two: bool = False) -> Paying:
    """Let a verdict of the gateway move a payout that it may move; what its visitor needs to take it is kept while it waits.

    The gateway's word takes the place of what one officer alone had said; `by_two` officers stand for it where it is silent.
    """
    values: dict[str, Any] = {"calling": False, "gateway_id": word.gateway_id or paying.payout.gateway_id}
    if not by_two:
        values |= UNSAID
    if word.heard is Heard.AWAITING_VISITOR:
        values |= {"take": word.take}
    if word.heard is Heard.SETTLED:
        values |= {"settled_at": work.now}
    if word.heard is not Heard.FAILED:
        values |= {"sent_at": paying.payout.sent_at or work.now}
    moved = move(work, paying, VERDICTS[word.heard], **values)
    if moved.state is PayoutState.AWAITING_VISITOR:
        _ask_later(work, moved, LOOK_AGAIN)
    return moved


def lose_track(work: Work, paying: Paying, why: str = "no_end") -> Paying:
    """Nobody knows what became of a send: unknown, its money in transit, and the gateway is asked."""
    since = paying.payout.unknown_since or work.now
    moved = move(work, paying, PayoutStep.LOSE_TRACK, {"why": why}, calling=False, unknown_since=since, never_seen_since=None)
    _ask_later(work, moved, TRY_AGAIN)
    return moved


def hear_message(work: Work, message: Message) -> str:
    """Keep a signed message once, and let it move its payout if it may; returns its fate: moved, late or parked.

    Parked is what nobody can act on: a type or key the desk does not know, an amount that is not the payout's. It waits for a
    person, and so does one that comes late and contradicts the books. Source: SPEC 5.5; RELIABILITY I09, I13.
    """
    if gateway_messages.heard_before(work.conn, message.id):
        return "late"
    payout_id = payouts.find_by_key(work.conn, message.key)
    paying = hold_for_desk(work, payout_id) if payout_id is not None else None
    why = _why_parked(message, paying)
    fate = "parked" if why or paying is None else _let_move(work, paying, message)
    told = why in (None, Doubt.WRONG_AMOUNT) and fate != "moved"
    if paying is not None and told and contradicts(paying.state, MESSAGES[message.type]):
        why = Doubt.CONTRADICTS  # also where another amount went than the books deny
    row: Row = {
        "id": message.id, "kind": message.type[:LONGEST_KIND], "payout_id": payout_id, "key": message.key or None,
        "gateway_id": message.gateway_id, "amount_minor": message.amount_minor, "currency": message.currency, "fate": fate,
        "why": why, "number": work.kit.lots.number() if why else None, "received_at": work.now, "dismissed_by": None,
        "dismissed_at": None, "dismissal": None,
    }  # fmt: skip
    gateway_messages.keep(work.conn, row)
    if paying is not None and why is Doubt.CONTRADICTS:
        doubt(work, paying, row["kind"])
    elif paying is not None and why:
        record(work, paying.held, EventKind.PAYOUT_WORD_PARKED, {"payout": str(payout_id), "why": why})
    return fate


def _goes_on(work: Work, held: Lease, paying: Paying, word: Word) -> bool:
    """What an answer does to an unknown payout; True when its job goes on asking, as it does while the visitor may come."""
    payout, terms = paying.payout, work.kit.gateway
    since = (payout.never_seen_since or work.now) if word.heard is Heard.NEVER_SEEN else None
    trace = Trace(payout.first_sent_at or work.now, since)
    step = after_query(word.heard, trace, work.now, honours_keys=terms is not None and terms.honours_keys)
    if step is PayoutStep.SEND_AGAIN and why_held(work, paying):
        step = None
    if step is PayoutStep.SEND_AGAIN:
        turn = payout.turn + 1
        move(work, paying, step, _shown(trace), sending_at=work.now, never_seen_since=None, turn=turn, **UNSAID)
        jobs.add(work, SEND, f"{SEND}:{payout.id}:{turn}", {"payout": str(payout.id)})
        return False
    if step is not None:
        if hear(work, paying, word).state is not PayoutState.AWAITING_VISITOR:
            return False
        jobs.again(work, held, LOOK_AGAIN)
        return True
    payouts.change(work.conn, payout, never_seen_since=since)
    unknown_for = work.now - (payout.unknown_since or work.now)
    tell_manager(work, paying, unknown_for)
    jobs.again(work, held, ask_again_in(unknown_for))
    return True


def _shown(trace: Trace) -> dict[str, Any]:
    """What the same key was sent again on, so that the chain alone proves that it was allowed. UTC. Source: RELIABILITY I08."""
    since = trace.never_seen_since
    return {"first_sent_at": trace.first_sent_at.isoformat(), "never_seen_since": since.isoformat() if since else None}


def _is_forgotten(work: Work, paying: Paying) -> bool:
    """Whether an earlier send may have arrived at a gateway that would pay the key once more."""
    payout, terms = paying.payout, work.kit.gateway
    if payout.unknown_since is None or payout.first_sent_at is None:
        return False
    return terms is None or not terms.honours_keys or work.now - payout.first_sent_at >= GATEWAY_REMEMBERS


def tell_manager(work: Work, paying: Paying, unknown_for: timedelta) -> None:
    """Open the notices that a payout unknown for so long calls for. Source: SPEC 5.5; RELIABILITY I10."""
    if unknown_for >= UNKNOWN_IS_LATE:
        tell(work, paying, NoticeKind.PAYOUT_UNKNOWN)
    if unknown_for >= UNKNOWN_IS_ALARMING:
        tell(work, paying, NoticeKind.PAYOUT_LOST)


def _ask_later(work: Work, paying: Paying, after: timedelta) -> None:
    """Ask the gateway in a while; one job a turn does so until all is known."""
    if paying.payout.method != Method.CASH:
        name = f"{QUERY}:{paying.payout.id}:{paying.payout.turn}"
        jobs.add(work, QUERY, name, {"payout": str(paying.payout.id)}, work.now + after)


def _why_parked(message: Message, paying: Paying | None) -> Doubt | None:
    if message.type not in MESSAGES:
        return Doubt.UNKNOWN_TYPE
    if paying is None or paying.payout.method == Method.CASH:
        return Doubt.UNKNOWN_KEY
    if (message.amount_minor, message.currency) != (paying.payout.amount_minor, paying.payout.currency):
        return Doubt.WRONG_AMOUNT
    return None


def _let_move(work: Work, paying: Paying, message: Message) -> str:
    """What came back had arrived: a return that overtakes its settling settles first."""
    heard = MESSAGES[message.type]
    if heard is Heard.RETURNED and word_moves(paying.state, Heard.SETTLED):
        paying = hear(work, paying, Word(Heard.SETTLED, message.gateway_id))
    if heard is Heard.RETURNED and can_return(paying):
        book_return(work, paying)
        return "moved"
    return "moved" if take_word(work, paying, Word(heard, message.gateway_id)) else "late"
