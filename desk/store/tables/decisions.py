"""What officers found and decided."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from desk.domain.claim import Answer, Basis, Route, Scope
from desk.store.columns import amount, at_most, document, key, moment, one_of, prose, refers, whole, words


class AssessmentRow(SQLModel, table=True):
    """An officer's findings at one moment; the latest counts, none is overwritten."""

    __tablename__ = "assessment"
    __table_args__ = (
        one_of("not_at_fault", Answer),
        one_of("facts_clear", Answer),
        one_of("evidence_sufficient", Answer),
        one_of("basis", Basis),
        one_of("scope", Scope),
        at_most("note", 2000),
        UniqueConstraint("claim_id", "seq"),
    )

    id: int = Field(sa_column=key())
    claim_id: int = Field(sa_column=refers("claim.id"))
    seq: int = Field(sa_column=whole())
    not_at_fault: str = Field(sa_column=words(8))
    facts_clear: str = Field(sa_column=words(8))
    evidence_sufficient: str = Field(sa_column=words(8))
    basis: str | None = Field(sa_column=words(20, optional=True))
    ground: str | None = Field(sa_column=words(400, optional=True))
    scope: str = Field(sa_column=words(16))
    evidence: list[str] = Field(sa_column=document())
    note: str | None = Field(sa_column=prose(optional=True))
    officer_id: int = Field(sa_column=refers("officer.id"))
    assessed_at: datetime = Field(sa_column=moment())


class VerdictRow(SQLModel, table=True):
    """What the rule said of which facts under which pack, and what a named officer made of it."""

    __tablename__ = "verdict"
    __table_args__ = (
        one_of("route", Route),
        CheckConstraint("made IN ('proposed', 'confirmed', 'overridden')", name="made_known"),
        CheckConstraint("(made = 'overridden') = (reason IS NOT NULL)", name="override_has_reason"),
        CheckConstraint("decided_minor > 0", name="decided_above_zero"),
        at_most("reason", 2000),
        UniqueConstraint("claim_id", "seq"),
    )

    id: int = Field(sa_column=key())
    claim_id: int = Field(sa_column=refers("claim.id"))
    seq: int = Field(sa_column=whole())
    made: str = Field(sa_column=words(12))
    route: str = Field(sa_column=words(20))
    rule_route: str = Field(sa_column=words(20))
    reasons: list[dict[str, Any]] = Field(sa_column=document())
    missing: list[str] = Field(sa_column=document())
    facts: dict[str, Any] = Field(sa_column=document())
    pack: str = Field(sa_column=words(80))
    decided_minor: int | None = Field(sa_column=amount(optional=True))
    reason: str | None = Field(sa_column=prose(optional=True))
    officer_id: int = Field(sa_column=refers("officer.id"))
    made_at: datetime = Field(sa_column=moment())
