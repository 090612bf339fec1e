"""Officers, their roles and the hashes of their tokens: loaded for change and changed. Never holds a token itself."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, func, insert, select, update

from desk.domain.errors import NotFound
from desk.domain.policy import Role
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


def name_of(conn: Connection, officer_id: int) -> str:
    """The name of an officer whom a foreign key vouches for."""
    return str(conn.execute(select(OFFICER.c.name).where(OFFICER.c.id == officer_id)).scalar_one())


def roles_at(conn: Connection, officer_id: int, site_id: int) -> frozenset[Role]:
    """What an officer is at a site now; nothing once they are disabled."""
    live = select(ROLE.c.role).join(OFFICER, OFFICER.c.id == ROLE.c.officer_id).where(OFFICER.c.disabled_at.is_(None))
    mine = live.where(OFFICER.c.id == officer_id, ROLE.c.site_id == site_id)
    return frozenset(Role(role) for role in conn.execute(mine).scalars())


def holders_among(conn: Connection, site_id: int, role: Role, among: Iterable[int]) -> frozenset[int]:
    """Which of these officers, not disabled, hold a role at a site now."""
    live = select(ROLE.c.officer_id).join(OFFICER, OFFICER.c.id == ROLE.c.officer_id).where(OFFICER.c.disabled_at.is_(None))
    mine = live.where(ROLE.c.site_id == site_id, ROLE.c.role == role.value, ROLE.c.officer_id.in_(tuple(among)))
    return frozenset(conn.execute(mine).scalars())


def posts_of(conn: Connection, officer_id: int) -> set[tuple[Role, int | None]]:
    """What an officer is, and at which site's id."""
    query = select(ROLE.c.role, ROLE.c.site_id).where(ROLE.c.officer_id == officer_id)
    return {(Role(row.role), row.site_id) for row in conn.execute(query)}


def admins(conn: Connection) -> frozenset[int]:
    """The admins who are not disabled, locked until the transaction ends: two who part from each other cannot both go."""
    live = select(OFFICER.c.id).join(ROLE, ROLE.c.officer_id == OFFICER.c.id)
    mine = live.where(ROLE.c.role == Role.ADMIN.value, OFFICER.c.disabled_at.is_(None)).order_by(OFFICER.c.id)
    conn.execute(mine.with_for_update(of=OFFICER))
    return frozenset(conn.execute(mine).scalars())  # asked anew: a wait for the lock may have cost somebody the role


def count_at(conn: Connection, site_id: int, role: Role) -> int:
    """How many officers who are not disabled hold a role at a site."""
    live = ROLE.join(OFFICER, OFFICER.c.id == ROLE.c.officer_id)
    mine = (ROLE.c.site_id == site_id) & (ROLE.c.role == role.value) & OFFICER.c.disabled_at.is_(None)
    return int(conn.execute(select(func.count()).select_from(live).where(mine)).scalar_one())


def add(conn: Connection, officer: Row, roles: Sequence[Row]) -> None:
    """Insert an officer with their roles."""
    conn.execute(insert(OFFICER), officer)
    conn.execute(insert(ROLE), list(roles))


def set_password(conn: Connection, officer_id: int, password_hash: str, seen: str | None = None) -> bool:
    """Store another password; False where the one that was `seen` is no longer theirs."""
    mine = update(OFFICER).where(OFFICER.c.id == officer_id, OFFICER.c.disabled_at.is_(None))
    mine = mine if seen is None else mine.where(OFFICER.c.password_hash == seen)
    return conn.execute(mine.values(password_hash=password_hash)).rowcount > 0


def put_roles(conn: Connection, officer_id: int, roles: Sequence[Row]) -> None:
    """Replace what an officer is, everywhere."""
    conn.execute(delete(ROLE).where(ROLE.c.officer_id == officer_id))
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
