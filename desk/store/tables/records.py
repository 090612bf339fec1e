"""What keeps the others honest: the audit chain, answers already given, failed tries."""

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from desk.store.columns import amount, key, moment, named_key, octets, prose, refers, whole, words


class EventRow(SQLModel, table=True):
    """The audit chain: appended, never changed. `data` is canonical JSON text and is hashed as it stands."""

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("(kind = 'moved') = (step IS NOT NULL)", name="step_when_moved"),
        CheckConstraint("seq > 0", name="seq_above_zero"),
        UniqueConstraint("subject", "seq"),
        UniqueConstraint("prev_hash"),
    )

    id: int = Field(sa_column=key())
    subject: str = Field(sa_column=words(40))
    seq: int = Field(sa_column=whole())
    kind: str = Field(sa_column=words(24))
    at: datetime = Field(sa_column=moment())
    actor: str = Field(sa_column=words(40))
    role: str = Field(sa_column=words(40))
    site_id: int | None = Field(sa_column=refers("site.id", optional=True))
    request_id: str = Field(sa_column=words(64))
    step: str | None = Field(sa_column=words(32, optional=True))
    from_state: str | None = Field(sa_column=words(24, optional=True))
    to_state: str | None = Field(sa_column=words(24, optional=True))
    reason: str | None = Field(sa_column=prose(optional=True))
    data: str = Field(sa_column=prose())
    prev_hash: bytes = Field(sa_column=octets())
    hash: bytes = Field(sa_column=octets())


class IdempotencyKeyRow(SQLModel, table=True):
    """A request that was answered: who asked where with which key, what the body was, and the answer to show again."""

    __tablename__ = "idempotency_key"
    __table_args__ = (UniqueConstraint("key", "actor", "route"),)

    id: int = Field(sa_column=key())
    actor: str = Field(sa_column=words(64))
    route: str = Field(sa_column=words(80))
    key: str = Field(sa_column=words(128))
    fingerprint: bytes = Field(sa_column=octets())
    answer: str = Field(sa_column=prose())
    answered_at: datetime = Field(sa_column=moment())


class TryBucketRow(SQLModel, table=True):
    """Failed tries under one keyed name (a claim, a network, an unreal reference).

    `empty_at_us` is when the bucket holds no try any more, in microseconds of the epoch: one number tells how full it is.
    """

    __tablename__ = "try_bucket"

    name: str = Field(sa_column=named_key(40))
    empty_at_us: int = Field(sa_column=amount())
