"""Settlement plans of collective disputes: what each member is offered, how they voted, and what became of each payout."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from desk.domain.incident import LineState, Vote
from desk.store.columns import amount, at_most, key, moment, one_of, only_where, prose, refers, words


class SettlementRow(SQLModel, table=True):
    """One plan of amounts for the members of a collective claim. Votes are taken until `votes_until`; one stands at a time.

    It stands until it is taken back or handed in; `submitted_at` is when a cashier first handed it in as a batch.
    """

    __tablename__ = "settlement"
    __table_args__ = (
        at_most("note", 2000),
        CheckConstraint("votes_until > made_at", name="time_to_vote"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_by_somebody"),
        CheckConstraint("(submitted_at IS NULL) = (submitted_by IS NULL)", name="submitted_by_somebody"),
        CheckConstraint("withdrawn_at IS NULL OR submitted_at IS NULL", name="one_end"),
        Index(
            "uq_settlement_standing", "incident_id", unique=True, **only_where("withdrawn_at IS NULL AND submitted_at IS NULL")
        ),
        Index("ix_settlement_incident", "incident_id", "made_at"),
    )

    id: int = Field(sa_column=key())
    incident_id: int = Field(sa_column=refers("incident.id"))
    note: str = Field(sa_column=prose())
    made_at: datetime = Field(sa_column=moment())
    made_by: int = Field(sa_column=refers("officer.id"))
    votes_until: datetime = Field(sa_column=moment())
    withdrawn_at: datetime | None = Field(sa_column=moment(optional=True))
    withdrawn_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    submitted_at: datetime | None = Field(sa_column=moment(optional=True))
    submitted_by: int | None = Field(sa_column=refers("officer.id", optional=True))


class SettlementLineRow(SQLModel, table=True):
    """What one member is offered, and their own vote; no vote is a no. `why` is the code by which a row's payout was refused.

    Without `voted_by` the visitor voted themselves. `payout_id` is the row's newest payout: after one that was cancelled or
    failed there may be another, with another key.
    """

    __tablename__ = "settlement_line"
    __table_args__ = (
        one_of("vote", Vote),
        one_of("state", LineState),
        CheckConstraint("amount_minor > 0", name="amount_above_zero"),
        CheckConstraint("(vote IS NULL) = (voted_at IS NULL)", name="voted_at_some_time"),
        CheckConstraint("(state = 'proposed') = (payout_id IS NOT NULL)", name="payout_when_proposed"),
        CheckConstraint("(state = 'refused') = (why IS NOT NULL)", name="why_when_refused"),
        CheckConstraint("(state = 'waiting') = (tried_at IS NULL)", name="tried_at_some_time"),
        CheckConstraint("payout_id IS NULL OR vote = 'yes'", name="paid_with_consent"),
        UniqueConstraint("settlement_id", "claim_id"),
        Index("ix_settlement_line_claim", "claim_id"),
        Index("uq_settlement_line_payout", "payout_id", unique=True, **only_where("payout_id IS NOT NULL")),
    )

    id: int = Field(sa_column=key())
    settlement_id: int = Field(sa_column=refers("settlement.id"))
    claim_id: int = Field(sa_column=refers("claim.id"))
    amount_minor: int = Field(sa_column=amount())
    vote: str | None = Field(sa_column=words(4, optional=True))
    voted_at: datetime | None = Field(sa_column=moment(optional=True))
    voted_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    state: str = Field(sa_column=words(8))
    why: str | None = Field(sa_column=words(40, optional=True))
    tried_at: datetime | None = Field(sa_column=moment(optional=True))
    tried_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    payout_id: int | None = Field(sa_column=refers("payout.id", optional=True))
