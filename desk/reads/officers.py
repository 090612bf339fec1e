"""Who is behind a token, and the list of staff. Shows no hash."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from desk.domain.policy import Act, Kind, Role, Viewer, require
from desk.store.among import Among
from desk.store.tables import metadata

OFFICER = metadata.tables["officer"]
ROLE = metadata.tables["officer_role"]
TOKEN = metadata.tables["officer_token"]
FACTOR = metadata.tables["officer_factor"]
SITE = metadata.tables["site"]

_BEHIND = Among(
    select(TOKEN.c.token_hash, OFFICER.c.id, OFFICER.c.name, ROLE.c.site_id, ROLE.c.role)
    .join(OFFICER, OFFICER.c.id == TOKEN.c.officer_id)
    .join(ROLE, ROLE.c.officer_id == OFFICER.c.id)
    .where(TOKEN.c.revoked_at.is_(None), OFFICER.c.disabled_at.is_(None)),
    TOKEN.c.token_hash,
)
_ROLES = (
    select(OFFICER.c.id, OFFICER.c.name, ROLE.c.site_id, ROLE.c.role)
    .join(ROLE, ROLE.c.officer_id == OFFICER.c.id)
    .where(OFFICER.c.disabled_at.is_(None))
)


@dataclass(frozen=True, slots=True)
class OfficerRead:
    """A member of staff as the operator's list shows them: roles as (role, site's slug), live tokens by prefix."""

    name: str
    roles: tuple[tuple[str, str | None], ...]
    tokens: tuple[str, ...]
    added_at: datetime
    disabled_at: datetime | None
    has_factor: bool

    @property
    def ticks(self) -> frozenset[str]:
        """The roles as a form names them: `intake@huangshan`, `admin`."""
        return frozenset(f"{role}@{site}" if site else role for role, site in self.roles)


def officers_by_token(conn: Connection, hashes: Sequence[str]) -> dict[str, Viewer]:
    """The officers whose live tokens have these hashes, one statement for all; an admin's role stands under site 0.

    Unknown and revoked tokens, disabled officers and officers without a role are left out.
    """
    found: dict[str, tuple[int, str, dict[int, set[Role]]]] = {}
    for row in _BEHIND.rows(conn, hashes):
        _, _, roles = found.setdefault(row.token_hash, (row.id, row.name, {}))
        roles.setdefault(row.site_id or 0, set()).add(Role(row.role))
    return {token_hash: viewer_of(*officer) for token_hash, officer in found.items()}


def officer_named(conn: Connection, viewer: Viewer, name: str) -> Viewer | None:
    """The active officer of this name, for an operator who acts in their name at a shell; None when there is none."""
    require(viewer, Act.MANAGE_OFFICERS, 0)
    return _active(conn, OFFICER.c.name == name)


def officer_signing_in(conn: Connection, officer_id: int) -> Viewer | None:
    """The active officer of this id, whose password was just found right; None for one without a role."""
    return _active(conn, OFFICER.c.id == officer_id)


def officer_in_seat(conn: Connection, role: Role, site: str) -> Viewer | None:
    """The first by name who holds this role at the site, whom a demo seats without a password; None where there is none."""
    first = conn.execute(_holding(role, site)).first()
    return _active(conn, OFFICER.c.id == first.id) if first else None


def intake_officer(conn: Connection, viewer: Viewer, site: str) -> Viewer | None:
    """The first active intake officer of a site by name; None where there is none, or no such site."""
    require(viewer, Act.MANAGE_OFFICERS, 0)
    first = conn.execute(_holding(Role.INTAKE, site)).first()
    return officer_named(conn, viewer, first.name) if first else None


def officer_list(conn: Connection, viewer: Viewer) -> list[OfficerRead]:
    """Every officer by name, the disabled ones included."""
    require(viewer, Act.MANAGE_OFFICERS, 0)
    roles: dict[int, list[tuple[str, str | None]]] = defaultdict(list)
    posts = select(ROLE.c.officer_id, ROLE.c.role, SITE.c.slug).outerjoin(SITE, SITE.c.id == ROLE.c.site_id)
    for row in conn.execute(posts.order_by(SITE.c.slug, ROLE.c.role)):
        roles[row.officer_id].append((row.role, row.slug))
    tokens: dict[int, list[str]] = defaultdict(list)
    live = select(TOKEN.c.officer_id, TOKEN.c.prefix).where(TOKEN.c.revoked_at.is_(None)).order_by(TOKEN.c.issued_at)
    for issued in conn.execute(live):
        tokens[issued.officer_id].append(issued.prefix)
    with_factor = set(conn.execute(select(FACTOR.c.officer_id).where(FACTOR.c.confirmed_at.is_not(None))).scalars())
    return [
        OfficerRead(row.name, tuple(roles[row.id]), tuple(tokens[row.id]), row.added_at, row.disabled_at, row.id in with_factor)
        for row in conn.execute(select(OFFICER).order_by(OFFICER.c.name))
    ]


def _active(conn: Connection, who: ColumnElement[bool]) -> Viewer | None:
    rows = conn.execute(_ROLES.where(who)).all()
    return _of_rows(rows) if rows else None


def _holding(role: Role, site: str) -> Select[Any]:
    """The first active officer by name in that role at the site."""
    at_site = _ROLES.join(SITE, SITE.c.id == ROLE.c.site_id).where(SITE.c.slug == site, ROLE.c.role == role.value)
    return at_site.order_by(OFFICER.c.name).limit(1)


def _of_rows(rows: Sequence[Any]) -> Viewer:
    roles: dict[int, set[Role]] = {}
    for row in rows:
        roles.setdefault(row.site_id or 0, set()).add(Role(row.role))
    return viewer_of(rows[0].id, rows[0].name, roles)


def viewer_of(officer_id: int, name: str, roles: dict[int, set[Role]]) -> Viewer:
    """An officer with the roles they hold by site; an admin's stand under site 0."""
    held = {site_id: frozenset(of_site) for site_id, of_site in roles.items()}
    return Viewer(Kind.OFFICER, id=officer_id, name=name, roles=MappingProxyType(held))
