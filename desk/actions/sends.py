"""The stop switch: while a site's refunds are stopped none of them leaves, and none is lost.

Whoever sends asks in the transaction that begins the send (`refuse_while_stopped`, `is_stopped`) and keeps the switch as it is
until that is over, so that a stop, once it is confirmed, holds for every send; a trigger of the database refuses whoever does not
ask. What is on its way already is asked for and settled as always. Source: SPEC 5.8.
"""

import unicodedata
from dataclasses import dataclass
from typing import Any

from desk.actions.steps import DESK, event_by
from desk.domain.audit import EventKind
from desk.domain.errors import BadInput, BreaksOpen, NotFound, SendsStopped
from desk.domain.policy import Act, Viewer, require
from desk.domain.reconciliation import StopCause
from desk.ports import Row, Work
from desk.store import breaks, events, officers, sends, sites
from desk.store.tables import SendStopRow, SiteRow

LONGEST_REASON = 2000


@dataclass(frozen=True, slots=True)
class Sends:
    """How a site's refunds stand after an act: the stop that holds them and who said it, or None while they leave."""

    site: SiteRow
    stop: SendStopRow | None = None
    by: str | None = None


def stop_sends(work: Work, viewer: Viewer, slug: str, reason: str) -> Sends:
    """Let no refund of a site leave any more; stopped by somebody already, it stays as it is.

    A break's stop ends with the break; a manager's takes its place, so that it lasts until a manager ends it.
    Raises NotFound for a foreign site, BadInput for a reason that is empty, above 2 000 characters or holds control characters.
    """
    site = _hold(work, viewer, slug)
    check_reason(reason)
    stop = sends.open_stop(work.conn, site.id)
    if stop and stop.cause == StopCause.MANAGER:
        return Sends(site, stop, officers.name_of(work.conn, stop.stopped_by) if stop.stopped_by else None)
    if stop:
        _end(work, viewer, site, stop)
    return Sends(site, _begin(work, viewer, site, StopCause.MANAGER, reason), viewer.name or None)


def resume_sends(work: Work, viewer: Viewer, slug: str) -> Sends:
    """Let a site's refunds leave again; they do already, nothing happens.

    Raises NotFound for a foreign site, BreaksOpen while a break of the site is not resolved, whoever stopped.
    """
    site = _hold(work, viewer, slug)
    stop = sends.open_stop(work.conn, site.id)
    if stop is not None:
        if breaks.any_open(work.conn, site.id):
            raise BreaksOpen
        _end(work, viewer, site, stop)
    return Sends(site)


def freeze(work: Work, site: SiteRow, why: str) -> None:
    """Let no refund of a site that is locked leave, for a break of this kind was found; a stop that holds goes on holding."""
    if sends.open_stop(work.conn, site.id) is None:
        _begin(work, DESK, site, StopCause.BREAK, why)


def thaw(work: Work, viewer: Viewer, site: SiteRow) -> None:
    """End the stop that a break caused once no break of the site, which is locked, is open; a manager's stop stays."""
    stop = sends.open_stop(work.conn, site.id)
    if stop and stop.cause == StopCause.BREAK and not breaks.any_open(work.conn, site.id):
        _end(work, viewer, site, stop)


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


def check_reason(reason: str) -> None:
    """Raise BadInput for a reason that is empty, above 2 000 characters or holds control characters."""
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise BadInput("/reason", "too_long" if reason.strip() else "missing", limit=LONGEST_REASON)
    if any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\r\t" for letter in reason):
        raise BadInput("/reason", "bad_characters")


def _begin(work: Work, viewer: Viewer, site: SiteRow, cause: StopCause, reason: str) -> SendStopRow:
    row: Row = {
        "id": work.kit.lots.number(), "site_id": site.id, "cause": cause.value, "reason": reason, "stopped_by": viewer.id,
        "stopped_at": work.now, "resumed_by": None, "resumed_at": None,
    }  # fmt: skip
    stop = sends.add(work.conn, row)
    told = {"stop": str(stop.id), "reason": reason} | ({"cause": cause.value} if cause is StopCause.BREAK else {})
    _record(work, viewer, site, EventKind.SENDS_STOPPED, told)
    return stop


def _end(work: Work, viewer: Viewer, site: SiteRow, stop: SendStopRow) -> None:
    sends.end(work.conn, stop, resumed_by=viewer.id, resumed_at=work.now)
    _record(work, viewer, site, EventKind.SENDS_RESUMED, {"stop": str(stop.id)})


def _record(work: Work, viewer: Viewer, site: SiteRow, kind: EventKind, said: dict[str, Any]) -> None:
    events.append(work.conn, work.kit.lots.number(), event_by(viewer, f"site:{site.id}", site.id, kind, work.now, said))
