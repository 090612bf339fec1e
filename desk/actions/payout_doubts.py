"""A contradiction that was heard as the answer to a call of ours: kept as a message is, so that a manager can settle it.

Wallets send no messages, and the notice that it opens ends with the last contradiction that was looked at. Moves no money.
"""

from desk.actions.payout_moves import Paying, doubt
from desk.actions.steps import record
from desk.domain.audit import EventKind
from desk.domain.payout import ANSWER, Doubt
from desk.ports import Row, Word, Work
from desk.store import gateway_messages


def doubt_answer(work: Work, paying: Paying, word: Word) -> None:
    """Keep an answer that says of a payout what the books deny, and tell a manager. Source: RELIABILITY I09."""
    doubt(work, paying)
    number = work.kit.lots.number()
    row: Row = {
        "id": f"{ANSWER}{number}", "kind": f"{ANSWER}{word.heard}", "payout_id": paying.payout.id, "key": paying.payout.key,
        "gateway_id": word.gateway_id, "amount_minor": word.amount_minor, "currency": word.currency, "fate": "late",
        "why": Doubt.CONTRADICTS.value, "number": number, "received_at": work.now, "dismissed_by": None, "dismissed_at": None,
        "dismissal": None,
    }  # fmt: skip
    gateway_messages.keep(work.conn, row)
    told = {"payout": str(paying.payout.id), "why": Doubt.CONTRADICTS.value}
    record(work, paying.held, EventKind.PAYOUT_WORD_PARKED, told)
