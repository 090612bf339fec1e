"""One line for each event a visitor may see. Names no officer, and stays silent about notes, links and who is to be told."""

from collections.abc import Mapping
from types import MappingProxyType

from desk.domain.audit import EventKind
from desk.domain.lifecycle import Step
from desk.domain.money import Money
from desk.domain.payout import PayoutState
from desk.wording import figures
from desk.wording.catalogue import variant

_MOVED = EventKind.MOVED

VISITOR_EVENTS: Mapping[tuple[str, str | None], str] = MappingProxyType(
    {
        (_MOVED, Step.LODGE): "history.lodged",
        (_MOVED, Step.CONFIRM_NEEDS_INFORMATION): "history.asked",
        (_MOVED, Step.OVERRIDE_NEEDS_INFORMATION): "history.asked",
        (_MOVED, Step.ANSWER): "history.answered",
        (_MOVED, Step.NO_ANSWER): "history.no_answer",
        (_MOVED, Step.CONFIRM_FAST_REFUND): "history.refund_agreed",
        (_MOVED, Step.OVERRIDE_FAST_REFUND): "history.refund_agreed",
        (_MOVED, Step.CONFIRM_DOCKET): "history.docketed",
        (_MOVED, Step.OVERRIDE_DOCKET): "history.docketed",
        (_MOVED, Step.CONFIRM_REFUSE): "history.refused",
        (_MOVED, Step.OVERRIDE_REFUSE): "history.refused",
        (_MOVED, Step.CONFIRM_TRANSFER): "history.transferred",
        (_MOVED, Step.OVERRIDE_TRANSFER): "history.transferred",
        (_MOVED, Step.OBJECT): "history.objected",
        (_MOVED, Step.CONTEST): "history.contested",
        (_MOVED, Step.PAYOUT_SETTLED): "history.refund_received",
        (_MOVED, Step.RESPONDENT_PAID): "history.respondent_paid",
        (_MOVED, Step.BANK_RETURN): "history.bank_return",
        (_MOVED, Step.START_RETURN): "history.return_started",
        (_MOVED, Step.RETURN_REFUNDED): "history.return_refunded",
        (_MOVED, Step.RETURN_REFUSED): "history.return_refused",
        (_MOVED, Step.AGREE): "history.agreed",
        (_MOVED, Step.PERFORMED): "history.performed",
        (_MOVED, Step.DEFAULT): "history.defaulted",
        (_MOVED, Step.TERMINATE): "history.terminated",
        (_MOVED, Step.WITHDRAW): "history.withdrawn",
        (_MOVED, Step.REOPEN): "history.reopened",
        (_MOVED, Step.ARCHIVE): "history.archived",
        (EventKind.PAYOUT_MOVED, PayoutState.SENDING): "history.refund_sending",
        (EventKind.PAYOUT_MOVED, PayoutState.AWAITING_VISITOR): "history.refund_sent",
        (EventKind.PAYOUT_MOVED, PayoutState.FAILED): "history.refund_failed",
        (EventKind.PAYOUT_SAID_RECEIVED, None): "history.said_received",
        (EventKind.RETURN_ANSWERED, None): "history.return_answered",
        (EventKind.RETURN_GOODS_BACK, None): "history.return_goods_back",
        (EventKind.ASSESSED, None): "history.assessed",
        (EventKind.RATED, None): "history.rated",
        (EventKind.MESSAGE_SENT, None): "history.message",
        (EventKind.QUESTION_ASKED, None): "history.question",
        (EventKind.ANSWERED, None): "history.answered",
        (EventKind.EVIDENCE_ADDED, None): "history.evidence_added",
        (EventKind.CONTACT_CHANGED, None): "history.contact_changed",
        (EventKind.SLIP_REISSUED, None): "history.slip_reissued",
        (EventKind.CLOCK_RECOUNTED, None): "history.clock_recounted",
        (EventKind.CLOCK_EXTENDED, None): "history.clock_extended",
        (EventKind.HANDOFF_OFFERED, None): "history.handoff_offered",
        (EventKind.HANDOFF_TAKEN, None): "history.handoff_taken",
        (EventKind.HANDOFF_DONE, None): "history.handoff_done",
    }
)
"""What a visitor may see of a claim's chain, by kind and step, a payout's move by where it went; no other event is shown."""


def line(kind: str, what: str | None, language: str, *, amount: Money | None = None, said: str | None = None) -> str:
    """One line of the history. `amount` is spoken with a refund agreed, `said` with a message, question or answer.

    Raises KeyError for an event that a visitor does not see: ask `VISITOR_EVENTS` first.
    """
    money = figures.money(amount, language) if amount else None
    return variant(VISITOR_EVENTS[kind, what], language, amount=money, said=said)
