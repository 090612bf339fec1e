"""The register of pledges on a page: who takes goods back without a reason, a form for another, each withdrawn by a button."""

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from desk.actions.pledges import sign_pledge, withdraw_pledge
from desk.domain.errors import BadInput, DeskError, Forbidden, NotFound, WrongMoment
from desk.domain.policy import Act
from desk.domain.returns import EXCLUSIONS, LONGEST_DAYS
from desk.ports import Desk
from desk.reads.board import sites_at_work
from desk.reads.counter import merchants_at
from desk.reads.returns import pledges_page, register
from desk.web.api.pledges import PledgeIn, pledges_csv
from desk.web.console.done import led_on
from desk.web.console.forms import KEY, acted, filled, staff_page, typed_in
from desk.web.console.fund import Cursor, Slug
from desk.web.console.session import Session, SignedIn
from desk.web.deps import TheDesk, row_id
from desk.web.pages import reader_language
from desk.web.refused import Failed
from desk.wording.catalogue import text

router = APIRouter(prefix="/desk/pledges", include_in_schema=False)

LINES = 50
FORM = "pledge"


@router.get("")
async def own_pledges(desk: TheDesk, session: SignedIn) -> Response:
    """The register of the officer's first site. Raises Forbidden for who reads none."""
    sites = await desk.read(sites_at_work, session.viewer, Act.READ_PLEDGES)
    if not sites:
        raise Forbidden
    return RedirectResponse(f"/desk/pledges/{sites[0].slug}", 303)


@router.get("/{site}")
async def pledges(request: Request, site: Slug, desk: TheDesk, session: SignedIn, cursor: Cursor = "") -> Response:
    """The pledges of a site, the newest first, with a form for whoever may enter one."""
    return await _page(request, desk, session, site, cursor)


@router.get("/{site}/pledges.csv")
async def pledges_file(site: Slug, desk: TheDesk, session: SignedIn) -> Response:
    """Every pledge as a file, as the API hands it out."""
    return await pledges_csv(desk, session.viewer, site)


@router.post("/{site}")
async def post_pledge(request: Request, site: Slug, desk: TheDesk, session: SignedIn) -> Response:
    """Enter a pledge; refused, the page again with what was typed."""
    typed = await typed_in(request, session)
    try:
        await acted(request, session, typed[KEY], sign_pledge, site, _told(typed).promise())
    except (Forbidden, NotFound):
        raise
    except (DeskError, ValidationError) as refusal:
        return await _page(request, desk, session, site, "", _failed(request, refusal, typed))
    return led_on(request, f"/desk/pledges/{site}", FORM)


@router.post("/{site}/{pledge_id}/withdraw")
async def post_withdraw(request: Request, site: Slug, pledge_id: str, desk: TheDesk, session: SignedIn) -> Response:
    """Withdraw a pledge from tomorrow on; one that a colleague withdrew before stays as it is, and the page says so."""
    typed = await typed_in(request, session)
    try:
        await acted(request, session, typed[KEY], withdraw_pledge, site, row_id(pledge_id))
    except WrongMoment as refusal:
        return await _page(request, desk, session, site, "", Failed.of(request, "withdraw", refusal, typed))
    return led_on(request, f"/desk/pledges/{site}", "pledge_withdrawn")


def _told(typed: Mapping[str, str]) -> PledgeIn:
    """What was typed, as the API takes it. Raises BadInput, ValidationError."""
    given: dict[str, Any] = filled(typed, "signed_on")
    if typed.get("whose") not in ("merchant", "site"):
        raise BadInput("/whose", "missing")
    if typed["whose"] == "merchant":
        given["respondent"] = filled(typed, "name")
    if typed.get("days", "").strip():
        given["days"] = _days(typed["days"])
    given["exclusions"] = [code for code in EXCLUSIONS if typed.get(code.value)]
    return PledgeIn(**given)


def _days(typed: str) -> int:
    """A number of days, also in full-width digits or with its unit. Raises BadInput for anything else."""
    figure = unicodedata.normalize("NFKC", typed).strip().removesuffix("天").strip()
    if not (figure.isascii() and figure.isdecimal() and len(figure) <= len(str(LONGEST_DAYS))):
        raise BadInput("/days", "too_large", limit=LONGEST_DAYS)
    return int(figure)


def _failed(request: Request, refusal: Exception, typed: Mapping[str, str]) -> Failed:
    """The form again; that one stands already is said in its own words."""
    failed = Failed.of(request, FORM, refusal, typed)
    if isinstance(refusal, WrongMoment):
        return replace(failed, said=text("pledges.standing", reader_language(request)), fields=("name",))
    return replace(failed, fields=tuple("name" if name == "respondent" else name for name in failed.fields))


async def _page(
    request: Request, desk: Desk, session: Session, site: str, cursor: str, failed: Failed | None = None
) -> Response:  # fmt: skip
    viewer, address = session.viewer, f"/desk/pledges/{site}"
    page = await desk.read(pledges_page, viewer, site, LINES, cursor or None)
    book = await desk.read(register, viewer, site, desk.kit)
    return staff_page(
        request, session, "console/pledges.html", failed.status if failed else 200, here="pledges", address=address, page=page,
        site=book.site, days=book.days, failed=failed, exclusions=[code.value for code in EXCLUSIONS],
        places=await desk.read(sites_at_work, viewer, Act.READ_PLEDGES), merchants=await desk.read(merchants_at, book.site.id),
        may_sign=viewer.may(Act.MANAGE_PLEDGES, book.site.id), may_export=viewer.may(Act.EXPORT_FUND, book.site.id),
        next_address=f"{address}?{urlencode({'cursor': page.next})}" if page.next else None,
    )  # fmt: skip
