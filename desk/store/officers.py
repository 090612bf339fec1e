"""Officers, their roles and the hashes of their tokens: loaded for change and changed. Never holds a token itself."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, insert, select, update

from desk.domain.errors import NotFound
from desk.ports import Row, Work
from desk.store.tables import OfficerRow, metadata

OFFICER = metadata.tables["officer"]
ROLE = metadata.tables["officer_role"]
TOKEN = metadata.tables["officer_token"]


def find(conn: Connection, name: str) -> OfficerRow | None:
    """The officer of this name, None when there is none."""
    row = conn.execute(select(OFFICER).where(OFFICER.c.name == name)).mappings().first()
    return OfficerRow(**row) if row else None


def get(conn: Connection, name: str) -> OfficerRow:
    """The officer of this name, locked until the transaction ends. Raises NotFound."""
    row = conn.execute(select(OFFICER).where(OFFICER.c.name == name).with_for_update()).mappings().first()
    if row is None:
        raise NotFound
    return OfficerRow(**row)


def add(conn: Connection, officer: Row, roles: Sequence[Row]) -> None:
    """Insert an officer with their roles."""
    conn.execute(insert(OFFICER), officer)
    conn.execute(insert(ROLE), list(roles))


def disable(work: Work, officer_id: int) -> None:
    """Shut an officer out from the next request on."""
    work.conn.execute(update(OFFICER).where(OFFICER.c.id == officer_id).values(disabled_at=work.now))


def add_token(work: Work, officer_id: int, token_hash: str, prefix: str) -> None:
    """Store the hash of a new token."""
    row = {
        "id": work.kit.lots.number(), "officer_id": officer_id, "token_hash": token_hash, "prefix": prefix,
        "issued_at": work.now, "revoked_at": None,
    }  # fmt: skip
    work.conn.execute(insert(TOKEN), row)


def live_tokens(conn: Connection, officer_id: int) -> dict[int, str]:
    """The tokens that still open something: row id to prefix."""
    query = select(TOKEN.c.id, TOKEN.c.prefix).where(TOKEN.c.officer_id == officer_id, TOKEN.c.revoked_at.is_(None))
    return {row.id: row.prefix for row in conn.execute(query)}


def revoke(work: Work, token_ids: Iterable[int]) -> None:
    """Make tokens worthless from the next request on."""
    work.conn.execute(update(TOKEN).where(TOKEN.c.id.in_(tuple(token_ids))).values(revoked_at=work.now))
