"""Messages of the gateway that need a person, on a page: each in words with what to do, and the manager's word on it."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from desk.actions.gateway_messages import dismiss_message
from desk.domain.errors import BadInput, WrongMoment
from desk.domain.money import text_of
from desk.domain.policy import Act
from desk.ports import Desk
from desk.reads.board import sites_at_work
from desk.reads.gateway_messages import messages_page
from desk.web.api.gateway_messages import csv_answer
from desk.web.console.done import led_on
from desk.web.console.forms import KEY, acted, staff_page, typed_in
from desk.web.console.fund import Cursor, Slug
from desk.web.console.session import Session, SignedIn
from desk.web.deps import TheDesk, row_id
from desk.web.refused import Failed

router = APIRouter(prefix="/desk/gateway-messages", include_in_schema=False)

LINES = 50


@router.get("/{site}")
async def messages(request: Request, site: Slug, desk: TheDesk, session: SignedIn, cursor: Cursor = "") -> Response:
    """The messages that concern a site, those nobody looked at with a form for whoever may dismiss them."""
    return await _page(request, desk, session, site, cursor)


@router.get("/{site}/gateway-messages.csv")
async def messages_csv(site: Slug, desk: TheDesk, session: SignedIn) -> Response:
    """Every message as a file, as the API hands it out."""
    return await csv_answer(desk, session.viewer, site)


@router.post("/{site}/{message_id}/dismiss")
async def post_dismiss(request: Request, site: Slug, message_id: str, desk: TheDesk, session: SignedIn) -> Response:
    """Say that a message was looked at; refused, the page again with what was typed."""
    typed, number = await typed_in(request, session), row_id(message_id)
    try:
        await acted(request, session, typed[KEY], dismiss_message, number, typed.get("reason", "").strip())
    except (BadInput, WrongMoment) as refusal:
        return await _page(request, desk, session, site, "", Failed.of(request, str(number), refusal, typed))
    return led_on(request, f"/desk/gateway-messages/{site}", "dismiss_message")


async def _page(
    request: Request, desk: Desk, session: Session, site: str, cursor: str, failed: Failed | None = None
) -> Response:  # fmt: skip
    viewer, address = session.viewer, f"/desk/gateway-messages/{site}"
    page = await desk.read(messages_page, viewer, site, LINES, cursor or None)
    here = next(each for each in await desk.read(sites_at_work, viewer, Act.READ_FUND) if each.slug == site)
    may = {act: viewer.may(act, here.id) for act in (Act.DISMISS_MESSAGE, Act.EXPORT_FUND)}
    waiting = [view for view in page.lines if view.row.dismissed_at is None]
    return staff_page(
        request, session, "console/gateway_messages.html", failed.status if failed else 200, here="fund", address=address,
        site=here, waiting=waiting, looked_at=page.lines[len(waiting):], later=bool(cursor), may=may, failed=failed,
        plain=text_of, next_address=f"{address}?{urlencode({'cursor': page.next})}" if page.next else None,
    )  # fmt: skip
