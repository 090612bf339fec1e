"""Partners of a site: added with their keys, given another address or other keys, disabled. By a manager.

Token and secret are derived, shown when they are made, and stored nowhere but for the token's hash.
"""

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any

from desk.actions.steps import event_by
from desk.domain.audit import EventKind
from desk.domain.errors import BadInput, NotFound, WrongMoment
from desk.domain.handoff import PartnerKind
from desk.domain.policy import Act, Viewer, require
from desk.domain.relay import host_of, is_fit_for_partner
from desk.domain.signature import PREFIX
from desk.ports import Kit, Work
from desk.store import events, partners, sites
from desk.store.tables import PartnerRow, SiteRow


@dataclass(frozen=True, slots=True)
class Keys:
    """What a partner signs in with, and what the desk's messages to it are signed with."""

    token: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Partnered:
    """A partner after a step, and its site."""

    row: PartnerRow
    site: SiteRow


def keys_of(kit: Kit, partner_id: int, generation: int) -> Keys:
    """The keys of a generation: 128 derived bits to sign in with, 256 to sign with. Raising the generation ends them."""
    name = f"{partner_id}:{generation}"
    token, *secret = (kit.sealer.tag(f"partner.{part}", name) for part in ("token", "first", "second"))
    bearer = base64.urlsafe_b64encode(token).decode().rstrip("=")
    return Keys(f"deskpartner_{bearer}", PREFIX + base64.b64encode(b"".join(secret)).decode())


def add_partner(work: Work, viewer: Viewer, slug: str, kind: PartnerKind, name: str, hook_url: str | None) -> Partnered:
    """Add a partner with keys of its own; without an address its hand-offs are told by phone.

    Raises NotFound for a foreign site, Forbidden, BadInput for a name that is taken or an address that is not called.
    """
    found = sites.find(work.conn, slug)
    if found is None:
        raise NotFound
    require(viewer, Act.MANAGE_PARTNERS, found.id)
    site, called = sites.lock_by_id(work.conn, found.id), name.strip()
    if partners.is_named(work.conn, site.id, called):
        raise BadInput("/name", "taken")
    number = work.kit.lots.number()
    row = partners.add(
        work.conn,
        {
            "id": number, "site_id": site.id, "kind": kind.value, "name": called, "hook_url": _fit(work, hook_url),
            "hook_off_at": None, "generation": 1, "token_hash": _hash_of(work, number, 1), "added_at": work.now,
            "disabled_at": None,
        },
    )  # fmt: skip
    _record(work, viewer, row, EventKind.PARTNER_ADDED, {"kind": row.kind, "name": called, "hook": host_of(row.hook_url)})
    return Partnered(row, site)


def change_hook(work: Work, viewer: Viewer, partner_id: int, hook_url: str | None) -> Partnered:
    """Give a partner another address, or none; one whose system wanted nothing more is told again from here on.

    Raises NotFound for a foreign partner, Forbidden, WrongMoment for a disabled one, BadInput for an address that is not called.
    """
    held = _held(work, viewer, partner_id)
    row = partners.change(work.conn, held.row, hook_url=_fit(work, hook_url), hook_off_at=None)
    _record(work, viewer, row, EventKind.PARTNER_CHANGED, {"what": "hook", "hook": host_of(row.hook_url)})
    return Partnered(row, held.site)


def change_keys(work: Work, viewer: Viewer, partner_id: int) -> Partnered:
    """Give a partner other keys: the old ones open nothing and sign nothing from now on. Raises as `change_hook` does."""
    held = _held(work, viewer, partner_id)
    generation = held.row.generation + 1
    row = partners.change(
        work.conn, held.row, generation=generation, token_hash=_hash_of(work, partner_id, generation)
    )  # fmt: skip
    _record(work, viewer, row, EventKind.PARTNER_CHANGED, {"what": "keys"})
    return Partnered(row, held.site)


def disable_partner(work: Work, viewer: Viewer, partner_id: int) -> Partnered:
    """Shut a partner out; what it was handed stays, and staff lead it on. Raises as `change_hook` does."""
    held = _held(work, viewer, partner_id)
    row = partners.change(work.conn, held.row, token_hash=None, disabled_at=work.now)
    _record(work, viewer, row, EventKind.PARTNER_CHANGED, {"what": "disabled"})
    return Partnered(row, held.site)


def switch_off(work: Work, viewer: Viewer, row: PartnerRow) -> None:
    """Write down that a partner's system wants nothing more: from now on it is told by phone."""
    _record(
        work, viewer, partners.change(work.conn, row, hook_off_at=work.now), EventKind.PARTNER_CHANGED, {"what": "off"}
    )  # fmt: skip


def _held(work: Work, viewer: Viewer, partner_id: int) -> Partnered:
    """A partner that is not disabled, its site locked."""
    found = partners.get(work.conn, partner_id)
    require(viewer, Act.MANAGE_PARTNERS, found.site_id)
    site = sites.lock_by_id(work.conn, found.site_id)
    row = partners.get(work.conn, partner_id)
    if row.disabled_at is not None:
        raise WrongMoment
    return Partnered(row, site)


def _fit(work: Work, url: str | None) -> str | None:
    if url is not None and not is_fit_for_partner(url, on_loopback=work.kit.on_loopback):
        raise BadInput("/hook_url", "bad_hook")
    return url


def _hash_of(work: Work, partner_id: int, generation: int) -> str:
    return hashlib.sha256(keys_of(work.kit, partner_id, generation).token.encode()).hexdigest()


def _record(work: Work, viewer: Viewer, row: PartnerRow, kind: EventKind, said: dict[str, Any]) -> None:
    told = event_by(viewer, f"site:{row.site_id}", row.site_id, kind, work.now, {"partner": str(row.id), **said})
    events.append(work.conn, work.kit.lots.number(), told)
