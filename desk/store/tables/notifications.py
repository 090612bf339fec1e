"""What the desk writes to visitors outside its own pages, and what became of it. Holds no address and no text."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from desk.domain.notification import News, NotificationState
from desk.store.columns import key, moment, one_of, refers, whole, words


class NotificationRow(SQLModel, table=True):
    """One event of a claim that one recipient is told by one channel, written by the transaction that wrote the event.

    Address and text are made when it is sent: the one is read from the sealed visitor then, the other from the catalogue.
    `turn` counts how often a person had it sent again, `tries` those of this turn; `why` is the code of the last one.
    """

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("event_id", "recipient", "channel"),
        one_of("news", News),
        one_of("state", NotificationState),
        CheckConstraint("recipient IN ('visitor')", name="recipient_known"),
        CheckConstraint("channel IN ('sms', 'mail')", name="channel_carries"),
        CheckConstraint("turn > 0 AND tries >= 0", name="counters_sound"),
        CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ended_when_not_waiting"),
        CheckConstraint("state <> 'sent' OR tries > 0", name="sent_was_tried"),
        Index("ix_notification_claim", "claim_id", "id"),
    )

    id: int = Field(sa_column=key())
    claim_id: int = Field(sa_column=refers("claim.id"))
    site_id: int = Field(sa_column=refers("site.id"))
    event_id: int = Field(sa_column=refers("event.id"))
    recipient: str = Field(sa_column=words(16))
    channel: str = Field(sa_column=words(8))
    news: str = Field(sa_column=words(24))
    state: str = Field(sa_column=words(12))
    turn: int = Field(sa_column=whole())
    tries: int = Field(sa_column=whole())
    why: str | None = Field(sa_column=words(32, optional=True))
    made_at: datetime = Field(sa_column=moment())
    due_at: datetime = Field(sa_column=moment())
    tried_at: datetime | None = Field(sa_column=moment(optional=True))
    ended_at: datetime | None = Field(sa_column=moment(optional=True))
