"""Rectification notices: a manager serves one on a merchant at orange, staff enter the answer, a manager confirms.

The desk serves none by itself: a notice in the site's name is a person's decision. The chain holds a digest of each text.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from desk.actions.steps import event_by, officer_id, windows_of
from desk.domain import clocks
from desk.domain.alerts import Level
from desk.domain.audit import EventKind, digest
from desk.domain.errors import NotFound, WrongMoment
from desk.domain.policy import Act, Viewer, require
from desk.ports import Work
from desk.store import alerts, docket, events, rectifications, sites
from desk.store.tables import RectificationRow, SiteRow

CLOCK = "rectification"


@dataclass(frozen=True, slots=True)
class Rectified:
    """A notice after a step, and its site."""

    row: RectificationRow
    site: SiteRow


def serve_rectification(work: Work, viewer: Viewer, alert_id: int, demands: str) -> Rectified:
    """Serve a notice on the merchant of an alert: its 24 hours begin now.

    Raises NotFound for a foreign alert, Forbidden, WrongMoment for an alert of a site, one below orange or over, and while an
    earlier notice is open. Source: SPEC 3, `rectification`; SPEC 4.6.
    """
    found = alerts.find(work.conn, alert_id)
    if found is None:
        raise NotFound
    require(viewer, Act.RECTIFY, found.site_id)
    site = sites.lock_by_id(work.conn, found.site_id)
    alert = alerts.find(work.conn, alert_id)
    if alert is None or alert.until is not None or alert.respondent_id is None or not Level(alert.level).reaches(Level.ORANGE):
        raise WrongMoment
    if rectifications.is_open(work.conn, alert.respondent_id):
        raise WrongMoment
    zone = ZoneInfo(site.time_zone)
    here = work.now.astimezone(zone)
    pack = work.kit.packs.for_claim(here.date(), site.overlay)
    rule, windows = pack.clocks[CLOCK], windows_of(site)
    row = rectifications.add(
        work.conn,
        {
            "id": work.kit.lots.number(), "site_id": site.id, "respondent_id": alert.respondent_id, "alert_id": alert.id,
            "year": here.year, "number": docket.next_number(work, site.id, f"{CLOCK}:{here.year}"), "demands": demands,
            "pack": pack.version, "served_at": work.now, "served_by": officer_id(viewer),
            "due_at": clocks.start(rule, work.now, pack.version, zone, work.kit.shelf.calendar, windows).due_at,
            "confirmed_at": None, "confirmed_by": None,
        },
    )  # fmt: skip
    said = {"respondent": str(row.respondent_id), "alert": str(alert.id), "number": row.number, "due_at": row.due_at.isoformat()}
    _record(work, viewer, row, EventKind.RECTIFICATION_SERVED, {**said, "text": digest(demands)})
    return Rectified(row, site)


def answer_rectification(work: Work, viewer: Viewer, rectification_id: int, text: str) -> Rectified:
    """Enter what a merchant answered in writing; one that does not satisfy may be followed by another.

    Raises NotFound for a foreign notice, Forbidden, WrongMoment for one that is confirmed.
    """
    held = _held(work, viewer, rectification_id, Act.ANSWER_RECTIFICATION)
    answer = rectifications.add_answer(work, held.row, text, officer_id(viewer))
    _record(work, viewer, held.row, EventKind.RECTIFICATION_ANSWERED, {"answer": str(answer.id), "text": digest(text)})
    return held


def confirm_rectification(work: Work, viewer: Viewer, rectification_id: int) -> Rectified:
    """Say that what was demanded is done: the notice is closed, kept in time or not.

    Raises NotFound for a foreign notice, Forbidden, WrongMoment before an answer, and for one that is confirmed already.
    """
    held = _held(work, viewer, rectification_id, Act.RECTIFY)
    if not rectifications.answers(work.conn, held.row.id):
        raise WrongMoment
    confirmed = rectifications.confirm(work, held.row, officer_id(viewer))
    _record(work, viewer, confirmed, EventKind.RECTIFICATION_CONFIRMED, {})
    return Rectified(confirmed, held.site)


def _held(work: Work, viewer: Viewer, rectification_id: int, act: Act) -> Rectified:
    """An open notice, its site locked."""
    found = rectifications.get(work.conn, rectification_id)
    require(viewer, act, found.site_id)
    site = sites.lock_by_id(work.conn, found.site_id)
    row = rectifications.get(work.conn, rectification_id)
    if row.confirmed_at is not None:
        raise WrongMoment
    return Rectified(row, site)


def _record(work: Work, viewer: Viewer, row: RectificationRow, kind: EventKind, said: dict[str, object]) -> None:
    told = event_by(viewer, f"site:{row.site_id}", row.site_id, kind, work.now, {"rectification": str(row.id), **said})
    events.append(work.conn, work.kit.lots.number(), told)
