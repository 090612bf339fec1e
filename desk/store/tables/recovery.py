"""What respondents owe the fund, and what was done to get it: demands, plans of instalments, decisions of two persons."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from desk.domain.claim import Basis
from desk.domain.recovery import ENDED, DecisionKind, RecoveryState
from desk.store.columns import amount, at_most, day, key, key_of, moment, one_of, only_where, prose, refers, whole, words

_ENDED = ", ".join(f"'{state}'" for state in RecoveryState if state in ENDED)
_PARTS = "recovered_minor + written_off_minor + returned_minor"


class RecoveryRow(SQLModel, table=True):
    """What is owed for one settled payout; its number is the payout's. What no part has taken of the amount is open.

    Without a respondent nobody was named when the payout settled. `lapses_at` is the end of the limitation.
    """

    __tablename__ = "recovery"
    __table_args__ = (
        one_of("state", RecoveryState),
        one_of("basis", Basis),
        CheckConstraint("amount_minor > 0", name="amount_above_zero"),
        CheckConstraint("recovered_minor >= 0 AND written_off_minor >= 0 AND returned_minor >= 0", name="parts_not_negative"),
        CheckConstraint(f"{_PARTS} <= amount_minor", name="parts_within_amount"),
        CheckConstraint(f"(state IN ({_ENDED})) = ({_PARTS} = amount_minor)", name="ended_when_nothing_open"),
        CheckConstraint(f"(state IN ({_ENDED})) = (ended_at IS NOT NULL)", name="ended_at_when_ended"),
        Index("ix_recovery_open", "site_id", "opened_at", "payout_id", **only_where("ended_at IS NULL")),
        Index("ix_recovery_site_id", "site_id", "opened_at", "payout_id"),
        Index("ix_recovery_respondent_id", "respondent_id", "opened_at", "payout_id"),
        Index("ix_recovery_claim_id", "claim_id"),
    )

    payout_id: int = Field(sa_column=key_of("payout.id"))
    claim_id: int = Field(sa_column=refers("claim.id"))
    site_id: int = Field(sa_column=refers("site.id"))
    respondent_id: int | None = Field(sa_column=refers("respondent.id", optional=True))
    basis: str | None = Field(sa_column=words(20, optional=True))
    currency: str = Field(sa_column=words(3))
    amount_minor: int = Field(sa_column=amount())
    recovered_minor: int = Field(sa_column=amount())
    written_off_minor: int = Field(sa_column=amount())
    returned_minor: int = Field(sa_column=amount())
    state: str = Field(sa_column=words(16))
    opened_at: datetime = Field(sa_column=moment())
    demanded_at: datetime | None = Field(sa_column=moment(optional=True))
    lapses_at: datetime = Field(sa_column=moment())
    ended_at: datetime | None = Field(sa_column=moment(optional=True))


class RecoveryDemandRow(SQLModel, table=True):
    """A letter that asked for what was open then. Numbered from 1; each one restarted the limitation."""

    __tablename__ = "recovery_demand"
    __table_args__ = (
        CheckConstraint("open_minor > 0 AND number > 0", name="asks_for_something"),
        UniqueConstraint("payout_id", "number"),
    )

    id: int = Field(sa_column=key())
    payout_id: int = Field(sa_column=refers("recovery.payout_id"))
    number: int = Field(sa_column=whole())
    open_minor: int = Field(sa_column=amount())
    pay_by_on: date = Field(sa_column=day())
    demanded_by: int = Field(sa_column=refers("officer.id"))
    demanded_at: datetime = Field(sa_column=moment())


class RecoveryInstalmentRow(SQLModel, table=True):
    """One payment of a plan. Plans are numbered from 1, and only the last one counts."""

    __tablename__ = "recovery_instalment"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_above_zero"),
        UniqueConstraint("payout_id", "plan", "position"),
    )

    id: int = Field(sa_column=key())
    payout_id: int = Field(sa_column=refers("recovery.payout_id"))
    plan: int = Field(sa_column=whole())
    position: int = Field(sa_column=whole())
    due_on: date = Field(sa_column=day())
    amount_minor: int = Field(sa_column=amount())


class RecoveryDecisionRow(SQLModel, table=True):
    """What one person asks to be given up, and who agreed or refused. Nothing is posted before a second one agrees."""

    __tablename__ = "recovery_decision"
    __table_args__ = (
        one_of("kind", DecisionKind),
        at_most("reason", 2000),
        CheckConstraint("amount_minor > 0", name="amount_above_zero"),
        CheckConstraint("approved_by <> proposed_by", name="two_persons"),
        CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name="approved_whole"),
        CheckConstraint("(refused_by IS NULL) = (refused_at IS NULL)", name="refused_whole"),
        CheckConstraint("approved_at IS NULL OR refused_at IS NULL", name="ended_once"),
        Index("ix_recovery_decision_payout_id", "payout_id", "id"),
        Index("uq_recovery_decision_open", "payout_id", unique=True, **only_where("approved_at IS NULL AND refused_at IS NULL")),
    )

    id: int = Field(sa_column=key())
    payout_id: int = Field(sa_column=refers("recovery.payout_id"))
    kind: str = Field(sa_column=words(12))
    amount_minor: int = Field(sa_column=amount())
    reason: str = Field(sa_column=prose())
    proposed_by: int = Field(sa_column=refers("officer.id"))
    proposed_at: datetime = Field(sa_column=moment())
    approved_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    approved_at: datetime | None = Field(sa_column=moment(optional=True))
    refused_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    refused_at: datetime | None = Field(sa_column=moment(optional=True))
