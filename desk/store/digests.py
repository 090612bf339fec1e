"""Digests as rows, and the letters by which they go out. Counts nothing and decides no due time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from desk.ports import Row, Work
from desk.store.tables import DigestLetterRow, DigestRow, metadata

DIGEST, LETTER = metadata.tables["digest"], metadata.tables["digest_letter"]


def find(conn: Connection, site_id: int, due_at: datetime) -> DigestRow | None:
    """The digest of a site and due time, None without one."""
    mine = (DIGEST.c.site_id == site_id) & (DIGEST.c.due_at == due_at)
    row = conn.execute(select(DIGEST).where(mine)).mappings().first()
    return DigestRow(**row) if row else None


def get(conn: Connection, digest_id: int) -> DigestRow:
    """A digest by the id that a foreign key vouches for."""
    return DigestRow(**conn.execute(select(DIGEST).where(DIGEST.c.id == digest_id)).mappings().one())


def add(work: Work, digest: Row, letters: Sequence[Row]) -> None:
    """Keep a digest with its letters; the database allows one for each site and due time."""
    work.conn.execute(insert(DIGEST), digest)
    if letters:
        work.conn.execute(insert(LETTER), list(letters))


def letter(conn: Connection, letter_id: int) -> DigestLetterRow:
    """A letter, locked until the transaction ends."""
    row = conn.execute(select(LETTER).where(LETTER.c.id == letter_id).with_for_update()).mappings().one()
    return DigestLetterRow(**row)


def change_letter(conn: Connection, row: DigestLetterRow, **values: Any) -> DigestLetterRow:  # noqa: ANN401 - column values
    """Write new column values of a letter that is locked."""
    conn.execute(update(LETTER).where(LETTER.c.id == row.id).values(**values))
    return DigestLetterRow(**{**row.model_dump(), **values})
