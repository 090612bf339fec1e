"""Digests of sites, to whom each went, and who is on duty. What they tell knows no person who complained."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from desk.domain.digest import Told
from desk.domain.notification import NotificationState
from desk.store.columns import day, document, key, key_of, moment, octets, one_of, only_where, refers, truth, whole, words


class DigestRow(SQLModel, table=True):
    """What was known of a site when a due time came; never changed. `told`: whom. `quiet`: nothing to tell, nobody written to."""

    __tablename__ = "digest"
    __table_args__ = (
        UniqueConstraint("site_id", "due_at"),
        one_of("told", Told),
        CheckConstraint("made_at >= due_at", name="made_once_due"),
    )

    id: int = Field(sa_column=key())
    site_id: int = Field(sa_column=refers("site.id"))
    due_at: datetime = Field(sa_column=moment())
    made_at: datetime = Field(sa_column=moment())
    told: str = Field(sa_column=words(12))
    quiet: bool = Field(sa_column=truth())
    figures: dict[str, Any] = Field(sa_column=document())


class DigestLetterRow(SQLModel, table=True):
    """A digest on its way to an officer by mail, or without one to the operator's own hook; written with the digest itself.

    Holds no address and no text: the one is read, the other made when it leaves. `why` is the code of the last try.
    """

    __tablename__ = "digest_letter"
    __table_args__ = (
        one_of("state", NotificationState),
        CheckConstraint("channel IN ('mail', 'hook')", name="channel_carries"),
        CheckConstraint("(channel = 'mail') = (officer_id IS NOT NULL)", name="mail_to_somebody"),
        CheckConstraint("tries >= 0", name="tries_sound"),
        CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ended_when_not_waiting"),
        CheckConstraint("state <> 'sent' OR tries > 0", name="sent_was_tried"),
        Index("uq_digest_letter_mail", "digest_id", "officer_id", unique=True, **only_where("officer_id IS NOT NULL")),
        Index("uq_digest_letter_hook", "digest_id", unique=True, **only_where("officer_id IS NULL")),
    )

    id: int = Field(sa_column=key())
    digest_id: int = Field(sa_column=refers("digest.id"))
    officer_id: int | None = Field(sa_column=refers("officer.id", optional=True))
    channel: str = Field(sa_column=words(8))
    state: str = Field(sa_column=words(12))
    tries: int = Field(sa_column=whole())
    why: str | None = Field(sa_column=words(32, optional=True))
    tried_at: datetime | None = Field(sa_column=moment(optional=True))
    ended_at: datetime | None = Field(sa_column=moment(optional=True))


class DutyRow(SQLModel, table=True):
    """An officer on duty at a site on one of its days. Rows are only ended: taken off, and put on again by another row."""

    __tablename__ = "duty"
    __table_args__ = (
        CheckConstraint("(removed_at IS NULL) = (removed_by IS NULL)", name="removed_by_somebody"),
        CheckConstraint("removed_at >= added_at", name="in_order"),
        Index("uq_duty_on", "site_id", "on_day", "officer_id", unique=True, **only_where("removed_at IS NULL")),
        Index("ix_duty_day", "site_id", "on_day", "id"),
    )

    id: int = Field(sa_column=key())
    site_id: int = Field(sa_column=refers("site.id"))
    on_day: date = Field(sa_column=day())
    officer_id: int = Field(sa_column=refers("officer.id"))
    added_by: int = Field(sa_column=refers("officer.id"))
    added_at: datetime = Field(sa_column=moment())
    removed_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    removed_at: datetime | None = Field(sa_column=moment(optional=True))


class OfficerMailRow(SQLModel, table=True):
    """Where an officer gets mail from the desk, as they entered it themselves, sealed under the master key `key_id`.

    There is no row without an address.
    """

    __tablename__ = "officer_mail"

    officer_id: int = Field(sa_column=key_of("officer.id"))
    sealed: bytes = Field(sa_column=octets())
    key_id: str = Field(sa_column=words(16))
    set_at: datetime = Field(sa_column=moment())
