"""The status page: found by reference and code, or by the QR code's token, then kept for 30 minutes by a signed cookie.

The token leaves the address at once: `/s/{token}` answers 303, so that it stays in no history and no referrer.
"""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadData, URLSafeTimedSerializer

from desk.domain.errors import Forbidden, NotFound
from desk.domain.stage import Stage
from desk.ports import Desk
from desk.reads.status import StatusView, status_view
from desk.reads.visitors import keyholders
from desk.web.deps import Network, RequestId, TheDesk
from desk.web.visitor.pages import page, reader_language
from desk.web.visits import holder_of_code, holder_of_token, visitor_for

router = APIRouter(include_in_schema=False)

COOKIE = "desk_visit"
MINUTES = 30

_TO_REFUND = ("registered", "checked", "decided", "refunded")
_TO_AGREEMENT = ("registered", "checked", "mediation", "agreed")
_REACHED = {
    Stage.REGISTERED: 0, Stage.BEING_CHECKED: 1, Stage.WAITING_FOR_YOU: 1, Stage.RETURN_IN_PROGRESS: 1, Stage.REFUND_AGREED: 3,
    Stage.REFUND_BEING_CONFIRMED: 3, Stage.REFUND_SENT: 3, Stage.CLOSED_REFUNDED: 4, Stage.CLOSED_PERFORMED: 4,
    Stage.IN_MEDIATION: 2, Stage.AGREEMENT_REACHED: 3,
}  # fmt: skip
_MEDIATED = frozenset({Stage.IN_MEDIATION, Stage.AGREEMENT_REACHED})


@router.get("/s")
async def find_page(request: Request) -> Response:
    """The form for reference and code."""
    return page(request, "find.html", failed=False, reference="")


@router.post("/s")
async def find(
    request: Request, desk: TheDesk, network: Network,
    reference: Annotated[str, Form(max_length=80)] = "", access_code: Annotated[str, Form(max_length=80)] = "",
) -> Response:  # fmt: skip
    """Open the page for the right pair; else the same form with what was typed, and one text for every cause."""
    _same_site(request)
    try:
        holder = await holder_of_code(desk, reference, access_code, network)
    except NotFound:
        return page(request, "find.html", status=404, failed=True, reference=reference)
    return _opened(request, desk, holder.reference, holder.generation)


@router.get("/s/{token}")
async def open_by_token(request: Request, token: str, desk: TheDesk, network: Network) -> Response:
    """From the QR code to the page, leaving the token behind."""
    try:
        holder = await holder_of_token(desk, token, network)
    except NotFound:
        return page(request, "find.html", status=404, failed=True, reference="")
    return _opened(request, desk, holder.reference, holder.generation)


@router.get("/status")
async def status_page(request: Request, desk: TheDesk, request_id: RequestId) -> Response:
    """Where the claim stands, for whoever opened it within the last 30 minutes."""
    visit = _visit(request, desk)
    holder = await desk.lookup(keyholders, visit[0]) if visit else None
    if holder is None or visit is None or holder.generation != visit[1] or holder.erased:
        return RedirectResponse(_kept_language(request, "/s"), 303)
    language = reader_language(request)
    view = await desk.read(status_view, visitor_for(holder, request_id), holder.reference, language, desk.kit)
    return page(request, "status.html", view=view, steps=_steps(view), now=desk.kit.clock.now())


@router.post("/status/leave")
async def leave(request: Request) -> Response:
    """Forget the visit on this device."""
    _same_site(request)
    answer = RedirectResponse(_kept_language(request, "/s"), 303)
    answer.delete_cookie(COOKIE)
    return answer


def _steps(view: StatusView) -> list[tuple[str, str]]:
    """The four steps of the tracker with how far each is; none for a claim that left its path."""
    reached = _REACHED.get(view.stage)
    if reached is None:
        return []
    names = _TO_AGREEMENT if view.stage in _MEDIATED else _TO_REFUND
    return [(name, "done" if place < reached else "current" if place == reached else "ahead") for place, name in enumerate(names)]


def _opened(request: Request, desk: Desk, reference: str, generation: int) -> Response:
    """To the page, with a signed cookie that says which claim and which generation of its slip."""
    answer = RedirectResponse(_kept_language(request, "/status"), 303)
    answer.set_cookie(
        COOKIE, _signer(desk).dumps([reference, generation]), max_age=MINUTES * 60, httponly=True, samesite="lax",
        secure=request.app.state.options.secure,
    )  # fmt: skip
    return answer


def _visit(request: Request, desk: Desk) -> tuple[str, int] | None:
    try:
        reference, generation = _signer(desk).loads(request.cookies.get(COOKIE, ""), max_age=MINUTES * 60)
    except (BadData, ValueError, TypeError):
        return None
    return str(reference), int(generation)


def _signer(desk: Desk) -> URLSafeTimedSerializer:
    """Signs with a secret that follows from the pepper."""
    return URLSafeTimedSerializer(desk.kit.sealer.tag("cookie", "visit"), salt="desk.visit")


def _kept_language(request: Request, path: str) -> str:
    chosen = request.query_params.get("lang")
    return f"{path}?lang={reader_language(request)}" if chosen else path


def _same_site(request: Request) -> None:
    """A form of another site's page must not act here. Raises Forbidden."""
    fetched_by, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if fetched_by and fetched_by not in ("same-origin", "none"):
        raise Forbidden
    if origin and origin != "null" and urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden
