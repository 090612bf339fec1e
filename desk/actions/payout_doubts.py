"""Answers to calls of ours that a manager must look at: kept as a message is, so that they can settle them.

Wallets send no messages, and the notice that a contradiction opens ends with the last one that was looked at. Moves no money.
"""

from desk.actions.payout_moves import Paying, doubt
from desk.actions.steps import record
from desk.domain.audit import EventKind
from desk.domain.payout import ANSWER, Doubt
from desk.ports import Row, Word, Work
from desk.store import gateway_messages


def doubt_answer(work: Work, paying: Paying, word: Word) -> None:
    """Keep an answer that says of a payout what the books deny, and tell a manager. Source: RELIABILITY I09."""
    doubt(work, paying, _keep(work, paying, word, "late", Doubt.CONTRADICTS))


def doubt_amount(work: Work, paying: Paying, word: Word) -> None:
    """Keep an answer that names another amount than the payout's, once however often it is given. Source: RELIABILITY I13."""
    if not gateway_messages.any_other_amount(work.conn, paying.payout.id, word.amount_minor, word.currency):
        _keep(work, paying, word, "parked", Doubt.WRONG_AMOUNT)
        told = {"payout": str(paying.payout.id), "why": Doubt.WRONG_AMOUNT.value}
        record(work, paying.held, EventKind.PAYOUT_WORD_PARKED, told)


def _keep(work: Work, paying: Paying, word: Word, fate: str, why: Doubt) -> str:
    """Keep an answer among the messages; returns its kind there."""
    number, kind = work.kit.lots.number(), f"{ANSWER}{word.heard}"
    row: Row = {
        "id": f"{ANSWER}{number}", "kind": kind, "payout_id": paying.payout.id, "key": paying.payout.key,
        "gateway_id": word.gateway_id, "amount_minor": word.amount_minor, "currency": word.currency, "fate": fate,
        "why": why.value, "number": number, "received_at": work.now, "dismissed_by": None, "dismissed_at": None,
        "dismissal": None,
    }  # fmt: skip
    gateway_messages.keep(work.conn, row)
    return kind
