"""Links between claims of the same matter."""

from sqlalchemy import Connection, insert, or_, select

from desk.ports import Work
from desk.store.tables import metadata

LINK = metadata.tables["claim_link"]
CLAIM = metadata.tables["claim"]


def add(work: Work, claim_id: int, other_id: int, officer_id: int) -> bool:
    """Link two claims whose rows are locked; False when they were linked before."""
    low, high = sorted((claim_id, other_id))
    if work.conn.execute(select(LINK.c.id).where(LINK.c.claim_id == low, LINK.c.other_id == high)).first():
        return False
    row = {"id": work.kit.lots.number(), "claim_id": low, "other_id": high, "officer_id": officer_id, "linked_at": work.now}
    work.conn.execute(insert(LINK), row)
    return True


def of_claim(conn: Connection, claim_id: int) -> list[str]:
    """The references of the claims linked to one, in their order."""
    query = (
        select(CLAIM.c.reference)
        .join(LINK, or_(LINK.c.claim_id == CLAIM.c.id, LINK.c.other_id == CLAIM.c.id))
        .where(or_(LINK.c.claim_id == claim_id, LINK.c.other_id == claim_id), CLAIM.c.id != claim_id)
    )
    return sorted(conn.execute(query).scalars())
