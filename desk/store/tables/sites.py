"""Sites, their staff, their respondents, and the working-day calendar."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from desk.domain.claim import RespondentKind
from desk.domain.policy import Role
from desk.store.columns import day, document, key, moment, named_key, one_of, only_where, refers, truth, whole, words


class InstallationRow(SQLModel, table=True):
    """One row: which keys this database belongs to, so that foreign keys are noticed before they spoil anything."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: int = Field(sa_column=key())
    master_key_id: str = Field(sa_column=words(16))
    pepper_id: str = Field(sa_column=words(16))
    made_at: datetime = Field(sa_column=moment())


class CalendarYearRow(SQLModel, table=True):
    """A year whose holidays have been published."""

    __tablename__ = "calendar_year"

    year: int = Field(sa_column=key())
    source: str = Field(sa_column=words(200))


class CalendarDayRow(SQLModel, table=True):
    """A day that differs from its weekday: a holiday, or a make-up working day (调休上班日)."""

    __tablename__ = "calendar_day"
    __table_args__ = (UniqueConstraint("on_day"),)

    id: int = Field(sa_column=key())
    on_day: date = Field(sa_column=day())
    works: bool = Field(sa_column=truth())


class CalendarEditionRow(SQLModel, table=True):
    """The whole calendar as it was before a published year was corrected, so that deadlines counted with it can be recounted."""

    __tablename__ = "calendar_edition"

    version: str = Field(sa_column=named_key(40))
    years: list[int] = Field(sa_column=document())
    days: dict[str, bool] = Field(sa_column=document())
    replaced_at: datetime = Field(sa_column=moment())


class SiteRow(SQLModel, table=True):
    """A scenic site. `hours` are its opening windows by weekday, `spots` its places by slug, `caps` its fund limits."""

    __tablename__ = "site"

    id: int = Field(sa_column=key())
    slug: str = Field(sa_column=words(40, unique=True))
    name: str = Field(sa_column=words(80))
    name_en: str = Field(sa_column=words(80))
    time_zone: str = Field(sa_column=words(40))
    currency: str = Field(sa_column=words(3))
    languages: list[str] = Field(sa_column=document())
    overlay: str | None = Field(sa_column=words(40, optional=True))
    phone: str = Field(sa_column=words(40))
    hours: dict[str, Any] = Field(sa_column=document())
    spots: list[str] = Field(sa_column=document())
    caps: dict[str, Any] = Field(sa_column=document())
    added_at: datetime = Field(sa_column=moment())


class OfficerRow(SQLModel, table=True):
    """A member of staff. A disabled officer's tokens are worthless at the next request."""

    __tablename__ = "officer"

    id: int = Field(sa_column=key())
    name: str = Field(sa_column=words(80, unique=True))
    password_hash: str = Field(sa_column=words(200))
    added_at: datetime = Field(sa_column=moment())
    disabled_at: datetime | None = Field(sa_column=moment(optional=True))


class OfficerRoleRow(SQLModel, table=True):
    """What an officer is at a site; an admin belongs to none."""

    __tablename__ = "officer_role"
    __table_args__ = (
        one_of("role", Role),
        CheckConstraint("(role = 'admin') = (site_id IS NULL)", name="admin_without_site"),
        UniqueConstraint("officer_id", "site_id", "role"),
        Index("uq_officer_role_admin", "officer_id", unique=True, **only_where("site_id IS NULL")),
    )

    id: int = Field(sa_column=key())
    officer_id: int = Field(sa_column=refers("officer.id"))
    site_id: int | None = Field(sa_column=refers("site.id", optional=True))
    role: str = Field(sa_column=words(12))


class OfficerTokenRow(SQLModel, table=True):
    """An API token: shown once, stored as its hash. `prefix` is what a list may show of it."""

    __tablename__ = "officer_token"

    id: int = Field(sa_column=key())
    officer_id: int = Field(sa_column=refers("officer.id", index=True))
    token_hash: str = Field(sa_column=words(64, unique=True))
    prefix: str = Field(sa_column=words(12))
    issued_at: datetime = Field(sa_column=moment())
    revoked_at: datetime | None = Field(sa_column=moment(optional=True))


class RespondentRow(SQLModel, table=True):
    """A merchant, or the site itself. The id is derived from site and normalised name, so that writing a name finds it."""

    __tablename__ = "respondent"
    __table_args__ = (UniqueConstraint("site_id", "name_normalised"), one_of("kind", RespondentKind))

    id: int = Field(sa_column=key())
    site_id: int = Field(sa_column=refers("site.id"))
    name: str = Field(sa_column=words(80))
    name_normalised: str = Field(sa_column=words(160))
    kind: str = Field(sa_column=words(16))
    in_reach: bool = Field(sa_column=truth())
    added_at: datetime = Field(sa_column=moment())


class CounterRow(SQLModel, table=True):
    """A number that counts up without gaps, such as a site's case numbers of one year."""

    __tablename__ = "counter"
    __table_args__ = (UniqueConstraint("site_id", "name"),)

    id: int = Field(sa_column=key())
    site_id: int = Field(sa_column=refers("site.id"))
    name: str = Field(sa_column=words(40))
    value: int = Field(sa_column=whole())
