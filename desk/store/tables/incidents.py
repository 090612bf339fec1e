"""Collective disputes: claims of one cause, the incident that they become, its clocks, reports and plan."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from desk.domain.claim import Category
from desk.domain.clocks import ClockState
from desk.domain.incident import MOST_PEOPLE, IncidentLevel, MemberState
from desk.store.columns import at_most, document, key, moment, one_of, only_where, prose, refers, truth, whole, words


class IncidentRow(SQLModel, table=True):
    """Claims of one cause on one merchant, or without one at one spot: proposed, and from enough people on an open incident.

    `people` are the most there ever were, `counted` those an officer counted on the scene. `levels` is the history, each
    `[level, people, at]`; `number` counts the opened ones of a site and year. Without `opened_by` the desk opened it, without
    `closed_by` it lapsed. `version` rises with each change and is its ETag.
    """

    __tablename__ = "incident"
    __table_args__ = (
        one_of("category", Category),
        one_of("level", IncidentLevel),
        at_most("opened_why", 2000),
        at_most("plan", 4000),
        at_most("closed_why", 2000),
        CheckConstraint("respondent_id IS NOT NULL OR spot IS NOT NULL", name="has_a_place"),
        CheckConstraint("(opened_at IS NULL) = (level IS NULL)", name="level_when_open"),
        CheckConstraint("(opened_at IS NULL) = (number IS NULL)", name="number_when_open"),
        CheckConstraint("(opened_at IS NULL) = (year IS NULL)", name="year_when_open"),
        CheckConstraint("opened_at IS NOT NULL OR (reported_at IS NULL AND arrived_at IS NULL)", name="steps_when_open"),
        CheckConstraint("(reported_at IS NULL) = (reported_to IS NULL)", name="reported_to_somebody"),
        CheckConstraint("(reported_at IS NULL) = (reported_by IS NULL)", name="reported_by_somebody"),
        CheckConstraint("(arrived_at IS NULL) = (arrived_by IS NULL)", name="arrived_in_person"),
        CheckConstraint("(planned_at IS NULL) = (plan IS NULL)", name="plan_in_words"),
        CheckConstraint("(planned_at IS NULL) = (planned_by IS NULL)", name="planned_by_somebody"),
        CheckConstraint(f"people BETWEEN 0 AND {MOST_PEOPLE * 1000}", name="people_bounded"),
        CheckConstraint(f"counted BETWEEN 1 AND {MOST_PEOPLE}", name="counted_bounded"),
        CheckConstraint("version > 0", name="version_above_zero"),
        Index(
            "uq_incident_of_merchant",
            "respondent_id",
            "category",
            unique=True,
            **only_where("closed_at IS NULL AND respondent_id IS NOT NULL"),
        ),
        Index(
            "uq_incident_of_spot",
            "site_id",
            "spot",
            "category",
            unique=True,
            **only_where("closed_at IS NULL AND respondent_id IS NULL"),
        ),
        Index("uq_incident_number", "site_id", "year", "number", unique=True, **only_where("number IS NOT NULL")),
        Index("ix_incident_site", "site_id", "proposed_at", "id"),
        Index("ix_incident_now", "site_id", "proposed_at", "id", **only_where("closed_at IS NULL")),
    )

    id: int = Field(sa_column=key())
    site_id: int = Field(sa_column=refers("site.id"))
    respondent_id: int | None = Field(sa_column=refers("respondent.id", optional=True))
    spot: str | None = Field(sa_column=words(40, optional=True))
    category: str = Field(sa_column=words(24))
    pack: str = Field(sa_column=words(80))
    people: int = Field(sa_column=whole())
    counted: int | None = Field(sa_column=whole(optional=True))
    level: str | None = Field(sa_column=words(8, optional=True))
    levels: list[Any] = Field(sa_column=document())
    year: int | None = Field(sa_column=whole(optional=True))
    number: int | None = Field(sa_column=whole(optional=True))
    version: int = Field(sa_column=whole())
    proposed_at: datetime = Field(sa_column=moment())
    opened_at: datetime | None = Field(sa_column=moment(optional=True))
    opened_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    opened_why: str | None = Field(sa_column=prose(optional=True))
    reported_at: datetime | None = Field(sa_column=moment(optional=True))
    reported_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    reported_to: str | None = Field(sa_column=words(80, optional=True))
    arrived_at: datetime | None = Field(sa_column=moment(optional=True))
    arrived_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    plan: str | None = Field(sa_column=prose(optional=True))
    planned_at: datetime | None = Field(sa_column=moment(optional=True))
    planned_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    closed_at: datetime | None = Field(sa_column=moment(optional=True))
    closed_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    closed_why: str | None = Field(sa_column=prose(optional=True))


class IncidentMemberRow(SQLModel, table=True):
    """A claim of the cause of an incident; a claim is in one at a time. Without `joined_by` the visitor opted in themselves.

    Nothing of the claim itself depends on this row: who leaves keeps every date and clock.
    """

    __tablename__ = "incident_member"
    __table_args__ = (
        one_of("state", MemberState),
        UniqueConstraint("incident_id", "claim_id"),
        CheckConstraint("(state = 'left') = (left_at IS NOT NULL)", name="left_at_some_time"),
        CheckConstraint("state != 'joined' OR joined_at IS NOT NULL", name="joined_at_some_time"),
        CheckConstraint("NOT representative OR state = 'joined'", name="represents_as_a_member"),
        Index("uq_incident_member_one", "claim_id", unique=True, **only_where("state != 'left'")),
        Index("ix_incident_member_claim", "claim_id"),
    )

    id: int = Field(sa_column=key())
    incident_id: int = Field(sa_column=refers("incident.id"))
    claim_id: int = Field(sa_column=refers("claim.id"))
    state: str = Field(sa_column=words(8))
    representative: bool = Field(sa_column=truth())
    found_at: datetime = Field(sa_column=moment())
    joined_at: datetime | None = Field(sa_column=moment(optional=True))
    joined_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    left_at: datetime | None = Field(sa_column=moment(optional=True))
    left_by: int | None = Field(sa_column=refers("officer.id", optional=True))


class IncidentClockRow(SQLModel, table=True):
    """A promise of an incident, as `clock` holds those of a claim."""

    __tablename__ = "incident_clock"
    __table_args__ = (
        one_of("state", ClockState),
        CheckConstraint("(state IN ('stopped', 'void')) = (stopped_at IS NOT NULL)", name="stopped_at_when_ended"),
        CheckConstraint("next_at IS NULL OR (state = 'running' AND NOT provisional)", name="seen_to_while_running"),
        UniqueConstraint("incident_id", "kind", "base_at"),
        Index("ix_incident_clock_next", "next_at", "incident_id", **only_where("next_at IS NOT NULL")),
    )

    id: int = Field(sa_column=key())
    incident_id: int = Field(sa_column=refers("incident.id"))
    kind: str = Field(sa_column=words(32))
    state: str = Field(sa_column=words(8))
    base_at: datetime = Field(sa_column=moment())
    due_at: datetime = Field(sa_column=moment())
    next_at: datetime | None = Field(sa_column=moment(optional=True))
    stopped_at: datetime | None = Field(sa_column=moment(optional=True))
    provisional: bool = Field(sa_column=truth())
    pack: str = Field(sa_column=words(80))
    calendar: str = Field(sa_column=words(40))
    rule: dict[str, Any] = Field(sa_column=document())
    segments: list[Any] = Field(sa_column=document())


class IncidentReportRow(SQLModel, table=True):
    """The written report as it was saved, one row each time; the newest is the report. Filed, it is whole and no draft any more.

    Appended, never changed. `version` counts from 1 and is its ETag.
    """

    __tablename__ = "incident_report"
    __table_args__ = (
        at_most("happened", 4000),
        at_most("measures", 2000),
        at_most("cause", 2000),
        CheckConstraint(f"people BETWEEN 1 AND {MOST_PEOPLE}", name="people_bounded"),
        CheckConstraint(f"injured BETWEEN 0 AND {MOST_PEOPLE}", name="injured_bounded"),
        CheckConstraint("version > 0", name="version_above_zero"),
        CheckConstraint(
            "NOT filed OR (happened != '' AND measures != '' AND cause != '' AND people IS NOT NULL AND injured IS NOT NULL)",
            name="filed_whole",
        ),
        UniqueConstraint("incident_id", "version"),
    )

    id: int = Field(sa_column=key())
    incident_id: int = Field(sa_column=refers("incident.id"))
    version: int = Field(sa_column=whole())
    happened: str = Field(sa_column=prose())
    people: int | None = Field(sa_column=whole(optional=True))
    injured: int | None = Field(sa_column=whole(optional=True))
    measures: str = Field(sa_column=prose())
    cause: str = Field(sa_column=prose())
    filed: bool = Field(sa_column=truth())
    saved_at: datetime = Field(sa_column=moment())
    saved_by: int = Field(sa_column=refers("officer.id"))
