"""The names of a payout's states. Moves no money: it only lets a claim's stage speak of its payout."""

from enum import StrEnum


class PayoutState(StrEnum):
    """Where a payout stands. `settled` on a claim that is back in `fast_refund` is one the bank returned.

    Source: SPEC 5.5.
    """

    AWAITING_APPROVAL = "awaiting_approval"
    RESERVED = "reserved"
    SENDING = "sending"
    AWAITING_VISITOR = "awaiting_visitor"
    UNKNOWN = "unknown"
    SETTLED = "settled"
    FAILED = "failed"
    CANCELLED = "cancelled"
