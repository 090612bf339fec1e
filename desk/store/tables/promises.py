"""What became of promises in numbers, for reports. About sites, days and promises; no row knows a claim or a person."""

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from desk.domain.tally import Fate
from desk.store.columns import day, document, key, one_of, refers, whole, words


class PromiseDeltaRow(SQLModel, table=True):
    """What one transaction added to the counts of a site, until the worker folds it in: `[on, kind, pack, what, seconds, n]`."""

    __tablename__ = "promise_delta"

    id: int = Field(sa_column=key())
    site_id: int = Field(sa_column=refers("site.id"))
    lines: list[Any] = Field(sa_column=document())


class PromiseCountRow(SQLModel, table=True):
    """How many promises of a kind and pack made on a day of the site were kept, missed and so on; of a time, how many took it."""

    __tablename__ = "promise_count"
    __table_args__ = (
        one_of("what", Fate),
        CheckConstraint("number > 0", name="number_above_zero"),
        CheckConstraint("seconds >= 0 AND (seconds = 0 OR what IN ('took', 'received'))", name="seconds_of_a_time"),
        UniqueConstraint("site_id", "on_day", "kind", "pack", "what", "seconds"),
    )

    id: int = Field(sa_column=key())
    site_id: int = Field(sa_column=refers("site.id"))
    on_day: date = Field(sa_column=day())
    kind: str = Field(sa_column=words(32))
    pack: str = Field(sa_column=words(80))
    what: str = Field(sa_column=words(8))
    seconds: int = Field(sa_column=whole())
    number: int = Field(sa_column=whole())
