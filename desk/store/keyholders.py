"""What it takes to check a visitor's key: claim id, generation, version, and whether the person is erased."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from desk.store.among import Among
from desk.store.tables import metadata

CLAIM = metadata.tables["claim"]
PERSON = metadata.tables["person"]
_BY_REFERENCE = Among(
    select(
        CLAIM.c.reference, CLAIM.c.id, CLAIM.c.generation, CLAIM.c.version, PERSON.c.wrapped_key.is_(None).label("erased")
    ).join(PERSON, PERSON.c.claim_id == CLAIM.c.id),
    CLAIM.c.reference,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Keyholder:
    """One claim's key check."""

    claim_id: int
    reference: str
    generation: int
    version: int = 0
    erased: bool = False


def find_many(conn: Connection, references: Sequence[str]) -> dict[str, Keyholder]:
    """The key checks of these references, one statement; an absent one is left out."""
    rows = _BY_REFERENCE.rows(conn, references)
    return {row.reference: Keyholder(row.id, row.reference, row.generation, row.version, bool(row.erased)) for row in rows}
