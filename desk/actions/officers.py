"""Staff: added, given roles and passwords and tokens that are shown once, deprived of them. Checks no password and no token."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from desk.actions.steps import event_by
from desk.domain.audit import EventKind
from desk.domain.errors import AdminNeeded, BadInput, NotFound
from desk.domain.policy import Act, Role, Viewer, require
from desk.ports import Row, Work
from desk.store import events, officers, roster, sessions, sites
from desk.store.tables import OfficerRow

LONGEST_NAME = 80
PREFIX_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Post:
    """What an officer is, and the slug of the site where; an admin belongs to no site."""

    role: Role
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """A new officer's id and first token. The token can never be shown again."""

    id: int
    token: str


def token_hash(token: str) -> str:
    """What is stored of a token: SHA-256 in hexadecimal. A token has 160 random bits, so no slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def add_officer(work: Work, viewer: Viewer, name: str, posts: Sequence[Post], password_hash: str) -> Added:
    """Add a member of staff with their roles and a first token.

    `password_hash` is made before the transaction, for it takes a tenth of a second. Raises BadInput for a name that is
    empty, too long or taken, and for an admin at a site or anybody else without one; NotFound for an unknown site.
    """
    require(viewer, Act.MANAGE_OFFICERS, 0)
    _refuse_mixed(posts)
    called = _checked_name(name)
    if officers.find(work.conn, called):
        raise BadInput("/name", "taken")
    officer_id, site_ids = work.kit.lots.number(), [_site_id(work, post) for post in posts]
    officer = {
        "id": officer_id, "name": called, "password_hash": password_hash, "added_at": work.now, "disabled_at": None
    }  # fmt: skip
    officers.add(work.conn, officer, _role_rows(work, officer_id, posts, site_ids))
    _record(work, viewer, officer_id, EventKind.OFFICER_ADDED, _told(posts), _only(site_ids))
    return Added(officer_id, _issue(work, viewer, officer_id))


def issue_token(work: Work, viewer: Viewer, name: str) -> str:
    """Give an officer one more token. Raises NotFound for an unknown name or a disabled officer."""
    officer = _active(work, viewer, name)
    return _issue(work, viewer, officer.id)


def revoke_tokens(work: Work, viewer: Viewer, name: str, prefix: str | None = None) -> int:
    """Make an officer's tokens worthless, or only those that begin with `prefix`; returns how many.

    Raises NotFound for an unknown name or when no such token is live.
    """
    require(viewer, Act.MANAGE_OFFICERS, 0)
    officer = officers.get(work.conn, name)
    live = officers.live_tokens(work.conn, officer.id)
    chosen = {row_id: shown for row_id, shown in live.items() if prefix is None or shown == prefix[:PREFIX_LENGTH]}
    if not chosen:
        raise NotFound
    officers.revoke(work, chosen)
    _record(work, viewer, officer.id, EventKind.TOKEN_REVOKED, {"prefixes": sorted(chosen.values())})
    return len(chosen)


def disable_officer(work: Work, viewer: Viewer, name: str) -> None:
    """Shut an officer out: every token and session of theirs is refused from the next request on. Twice changes nothing.

    Their mail address is erased, for they can erase it no more.

    Raises NotFound for an unknown name, AdminNeeded for oneself and for the last admin. Source: RELIABILITY I34.
    """
    require(viewer, Act.MANAGE_OFFICERS, 0)
    admins = officers.admins(work.conn)
    officer = officers.get(work.conn, name)
    if officer.disabled_at is None:
        _refuse_lock_out(viewer, officer.id, admins)
        officers.disable(work, officer.id)
        sessions.end_all(work.conn, officer.id)
        _record(work, viewer, officer.id, EventKind.OFFICER_DISABLED, {})
        if roster.has_mail(work.conn, officer.id):
            roster.put_mail(work, officer.id, None)
            _record(work, viewer, officer.id, EventKind.MAIL_CHANGED, {"has_mail": False})


def change_roles(work: Work, viewer: Viewer, name: str, posts: Sequence[Post]) -> None:
    """Replace an officer's roles; every session of theirs ends. The same roles again change nothing.

    Raises NotFound for an unknown name, a disabled officer or an unknown site; BadInput as `add_officer` does, and where
    no role is left; AdminNeeded for one's own roles, and where no admin would be left. Source: RELIABILITY I34.
    """
    require(viewer, Act.MANAGE_OFFICERS, 0)
    admins = officers.admins(work.conn)
    officer = _active(work, viewer, name)
    if not posts:
        raise BadInput("/roles", "missing")
    if officer.id == viewer.id or all(post.role is not Role.ADMIN for post in posts):
        _refuse_lock_out(viewer, officer.id, admins)
    _refuse_mixed(posts)
    site_ids = [_site_id(work, post) for post in posts]
    if officers.posts_of(work.conn, officer.id) == {(post.role, at) for post, at in zip(posts, site_ids, strict=True)}:
        return
    officers.put_roles(work.conn, officer.id, _role_rows(work, officer.id, posts, site_ids))
    sessions.end_all(work.conn, officer.id)
    _record(work, viewer, officer.id, EventKind.ROLES_CHANGED, _told(posts), _only(site_ids))


def reset_password(work: Work, viewer: Viewer, name: str, password_hash: str) -> None:
    """Give an officer who forgot theirs another password; every session of theirs ends. Raises NotFound."""
    officer = _active(work, viewer, name)
    officers.set_password(work.conn, officer.id, password_hash)
    sessions.end_all(work.conn, officer.id)
    _record(work, viewer, officer.id, EventKind.PASSWORD_CHANGED, {})


def reset_factor(work: Work, viewer: Viewer, name: str) -> None:
    """Take a second factor away whose phone was lost; every session of theirs ends. Raises NotFound where there is none."""
    officer = _active(work, viewer, name)
    if not sessions.drop_factor(work.conn, officer.id):
        raise NotFound
    sessions.end_all(work.conn, officer.id)
    _record(work, viewer, officer.id, EventKind.FACTOR_RESET, {})


def _refuse_mixed(posts: Sequence[Post]) -> None:
    """An admin is nothing else: no claims, no money. Raises BadInput. Source: SPEC 1 and 8."""
    if len(posts) > 1 and any(post.role is Role.ADMIN for post in posts):
        raise BadInput("/roles", "contradicts")


def _refuse_lock_out(viewer: Viewer, officer_id: int, admins: frozenset[int]) -> None:
    """Somebody must be left who can let the others in again. Raises AdminNeeded."""
    if officer_id == viewer.id or admins == {officer_id}:
        raise AdminNeeded


def _role_rows(work: Work, officer_id: int, posts: Sequence[Post], site_ids: Sequence[int | None]) -> list[Row]:
    return [
        {"id": work.kit.lots.number(), "officer_id": officer_id, "site_id": site_id, "role": post.role.value}
        for post, site_id in zip(posts, site_ids, strict=True)
    ]


def _told(posts: Sequence[Post]) -> dict[str, Any]:
    return {"roles": [[post.role.value, post.site] for post in posts]}


def _active(work: Work, viewer: Viewer, name: str) -> OfficerRow:
    require(viewer, Act.MANAGE_OFFICERS, 0)
    officer = officers.get(work.conn, name)
    if officer.disabled_at is not None:
        raise NotFound
    return officer


def _issue(work: Work, viewer: Viewer, officer_id: int) -> str:
    token = work.kit.lots.token()
    officers.add_token(work, officer_id, token_hash(token), token[:PREFIX_LENGTH])
    _record(work, viewer, officer_id, EventKind.TOKEN_ISSUED, {"prefix": token[:PREFIX_LENGTH]})
    return token


def _record(
    work: Work, viewer: Viewer, officer_id: int, kind: EventKind, said: dict[str, Any], site_id: int | None = None
) -> None:  # fmt: skip
    event = event_by(viewer, f"officer:{officer_id}", site_id, kind, work.now, said)
    events.append(work.conn, work.kit.lots.number(), event)


def _checked_name(name: str) -> str:
    called = " ".join(name.split())
    if not called:
        raise BadInput("/name", "missing")
    if len(called) > LONGEST_NAME:
        raise BadInput("/name", "too_long", limit=LONGEST_NAME)
    if not called.isprintable():
        raise BadInput("/name", "bad_characters")
    return called


def _site_id(work: Work, post: Post) -> int | None:
    if post.role is Role.ADMIN:
        if post.site is not None:
            raise BadInput("/site", "not_allowed_here")
        return None
    if post.site is None:
        raise BadInput("/site", "missing")
    site = sites.find(work.conn, post.site)
    if site is None:
        raise NotFound
    return site.id


def _only(site_ids: Sequence[int | None]) -> int | None:
    """The one site an officer belongs to, None where there are several or none."""
    return site_ids[0] if len(set(site_ids)) == 1 else None
