"""The fund's accounts, entries and postings, payouts, and what the gateway said of them."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from desk.domain.day_close import LONGEST_REASON
from desk.domain.fund import EntryKind, Source
from desk.domain.payout import Doubt, Method, PayoutState
from desk.domain.reconciliation import BreakKind, StopCause
from desk.store.columns import (
    amount,
    at_most,
    day,
    document,
    key,
    moment,
    named_key,
    octets,
    one_of,
    only_where,
    prose,
    refers,
    serial,
    truth,
    whole,
    words,
)

LONGEST_TAKE = 1024
_UNNAMED = "gateway_id IS NOT NULL AND gateway IS NULL"
_OPEN = "state IN ('awaiting_approval', 'reserved', 'sending', 'awaiting_visitor', 'unknown')"


class FundAccountRow(SQLModel, table=True):
    """One account of a site's fund in one currency, and what stands on it. Its id is derived from site, currency and name."""

    __tablename__ = "fund_account"
    __table_args__ = (
        UniqueConstraint("site_id", "currency", "name"),
        CheckConstraint("balance_minor >= 0 OR name LIKE 'source:%' OR name = 'written_off'", name="floor"),
    )

    id: int = Field(sa_column=key())
    site_id: int = Field(sa_column=refers("site.id"))
    currency: str = Field(sa_column=words(3))
    name: str = Field(sa_column=words(40))
    balance_minor: int = Field(sa_column=amount())


class FundEntryRow(SQLModel, table=True):
    """One event in the books, never changed. `officer_id` is who caused it, None for the desk itself and for a seed."""

    __tablename__ = "fund_entry"
    __table_args__ = (
        one_of("kind", EntryKind),
        at_most("note", 2000),
        UniqueConstraint("corrects_id"),
        Index("ix_fund_entry_site_id", "site_id", "id"),
        Index("ix_fund_entry_payout_id", "payout_id"),
        Index("ix_fund_entry_pace", "site_id", "kind", "posted_at"),
    )

    id: int = Field(sa_column=key())
    site_id: int = Field(sa_column=refers("site.id"))
    currency: str = Field(sa_column=words(3))
    kind: str = Field(sa_column=words(32))
    payout_id: int | None = Field(sa_column=refers("payout.id", optional=True))
    corrects_id: int | None = Field(sa_column=refers("fund_entry.id", optional=True))
    officer_id: int | None = Field(sa_column=refers("officer.id", optional=True))
    note: str | None = Field(sa_column=prose(optional=True))
    posted_at: datetime = Field(sa_column=moment())


class FundPostingRow(SQLModel, table=True):
    """One line of an entry, never changed: so much from the credit account to the debit account."""

    __tablename__ = "fund_posting"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_above_zero"),
        CheckConstraint("debit_id <> credit_id", name="between_two_accounts"),
        UniqueConstraint("entry_id", "position"),
    )

    id: int = Field(sa_column=key())
    entry_id: int = Field(sa_column=refers("fund_entry.id"))
    position: int = Field(sa_column=whole())
    debit_id: int = Field(sa_column=refers("fund_account.id"))
    credit_id: int = Field(sa_column=refers("fund_account.id"))
    amount_minor: int = Field(sa_column=amount())


class WithdrawalRow(SQLModel, table=True):
    """Money a manager wants to take out of the fund; it moves when a second person agrees, and stays when it is refused.

    `entry_id` is the entry that moved it; `respondent_id` the merchant who is given back what was recovered in error.
    """

    __tablename__ = "withdrawal"
    __table_args__ = (
        one_of("payer", Source),
        at_most("note", 2000),
        CheckConstraint("amount_minor > 0", name="amount_above_zero"),
        CheckConstraint("approved_by <> proposed_by", name="two_persons"),
        CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name="approved_whole"),
        CheckConstraint("(refused_by IS NULL) = (refused_at IS NULL)", name="refused_whole"),
        CheckConstraint("approved_at IS NULL OR refused_at IS NULL", name="ended_once"),
        CheckConstraint("(approved_at IS NULL) = (entry_id IS NULL)", name="entry_when_approved"),
        CheckConstraint("(payer = 'recovered_in_error') = (respondent_id IS NOT NULL)", name="merchant_when_in_error"),
        UniqueConstraint("entry_id"),
        Index("ix_withdrawal_respondent_id", "respondent_id", **only_where("respondent_id IS NOT NULL")),
        Index("ix_withdrawal_open", "site_id", "id", **only_where("approved_at IS NULL")),
    )

    id: int = Field(sa_column=key())
    site_id: int = Field(sa_column=refers("site.id"))
    amount_minor: int = Field(sa_column=amount())
    currency: str = Field(sa_column=words(3))
    payer: str = Field(sa_column=words(24))
    note: str = Field(sa_column=prose())
    proposed_by: int = Field(sa_column=refers("officer.id"))
    proposed_at: datetime = Field(sa_column=moment())
    approved_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    approved_at: datetime | None = Field(sa_column=moment(optional=True))
    refused_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    refused_at: datetime | None = Field(sa_column=moment(optional=True))
    entry_id: int | None = Field(sa_column=refers("fund_entry.id", optional=True))
    respondent_id: int | None = Field(sa_column=refers("respondent.id", optional=True))


class PayoutRow(SQLModel, table=True):
    """One refund on its way. Amount, payee and `key` are fixed when it is proposed.

    `first_sent_at` is when its key first left, `sent_at` when the visitor's money was handed over or promised,
    `calling` that a call to the gateway began whose end is not written down, `turn` counts sends and losses,
    `take` is what the visitor's app needs to take the money, for as long as it waits for them, `gateway` names who was told to
    send it last.
    """

    __tablename__ = "payout"
    __table_args__ = (
        one_of("state", PayoutState),
        one_of("method", Method),
        at_most("resolve_evidence", 2000),
        CheckConstraint("amount_minor > 0 AND amount_minor <= decided_minor", name="amount_within_decision"),
        CheckConstraint("(state = 'settled') = (settled_at IS NOT NULL)", name="settled_at_when_settled"),
        CheckConstraint("returned_at IS NULL OR state = 'settled'", name="returned_after_settling"),
        CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name="approved_whole"),
        CheckConstraint("approved_by <> proposed_by", name="two_persons"),
        CheckConstraint(
            "NOT needs_second OR approved_by IS NOT NULL OR state IN ('awaiting_approval', 'cancelled')",
            name="released_by_second",
        ),
        CheckConstraint("method <> 'cash' OR state <> 'unknown'", name="cash_is_known"),
        CheckConstraint("resolve_by IS NULL OR resolve_as IN ('settled', 'failed')", name="resolve_as_known"),
        at_most("take", LONGEST_TAKE),
        CheckConstraint("take IS NULL OR (state = 'awaiting_visitor' AND method <> 'cash')", name="take_while_awaited"),
        UniqueConstraint("key"),
        UniqueConstraint("replaces_id"),
        Index("uq_payout_open", "claim_id", unique=True, **only_where(f"{_OPEN} OR (state = 'settled' AND returned_at IS NULL)")),
        Index("ix_payout_claim_id", "claim_id", "id"),
        Index("ix_payout_site_id", "site_id", "state", "id"),
        Index("ix_payout_day", "site_id", "proposed_at"),
        Index("ix_payout_settled", "site_id", "sent_by", "method", "settled_at", **only_where("state = 'settled'")),
    )

    id: int = Field(sa_column=key())
    claim_id: int = Field(sa_column=refers("claim.id"))
    site_id: int = Field(sa_column=refers("site.id"))
    state: str = Field(sa_column=words(20))
    method: str = Field(sa_column=words(16))
    amount_minor: int = Field(sa_column=amount())
    decided_minor: int = Field(sa_column=amount())
    currency: str = Field(sa_column=words(3))
    key: str = Field(sa_column=words(64))
    payee_sealed: bytes | None = Field(sa_column=octets(optional=True))
    payee_commitment: str | None = Field(sa_column=words(64, optional=True))
    needs_second: bool = Field(sa_column=truth())
    review: list[str] = Field(sa_column=document())
    replaces_id: int | None = Field(sa_column=refers("payout.id", optional=True))
    proposed_by: int = Field(sa_column=refers("officer.id"))
    proposed_at: datetime = Field(sa_column=moment())
    approved_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    approved_at: datetime | None = Field(sa_column=moment(optional=True))
    sent_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    sending_at: datetime | None = Field(sa_column=moment(optional=True))
    first_sent_at: datetime | None = Field(sa_column=moment(optional=True))
    sent_at: datetime | None = Field(sa_column=moment(optional=True))
    settled_at: datetime | None = Field(sa_column=moment(optional=True))
    ended_at: datetime | None = Field(sa_column=moment(optional=True))
    returned_at: datetime | None = Field(sa_column=moment(optional=True))
    said_received_at: datetime | None = Field(sa_column=moment(optional=True))
    gateway_id: str | None = Field(sa_column=words(128, optional=True))
    calling: bool = Field(sa_column=truth())
    turn: int = Field(sa_column=whole())
    unknown_since: datetime | None = Field(sa_column=moment(optional=True))
    never_seen_since: datetime | None = Field(sa_column=moment(optional=True))
    queried_at: datetime | None = Field(sa_column=moment(optional=True))
    resolve_as: str | None = Field(sa_column=words(8, optional=True))
    resolve_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    resolve_evidence: str | None = Field(sa_column=prose(optional=True))
    take: str | None = Field(default=None, sa_column=prose(optional=True), repr=False)
    gateway: str | None = Field(default=None, sa_column=words(64, optional=True))


class BankReturnRow(SQLModel, table=True):
    """What officers say of a refund that the bank sent back; it is booked when a second one agrees."""

    __tablename__ = "bank_return"
    __table_args__ = (
        at_most("evidence", 2000),
        CheckConstraint("agreed_by <> said_by", name="two_persons"),
        CheckConstraint("(agreed_by IS NULL) = (agreed_at IS NULL)", name="agreed_whole"),
        UniqueConstraint("payout_id"),
    )

    id: int = Field(sa_column=key())
    claim_id: int = Field(sa_column=refers("claim.id", index=True))
    payout_id: int = Field(sa_column=refers("payout.id"))
    said_by: int = Field(sa_column=refers("officer.id"))
    said_at: datetime = Field(sa_column=moment())
    evidence: str = Field(sa_column=prose())
    agreed_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    agreed_at: datetime | None = Field(sa_column=moment(optional=True))


class PayoutTagRow(SQLModel, table=True):
    """A keyed hash by which an order or an account paid before shows again. Dropped after 90 days."""

    __tablename__ = "payout_tag"
    __table_args__ = (
        CheckConstraint("why IN ('order', 'payee')", name="why_known"),
        Index("ix_payout_tag_tag", "tag"),
        Index("ix_payout_tag_payout_id", "payout_id"),
    )

    id: int = Field(sa_column=key())
    payout_id: int = Field(sa_column=refers("payout.id"))
    why: str = Field(sa_column=words(8))
    tag: bytes = Field(sa_column=octets())
    tagged_at: datetime = Field(sa_column=moment())


class SendStopRow(SQLModel, table=True):
    """A while in which no refund of a site may leave; open until it is resumed. Nobody's where it was said at a shell.

    One that a break caused is nobody's either; its `reason` is the break's kind.
    """

    __tablename__ = "send_stop"
    __table_args__ = (
        at_most("reason", 2000),
        one_of("cause", StopCause),
        CheckConstraint("cause <> 'break' OR stopped_by IS NULL", name="break_is_nobodys"),
        CheckConstraint("resumed_by IS NULL OR resumed_at IS NOT NULL", name="resumed_whole"),
        Index("uq_send_stop_open", "site_id", unique=True, **only_where("resumed_at IS NULL")),
        Index("ix_send_stop_site_id", "site_id", "id"),
    )

    id: int = Field(sa_column=key())
    site_id: int = Field(sa_column=refers("site.id"))
    cause: str = Field(sa_column=words(8))
    reason: str = Field(sa_column=prose())
    stopped_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    stopped_at: datetime = Field(sa_column=moment())
    resumed_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    resumed_at: datetime | None = Field(sa_column=moment(optional=True))


class DayCloseRow(SQLModel, table=True):
    """One count of what left by one cashier's hand in one way. `on_day` is the site's day when it was counted.

    `from_at` and `until_at` are when its first and its last payout settled. `closed_by` is the cashier, or a manager once the
    cashier has left. A difference always has its reason, and so has what another counted.
    """

    __tablename__ = "day_close"
    __table_args__ = (
        one_of("method", Method),
        at_most("reason", LONGEST_REASON),
        CheckConstraint("expected_minor > 0 AND counted_minor >= 0", name="amounts_sound"),
        CheckConstraint("counted_minor = expected_minor OR reason IS NOT NULL", name="difference_explained"),
        CheckConstraint("closed_by = officer_id OR reason IS NOT NULL", name="anothers_explained"),
        CheckConstraint("from_at <= until_at", name="in_order"),
        Index("ix_day_close_site_id", "site_id", "id"),
    )

    id: int = Field(sa_column=key())
    site_id: int = Field(sa_column=refers("site.id"))
    officer_id: int = Field(sa_column=refers("officer.id"))
    method: str = Field(sa_column=words(16))
    currency: str = Field(sa_column=words(3))
    on_day: date = Field(sa_column=day())
    from_at: datetime = Field(sa_column=moment())
    until_at: datetime = Field(sa_column=moment())
    expected_minor: int = Field(sa_column=amount())
    counted_minor: int = Field(sa_column=amount())
    reason: str | None = Field(sa_column=prose(optional=True))
    closed_at: datetime = Field(sa_column=moment())
    closed_by: int = Field(sa_column=refers("officer.id"))


class DayCloseLineRow(SQLModel, table=True):
    """A payout that a close counted; no other close ever counts it, also not once the bank returned it."""

    __tablename__ = "day_close_line"
    __table_args__ = (UniqueConstraint("payout_id"),)

    id: int = Field(sa_column=key())
    day_close_id: int = Field(sa_column=refers("day_close.id", index=True))
    payout_id: int = Field(sa_column=refers("payout.id"))


class GatewayEventRow(SQLModel, table=True):
    """A signed message of the gateway, kept once by its own id. `fate` says what became of it: moved, late or parked.

    An answer to a call of ours that the books deny is kept beside them, under an id that no message can have.
    `why` says what a person has to look at; such a message has a `number`, and whoever looked says so. One kept by an older
    program has no `key`, the payout's key that it names.
    """

    __tablename__ = "gateway_event"
    __table_args__ = (
        CheckConstraint("fate IN ('moved', 'late', 'parked')", name="fate_known"),
        one_of("why", Doubt),
        at_most("dismissal", 2000),
        CheckConstraint("fate <> 'parked' OR why IS NOT NULL", name="why_when_parked"),
        CheckConstraint("fate <> 'moved' OR why IS NULL", name="no_doubt_when_moved"),
        CheckConstraint("(number IS NULL) = (why IS NULL)", name="number_when_in_doubt"),
        CheckConstraint("dismissed_at IS NULL OR number IS NOT NULL", name="dismissed_when_in_doubt"),
        CheckConstraint("(dismissed_at IS NULL) = (dismissed_by IS NULL)", name="dismissed_whole"),
        CheckConstraint("(dismissed_at IS NULL) = (dismissal IS NULL)", name="dismissed_with_reason"),
        Index("ix_gateway_event_payout_id", "payout_id"),
        Index("uq_gateway_event_number", "number", unique=True, **only_where("number IS NOT NULL")),
        Index("ix_gateway_event_waiting", "number", **only_where("number IS NOT NULL AND dismissed_at IS NULL")),
    )

    id: str = Field(sa_column=named_key(128))
    kind: str = Field(sa_column=words(40))
    payout_id: int | None = Field(sa_column=refers("payout.id", optional=True))
    gateway_id: str | None = Field(sa_column=words(128, optional=True))
    amount_minor: int | None = Field(sa_column=amount(optional=True))
    currency: str | None = Field(sa_column=words(3, optional=True))
    fate: str = Field(sa_column=words(8))
    why: str | None = Field(sa_column=words(24, optional=True))
    received_at: datetime = Field(sa_column=moment())
    number: int | None = Field(sa_column=serial(optional=True))
    key: str | None = Field(sa_column=words(128, optional=True))
    dismissed_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    dismissed_at: datetime | None = Field(sa_column=moment(optional=True))
    dismissal: str | None = Field(sa_column=prose(optional=True))


class StatementDayRow(SQLModel, table=True):
    """A UTC day whose statement a gateway has given; `gateway` is its name, None for one that an older program kept."""

    __tablename__ = "statement_day"
    __table_args__ = (UniqueConstraint("on_day", "gateway"),)

    id: int = Field(sa_column=key())
    on_day: date = Field(sa_column=day())
    fetched_at: datetime = Field(sa_column=moment())
    gateway: str | None = Field(sa_column=words(64, optional=True))


class StatementLineRow(SQLModel, table=True):
    """One payment as a gateway's statement tells it; one that is not `final` was in process when the statement was made.

    Numbers are a gateway's own; `gateway` is absent where an older program kept no name.
    """

    __tablename__ = "statement_line"
    __table_args__ = (
        Index("ix_statement_line_key", "key"),
        Index("uq_statement_line_named", "gateway_id", "gateway", unique=True, **only_where("gateway IS NOT NULL")),
        Index("uq_statement_line_unnamed", "gateway_id", unique=True, **only_where("gateway IS NULL")),
    )

    id: int = Field(sa_column=key())
    gateway_id: str = Field(sa_column=words(128))
    key: str = Field(sa_column=words(128))
    amount_minor: int = Field(sa_column=amount())
    currency: str = Field(sa_column=words(3))
    paid_at: datetime = Field(sa_column=moment())
    gateway: str | None = Field(sa_column=words(64, optional=True))
    final: bool = Field(sa_column=truth())


class StatementBreakRow(SQLModel, table=True):
    """A difference between books and statement (对账差异), found once for ever and open until a manager resolves it.

    Of no site where no payout has the key. `booked_` is what the books say, `told_` and `gateway_id` what the statement says.
    """

    __tablename__ = "statement_break"
    __table_args__ = (
        one_of("kind", BreakKind),
        at_most("resolution", 2000),
        CheckConstraint("(site_id IS NULL) = (payout_id IS NULL)", name="site_of_payout"),
        CheckConstraint("(payout_id IS NULL) = (booked_minor IS NULL)", name="booked_whole"),
        CheckConstraint("(booked_minor IS NULL) = (booked_currency IS NULL)", name="booked_with_currency"),
        CheckConstraint("(told_minor IS NULL) = (told_currency IS NULL)", name="told_with_currency"),
        CheckConstraint("(gateway_id IS NULL) = (told_minor IS NULL)", name="told_whole"),
        CheckConstraint("(kind = 'missing_on_statement') = (gateway_id IS NULL)", name="line_unless_missing"),
        CheckConstraint("kind IN ('missing_in_books', 'paid_twice') OR payout_id IS NOT NULL", name="payout_unless_unknown"),
        CheckConstraint("(resolved_at IS NULL) = (resolved_by IS NULL)", name="resolved_whole"),
        CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name="resolved_with_reason"),
        CheckConstraint("gateway IS NULL OR gateway_id IS NOT NULL", name="gateway_of_line"),
        Index("uq_statement_break_line", "kind", "gateway_id", "gateway", unique=True, **only_where("gateway IS NOT NULL")),
        Index("uq_statement_break_unnamed", "kind", "gateway_id", unique=True, **only_where(_UNNAMED)),
        Index("uq_statement_break_payout", "kind", "key", unique=True, **only_where("gateway_id IS NULL")),
        Index("ix_statement_break_site_id", "site_id", "id"),
        Index("ix_statement_break_open", "site_id", **only_where("resolved_at IS NULL")),
        Index("ix_statement_break_payout_id", "payout_id"),
    )

    id: int = Field(sa_column=key())
    site_id: int | None = Field(sa_column=refers("site.id", optional=True))
    kind: str = Field(sa_column=words(24))
    payout_id: int | None = Field(sa_column=refers("payout.id", optional=True))
    gateway: str | None = Field(sa_column=words(64, optional=True))
    gateway_id: str | None = Field(sa_column=words(128, optional=True))
    key: str = Field(sa_column=words(128))
    booked_minor: int | None = Field(sa_column=amount(optional=True))
    booked_currency: str | None = Field(sa_column=words(3, optional=True))
    told_minor: int | None = Field(sa_column=amount(optional=True))
    told_currency: str | None = Field(sa_column=words(3, optional=True))
    found_at: datetime = Field(sa_column=moment())
    resolved_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    resolved_at: datetime | None = Field(sa_column=moment(optional=True))
    resolution: str | None = Field(sa_column=prose(optional=True))
