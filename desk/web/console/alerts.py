"""Alerts on a page: the levels that stand, the rectification notices that are open, and the history; and a notice to print."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ValidationError

from desk.actions.rectifications import answer_rectification, confirm_rectification, serve_rectification
from desk.domain.errors import BadInput, DeskError, Forbidden, NotFound
from desk.domain.policy import Act
from desk.ports import Desk
from desk.reads.alerts import alerts_page, rectification_view, rectifications_page
from desk.reads.board import sites_at_work
from desk.reads.pages import LARGEST_PAGE
from desk.web.api.alerts import AnsweredIn, ServeIn, alerts_csv
from desk.web.console.done import led_on
from desk.web.console.forms import KEY, acted, filled, staff_page, typed_in
from desk.web.console.fund import Cursor, Slug
from desk.web.console.session import Session, SignedIn
from desk.web.deps import TheDesk, row_id
from desk.web.refused import Failed
from desk.wording.alerts import reasons_text
from desk.wording.catalogue import text

router = APIRouter(prefix="/desk/alerts", include_in_schema=False)

LINES = 50
Shape = type[ServeIn] | type[AnsweredIn]


@router.get("")
async def own_alerts(desk: TheDesk, session: SignedIn) -> Response:
    """The alerts of the officer's first site. Raises Forbidden for who reads none."""
    sites = await desk.read(sites_at_work, session.viewer, Act.READ_ALERTS)
    if not sites:
        raise Forbidden
    return RedirectResponse(f"/desk/alerts/{sites[0].slug}", 303)


@router.get("/{site}")
async def alerts(request: Request, site: Slug, desk: TheDesk, session: SignedIn, cursor: Cursor = "") -> Response:
    """A site's alerts and open notices, with the forms of whoever may act; below them the history, the newest first."""
    return await _page(request, desk, session, site, cursor)


@router.get("/{site}/alerts.csv")
async def alerts_file(site: Slug, desk: TheDesk, session: SignedIn) -> Response:
    """The whole history as a file, as the API hands it out."""
    return await alerts_csv(desk, session.viewer, site)


@router.get("/{site}/rectifications/{rectification_id}")
async def rectification_letter(
    request: Request, site: Slug, rectification_id: str, desk: TheDesk, session: SignedIn
) -> Response:  # fmt: skip
    """A notice to print: Chinese, with English beside it. Raises NotFound for another site's."""
    view = await desk.read(rectification_view, session.viewer, row_id(rectification_id), desk.kit)
    if view.site.slug != site:
        raise NotFound
    return staff_page(
        request, session, "console/rectification.html", here="alerts", view=view, say=text, papers=("zh-CN", "en"),
        reasons_text=reasons_text,
    )  # fmt: skip


@router.post("/{site}/{alert_id}/rectification")
async def post_rectification(request: Request, site: Slug, alert_id: str, desk: TheDesk, session: SignedIn) -> Response:
    """Serve a notice on the merchant of an alert; refused, the page again with what was typed."""
    form = f"alert-{row_id(alert_id)}"
    return await _acted(
        request, desk, session, site, ("rectification_serve", form), serve_rectification, alert_id, ServeIn, "demands"
    )  # fmt: skip


@router.post("/{site}/rectifications/{rectification_id}/answers")
async def post_answer(request: Request, site: Slug, rectification_id: str, desk: TheDesk, session: SignedIn) -> Response:
    """Enter what the merchant answered; refused, the page again with what was typed."""
    form = f"rectification-{row_id(rectification_id)}"
    return await _acted(
        request, desk, session, site, ("rectification_answer", form), answer_rectification, rectification_id, AnsweredIn, "text"
    )  # fmt: skip


@router.post("/{site}/rectifications/{rectification_id}/confirm")
async def post_confirm(request: Request, site: Slug, rectification_id: str, desk: TheDesk, session: SignedIn) -> Response:
    """Confirm that it was put right; a colleague may have been faster, and the page says so."""
    what = ("rectification_confirm", "confirm")
    return await _acted(request, desk, session, site, what, confirm_rectification, rectification_id)


async def _acted(
    request: Request, desk: Desk, session: Session, site: str, what: tuple[str, str], action: Callable[..., Any], told_id: str,
    shape: Shape | None = None, field: str = "",
) -> Response:  # fmt: skip
    """Run one of the forms: `what` is how it is told and what the form is called."""
    typed, (done, form) = await typed_in(request, session), what
    try:
        words = (_words(shape, field, typed),) if shape else ()
        await acted(request, session, typed[KEY], action, row_id(told_id), *words)
    except (Forbidden, NotFound):
        raise
    except (DeskError, ValidationError) as refusal:
        return await _page(request, desk, session, site, "", Failed.of(request, form, refusal, typed))
    return led_on(request, f"/desk/alerts/{site}", done)


def _words(shape: type[BaseModel], field: str, typed: dict[str, str]) -> str:
    """What was written, as the API takes it. Raises BadInput, ValidationError."""
    if not filled(typed, field):
        raise BadInput(f"/{field}", "missing")
    return str(getattr(shape(**filled(typed, field)), field))


async def _page(
    request: Request, desk: Desk, session: Session, site: str, cursor: str, failed: Failed | None = None
) -> Response:  # fmt: skip
    viewer, address = session.viewer, f"/desk/alerts/{site}"
    now = await desk.read(alerts_page, viewer, site, LARGEST_PAGE, None, desk.kit, standing=True)
    open_ones = await desk.read(rectifications_page, viewer, site, LARGEST_PAGE, None, desk.kit, open_only=True)
    past = await desk.read(alerts_page, viewer, site, LINES, cursor or None, desk.kit)
    places = await desk.read(sites_at_work, viewer, Act.READ_ALERTS)
    here = next(each for each in places if each.slug == site)
    may = {act: viewer.may(act, here.id) for act in (Act.RECTIFY, Act.ANSWER_RECTIFICATION)}
    return staff_page(
        request, session, "console/alerts.html", failed.status if failed else 200, here="alerts", address=address, site=here,
        places=places, standing=now.lines, open_ones=open_ones.lines, past=past.lines, may=may, failed=failed,
        reasons_text=reasons_text,
        next_address=f"{address}?{urlencode({'cursor': past.next})}" if past.next else None,
    )  # fmt: skip
