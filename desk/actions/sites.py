"""Sites: added by the operator with their zone, hours, spots and first respondents. Opens no fund."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from desk.actions.steps import event_by
from desk.domain.audit import EventKind
from desk.domain.claim import Language, RespondentKind
from desk.domain.errors import BadInput
from desk.domain.opening import Windows, check_windows, windows_to_json
from desk.domain.policy import Act, Viewer, require
from desk.domain.respondent import derived_id, normalised
from desk.ports import Row, Work
from desk.store import events, sites

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_PHONE = re.compile(r"\+?[0-9][0-9 -]{2,38}", re.ASCII)
LONGEST_SLUG, LONGEST_NAME, MOST_SPOTS = 40, 80, 200


@dataclass(frozen=True, slots=True)
class NewSite:
    """A site as the operator describes it.

    `opens` are its opening windows at local time, Monday first; with `clocks_keep_hours` minute and hour clocks run
    only inside them, else day and night. `respondents` are merchants known from the start.
    """

    slug: str
    name: str
    name_en: str
    phone: str
    spots: Sequence[str]
    opens: Windows
    time_zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    languages: Sequence[str] = tuple(language.value for language in Language)
    overlay: str | None = None
    clocks_keep_hours: bool = False
    respondents: Mapping[str, RespondentKind] = field(default_factory=dict)


def add_site(work: Work, viewer: Viewer, new: NewSite) -> int:
    """Add a site and give its id.

    Raises BadInput for a slug that is taken or malformed, an unknown zone, language or overlay, a currency in which the
    rule pack has no limits, or hours that cannot be. Source: SPEC 8.
    """
    require(viewer, Act.MANAGE_SITES, 0)
    _check(work, new)
    if sites.find(work.conn, new.slug):
        raise BadInput("/slug", "taken")
    site_id = work.kit.lots.number()
    sites.add(work.conn, _row(work, new, site_id), [_respondent(work, site_id, *one) for one in new.respondents.items()])
    said = {"slug": new.slug, "time_zone": new.time_zone, "currency": new.currency, "overlay": new.overlay}
    event = event_by(viewer, f"site:{site_id}", site_id, EventKind.SITE_ADDED, work.now, said)
    events.append(work.conn, work.kit.lots.number(), event)
    return site_id


def _row(work: Work, new: NewSite, site_id: int) -> Row:
    opens = windows_to_json(new.opens)
    hours: dict[str, Any] = {"open": opens, "clocks": opens if new.clocks_keep_hours else []}
    return {
        "id": site_id, "slug": new.slug, "name": new.name.strip(), "name_en": new.name_en.strip(),
        "time_zone": new.time_zone, "currency": new.currency, "languages": list(new.languages), "overlay": new.overlay,
        "phone": new.phone, "hours": hours, "spots": list(new.spots), "caps": {}, "added_at": work.now,
    }  # fmt: skip


def _respondent(work: Work, site_id: int, name: str, kind: RespondentKind) -> Row:
    return {
        "id": derived_id(site_id, name), "site_id": site_id, "name": name, "name_normalised": normalised(name),
        "kind": kind.value, "in_reach": True, "added_at": work.now,
    }  # fmt: skip


def _check(work: Work, new: NewSite) -> None:
    _check_slug("/slug", new.slug)
    for name in ("name", "name_en"):
        text = getattr(new, name).strip()
        if not text or len(text) > LONGEST_NAME or not text.isprintable():
            raise BadInput(f"/{name}", "too_long" if len(text) > LONGEST_NAME else "missing", limit=LONGEST_NAME)
    if not _PHONE.fullmatch(new.phone):
        raise BadInput("/phone", "bad_phone")
    if len(new.spots) > MOST_SPOTS or len(set(new.spots)) < len(new.spots):
        raise BadInput("/spots", "contradicts")
    for spot in new.spots:
        _check_slug("/spots", spot)
    _check_place(work, new)


def _check_slug(pointer: str, slug: str) -> None:
    if len(slug) > LONGEST_SLUG:
        raise BadInput(pointer, "too_long", limit=LONGEST_SLUG)
    if not _SLUG.fullmatch(slug):
        raise BadInput(pointer, "bad_slug")


def _check_place(work: Work, new: NewSite) -> None:
    """Zone, currency, languages, overlay and hours must be ones the desk can count with."""
    if unknown := set(new.languages) - set(Language):
        raise BadInput("/languages", "bad_language", count=len(unknown))
    try:
        ZoneInfo(new.time_zone)
    except (KeyError, ValueError, OSError) as absent:
        raise BadInput("/time_zone", "not_found") from absent
    try:
        pack = work.kit.packs.for_claim(work.now.date(), new.overlay)
    except KeyError as absent:
        raise BadInput("/overlay", "not_found") from absent
    currencies = {limit.amount.currency for limit in pack.limits.values()}
    if currencies != {new.currency}:
        raise BadInput("/currency", "not_one_of", allowed=tuple(sorted(currencies)))
    try:
        check_windows(new.opens)
    except ValueError as impossible:
        raise BadInput("/hours", "contradicts") from impossible
