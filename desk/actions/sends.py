"""The stop switch: while a site's refunds are stopped none of them leaves, and none is lost.

Whoever sends asks in the transaction that begins the send (`refuse_while_stopped`, `is_stopped`) and keeps the switch as it is
until that is over, so that a stop, once it is confirmed, holds for every send; a trigger of the database refuses whoever does not
ask. What is on its way already is asked for and settled as always. Source: SPEC 5.8.
"""

import unicodedata
from dataclasses import dataclass
from typing import Any

from desk.actions.steps import event_by
from desk.domain.audit import EventKind
from desk.domain.errors import BadInput, NotFound, SendsStopped
from desk.domain.policy import Act, Viewer, require
from desk.ports import Row, Work
from desk.store import events, officers, sends, sites
from desk.store.tables import SendStopRow, SiteRow

LONGEST_REASON = 2000


@dataclass(frozen=True, slots=True)
class Sends:
    """How a site's refunds stand after an act: the stop that holds them and who said it, or None while they leave."""

    site: SiteRow
    stop: SendStopRow | None = None
    by: str | None = None


def stop_sends(work: Work, viewer: Viewer, slug: str, reason: str) -> Sends:
    """Let no refund of a site leave any more; stopped already, it stays as it is.

    Raises NotFound for a foreign site, BadInput for a reason that is empty, above 2 000 characters or holds control characters.
    """
    site = _hold(work, viewer, slug)
    _check(reason)
    if stop := sends.open_stop(work.conn, site.id):
        return Sends(site, stop, officers.name_of(work.conn, stop.stopped_by) if stop.stopped_by else None)
    row: Row = {
        "id": work.kit.lots.number(), "site_id": site.id, "reason": reason, "stopped_by": viewer.id, "stopped_at": work.now,
        "resumed_by": None, "resumed_at": None,
    }  # fmt: skip
    stop = sends.add(work.conn, row)
    _record(work, viewer, site, EventKind.SENDS_STOPPED, {"stop": str(stop.id), "reason": reason})
    return Sends(site, stop, viewer.name or None)


def resume_sends(work: Work, viewer: Viewer, slug: str) -> Sends:
    """Let a site's refunds leave again; they do already, nothing happens. Raises NotFound for a foreign site."""
    site = _hold(work, viewer, slug)
    stop = sends.open_stop(work.conn, site.id)
    if stop is not None:
        sends.end(work.conn, stop, resumed_by=viewer.id, resumed_at=work.now)
        _record(work, viewer, site, EventKind.SENDS_RESUMED, {"stop": str(stop.id)})
    return Sends(site)


def refuse_while_stopped(work: Work, site_id: int) -> None:
    """Raise SendsStopped where no refund of the site may leave now."""
    if is_stopped(work, site_id):
        raise SendsStopped


def is_stopped(work: Work, site_id: int) -> bool:
    """Whether no refund of the site may leave now; it stays so until this work is done."""
    return sends.open_stop_held(work.conn, site_id) is not None


def _hold(work: Work, viewer: Viewer, slug: str) -> SiteRow:
    """The site, locked for its chain. A foreign one answers as an absent one."""
    site = sites.lock(work.conn, slug)
    if site is None:
        raise NotFound
    require(viewer, Act.STOP_SENDS, site.id)
    return site


def _check(reason: str) -> None:
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise BadInput("/reason", "too_long" if reason.strip() else "missing", limit=LONGEST_REASON)
    if any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\r\t" for letter in reason):
        raise BadInput("/reason", "bad_characters")


def _record(work: Work, viewer: Viewer, site: SiteRow, kind: EventKind, said: dict[str, Any]) -> None:
    events.append(work.conn, work.kit.lots.number(), event_by(viewer, f"site:{site.id}", site.id, kind, work.now, said))
