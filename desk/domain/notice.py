"""What a person must look at: what a manager is told about money, and who could not be reached. Once while it lasts."""

from enum import StrEnum


class NoticeKind(StrEnum):
    """Why somebody must look: the manager, and intake for a visitor who was not reached.

    Source: SPEC 4.3, 4.7, 5.5, 5.8; RELIABILITY I10.
    """

    FUND_SHORT = "fund_short"
    PAYOUT_STUCK = "payout_stuck"
    PAYOUT_UNKNOWN = "payout_unknown"
    PAYOUT_LOST = "payout_lost"
    PAYOUT_RETURNED = "payout_returned"
    GATEWAY_CONTRADICTS = "gateway_contradicts"
    STATEMENT_BREAK = "statement_break"
    FUND_LOW = "fund_low"
    VISITOR_NOT_REACHED = "visitor_not_reached"


OF_A_SITE = frozenset({NoticeKind.FUND_LOW})
"""These are about a site, all others about one of its claims."""

OF_THE_UNKNOWN = frozenset({NoticeKind.PAYOUT_UNKNOWN, NoticeKind.PAYOUT_LOST})
"""These end by themselves when it becomes known what happened to the payout."""
