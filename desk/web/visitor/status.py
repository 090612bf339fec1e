"""Opening the status page: by reference and code, or by the QR code's token.

The token leaves the address at once: `/s/{token}` answers 303, so that it stays in no history and no referrer.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from desk.domain.errors import NotFound
from desk.ports import Desk
from desk.reads.visitors import Keyholder
from desk.web.deps import Network, RequestId, TheDesk
from desk.web.pages import kept_language, page, same_site
from desk.web.visitor.acts import forms_for
from desk.web.visitor.visit import LEFT, RECEIPT, VISIT, WHY, over, remember, visit_of
from desk.web.visits import holder_of_code, holder_of_token

router = APIRouter(include_in_schema=False)

Typed = Annotated[str, Form(max_length=80)]


@router.get("/")
async def front_door(request: Request) -> Response:
    """The bare address leads to where a visitor follows a claim."""
    return RedirectResponse(kept_language(request, "/s"), 303)


@router.get("/s")
async def find_page(request: Request) -> Response:
    """The form for reference and code."""
    return page(request, "visitor/find.html", failed=None, reference="", why=WHY.get(request.query_params.get("why", "")))


@router.post("/s")
async def find(
    request: Request, desk: TheDesk, network: Network, reference: Typed = "", access_code: Typed = ""
) -> Response:  # fmt: skip
    """Open the page for the right pair; else the same form with what was typed, and one text for every cause."""
    same_site(request)
    try:
        holder = await holder_of_code(desk, reference, access_code, network)
    except NotFound:
        return page(request, "visitor/find.html", 404, failed="page.find.not_found", reference=reference, why=None)
    return _opened(request, desk, holder)


@router.get("/s/{token}")
async def open_by_token(request: Request, token: str, desk: TheDesk, network: Network) -> Response:
    """From the QR code to the page, leaving the token behind."""
    try:
        holder = await holder_of_token(desk, token, network)
    except NotFound:
        return page(request, "visitor/find.html", 404, failed="page.find.bad_link", reference="", why=None)
    return _opened(request, desk, holder)


@router.get("/status")
async def status_page(request: Request, desk: TheDesk, request_id: RequestId) -> Response:
    """Where the claim stands, for whoever opened it within the last 30 minutes."""
    visit = await visit_of(request, desk, request_id)
    return await visit.page(forms=forms_for) if visit else over(request)


@router.post("/status/leave")
async def leave(request: Request) -> Response:
    """Forget the visit on this device."""
    same_site(request)
    answer = RedirectResponse(kept_language(request, f"/s?why={LEFT}"), 303)
    answer.delete_cookie(VISIT.cookie)
    answer.delete_cookie(RECEIPT.cookie)
    return answer


def _opened(request: Request, desk: Desk, holder: Keyholder) -> Response:
    answer = RedirectResponse(kept_language(request, "/status"), 303)
    return remember(answer, desk, holder, secure=request.app.state.options.secure)
