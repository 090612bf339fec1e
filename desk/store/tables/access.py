"""Who is signed in, and their second factors. Holds no password and no cookie, only hashes and sealed secrets."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from desk.store.columns import key, key_of, moment, octets, refers, whole, words


class OfficerSessionRow(SQLModel, table=True):
    """An officer signed in on one browser. `token_hash` is the SHA-256 of what its cookie holds."""

    __tablename__ = "officer_session"

    id: int = Field(sa_column=key())
    officer_id: int = Field(sa_column=refers("officer.id", index=True))
    token_hash: str = Field(sa_column=words(64, unique=True))
    begun_at: datetime = Field(sa_column=moment())
    seen_at: datetime = Field(sa_column=moment())
    passed_at: datetime | None = Field(sa_column=moment(optional=True))


class OfficerFactorRow(SQLModel, table=True):
    """An officer's second factor (TOTP), sealed under the master key `key_id`. `last_step` keeps a code from working twice."""

    __tablename__ = "officer_factor"

    officer_id: int = Field(sa_column=key_of("officer.id"))
    sealed: bytes = Field(sa_column=octets())
    key_id: str = Field(sa_column=words(16))
    made_at: datetime = Field(sa_column=moment())
    confirmed_at: datetime | None = Field(sa_column=moment(optional=True))
    last_step: int | None = Field(sa_column=whole(optional=True))
