"""What must happen later, what was missed, and what the hourly check found."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from desk.domain.ladder import TOLD
from desk.domain.notice import NoticeKind
from desk.store.columns import at_most, document, key, moment, one_of, only_where, prose, refers, truth, whole, words


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
    """A promise that was missed, recorded once for its claim or incident, kind and deadline. `base_at` is when it was made.

    `reason` is why, as an officer wrote it later; the newest word counts, the chain keeps every one.
    """

    __tablename__ = "clock_breach"
    __table_args__ = (
        UniqueConstraint("claim_id", "kind", "due_at"),
        Index("uq_clock_breach_incident", "incident_id", "kind", "due_at", unique=True, **only_where("incident_id IS NOT NULL")),
        CheckConstraint("(claim_id IS NULL) != (incident_id IS NULL)", name="of_claim_or_incident"),
        at_most("reason", 2000),
        CheckConstraint("(reason IS NULL) = (explained_at IS NULL)", name="explained_whole"),
        CheckConstraint("(explained_at IS NULL) = (explained_by IS NULL)", name="explained_by_whom"),
        Index("ix_clock_breach_site", "site_id", "base_at", "id"),
        Index("ix_clock_breach_recorded", "site_id", "recorded_at"),
    )

    id: int = Field(sa_column=key())
    claim_id: int | None = Field(sa_column=refers("claim.id", optional=True))
    incident_id: int | None = Field(sa_column=refers("incident.id", optional=True))
    site_id: int = Field(sa_column=refers("site.id"))
    kind: str = Field(sa_column=words(32))
    base_at: datetime = Field(sa_column=moment())
    due_at: datetime = Field(sa_column=moment())
    recorded_at: datetime = Field(sa_column=moment())
    reason: str | None = Field(sa_column=prose(optional=True))
    explained_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    explained_at: datetime | None = Field(sa_column=moment(optional=True))


class ClockReminderRow(SQLModel, table=True):
    """One role told once of a deadline, `minutes` after it or, below zero, before it; open while it is the last word on it."""

    __tablename__ = "clock_reminder"
    __table_args__ = (
        CheckConstraint(f"role IN ({', '.join(repr(role.value) for role in sorted(TOLD))})", name="role_known"),
        UniqueConstraint("claim_id", "kind", "due_at", "minutes", "role"),
        Index(
            "uq_clock_reminder_incident",
            "incident_id",
            "kind",
            "due_at",
            "minutes",
            "role",
            unique=True,
            **only_where("incident_id IS NOT NULL"),
        ),
        CheckConstraint("(claim_id IS NULL) != (incident_id IS NULL)", name="of_claim_or_incident"),
        Index("ix_clock_reminder_open", "site_id", "role", "due_at", "id", **only_where("ended_at IS NULL")),
    )

    id: int = Field(sa_column=key())
    site_id: int = Field(sa_column=refers("site.id"))
    claim_id: int | None = Field(sa_column=refers("claim.id", optional=True))
    incident_id: int | None = Field(sa_column=refers("incident.id", optional=True))
    kind: str = Field(sa_column=words(32))
    due_at: datetime = Field(sa_column=moment())
    minutes: int = Field(sa_column=whole())
    role: str = Field(sa_column=words(16))
    told_at: datetime = Field(sa_column=moment())
    ended_at: datetime | None = Field(sa_column=moment(optional=True))


class NoticeRow(SQLModel, table=True):
    """What a manager must look at; open at most once for its kind and claim, or for its kind and site where it is of no claim."""

    __tablename__ = "notice"
    __table_args__ = (
        one_of("kind", NoticeKind),
        CheckConstraint("(claim_id IS NULL) = (kind = 'fund_low')", name="of_claim_or_site"),
        CheckConstraint("claim_id IS NOT NULL OR payout_id IS NULL", name="payout_has_claim"),
        Index("uq_notice_open_at_site", "site_id", "kind", unique=True, **only_where("closed_at IS NULL AND claim_id IS NULL")),
        Index("uq_notice_open", "claim_id", "kind", unique=True, **only_where("closed_at IS NULL")),
        Index("ix_notice_site", "site_id", "opened_at", **only_where("closed_at IS NULL")),
    )

    id: int = Field(sa_column=key())
    site_id: int = Field(sa_column=refers("site.id"))
    claim_id: int | None = Field(sa_column=refers("claim.id", optional=True))
    payout_id: int | None = Field(sa_column=refers("payout.id", optional=True))
    kind: str = Field(sa_column=words(24))
    opened_at: datetime = Field(sa_column=moment())
    closed_at: datetime | None = Field(sa_column=moment(optional=True))


class VerificationRow(SQLModel, table=True):
    """What `desk verify` found when the worker ran it; `failing` are the ids of invariants that do not hold."""

    __tablename__ = "verification"

    id: int = Field(sa_column=key())
    ran_at: datetime = Field(sa_column=moment())
    took_ms: int = Field(sa_column=whole())
    ok: bool = Field(sa_column=truth())
    failing: list[str] = Field(sa_column=document())
