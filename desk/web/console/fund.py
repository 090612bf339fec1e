"""A site's fund on a page: how it stands, its entries, money in and out; and what the manager is told. Agreeing is `payouts`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ValidationError

from desk.actions.fund import propose_withdrawal, top_up
from desk.actions.sends import resume_sends, stop_sends
from desk.domain.errors import BadInput, DeskError, Forbidden, NotFound
from desk.domain.fund import Payer, Source
from desk.domain.money import Money, text_of
from desk.domain.notice import NoticeKind
from desk.domain.policy import Act
from desk.domain.typed import read_amount
from desk.ports import Desk
from desk.reads.alerts import alerts_page, rectifications_page
from desk.reads.board import sites_at_work
from desk.reads.fund import (
    FundView,
    entries_page,
    fund_view,
    last_check,
    merchants_to_give_back,
    open_withdrawals,
    runway_view,
)
from desk.reads.gateway_messages import messages_waiting, sites_with_messages
from desk.reads.handoffs import handoffs_lost
from desk.reads.incidents import incidents_page
from desk.reads.sends import stop_at, stopped_sites
from desk.reads.till import notices
from desk.web.api.fund import csv_answer
from desk.web.api.shapes import Prose, RowId
from desk.web.console.done import led_on
from desk.web.console.forms import KEY, acted, filled, staff_page, typed_in
from desk.web.console.session import Session, SignedIn
from desk.web.deps import TheDesk, row_id
from desk.web.pages import reader_language
from desk.web.refused import Failed
from desk.wording.alerts import reasons_text
from desk.wording.notices import fund_left

router = APIRouter(prefix="/desk", include_in_schema=False)

LINES = 50
Slug = Annotated[str, Path(pattern="^[a-z0-9-]{1,40}$")]
Cursor = Annotated[str, Query(max_length=200)]


class InForm(BaseModel):
    """Money into the fund: whose it is, and a word about it."""

    source: Payer
    note: Prose | None = None


class OutForm(BaseModel):
    """Money out of the fund always says why, and to which merchant what was recovered in error goes."""

    source: Source
    note: Prose
    respondent_id: RowId | None = None


@router.get("/fund")
async def own_fund(desk: TheDesk, session: SignedIn) -> Response:
    """The fund of the officer's first site. Raises Forbidden for who sees none."""
    sites = await desk.read(sites_at_work, session.viewer, Act.READ_FUND)
    if not sites:
        raise Forbidden
    return RedirectResponse(f"/desk/fund/{sites[0].slug}", 303)


@router.get("/fund/{site}")
async def fund_page(request: Request, site: Slug, desk: TheDesk, session: SignedIn, cursor: Cursor = "") -> Response:
    """How the fund stands and what moved, newest first."""
    return await _page(request, desk, session, site, cursor)


@router.get("/fund/{site}/entries.csv")
async def entries_csv(site: Slug, desk: TheDesk, session: SignedIn) -> Response:
    """Every entry as a file, as the API hands it out."""
    return await csv_answer(desk, session.viewer, site)


@router.post("/fund/{site}/top-ups")
async def post_top_up(request: Request, site: Slug, desk: TheDesk, session: SignedIn) -> Response:
    """Put money in."""
    return await _moved(request, desk, session, site, "top_up", InForm, top_up)


@router.post("/fund/{site}/withdrawals")
async def post_withdrawal(request: Request, site: Slug, desk: TheDesk, session: SignedIn) -> Response:
    """Ask for money to be taken out; nothing moves until a second person agrees."""
    return await _moved(request, desk, session, site, "withdraw", OutForm, propose_withdrawal)


@router.post("/fund/{site}/sends/stop")
async def post_stop(request: Request, site: Slug, desk: TheDesk, session: SignedIn) -> Response:
    """Let no refund leave, and say why."""
    typed = await typed_in(request, session)
    try:
        await acted(request, session, typed[KEY], stop_sends, site, typed.get("reason", "").strip())
    except BadInput as refusal:
        return await _page(request, desk, session, site, "", Failed.of(request, "stop", refusal, typed))
    return led_on(request, f"/desk/fund/{site}", "stop")


@router.post("/fund/{site}/sends/resume")
async def post_resume(request: Request, site: Slug, session: SignedIn) -> Response:
    """Let refunds leave again."""
    typed = await typed_in(request, session)
    await acted(request, session, typed[KEY], resume_sends, site)
    return led_on(request, f"/desk/fund/{site}", "resume")


@router.get("/notices")
async def notices_page(request: Request, desk: TheDesk, session: SignedIn) -> Response:
    """What needs the manager: refunds stopped, a fund that is low, payouts unknown or contradicted, alerts, partners not told."""
    found = await desk.read(notices, session.viewer)
    stops = await desk.read(stopped_sites, session.viewer)
    waiting = await desk.read(sites_with_messages, session.viewer)
    lows = {
        site.slug: fund_left(await desk.read(runway_view, session.viewer, site.slug, desk.kit), reader_language(request))
        for site, line in found
        if line.kind == NoticeKind.FUND_LOW
    }
    return staff_page(
        request, session, "console/notices.html", here="notices", notices=found, stops=stops, messages=waiting, lows=lows,
        reasons_text=reasons_text, lost=await desk.read(handoffs_lost, session.viewer),
        incidents=(await desk.read(incidents_page, session.viewer, None, LINES, None, which="now")).lines,
        alerts=(await desk.read(alerts_page, session.viewer, None, LINES, None, desk.kit, standing=True)).lines,
        rectifications=(await desk.read(rectifications_page, session.viewer, None, LINES, None, desk.kit, open_only=True)).lines,
    )  # fmt: skip


async def _moved(
    request: Request, desk: Desk, session: Session, site: str, form: str, shape: type[InForm | OutForm],
    action: Callable[..., Any],
) -> Response:  # fmt: skip
    """Run one of the two forms; refused, the page again with what was typed."""
    typed = await typed_in(request, session)
    try:
        view = await desk.read(fund_view, session.viewer, site)
        told = shape(**filled(typed, *shape.model_fields))
        amount = _amount(typed.get("amount", ""), view.currency)
        whom = (row_id(told.respondent_id) if told.respondent_id else None,) if isinstance(told, OutForm) else ()
        await acted(request, session, typed[KEY], action, site, amount, told.source, told.note, *whom)
    except (Forbidden, NotFound):
        raise
    except (DeskError, ValidationError) as refusal:
        return await _page(request, desk, session, site, "", Failed.of(request, form, refusal, typed))
    return led_on(request, f"/desk/fund/{site}", "withdrawal" if form == "withdraw" else form)


def _sources(view: FundView) -> Mapping[str, Sequence[str]]:
    """Whose money each form may name; what was recovered in error only where there is some."""
    taken = [source.value for source in Source if view.in_error or source is not Source.RECOVERED_IN_ERROR]
    return {"top_up": [payer.value for payer in Payer], "withdraw": taken}


def _amount(typed: str, currency: str) -> Money:
    if not typed.strip():
        raise BadInput("/amount", "missing")
    try:
        return read_amount(typed, currency)
    except (ValueError, OverflowError):
        raise BadInput("/amount", "bad_amount") from None


async def _page(
    request: Request, desk: Desk, session: Session, site: str, cursor: str, failed: Failed | None = None
) -> Response:  # fmt: skip
    viewer, address = session.viewer, f"/desk/fund/{site}"
    view = await desk.read(fund_view, viewer, site)
    page = await desk.read(entries_page, viewer, site, LINES, cursor or None)
    waiting = await desk.read(open_withdrawals, viewer, site, LINES, None)
    merchants = await desk.read(merchants_to_give_back, viewer, site) if view.in_error else []
    sites = await desk.read(sites_at_work, viewer, Act.READ_FUND)
    here = next(each for each in sites if each.slug == site)
    stop = await desk.read(stop_at, viewer, site)
    runway, check = await desk.read(runway_view, viewer, site, desk.kit), await desk.read(last_check, viewer, site)
    messages = await desk.read(messages_waiting, viewer, site)
    may = {act: viewer.may(act, here.id) for act in (Act.TOP_UP, Act.WITHDRAW_FUND, Act.EXPORT_FUND, Act.STOP_SENDS)}
    return staff_page(
        request, session, "console/fund.html", failed.status if failed else 200, here="fund", address=address, fund=view,
        page=page, withdrawals=waiting.lines, sites=sites, site=here, may=may, sources=_sources(view), merchants=merchants,
        stop=stop, runway=runway, check=check, messages=messages, failed=failed, plain=text_of,
        next_address=f"{address}?{urlencode({'cursor': page.next})}" if page.next else None,
    )  # fmt: skip
