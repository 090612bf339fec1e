"""Hand-offs as rows, and the claims that partners handed in. Decides no moment: the claim, which is locked, keeps others away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from desk.domain.errors import NotFound
from desk.ports import Row
from desk.store import lodging
from desk.store.tables import HandoffRow, metadata

HANDOFF, HANDED_IN, CLAIM = metadata.tables["handoff"], metadata.tables["handed_in"], metadata.tables["claim"]


def get(conn: Connection, handoff_id: int) -> HandoffRow:
    """A hand-off by its id. Raises NotFound."""
    row = conn.execute(select(HANDOFF).where(HANDOFF.c.id == handoff_id)).mappings().first()
    if row is None:
        raise NotFound
    return HandoffRow(**row)


def of_claim(conn: Connection, claim_id: int) -> list[HandoffRow]:
    """The hand-offs of a claim, the oldest first."""
    query = select(HANDOFF).where(HANDOFF.c.claim_id == claim_id).order_by(HANDOFF.c.id)
    return [HandoffRow(**row) for row in conn.execute(query).mappings()]


def add(conn: Connection, row: Row) -> HandoffRow:
    """Insert an offer; the database allows one open for a claim and partner."""
    conn.execute(insert(HANDOFF), row)
    return HandoffRow(**row)


def change(conn: Connection, handoff: HandoffRow, **values: Any) -> HandoffRow:  # noqa: ANN401 - column values
    """Write new column values."""
    conn.execute(update(HANDOFF).where(HANDOFF.c.id == handoff.id).values(**values))
    return HandoffRow(**{**handoff.model_dump(), **values})


@dataclass(frozen=True, slots=True)
class HandingIn:
    """What a partner that hands a claim in asks: what every lodging asks, and whether it handed this number in before."""

    lodging: lodging.Question
    partner_id: int
    number: str


@dataclass(frozen=True, slots=True)
class KnownBefore:
    """What is known of the lodging, and of the number: its claim and the fingerprint of its matter, both None for a new one."""

    lodging: lodging.Known
    claim_id: int | None
    fingerprint: bytes | None


def ask(conn: Connection, questions: Sequence[HandingIn]) -> list[KnownBefore]:
    """Answer all questions of a batch."""
    known = lodging.ask(conn, [question.lodging for question in questions])
    return [KnownBefore(one, *_claim_of(conn, question)) for one, question in zip(known, questions, strict=True)]


def _claim_of(conn: Connection, question: HandingIn) -> tuple[int | None, bytes | None]:
    mine = (HANDED_IN.c.partner_id == question.partner_id) & (HANDED_IN.c.number == question.number)
    found = conn.execute(select(HANDED_IN.c.claim_id, HANDED_IN.c.fingerprint).where(mine)).first()
    return (found.claim_id, found.fingerprint) if found else (None, None)
