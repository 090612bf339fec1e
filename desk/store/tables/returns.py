"""No-reason returns: who pledged to take goods back, and the returns that were asked for."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from desk.domain.claim import Answer
from desk.domain.returns import LONGEST_DAYS, ReturnAnswer, ReturnOutcome, ReturnReason
from desk.store.columns import amount, at_most, day, document, key, moment, one_of, only_where, prose, refers, whole, words


class PledgeRow(SQLModel, table=True):
    """A promise to take goods back without a reason. Without a respondent the site pledges for all its licensed merchants.

    `exclusions` are the coded reasons it excepts. A row is never changed but for its withdrawal; another promise is another row.
    """

    __tablename__ = "pledge"
    __table_args__ = (
        CheckConstraint(f"days BETWEEN 1 AND {LONGEST_DAYS}", name="days_bounded"),
        CheckConstraint("withdrawn_on >= signed_on", name="in_order"),
        CheckConstraint("(withdrawn_on IS NULL) = (withdrawn_at IS NULL)", name="withdrawn_whole"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_by_somebody"),
        Index("ix_pledge_site_id", "site_id", "id"),
        Index("ix_pledge_respondent_id", "respondent_id"),
        Index("uq_pledge_of_merchant", "respondent_id", unique=True, **only_where("withdrawn_at IS NULL")),
        Index("uq_pledge_of_site", "site_id", unique=True, **only_where("withdrawn_at IS NULL AND respondent_id IS NULL")),
    )

    id: int = Field(sa_column=key())
    site_id: int = Field(sa_column=refers("site.id"))
    respondent_id: int | None = Field(sa_column=refers("respondent.id", optional=True))
    days: int = Field(sa_column=whole())
    exclusions: list[Any] = Field(sa_column=document())
    signed_on: date = Field(sa_column=day())
    added_by: int = Field(sa_column=refers("officer.id"))
    added_at: datetime = Field(sa_column=moment())
    withdrawn_on: date | None = Field(sa_column=day(optional=True))
    withdrawn_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    withdrawn_at: datetime | None = Field(sa_column=moment(optional=True))


class GoodsReturnRow(SQLModel, table=True):
    """A return of goods: one open at a time for a claim, and more only one after the other.

    `pledge_id` is what the goods are taken back on, `decided_minor` what is refunded for them once they are back.
    """

    __tablename__ = "goods_return"
    __table_args__ = (
        one_of("custom_made", Answer),
        one_of("altered", Answer),
        one_of("damaged_in_transport", Answer),
        one_of("answer", ReturnAnswer),
        one_of("reason", ReturnReason),
        one_of("outcome", ReturnOutcome),
        CheckConstraint("requested_by IN ('visitor', 'officer')", name="requested_by_known"),
        at_most("item", 400),
        at_most("condition", 2000),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered_whole"),
        CheckConstraint("(answered_at IS NULL) = (answered_by IS NULL)", name="answered_by_somebody"),
        CheckConstraint("(pledge_id IS NOT NULL) = (answer IS NOT NULL AND answer = 'goods_awaited')", name="accepted_on_pledge"),
        CheckConstraint("(goods_back_at IS NULL) = (goods_back_by IS NULL)", name="goods_back_whole"),
        CheckConstraint("(goods_back_at IS NULL) = (condition IS NULL)", name="goods_looked_at"),
        CheckConstraint("(goods_back_at IS NULL) = (decided_minor IS NULL)", name="decided_with_goods"),
        CheckConstraint("goods_back_at IS NULL OR pledge_id IS NOT NULL", name="goods_after_answer"),
        CheckConstraint("decided_minor > 0", name="decided_above_zero"),
        CheckConstraint("(closed_at IS NULL) = (outcome IS NULL)", name="closed_whole"),
        CheckConstraint("(reason IS NOT NULL) = (outcome IS NOT NULL AND outcome = 'refused')", name="refused_with_reason"),
        CheckConstraint("outcome IS NULL OR outcome <> 'refunded' OR goods_back_at IS NOT NULL", name="refunded_for_goods"),
        Index("ix_goods_return_claim_id", "claim_id", "id"),
        Index("ix_goods_return_pledge_id", "pledge_id"),
        Index("uq_goods_return_open", "claim_id", unique=True, **only_where("closed_at IS NULL")),
    )

    id: int = Field(sa_column=key())
    claim_id: int = Field(sa_column=refers("claim.id"))
    pledge_id: int | None = Field(sa_column=refers("pledge.id", optional=True))
    item: str = Field(sa_column=prose())
    purchased_on: date | None = Field(sa_column=day(optional=True))
    invoice_no: str | None = Field(sa_column=words(80, optional=True))
    custom_made: str = Field(sa_column=words(8))
    altered: str = Field(sa_column=words(8))
    damaged_in_transport: str = Field(sa_column=words(8))
    requested_at: datetime = Field(sa_column=moment())
    requested_by: str = Field(sa_column=words(8))
    answer: str | None = Field(sa_column=words(16, optional=True))
    answered_at: datetime | None = Field(sa_column=moment(optional=True))
    answered_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    goods_back_at: datetime | None = Field(sa_column=moment(optional=True))
    goods_back_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    condition: str | None = Field(sa_column=prose(optional=True))
    decided_minor: int | None = Field(sa_column=amount(optional=True))
    reason: str | None = Field(sa_column=words(24, optional=True))
    closed_at: datetime | None = Field(sa_column=moment(optional=True))
    outcome: str | None = Field(sa_column=words(12, optional=True))
