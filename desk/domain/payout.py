"""A payout's life as one table, what a gateway's word does to it, and who may release it. Moves no money and calls nobody."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from desk.domain.errors import WrongMoment
from desk.domain.fund import EntryKind


class PayoutState(StrEnum):
    """Where a payout stands. A settled one with `returned_at` is one the bank returned. Source: SPEC 5.5."""

    AWAITING_APPROVAL = "awaiting_approval"
    RESERVED = "reserved"
    SENDING = "sending"
    AWAITING_VISITOR = "awaiting_visitor"
    UNKNOWN = "unknown"
    SETTLED = "settled"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Method(StrEnum):
    """How the visitor is paid. Source: SPEC 4.3."""

    CASH = "cash"
    ORIGINAL_ROUTE = "original_route"
    TRANSFER = "transfer"


class PayoutStep(StrEnum):
    """One thing that moves a payout."""

    PROPOSE = "propose"
    PROPOSE_FOR_APPROVAL = "propose_for_approval"
    APPROVE = "approve"
    LAPSE = "lapse"
    CANCEL = "cancel"
    SEND = "send"
    HEAR_SETTLED = "hear_settled"
    HEAR_AWAITING = "hear_awaiting"
    HEAR_FAILED = "hear_failed"
    LOSE_TRACK = "lose_track"
    NEVER_LEFT = "never_left"
    SEND_AGAIN = "send_again"


@dataclass(frozen=True, slots=True)
class PayoutMove:
    """Where a step leads, and the entry it writes."""

    to: PayoutState
    entry: EntryKind | None = None


_S, _P, _E = PayoutState, PayoutStep, EntryKind
_HEARING = (_S.SENDING, _S.UNKNOWN, _S.AWAITING_VISITOR)

PAYOUT_LIFE: Mapping[tuple[PayoutState | None, PayoutStep], PayoutMove] = MappingProxyType(
    {
        (None, _P.PROPOSE): PayoutMove(_S.RESERVED, _E.PAYOUT_PROPOSED),
        (None, _P.PROPOSE_FOR_APPROVAL): PayoutMove(_S.AWAITING_APPROVAL, _E.PAYOUT_PROPOSED),
        (_S.AWAITING_APPROVAL, _P.APPROVE): PayoutMove(_S.RESERVED),
        (_S.AWAITING_APPROVAL, _P.CANCEL): PayoutMove(_S.CANCELLED, _E.PAYOUT_CANCELLED),
        (_S.RESERVED, _P.CANCEL): PayoutMove(_S.CANCELLED, _E.PAYOUT_CANCELLED),
        (_S.RESERVED, _P.LAPSE): PayoutMove(_S.AWAITING_APPROVAL),
        (_S.RESERVED, _P.SEND): PayoutMove(_S.SENDING, _E.PAYOUT_SENT),
        **{(state, _P.HEAR_SETTLED): PayoutMove(_S.SETTLED, _E.PAYOUT_SETTLED) for state in _HEARING},
        **{(state, _P.HEAR_FAILED): PayoutMove(_S.FAILED, _E.PAYOUT_FAILED) for state in _HEARING},
        (_S.SENDING, _P.HEAR_AWAITING): PayoutMove(_S.AWAITING_VISITOR),
        (_S.UNKNOWN, _P.HEAR_AWAITING): PayoutMove(_S.AWAITING_VISITOR),
        (_S.SENDING, _P.LOSE_TRACK): PayoutMove(_S.UNKNOWN),
        (_S.SENDING, _P.NEVER_LEFT): PayoutMove(_S.RESERVED, _E.PAYOUT_NEVER_LEFT),
        (_S.UNKNOWN, _P.SEND_AGAIN): PayoutMove(_S.SENDING),
    }
)
"""Every allowed move. Cash is sent and, in the same breath, awaits the visitor's signature. Source: SPEC 5.5."""

UNDER_WAY = frozenset({_S.AWAITING_APPROVAL, _S.RESERVED, _S.SENDING, _S.AWAITING_VISITOR, _S.UNKNOWN})
"""States in which a claim's refund is being carried out."""

CANCELLABLE = frozenset({_S.AWAITING_APPROVAL, _S.RESERVED})
"""States in which nothing has left yet, so that withdrawing the claim cancels the payout."""

PAID = frozenset({_S.AWAITING_VISITOR, _S.SETTLED})
"""States in which the promise of payment is kept: cash handed over, or the gateway's own word. Source: SPEC 3, `fast_payment`."""

CAME_TO_NOTHING = frozenset({_S.FAILED, _S.CANCELLED})
"""States in which a payout has ended without paying anybody; one after them names what they would have replaced."""

OUT = frozenset({_S.SENDING, _S.UNKNOWN})
"""States of a gateway payout in which only the gateway knows what became of the money."""

APPROVAL_HOLDS = timedelta(hours=24)
NEVER_SEEN_FOR = timedelta(seconds=30)
GATEWAY_REMEMBERS = timedelta(hours=24)
KEEP_TRYING = timedelta(minutes=15)
UNKNOWN_IS_LATE = timedelta(minutes=15)
UNKNOWN_IS_ALARMING = timedelta(hours=24)
"""Source: SPEC 5.5 for all of these; the last one RELIABILITY I10."""


class Heard(StrEnum):
    """What came of asking a gateway; `RETURNED`, that the bank sent settled money back, it only ever says by itself."""

    SETTLED = "settled"
    AWAITING_VISITOR = "awaiting_visitor"
    FAILED = "failed"
    NEVER_LEFT = "never_left"
    NEVER_SEEN = "never_seen"
    UNCLEAR = "unclear"
    RETURNED = "returned"


class Doubt(StrEnum):
    """Why a message of the gateway needs a person's eyes. Source: SPEC 5.5; RELIABILITY I09, I13."""

    UNKNOWN_TYPE = "unknown_type"
    UNKNOWN_KEY = "unknown_key"
    WRONG_AMOUNT = "wrong_amount"
    CONTRADICTS = "contradicts"


VERDICTS: Mapping[Heard, PayoutStep] = MappingProxyType(
    {Heard.SETTLED: _P.HEAR_SETTLED, Heard.AWAITING_VISITOR: _P.HEAR_AWAITING, Heard.FAILED: _P.HEAR_FAILED}
)
"""The gateway's own words, and the step each one is."""


MESSAGES: Mapping[str, Heard] = MappingProxyType({f"payout.{heard}": heard for heard in (*VERDICTS, Heard.RETURNED)})
"""The kinds of message that a gateway sends by itself, and what each one says. Source: API, "The HTTP gateway we call"."""

ANSWER = "answer."
"""What the id and the kind of an answer to a call of ours begin with where it is kept among messages: no message's id has a full
stop (`domain.signature`)."""


def payout_move(state: PayoutState | None, step: PayoutStep) -> PayoutMove:
    """Where `step` leads from `state`. Raises WrongMoment for a pair outside the table."""
    move = PAYOUT_LIFE.get((state, step))
    if move is None:
        raise WrongMoment
    return move


def word_moves(state: PayoutState, heard: Heard) -> PayoutStep | None:
    """The step a gateway's word is for a payout in this state, None where it comes late and changes nothing.

    A word never downgrades what was settled, nor raises what failed. Source: SPEC 5.5; RELIABILITY I09.
    """
    step = VERDICTS.get(heard)
    return step if step and (state, step) in PAYOUT_LIFE else None


def has_receipt(state: PayoutState, method: Method, *, returned: bool) -> bool:
    """Whether the visitor may sign for the money: cash once it was handed over, all else once it settled, unless it came back.

    Source: SPEC 4.7, 5.5.
    """
    return not returned and (state is PayoutState.SETTLED or (method is Method.CASH and state in PAID))


def contradicts(state: PayoutState, heard: Heard) -> bool:
    """Whether a gateway's word says that money went where the books say it did not, or the reverse. Source: RELIABILITY I09."""
    if heard is Heard.FAILED:
        return state is PayoutState.SETTLED
    kept = (PayoutState.AWAITING_APPROVAL, PayoutState.RESERVED, PayoutState.FAILED, PayoutState.CANCELLED)
    return heard in (Heard.SETTLED, Heard.AWAITING_VISITOR, Heard.RETURNED) and state in kept


def after_send(heard: Heard, sending_for: timedelta, *, left_before: bool) -> PayoutStep | None:
    """What a send that ended like this does to a payout that has been sending for so long; None: the same key once more.

    `left_before` says that an earlier send of the key may have arrived: then not even a refused connection proves that
    nothing was paid. Source: SPEC 5.5, outcomes of a send.
    """
    if heard is Heard.NEVER_LEFT:
        if sending_for < KEEP_TRYING:
            return None
        return PayoutStep.LOSE_TRACK if left_before else PayoutStep.NEVER_LEFT
    return VERDICTS.get(heard, PayoutStep.LOSE_TRACK)


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of an unknown payout: when its key first left, and since when the gateway says it never saw it. UTC."""

    first_sent_at: datetime
    never_seen_since: datetime | None


def after_query(heard: Heard, trace: Trace, now: datetime, *, honours_keys: bool) -> PayoutStep | None:
    """What asking for an unknown payout does to it; None: ask again later.

    The same key is sent again only to a gateway that honours keys, within its memory, and after 30 s of nothing but
    "never seen". Source: SPEC 5.5; RELIABILITY I08.
    """
    if heard in VERDICTS:
        return VERDICTS[heard]
    if heard is not Heard.NEVER_SEEN or trace.never_seen_since is None or not honours_keys:
        return None
    sure = now - trace.never_seen_since >= NEVER_SEEN_FOR
    return PayoutStep.SEND_AGAIN if sure and now - trace.first_sent_at < GATEWAY_REMEMBERS else None


def ask_again_in(unknown_for: timedelta) -> timedelta:
    """How long to wait before the gateway is asked once more about a payout that has been unknown for so long."""
    if unknown_for < timedelta(minutes=1):
        return timedelta(seconds=2)
    return timedelta(seconds=10) if unknown_for < timedelta(minutes=10) else timedelta(minutes=1)


def approval_of(amount_minor: int, currency: str, method: str, payee_commitment: str | None) -> str:
    """The hash of what a second officer looked at: how much goes to whom, and how; 64 characters.

    An approval holds for nothing else. Source: RELIABILITY I33 and (e).
    """
    looked_at = json.dumps([amount_minor, currency, method, payee_commitment], ensure_ascii=False)
    return hashlib.sha256(looked_at.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Hands:
    """The officers through whose hands a payout went, by id; None where there was none, as at the poster."""

    lodged_by: int | None
    confirmed_by: frozenset[int]
    proposed_by: int


def is_second(hands: Hands, officer: int) -> bool:
    """Whether this officer may be the second pair of eyes: neither lodger nor confirmer nor proposer. Source: SPEC 5.5."""
    return officer not in hands.confirmed_by | {hands.lodged_by, hands.proposed_by}
