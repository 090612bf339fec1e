"""The queue: claims by deadline, in views that each are an address; and the box that opens a claim by its reference.

Shows no figure beside a view: to count claims is to walk the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from desk.domain.claim import OPEN_STATES, State
from desk.domain.errors import BadInput, Forbidden, NotFound
from desk.domain.policy import Act, Viewer
from desk.domain.reference import read_reference
from desk.reads.alerts import alerts_standing
from desk.reads.board import board, sites_at_work
from desk.reads.incidents import incidents_standing
from desk.reads.queues import Filters
from desk.reads.seen import claim_seen
from desk.web.console.forms import staff_page, typed_in
from desk.web.console.session import Session, SignedIn
from desk.web.deps import TheDesk
from desk.web.refused import status_of

router = APIRouter(prefix="/desk", include_in_schema=False)

LINES = 50
SOON = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class View:
    """Which claims a view holds: their states, and whether their deadline is near or past."""

    states: frozenset[State]
    near: bool = False
    past: bool = False

    def filters(self, site: str | None, now: datetime) -> Filters:
        """The view at a moment."""
        return Filters(
            site, self.states, due_from=now if self.near else None,
            due_until=now + SOON if self.near else now if self.past else None,
        )  # fmt: skip


VIEWS: Mapping[str, View] = MappingProxyType(
    {
        "open": View(OPEN_STATES),
        "due": View(OPEN_STATES, near=True),
        "overdue": View(OPEN_STATES, past=True),
        "received": View(frozenset({State.RECEIVED})),
        "visitor": View(frozenset({State.AWAITING_INFORMATION})),
        "fast": View(frozenset({State.FAST_REFUND})),
        "returns": View(frozenset({State.RETURNING})),
        "docket": View(frozenset({State.DOCKETED})),
        "all": View(frozenset(State)),
    }
)
"""The views in the order they are offered. Source: UX J4."""


def views_for(viewer: Viewer) -> list[str]:
    """The views that hold something this viewer may read; one that only repeats another is left out."""
    readable = frozenset().union(*(viewer.readable_at(site_id) for site_id in viewer.sites))
    seen: dict[tuple[frozenset[State], bool, bool], str] = {}
    for name, view in VIEWS.items():
        if states := view.states & readable:
            seen.setdefault((states, view.near, view.past), name)
    return list(seen.values())


@router.get("")
async def queue_page(
    request: Request, desk: TheDesk, session: SignedIn, view: str = "", site: str = "",
    cursor: Annotated[str, Query(max_length=200)] = "",
) -> Response:  # fmt: skip
    """One view of the queue; whoever reads no claims is led to their own room instead."""
    views, rooms = views_for(session.viewer), dict(session.rooms())
    if not views:
        return _elsewhere(rooms)
    chosen, now = view if view in views else views[0], desk.kit.clock.now()
    sites = await desk.read(sites_at_work, session.viewer, Act.READ_CLAIM)
    shown = await desk.read(board, session.viewer, VIEWS[chosen].filters(site or None, now), LINES, cursor or None)
    return staff_page(
        request, session, "console/queue.html", here="queue", chosen=chosen, board=shown, sites=sites, site=site,
        alerts=await desk.read(alerts_standing, session.viewer),
        incidents=await desk.read(incidents_standing, session.viewer),
        views=[(name, _address(name, site)) for name in views], may_lodge="new" in rooms, later=bool(cursor),
        site_links=[("", _address(chosen, "")), *((each.slug, _address(chosen, each.slug)) for each in sites)],
        next_address=_address(chosen, site, shown.page.next) if shown.page.next else None, failed=False, reference="",
    )  # fmt: skip


@router.get("/find")
async def find_page(request: Request, session: SignedIn) -> Response:
    """The box for a reference, alone."""
    return _find(request, session)


@router.post("/find")
async def find(request: Request, desk: TheDesk, session: SignedIn) -> Response:
    """Open the claim of this very reference; for any that may not be read the same text as for one that is not there."""
    typed = (await typed_in(request, session)).get("reference", "").strip()[:80]
    if (reference := read_reference(typed)) is None:
        return _find(request, session, typed, failed=True)
    try:
        await desk.read(claim_seen, session.viewer, reference)
    except (NotFound, Forbidden):
        return _find(request, session, typed, failed=True)
    return RedirectResponse(f"/desk/claims/{reference}", 303)


def _find(request: Request, session: Session, reference: str = "", *, failed: bool = False) -> Response:
    status = status_of(BadInput("/reference", "bad_reference")) if failed else 200
    return staff_page(
        request, session, "console/find.html", status, address="/desk/find", here="queue", failed=failed, reference=reference
    )  # fmt: skip


def _elsewhere(rooms: Mapping[str, str]) -> Response:
    """The first other room of an officer who reads no claims."""
    others = [address for name, address in rooms.items() if name != "queue"]
    if not others:
        raise Forbidden
    return RedirectResponse(others[0], 303)


def _address(view: str, site: str, cursor: str | None = None) -> str:
    told = {"view": view, "site": site, "cursor": cursor or ""}
    return "/desk?" + urlencode({name: value for name, value in told.items() if value})
