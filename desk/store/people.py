"""Sealed visitors: loaded and replaced, never read here in plain."""

from sqlalchemy import Connection, select, update

from desk.domain.errors import NotFound
from desk.ports import SealedPerson
from desk.store.tables import metadata

PERSON = metadata.tables["person"]


def get(conn: Connection, claim_id: int) -> SealedPerson:
    """The sealed visitor of a claim. Raises NotFound once their key is destroyed."""
    row = conn.execute(select(PERSON).where(PERSON.c.claim_id == claim_id, PERSON.c.wrapped_key.is_not(None))).first()
    if row is None:
        raise NotFound
    return SealedPerson(row.wrapped_key, row.key_id, row.sealed, row.commitment)


def replace(conn: Connection, claim_id: int, person: SealedPerson) -> None:
    """Put other sealed fields in the place of the old ones."""
    values = {"sealed": person.sealed, "commitment": person.commitment}
    conn.execute(update(PERSON).where(PERSON.c.claim_id == claim_id).values(**values))
