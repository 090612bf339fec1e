"""Alerts of sites and merchants, and the notices by which a merchant is told to put things right. No row knows a person."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from desk.domain.alerts import Level, Task
from desk.store.columns import at_most, document, key, moment, one_of, only_where, prose, refers, truth, whole, words


class AlertRow(SQLModel, table=True):
    """For how long a site, or one of its merchants, was at a level. Without a respondent it is the site's own.

    Rows are only ended, never changed: the one without an end is the level now, the others are the history. `reasons` are those
    with which it began, each `[cause, figure, limit]`. `due_at` is by when its task is due, null where the level fell to this.
    """

    __tablename__ = "alert"
    __table_args__ = (
        one_of("level", Level),
        one_of("task", Task),
        CheckConstraint("until >= since", name="in_order"),
        CheckConstraint("due_at > since", name="due_after_it_began"),
        CheckConstraint("rose = (due_at IS NOT NULL)", name="due_when_it_rose"),
        Index("uq_alert_of_site", "site_id", unique=True, **only_where("until IS NULL AND respondent_id IS NULL")),
        Index("uq_alert_of_merchant", "respondent_id", unique=True, **only_where("until IS NULL AND respondent_id IS NOT NULL")),
        Index("ix_alert_site", "site_id", "since", "id"),
        Index("ix_alert_now", "site_id", "since", "id", **only_where("until IS NULL")),
    )

    id: int = Field(sa_column=key())
    site_id: int = Field(sa_column=refers("site.id"))
    respondent_id: int | None = Field(sa_column=refers("respondent.id", optional=True))
    level: str = Field(sa_column=words(8))
    rose: bool = Field(sa_column=truth())
    reasons: list[Any] = Field(sa_column=document())
    pack: str = Field(sa_column=words(80))
    tells: list[str] = Field(sa_column=document())
    task: str = Field(sa_column=words(12))
    since: datetime = Field(sa_column=moment())
    due_at: datetime | None = Field(sa_column=moment(optional=True))
    until: datetime | None = Field(sa_column=moment(optional=True))


class RectificationRow(SQLModel, table=True):
    """A notice that tells a merchant what to put right: served, answered in writing, confirmed. One open a merchant.

    `number` counts the notices of a site and year.
    """

    __tablename__ = "rectification"
    __table_args__ = (
        at_most("demands", 2000),
        CheckConstraint("(confirmed_at IS NULL) = (confirmed_by IS NULL)", name="confirmed_by_somebody"),
        CheckConstraint("due_at > served_at", name="due_after_it_was_served"),
        CheckConstraint("number > 0", name="number_above_zero"),
        Index("uq_rectification_open", "respondent_id", unique=True, **only_where("confirmed_at IS NULL")),
        Index("uq_rectification_number", "site_id", "year", "number", unique=True),
        Index("ix_rectification_site", "site_id", "served_at", "id"),
        Index("ix_rectification_due", "site_id", "due_at", "id", **only_where("confirmed_at IS NULL")),
        Index("ix_rectification_alert", "alert_id"),
    )

    id: int = Field(sa_column=key())
    site_id: int = Field(sa_column=refers("site.id"))
    respondent_id: int = Field(sa_column=refers("respondent.id"))
    alert_id: int = Field(sa_column=refers("alert.id"))
    year: int = Field(sa_column=whole())
    number: int = Field(sa_column=whole())
    demands: str = Field(sa_column=prose())
    pack: str = Field(sa_column=words(80))
    served_at: datetime = Field(sa_column=moment())
    served_by: int = Field(sa_column=refers("officer.id"))
    due_at: datetime = Field(sa_column=moment())
    confirmed_at: datetime | None = Field(sa_column=moment(optional=True))
    confirmed_by: int | None = Field(sa_column=refers("officer.id", optional=True))


class RectificationAnswerRow(SQLModel, table=True):
    """What a merchant wrote that they did, as staff entered it. Appended, never changed."""

    __tablename__ = "rectification_answer"
    __table_args__ = (
        at_most("text", 2000),
        Index("ix_rectification_answer", "rectification_id", "id"),
    )

    id: int = Field(sa_column=key())
    rectification_id: int = Field(sa_column=refers("rectification.id"))
    text: str = Field(sa_column=prose())
    written_at: datetime = Field(sa_column=moment())
    written_by: int = Field(sa_column=refers("officer.id"))
