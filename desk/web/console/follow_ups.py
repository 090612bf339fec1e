"""What visitors said of how their claims were handled, on a page: by month, then their words. Recording a try is on the claim."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from desk.domain.errors import Forbidden
from desk.domain.follow_up import HIGHEST, LOWEST
from desk.domain.policy import Act
from desk.reads.board import sites_at_work
from desk.reads.follow_ups import months, said_page
from desk.web.api.follow_ups import said_csv
from desk.web.console.forms import staff_page
from desk.web.console.fund import Cursor, Slug
from desk.web.console.session import SignedIn
from desk.web.deps import TheDesk

router = APIRouter(prefix="/desk/follow-ups", include_in_schema=False)

LINES = 50


@router.get("")
async def follow_ups(desk: TheDesk, session: SignedIn) -> Response:
    """To the first site of the officer's."""
    places = await desk.read(sites_at_work, session.viewer, Act.READ_FOLLOW_UPS)
    if not places:
        raise Forbidden
    return RedirectResponse(f"/desk/follow-ups/{places[0].slug}", 303)


@router.get("/{site}")
async def said(request: Request, site: Slug, desk: TheDesk, session: SignedIn, cursor: Cursor = "") -> Response:
    """How the ratings of each month fell, and what was said, newest first."""
    found, page = await desk.read(said_page, session.viewer, site, LINES, cursor or None)
    address = f"/desk/follow-ups/{site}"
    return staff_page(
        request, session, "console/follow_ups.html", here="promises", site=found, page=page, address=address,
        places=await desk.read(sites_at_work, session.viewer, Act.READ_FOLLOW_UPS),
        months=await desk.read(months, session.viewer, site), ratings=range(HIGHEST, LOWEST - 1, -1),
        next_address=f"{address}?{urlencode({'cursor': page.next})}" if page.next else None,
    )  # fmt: skip


@router.get("/{site}/follow-ups.csv")
async def said_file(site: Slug, desk: TheDesk, session: SignedIn) -> Response:
    """The ratings as a file, as the API hands it out."""
    return await said_csv(desk, session.viewer, site)
