"""Claims, what hangs on them, and their place on the docket."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from desk.domain.claim import Category, Channel, Elsewhere, ItemKind, Outcome, State
from desk.domain.clocks import ClockState
from desk.store.columns import (
    amount,
    at_most,
    day,
    document,
    key,
    key_of,
    moment,
    octets,
    one_of,
    only_where,
    prose,
    refers,
    truth,
    whole,
    words,
)


class ClaimRow(SQLModel, table=True):
    """A dispute. `due_at` is its earliest running clock, or for ever; `version` rises with each change and is its ETag.

    `received_at` decides pack and lateness, `lodged_at` is when the desk was told. `source_key` names an imported case.
    """

    __tablename__ = "claim"
    __table_args__ = (
        one_of("state", State),
        one_of("channel", Channel),
        one_of("category", Category),
        one_of("already_elsewhere", Elsewhere),
        CheckConstraint(f"outcome IN ({', '.join(repr(str(value)) for value in Outcome)})", name="outcome_known"),
        CheckConstraint("(state IN ('closed', 'archived')) OR outcome IS NULL", name="outcome_when_closed"),
        CheckConstraint("(state = 'archived') = (ended_as IS NOT NULL)", name="ended_as_when_archived"),
        CheckConstraint("people BETWEEN 1 AND 9999", name="people_bounded"),
        CheckConstraint("decided_minor > 0", name="decided_above_zero"),
        CheckConstraint("version > 0 AND generation > 0 AND open_questions >= 0", name="counters_sound"),
        at_most("facts", 4000),
        UniqueConstraint("site_id", "source_key"),
        Index("ix_claim_queue", "site_id", "state", "due_at", "id"),
        Index("ix_claim_respondent", "respondent_id", "received_at"),
        Index(
            "ix_claim_ended",
            "moved_at",
            "id",
            **only_where("state IN ('closed', 'terminated', 'refused', 'transferred', 'withdrawn')"),
        ),
    )

    id: int = Field(sa_column=key())
    reference: str = Field(sa_column=words(10, unique=True))
    site_id: int = Field(sa_column=refers("site.id"))
    spot: str | None = Field(sa_column=words(40, optional=True))
    channel: str = Field(sa_column=words(16))
    language: str = Field(sa_column=words(16))
    state: str = Field(sa_column=words(24))
    outcome: str | None = Field(sa_column=words(12, optional=True))
    ended_as: str | None = Field(sa_column=words(24, optional=True))
    route: str | None = Field(sa_column=words(20, optional=True))
    version: int = Field(sa_column=whole())
    generation: int = Field(sa_column=whole())
    respondent_id: int | None = Field(sa_column=refers("respondent.id", optional=True))
    category: str = Field(sa_column=words(24))
    facts: str = Field(sa_column=prose())
    occurred_on: date | None = Field(sa_column=day(optional=True))
    purchased_on: date | None = Field(sa_column=day(optional=True))
    contract_ended_on: date | None = Field(sa_column=day(optional=True))
    departs_at: datetime | None = Field(sa_column=moment(optional=True))
    order_no: str | None = Field(sa_column=words(80, optional=True))
    already_elsewhere: str = Field(sa_column=words(12))
    people: int = Field(sa_column=whole())
    injury: bool = Field(sa_column=truth())
    minor: bool = Field(sa_column=truth())
    foreign_related: bool = Field(sa_column=truth())
    needs_appraisal: bool = Field(sa_column=truth())
    crime_suspected: bool = Field(sa_column=truth())
    currency: str = Field(sa_column=words(3))
    decided_minor: int | None = Field(sa_column=amount(optional=True))
    assessed: bool = Field(sa_column=truth())
    open_questions: int = Field(sa_column=whole())
    pack: str = Field(sa_column=words(80))
    received_at: datetime = Field(sa_column=moment())
    lodged_at: datetime = Field(sa_column=moment())
    moved_at: datetime = Field(sa_column=moment())
    due_at: datetime = Field(sa_column=moment())
    lodged_by: int | None = Field(sa_column=refers("officer.id", optional=True))
    source_key: str | None = Field(sa_column=words(80, optional=True))


class PersonRow(SQLModel, table=True):
    """The visitor of a claim, sealed. Without `wrapped_key` the fields are gone for good; `erased_at` says when.

    Sealed: name, phone, e-mail and the salt of the commitment.
    """

    __tablename__ = "person"
    __table_args__ = (CheckConstraint("(wrapped_key IS NULL) = (erased_at IS NOT NULL)", name="erased_without_key"),)

    claim_id: int = Field(sa_column=key_of("claim.id"))
    wrapped_key: bytes | None = Field(sa_column=octets(optional=True))
    key_id: str = Field(sa_column=words(16))
    sealed: bytes = Field(sa_column=octets())
    commitment: str = Field(sa_column=words(64))
    erased_at: datetime | None = Field(sa_column=moment(optional=True))


class ClaimItemRow(SQLModel, table=True):
    """One thing asked for; `asked_minor` is empty while the sum is not known."""

    __tablename__ = "claim_item"
    __table_args__ = (
        one_of("kind", ItemKind),
        CheckConstraint("asked_minor > 0", name="asked_above_zero"),
        UniqueConstraint("claim_id", "position"),
    )

    id: int = Field(sa_column=key())
    claim_id: int = Field(sa_column=refers("claim.id"))
    position: int = Field(sa_column=whole())
    kind: str = Field(sa_column=words(12))
    asked_minor: int | None = Field(sa_column=amount(optional=True))


class DuplicateTagRow(SQLModel, table=True):
    """A keyed hash by which the same order, or the same respondent, sum and day, shows again. Dropped after 90 days."""

    __tablename__ = "duplicate_tag"
    __table_args__ = (Index("ix_duplicate_tag_tag", "tag"),)

    id: int = Field(sa_column=key())
    claim_id: int = Field(sa_column=refers("claim.id", index=True))
    site_id: int = Field(sa_column=refers("site.id"))
    why: str = Field(sa_column=words(24))
    tag: bytes = Field(sa_column=octets())
    tagged_at: datetime = Field(sa_column=moment())


class ClaimLinkRow(SQLModel, table=True):
    """Two claims an officer holds to be the same matter; the smaller id stands first."""

    __tablename__ = "claim_link"
    __table_args__ = (UniqueConstraint("claim_id", "other_id"), CheckConstraint("claim_id < other_id", name="ordered"))

    id: int = Field(sa_column=key())
    claim_id: int = Field(sa_column=refers("claim.id"))
    other_id: int = Field(sa_column=refers("claim.id", index=True))
    officer_id: int = Field(sa_column=refers("officer.id"))
    linked_at: datetime = Field(sa_column=moment())


class ClockRow(SQLModel, table=True):
    """A promise that runs. `segments` are its running and paused stretches; `rule` is the rule as it was when it started.

    `next_at` is when the desk must next see to it, for a reminder or because it was missed; null where there is nothing to do.
    """

    __tablename__ = "clock"
    __table_args__ = (
        one_of("state", ClockState),
        CheckConstraint("(state IN ('stopped', 'void')) = (stopped_at IS NOT NULL)", name="stopped_at_when_ended"),
        UniqueConstraint("claim_id", "kind", "base_at"),
        Index("ix_clock_provisional", "calendar", **only_where("provisional")),
        CheckConstraint("next_at IS NULL OR (state = 'running' AND NOT provisional)", name="seen_to_while_running"),
        Index("ix_clock_next", "next_at", "claim_id", **only_where("next_at IS NOT NULL")),
    )

    id: int = Field(sa_column=key())
    claim_id: int = Field(sa_column=refers("claim.id"))
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


class MessageRow(SQLModel, table=True):
    """What officers and the visitor write to each other; both see it."""

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint("kind IN ('message', 'question', 'answer', 'statement')", name="kind_known"),
        at_most("text", 2000),
        Index("ix_message_claim_id_written_at", "claim_id", "written_at"),
    )

    id: int = Field(sa_column=key())
    claim_id: int = Field(sa_column=refers("claim.id"))
    kind: str = Field(sa_column=words(12))
    officer_id: int | None = Field(sa_column=refers("officer.id", optional=True))
    text: str = Field(sa_column=prose())
    written_at: datetime = Field(sa_column=moment())


class NoteRow(SQLModel, table=True):
    """Internal notes. No party's view reads this table."""

    __tablename__ = "note"
    __table_args__ = (at_most("text", 2000), Index("ix_note_claim_id_written_at", "claim_id", "written_at"))

    id: int = Field(sa_column=key())
    claim_id: int = Field(sa_column=refers("claim.id"))
    officer_id: int = Field(sa_column=refers("officer.id"))
    text: str = Field(sa_column=prose())
    written_at: datetime = Field(sa_column=moment())


class DocketEntryRow(SQLModel, table=True):
    """A claim's place on the docket; one open entry a claim. `leaves_at` is the visitor's departure, or for ever."""

    __tablename__ = "docket_entry"
    __table_args__ = (
        UniqueConstraint("site_id", "case_no"),
        Index("ix_docket_entry_order", "site_id", "leaves_at", "due_at", "id", **only_where("closed_at IS NULL")),
        Index("uq_docket_entry_open", "claim_id", unique=True, **only_where("closed_at IS NULL")),
    )

    id: int = Field(sa_column=key())
    claim_id: int = Field(sa_column=refers("claim.id", index=True))
    site_id: int = Field(sa_column=refers("site.id"))
    case_no: str = Field(sa_column=words(24))
    leaves_at: datetime = Field(sa_column=moment())
    due_at: datetime = Field(sa_column=moment())
    docketed_at: datetime = Field(sa_column=moment())
    closed_at: datetime | None = Field(sa_column=moment(optional=True))
