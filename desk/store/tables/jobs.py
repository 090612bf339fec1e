"""What must happen later, what was missed, and what the hourly check found."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from desk.store.columns import document, key, moment, only_where, refers, truth, whole, words


class JobRow(SQLModel, table=True):
    """Work for later, written by the transaction that causes it; `dedupe` keeps it from being written twice.

    `due_at` is the desk's time. `leased_until` is the database's own time, so that no moved clock ends a lease.
    `attempt` counts leases, `failures` those that ended in a mistake of ours.
    """

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("dedupe"),
        CheckConstraint("attempt >= 0 AND failures >= 0", name="counters_sound"),
        CheckConstraint("done_at IS NULL OR set_aside_at IS NULL", name="one_end"),
        Index("ix_job_due", "due_at", "id", **only_where("done_at IS NULL AND set_aside_at IS NULL")),
    )

    id: int = Field(sa_column=key())
    kind: str = Field(sa_column=words(32))
    dedupe: str = Field(sa_column=words(120))
    payload: dict[str, Any] = Field(sa_column=document())
    made_at: datetime = Field(sa_column=moment())
    due_at: datetime = Field(sa_column=moment())
    leased_until: datetime | None = Field(sa_column=moment(optional=True))
    worker: str | None = Field(sa_column=words(64, optional=True))
    attempt: int = Field(sa_column=whole())
    failures: int = Field(sa_column=whole())
    last_error: str | None = Field(sa_column=words(80, optional=True))
    done_at: datetime | None = Field(sa_column=moment(optional=True))
    set_aside_at: datetime | None = Field(sa_column=moment(optional=True))


class ClockBreachRow(SQLModel, table=True):
    """A promise that was missed, recorded once for its claim, kind and deadline."""

    __tablename__ = "clock_breach"
    __table_args__ = (UniqueConstraint("claim_id", "kind", "due_at"),)

    id: int = Field(sa_column=key())
    claim_id: int = Field(sa_column=refers("claim.id"))
    kind: str = Field(sa_column=words(32))
    due_at: datetime = Field(sa_column=moment())
    recorded_at: datetime = Field(sa_column=moment())


class VerificationRow(SQLModel, table=True):
    """What `desk verify` found when the worker ran it; `failing` are the ids of invariants that do not hold."""

    __tablename__ = "verification"

    id: int = Field(sa_column=key())
    ran_at: datetime = Field(sa_column=moment())
    took_ms: int = Field(sa_column=whole())
    ok: bool = Field(sa_column=truth())
    failing: list[str] = Field(sa_column=document())
