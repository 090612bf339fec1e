"""Where the gateway's statement and the books differ, on a page: each break in words, and the manager's word on it."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from desk.actions.breaks import resolve_break
from desk.domain.errors import BadInput, WrongMoment
from desk.domain.money import text_of
from desk.domain.policy import Act
from desk.ports import Desk
from desk.reads.board import sites_at_work
from desk.reads.breaks import NAMED, breaks_page, days_matched, unasked
from desk.reads.gateway_messages import messages_waiting
from desk.reads.sends import stop_at
from desk.web.api.breaks import csv_answer
from desk.web.console.done import led_on
from desk.web.console.forms import KEY, acted, staff_page, typed_in
from desk.web.console.fund import Cursor, Slug
from desk.web.console.session import Session, SignedIn
from desk.web.deps import TheDesk, row_id
from desk.web.refused import Failed

router = APIRouter(prefix="/desk/breaks", include_in_schema=False)

LINES = 50


@router.get("/{site}")
async def breaks(request: Request, site: Slug, desk: TheDesk, session: SignedIn, cursor: Cursor = "") -> Response:
    """The breaks that concern a site, the open ones with a form for whoever may resolve them."""
    return await _page(request, desk, session, site, cursor)


@router.get("/{site}/breaks.csv")
async def breaks_csv(site: Slug, desk: TheDesk, session: SignedIn) -> Response:
    """Every break as a file, as the API hands it out."""
    return await csv_answer(desk, session.viewer, site)


@router.post("/{site}/{break_id}/resolve")
async def post_resolve(request: Request, site: Slug, break_id: str, desk: TheDesk, session: SignedIn) -> Response:
    """Say what became of a break; refused, the page again with what was typed."""
    typed, number = await typed_in(request, session), row_id(break_id)
    try:
        await acted(request, session, typed[KEY], resolve_break, number, typed.get("reason", "").strip())
    except (BadInput, WrongMoment) as refusal:
        return await _page(request, desk, session, site, "", Failed.of(request, str(number), refusal, typed))
    return led_on(request, f"/desk/breaks/{site}", "resolve_break")


async def _page(
    request: Request, desk: Desk, session: Session, site: str, cursor: str, failed: Failed | None = None
) -> Response:  # fmt: skip
    viewer, address = session.viewer, f"/desk/breaks/{site}"
    page = await desk.read(breaks_page, viewer, site, LINES, cursor or None, desk.kit)
    matched = await desk.read(days_matched, viewer, site, desk.kit)
    elsewhere = await desk.read(unasked, viewer, site, desk.kit)
    here = next(each for each in await desk.read(sites_at_work, viewer, Act.READ_FUND) if each.slug == site)
    stop = await desk.read(stop_at, viewer, site)
    messages = await desk.read(messages_waiting, viewer, site)
    may = {act: viewer.may(act, here.id) for act in (Act.RESOLVE_BREAK, Act.EXPORT_FUND)}
    open_ones = [view for view in page.lines if view.row.resolved_at is None]
    return staff_page(
        request, session, "console/breaks.html", failed.status if failed else 200, here="fund", address=address, site=here,
        open_ones=open_ones, resolved=page.lines[len(open_ones):], matched=matched, elsewhere=elsewhere, named=NAMED,
        stop=stop, may=may, messages=messages, failed=failed, plain=text_of,
        next_address=f"{address}?{urlencode({'cursor': page.next})}" if page.next else None,
    )  # fmt: skip
