"""Who is behind a staff cookie, and what a phone needs for the second factor. Decides no lifetime and shows no hash."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from desk.domain.policy import Role, Viewer
from desk.domain.session import Lifetime
from desk.ports import Kit
from desk.reads.officers import viewer_of
from desk.store.among import Among
from desk.store.tables import metadata

SESSION = metadata.tables["officer_session"]
OFFICER = metadata.tables["officer"]
ROLE = metadata.tables["officer_role"]
FACTOR = metadata.tables["officer_factor"]

_BEHIND = Among(
    select(
        SESSION.c.token_hash, SESSION.c.id, SESSION.c.begun_at, SESSION.c.seen_at, SESSION.c.passed_at,
        OFFICER.c.id.label("officer_id"), OFFICER.c.name, ROLE.c.site_id, ROLE.c.role, FACTOR.c.confirmed_at,
    )
    .join(OFFICER, OFFICER.c.id == SESSION.c.officer_id)
    .join(ROLE, ROLE.c.officer_id == OFFICER.c.id)
    .outerjoin(FACTOR, FACTOR.c.officer_id == OFFICER.c.id)
    .where(OFFICER.c.disabled_at.is_(None)),
    SESSION.c.token_hash,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SessionRead:
    """A session as it is stored, and its officer. `has_factor` is whether a second factor counts already."""

    id: int
    life: Lifetime
    officer: Viewer
    has_factor: bool


def sessions_by_token(conn: Connection, hashes: Sequence[str]) -> dict[str, SessionRead]:
    """The sessions whose tokens have these hashes; those of disabled officers and of officers without a role are left out."""
    roles: dict[str, dict[int, set[Role]]] = {}
    rows = {}
    for row in _BEHIND.rows(conn, hashes):
        rows[row.token_hash] = row
        roles.setdefault(row.token_hash, {}).setdefault(row.site_id or 0, set()).add(Role(row.role))
    return {
        token_hash: SessionRead(
            row.id, Lifetime(row.begun_at, row.seen_at, row.passed_at), viewer_of(row.officer_id, row.name, roles[token_hash]),
            row.confirmed_at is not None,
        )
        for token_hash, row in rows.items()
    }  # fmt: skip


def factor_secret(conn: Connection, officer: Viewer, kit: Kit) -> str | None:
    """The secret of a second factor that still has to be confirmed, in base 32; None where there is none to show."""
    row = conn.execute(select(FACTOR).where(FACTOR.c.officer_id == officer.id, FACTOR.c.confirmed_at.is_(None))).first()
    return kit.sealer.open_secret(f"factor:{row.officer_id}", row.sealed) if row else None


def password_hash_of(conn: Connection, officer: Viewer) -> str:
    """What the officer's present password is compared with."""
    return str(conn.execute(select(OFFICER.c.password_hash).where(OFFICER.c.id == officer.id)).scalar_one())
