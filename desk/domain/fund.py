"""The fund's books: which accounts there are, and which entry moves money from where to where. Keeps no balance itself.

Double entry: an entry is one event, its postings are lines of one debit and one credit account and an amount.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

AVAILABLE, RESERVED, IN_TRANSIT, WRITTEN_OFF, DEPOSIT_HELD = "available", "reserved", "in_transit", "written_off", "deposit_held"
SOURCE, RECEIVABLE, DEPOSIT = "source", "receivable", "deposit"
RECOVERED_IN_ERROR = "source:recovered_in_error"
NOBODY_NAMED = 0
"""Stands for the respondent in `receivable:0`: money paid on a claim whose respondent nobody has named yet."""

OWED = frozenset({SOURCE, DEPOSIT})
"""Accounts that grow by credits: whose money it is. All others say where it is and grow by debits."""

UNFLOORED = frozenset({SOURCE, WRITTEN_OFF})
"""Accounts that may stand below zero; no other account ever may. Source: SPEC 5.3."""


class Payer(StrEnum):
    """Who puts money into the fund. Source: API, "Pay"."""

    GOVERNMENT = "government"
    SITE = "site"
    INSURANCE = "insurance"
    PENALTY = "penalty"


class Source(StrEnum):
    """Whose money leaves the fund again: a payer's, or what a merchant paid for a refund that the bank then returned."""

    GOVERNMENT = "government"
    SITE = "site"
    INSURANCE = "insurance"
    PENALTY = "penalty"
    RECOVERED_IN_ERROR = "recovered_in_error"


class EntryKind(StrEnum):
    """One event in the books. Source: SPEC 5.2."""

    TOP_UP = "top_up"
    WITHDRAWAL = "withdrawal"
    PAYOUT_PROPOSED = "payout_proposed"
    PAYOUT_CANCELLED = "payout_cancelled"
    PAYOUT_SENT = "payout_sent"
    PAYOUT_NEVER_LEFT = "payout_never_left"
    PAYOUT_SETTLED = "payout_settled"
    PAYOUT_FAILED = "payout_failed"
    PAYOUT_RETURNED = "payout_returned"
    RECOVERED = "recovered"
    RECOVERED_AFTER_WRITE_OFF = "recovered_after_write_off"
    DEPOSIT_PAID_IN = "deposit_paid_in"
    DEPOSIT_PAID_BACK = "deposit_paid_back"
    DEPOSIT_USED = "deposit_used"
    WRITTEN_OFF = "written_off"


POSTINGS: Mapping[EntryKind, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        EntryKind.TOP_UP: ((AVAILABLE, SOURCE),),
        EntryKind.WITHDRAWAL: ((SOURCE, AVAILABLE),),
        EntryKind.PAYOUT_PROPOSED: ((RESERVED, AVAILABLE),),
        EntryKind.PAYOUT_CANCELLED: ((AVAILABLE, RESERVED),),
        EntryKind.PAYOUT_SENT: ((IN_TRANSIT, RESERVED),),
        EntryKind.PAYOUT_NEVER_LEFT: ((RESERVED, IN_TRANSIT),),
        EntryKind.PAYOUT_SETTLED: ((RECEIVABLE, IN_TRANSIT),),
        EntryKind.PAYOUT_FAILED: ((AVAILABLE, IN_TRANSIT),),
        EntryKind.PAYOUT_RETURNED: ((AVAILABLE, RECEIVABLE), (AVAILABLE, RECOVERED_IN_ERROR), (AVAILABLE, WRITTEN_OFF)),
        EntryKind.RECOVERED: ((AVAILABLE, RECEIVABLE),),
        EntryKind.RECOVERED_AFTER_WRITE_OFF: ((AVAILABLE, WRITTEN_OFF),),
        EntryKind.DEPOSIT_PAID_IN: ((DEPOSIT_HELD, DEPOSIT),),
        EntryKind.DEPOSIT_PAID_BACK: ((DEPOSIT, DEPOSIT_HELD),),
        EntryKind.DEPOSIT_USED: ((DEPOSIT, DEPOSIT_HELD), (AVAILABLE, RECEIVABLE)),
        EntryKind.WRITTEN_OFF: ((WRITTEN_OFF, RECEIVABLE),),
    }
)
"""Debit and credit of each line of an entry; a bank return has only the lines whose part there is. Source: SPEC 5.2."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One line: `amount` minor units from the credit account to the debit account. Raises ValueError unless above zero."""

    debit: str
    credit: str
    amount: int

    def __post_init__(self) -> None:
        if type(self.amount) is not int or self.amount <= 0:
            msg = "a posting moves a whole number of minor units above zero"
            raise ValueError(msg)


def postings(kind: EntryKind, amount: int, *, payer: str | None = None, respondent: int | None = None) -> tuple[Posting, ...]:
    """The lines of an entry whose every line carries the whole amount, in minor units.

    `payer` names the source, `respondent` the merchant of receivable and deposit. Raises ValueError where one is missing,
    and for a bank return, whose parts differ. Source: SPEC 5.2.
    """
    if kind is EntryKind.PAYOUT_RETURNED:
        msg = "the parts of a bank return are counted one by one"
        raise ValueError(msg)
    return tuple(
        Posting(_named(debit, payer, respondent), _named(credit, payer, respondent), amount) for debit, credit in POSTINGS[kind]
    )


def changes(lines: tuple[Posting, ...]) -> dict[str, int]:
    """By how much each account's balance changes, in the order of the accounts' names."""
    changed: dict[str, int] = {}
    for line in lines:
        for account, sign in ((line.debit, 1), (line.credit, -1)):
            changed[account] = changed.get(account, 0) + sign * line.amount * (-1 if kind_of(account) in OWED else 1)
    return dict(sorted(changed.items()))


def kind_of(account: str) -> str:
    """An account without whose it is: `receivable:17` is a `receivable`."""
    return account.partition(":")[0]


def fits(kind: EntryKind, debit: str, credit: str) -> bool:
    """Whether the table has such a line for this kind of entry."""
    return any((kind_of(debit), kind_of(credit)) == (kind_of(one), kind_of(other)) for one, other in POSTINGS[kind])


def out_of_balance(balances: Mapping[str, int]) -> int:
    """By how much the identity of SPEC 5.3 fails for one site and currency, in minor units: where money is less whose it is."""
    return sum(-balance if kind_of(account) in OWED else balance for account, balance in balances.items())


def _named(account: str, payer: str | None, respondent: int | None) -> str:
    owner = {SOURCE: payer, RECEIVABLE: respondent, DEPOSIT: respondent}
    if account not in owner:
        return account
    if owner[account] is None:
        msg = f"an entry on {account} names whose it is"
        raise ValueError(msg)
    return f"{account}:{owner[account]}"
