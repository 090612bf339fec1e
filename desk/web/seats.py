"""A demo's four seats, each entered with one press and without a password. No other desk has this door: it is not there."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from desk.actions.signing import sit_down
from desk.domain.claim import Route
from desk.domain.errors import NotFound
from desk.domain.policy import Viewer
from desk.ports import Desk
from desk.reads.officers import officer_in_seat
from desk.reads.queues import Filters, claims_page
from desk.reads.visitors import Keyholder, keyholders
from desk.web import visitor
from desk.web.banner import POSTER, SEATS, SITE, VISITOR
from desk.web.console.session import remember, token_in
from desk.web.deps import RequestId, TheDesk
from desk.web.pages import same_site

router = APIRouter(prefix="/demo", include_in_schema=False)

ROOMS: Mapping[str, str] = MappingProxyType({"clerk": "/desk", "cashier": "/desk/pay", "manager": "/desk/fund"})
"""Where each officer's day begins."""
LOOKED_AT = 100


@router.post("/seat")
async def take_seat(
    request: Request, desk: TheDesk, request_id: RequestId, seat: Annotated[str, Form(max_length=20)] = ""
) -> Response:  # fmt: skip
    """Sit down as a seeded officer, or open the page of a visitor's claim. Raises NotFound for any other seat."""
    same_site(request)
    if seat not in SEATS:
        raise NotFound
    officer = await _officer(desk, "clerk" if seat == VISITOR else seat, request_id)
    if seat != VISITOR:
        begun = await desk.write(sit_down, officer, token_in(request))
        return remember(request, RedirectResponse(ROOMS[seat], 303), begun)
    holder = await _followed(desk, officer)
    if holder is None:
        return RedirectResponse(POSTER, 303)
    secure = request.app.state.options.secure
    return visitor.remember(RedirectResponse("/status", 303), desk, holder, secure=secure)


async def _officer(desk: Desk, seat: str, request_id: str) -> Viewer:
    """The first officer in that role at the demo's site. Raises NotFound where there is none."""
    role = SEATS[seat]
    officer = await desk.read(officer_in_seat, role, SITE) if role else None
    if officer is None:
        raise NotFound
    return officer.under(request_id)


async def _followed(desk: Desk, clerk: Viewer) -> Keyholder | None:
    """The newest claim, rather one with a refund to see; None while there is none."""
    lines = (await desk.read(claims_page, clerk, Filters(SITE), LOOKED_AT, None)).lines
    newest = max(lines, key=lambda line: (line.route == Route.FAST_REFUND, line.lodged_at), default=None)
    return await desk.lookup(keyholders, newest.reference) if newest else None
