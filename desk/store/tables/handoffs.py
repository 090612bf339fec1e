"""Partners of a site, claims handed off to them, and claims that they handed in."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from desk.domain.handoff import HandoffState, PartnerKind, Post
from desk.store.columns import at_most, key, moment, octets, one_of, only_where, prose, refers, truth, whole, words


class PartnerRow(SQLModel, table=True):
    """Who takes hand-offs of a site. `hook_url` null: by phone alone; `hook_off_at`: its system said that it wants nothing more.

    Token and secret are derived from id and `generation` and stored nowhere, but for the token's hash: null once disabled.
    """

    __tablename__ = "partner"
    __table_args__ = (
        one_of("kind", PartnerKind),
        CheckConstraint("generation > 0", name="generation_above_zero"),
        CheckConstraint("(disabled_at IS NULL) = (token_hash IS NOT NULL)", name="token_while_it_is_one"),
        CheckConstraint("hook_off_at IS NULL OR hook_url IS NOT NULL", name="off_had_an_address"),
        UniqueConstraint("site_id", "name"),
    )

    id: int = Field(sa_column=key())
    site_id: int = Field(sa_column=refers("site.id"))
    kind: str = Field(sa_column=words(20))
    name: str = Field(sa_column=words(80))
    hook_url: str | None = Field(sa_column=words(500, optional=True))
    hook_off_at: datetime | None = Field(sa_column=moment(optional=True))
    generation: int = Field(sa_column=whole())
    token_hash: str | None = Field(sa_column=words(64, optional=True, unique=True))
    added_at: datetime = Field(sa_column=moment())
    disabled_at: datetime | None = Field(sa_column=moment(optional=True))


class HandoffRow(SQLModel, table=True):
    """A claim offered to one partner. Of several offers of a claim one is taken, and `overtaken` are those that were not.

    `turn` counts how often the partner's system was told anew by a manager, `tries` those of this turn; `why` is the last code.
    """

    __tablename__ = "handoff"
    __table_args__ = (
        one_of("state", HandoffState),
        one_of("post", Post),
        at_most("asked", 2000),
        at_most("reason", 2000),
        CheckConstraint("turn > 0 AND tries >= 0", name="counters_sound"),
        CheckConstraint("(state = 'returned') = (reason IS NOT NULL OR overtaken)", name="returned_with_a_reason"),
        CheckConstraint("(state IN ('done', 'returned')) = (ended_at IS NOT NULL)", name="ended_at_the_end"),
        CheckConstraint("state NOT IN ('taken', 'working', 'done') OR taken_at IS NOT NULL", name="taken_before"),
        CheckConstraint("state NOT IN ('working', 'done') OR working_at IS NOT NULL", name="worked_on_before"),
        Index("uq_handoff_taken", "claim_id", unique=True, **only_where("state IN ('taken', 'working')")),
        Index("uq_handoff_open", "claim_id", "partner_id", unique=True, **only_where("state IN ('offered', 'taken', 'working')")),
        Index("ix_handoff_claim", "claim_id", "id"),
        Index("ix_handoff_site", "site_id", "offered_at", "id"),
        Index("ix_handoff_waiting", "site_id", "offered_at", "id", **only_where("state IN ('offered', 'taken', 'working')")),
    )

    id: int = Field(sa_column=key())
    claim_id: int = Field(sa_column=refers("claim.id"))
    site_id: int = Field(sa_column=refers("site.id"))
    partner_id: int = Field(sa_column=refers("partner.id"))
    state: str = Field(sa_column=words(12))
    asked: str = Field(sa_column=prose())
    reason: str | None = Field(sa_column=prose(optional=True))
    overtaken: bool = Field(sa_column=truth())
    offered_at: datetime = Field(sa_column=moment())
    offered_by: int = Field(sa_column=refers("officer.id"))
    taken_at: datetime | None = Field(sa_column=moment(optional=True))
    working_at: datetime | None = Field(sa_column=moment(optional=True))
    ended_at: datetime | None = Field(sa_column=moment(optional=True))
    post: str = Field(sa_column=words(12))
    turn: int = Field(sa_column=whole())
    tries: int = Field(sa_column=whole())
    why: str | None = Field(sa_column=words(32, optional=True))
    tried_at: datetime | None = Field(sa_column=moment(optional=True))


class HandedInRow(SQLModel, table=True):
    """A claim that a partner handed in under its own number: the same number again is the same claim.

    `fingerprint` is a keyed hash of contact and facts: another matter under the same number is refused.
    """

    __tablename__ = "handed_in"
    __table_args__ = (UniqueConstraint("partner_id", "number"), UniqueConstraint("claim_id"))

    id: int = Field(sa_column=key())
    partner_id: int = Field(sa_column=refers("partner.id"))
    claim_id: int = Field(sa_column=refers("claim.id"))
    number: str = Field(sa_column=words(80))
    fingerprint: bytes = Field(sa_column=octets())
    received_at: datetime = Field(sa_column=moment())
