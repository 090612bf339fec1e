"""Rows of evidence, for change. The files themselves are `ports.Files`."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, func, insert, select

from desk.domain.claim import State
from desk.ports import Row, Work
from desk.store.tables import metadata

EVIDENCE = metadata.tables["evidence"]
TAG = metadata.tables["duplicate_tag"]
CLAIM = metadata.tables["claim"]
SAME_FILE = "same_file"
MOST_ALIKE = 20


def held(conn: Connection, claim_id: int) -> tuple[int, int]:
    """How many files a claim has, and their bytes."""
    query = select(func.count(), func.coalesce(func.sum(EVIDENCE.c.size), 0)).where(EVIDENCE.c.claim_id == claim_id)
    files, size = conn.execute(query).one()
    return files, int(size)


def add(work: Work, row: Row, site_id: int, tag: bytes) -> None:
    """Insert a row and the keyed hash by which the same file shows again at the site."""
    work.conn.execute(insert(EVIDENCE), row)
    tagged = {
        "id": work.kit.lots.number(), "claim_id": row["claim_id"], "site_id": site_id, "why": SAME_FILE, "tag": tag,
        "tagged_at": work.now,
    }  # fmt: skip
    work.conn.execute(insert(TAG), tagged)


def same_file_at(
    conn: Connection, site_id: int, claim_id: int, tags: Sequence[bytes], states: Iterable[State] = tuple(State)
) -> list[str]:  # fmt: skip
    """The references of the site's other claims in these states that have a file with one of these keyed hashes."""
    query = (
        select(CLAIM.c.reference)
        .join(TAG, TAG.c.claim_id == CLAIM.c.id)
        .where(TAG.c.tag.in_(tags), TAG.c.why == SAME_FILE, TAG.c.site_id == site_id, TAG.c.claim_id != claim_id)
        .where(CLAIM.c.state.in_([state.value for state in states]))
        .distinct()
        .order_by(CLAIM.c.reference)
        .limit(MOST_ALIKE)
    )
    return list(conn.execute(query).scalars())


def tags_of(conn: Connection, claim_id: int) -> list[bytes]:
    """The keyed hashes of a claim's files."""
    return list(conn.execute(select(TAG.c.tag).where(TAG.c.claim_id == claim_id, TAG.c.why == SAME_FILE)).scalars())


def of_claim(conn: Connection, claim_id: int) -> set[str]:
    """The ids of a claim's files."""
    return set(conn.execute(select(EVIDENCE.c.file_id).where(EVIDENCE.c.claim_id == claim_id)).scalars())


def known(conn: Connection, file_ids: Sequence[str]) -> set[str]:
    """Which of these files have a row."""
    return set(conn.execute(select(EVIDENCE.c.file_id).where(EVIDENCE.c.file_id.in_(file_ids))).scalars())
