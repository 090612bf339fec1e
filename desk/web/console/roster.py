"""The duty roster on a page: two weeks of a site day by day, a form to put somebody on and a button to take them off."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from desk.actions.roster import add_duty, remove_duty
from desk.domain.errors import DeskError, Forbidden, NotFound, WrongMoment
from desk.domain.policy import Act
from desk.domain.roster import SHOWN_DAYS
from desk.ports import Desk
from desk.reads.roster import roster_view
from desk.web.api.roster import DutyIn
from desk.web.console.done import led_on
from desk.web.console.forms import KEY, acted, filled, staff_page, typed_in
from desk.web.console.fund import Slug
from desk.web.console.session import Session, SignedIn
from desk.web.deps import TheDesk, row_id
from desk.web.pages import reader_language
from desk.web.refused import Failed
from desk.wording.catalogue import text

router = APIRouter(prefix="/desk/digests/{site}/roster", include_in_schema=False)

_SPAN = timedelta(days=SHOWN_DAYS)
_FURTHEST = date(2100, 1, 1)
First = Annotated[str, Query(alias="from", max_length=10)]


@router.get("")
async def roster(request: Request, site: Slug, desk: TheDesk, session: SignedIn, first: First = "") -> Response:
    """Two weeks from today, or from the day in the address."""
    return await _page(request, desk, session, site, _day(first))


@router.post("")
async def post_duty(request: Request, site: Slug, desk: TheDesk, session: SignedIn) -> Response:
    """Put somebody on duty; refused, the page again with what was chosen."""
    typed = await typed_in(request, session)
    try:
        told = DutyIn(**filled(typed, "day", "officer"))
        await acted(request, session, typed[KEY], add_duty, site, told.day, told.officer)
    except (Forbidden, NotFound):
        raise
    except (DeskError, ValidationError) as refusal:
        failed = _failed(request, refusal, typed)
        return await _page(request, desk, session, site, _day(typed.get("first", "")), failed)
    return led_on(request, _address(site, typed), "duty")


@router.post("/{duty_id}/remove")
async def post_remove(request: Request, site: Slug, duty_id: str, desk: TheDesk, session: SignedIn) -> Response:
    """Take somebody off duty; a colleague may have been faster, and the page says so."""
    typed = await typed_in(request, session)
    try:
        await acted(request, session, typed[KEY], remove_duty, site, row_id(duty_id))
    except (Forbidden, NotFound):
        raise
    except DeskError as refusal:
        failed = Failed.of(request, "remove", refusal, typed)
        return await _page(request, desk, session, site, _day(typed.get("first", "")), failed)
    return led_on(request, _address(site, typed), "duty_removed")


def _failed(request: Request, refusal: Exception, typed: dict[str, str]) -> Failed:
    """The form of that day again; that they are on duty already is said in its own words."""
    failed = Failed.of(request, f"duty-{typed.get('day', '')}", refusal, typed)
    if isinstance(refusal, WrongMoment):
        return replace(failed, said=text("roster.standing", reader_language(request)))
    return failed


def _address(site: str, typed: dict[str, str]) -> str:
    """The page that the form stood on."""
    first = _day(typed.get("first", ""))
    return f"/desk/digests/{site}/roster" + (f"?from={first.isoformat()}" if first else "")


def _day(text: str) -> date | None:
    """A day as an address names it; None for any other text, and for one out of reach."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if date(2000, 1, 1) <= found <= _FURTHEST else None


async def _page(
    request: Request, desk: Desk, session: Session, site: str, first: date | None, failed: Failed | None = None
) -> Response:  # fmt: skip
    viewer = session.viewer
    found = await desk.read(roster_view, viewer, site, desk.kit, first, first + _SPAN - timedelta(days=1) if first else None)
    begin, address = found.days[0].on, f"/desk/digests/{site}/roster"
    return staff_page(
        request, session, "console/roster.html", failed.status if failed else 200, here="digests", address=address,
        site=found.site, found=found, first=first.isoformat() if first else "", failed=failed,
        may_manage=viewer.may(Act.MANAGE_ROSTER, found.site.id),
        before=f"{address}?from={(begin - _SPAN).isoformat()}", after=f"{address}?from={(begin + _SPAN).isoformat()}",
    )  # fmt: skip
