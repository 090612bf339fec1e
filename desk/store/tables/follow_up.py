"""What was asked and said after a claim had ended."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from desk.domain.follow_up import Kind
from desk.store.columns import at_most, key, moment, one_of, only_where, prose, refers, whole, words


class FollowUpRow(SQLModel, table=True):
    """A rating by the visitor, or a try of the desk; appended, never changed: of one end's ratings the newest counts.

    `ended_at` is the end it is about, for a claim may be reopened and end again. `month` is the site's, as "2026-10".
    """

    __tablename__ = "follow_up"
    __table_args__ = (
        one_of("kind", Kind),
        CheckConstraint("(kind = 'rating') = (rating IS NOT NULL)", name="rating_when_rated"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating_known"),
        CheckConstraint("comment IS NULL OR kind = 'rating'", name="comment_of_a_rating"),
        CheckConstraint("(kind = 'rating') = (officer_id IS NULL)", name="rated_by_the_visitor"),
        at_most("comment", 2000),
        Index("ix_follow_up_claim", "claim_id", "id"),
        Index("ix_follow_up_said", "site_id", "written_at", "id", **only_where("kind = 'rating'")),
    )

    id: int = Field(sa_column=key())
    claim_id: int = Field(sa_column=refers("claim.id"))
    site_id: int = Field(sa_column=refers("site.id"))
    ended_at: datetime = Field(sa_column=moment())
    kind: str = Field(sa_column=words(16))
    rating: int | None = Field(sa_column=whole(optional=True))
    comment: str | None = Field(sa_column=prose(optional=True))
    officer_id: int | None = Field(sa_column=refers("officer.id", optional=True))
    month: str = Field(sa_column=words(7))
    written_at: datetime = Field(sa_column=moment())
