"""A merchant's statement on a page, to print and as a file, and their deposit paid in and back."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import ValidationError

from desk.actions.deposits import pay_deposit_back, pay_deposit_in
from desk.domain.errors import BadInput, DeskError, Forbidden, NotFound
from desk.domain.money import text_of
from desk.domain.policy import Act
from desk.ports import Desk
from desk.reads.respondents import Period, merchant_site, merchant_statement
from desk.web.api.recovery_shapes import AcceptIn
from desk.web.api.respondents import PeriodQuery, statement_csv
from desk.web.console.done import led_on
from desk.web.console.forms import KEY, acted, filled, staff_page, typed_in
from desk.web.console.recovery_forms import typed_amount
from desk.web.console.session import Session, SignedIn
from desk.web.deps import TheDesk, row_id
from desk.web.refused import Failed

router = APIRouter(prefix="/desk/fund/{site}/merchants/{respondent_id}", include_in_schema=False)

Slug = Annotated[str, Path(pattern="^[a-z0-9-]{1,40}$")]
Since = Annotated[str, Query(alias="from", max_length=10)]
Until = Annotated[str, Query(alias="to", max_length=10)]
Cursor = Annotated[str, Query(max_length=200)]
LINES = 50
WAYS = {"in": pay_deposit_in, "back": pay_deposit_back}


@router.get("")
async def statement_page(
    request: Request, site: Slug, respondent_id: str, desk: TheDesk, session: SignedIn, since: Since = "", until: Until = "",
    cursor: Cursor = "",
) -> Response:  # fmt: skip
    """The lines of a period between the fund and one merchant, oldest first, with what stands after each."""
    number, typed = row_id(respondent_id), {"from": since, "to": until}
    try:
        period = _period(typed, cursor)
        return await _page(request, desk, session, site, number, period)
    except (BadInput, ValidationError) as refusal:
        failed = Failed.of(request, "period", refusal, typed)
        return await _page(request, desk, session, site, number, Period(limit=LINES), failed)


@router.get("/statement.csv")
async def statement_file(
    site: Slug, respondent_id: str, desk: TheDesk, session: SignedIn, since: Since = "", until: Until = ""
) -> Response:  # fmt: skip
    """The statement of a period as a file, as the API hands it out."""
    period = _period({"from": since, "to": until}, "")
    return await statement_csv(desk, session.viewer, site, row_id(respondent_id), Period(period.since, period.until))


@router.post("/deposits/{way}")
async def post_deposit(
    request: Request, site: Slug, respondent_id: str, way: str, desk: TheDesk, session: SignedIn
) -> Response:  # fmt: skip
    """Take a deposit in, or give it back."""
    typed, number = await typed_in(request, session), row_id(respondent_id)
    if way not in WAYS:
        raise NotFound
    try:
        here = await desk.read(merchant_site, session.viewer, site)
        amount, note = typed_amount(typed, here.currency), AcceptIn(**filled(typed, "note")).note
        await acted(request, session, typed[KEY], WAYS[way], site, number, amount, note)
    except (Forbidden, NotFound):
        raise
    except (DeskError, ValidationError) as refusal:
        return await _page(request, desk, session, site, number, Period(limit=LINES), Failed.of(request, way, refusal, typed))
    return led_on(request, f"/desk/fund/{site}/merchants/{number}", f"deposit_{way}")


def _period(typed: Mapping[str, str], cursor: str) -> Period:
    """The days that were typed, those left empty as usual. Raises BadInput, ValidationError."""
    asked = PeriodQuery.model_validate(filled(typed))
    return Period(asked.since, asked.until, LINES, cursor or None)


async def _page(
    request: Request, desk: Desk, session: Session, site: str, respondent_id: int, period: Period, refusal: Failed | None = None
) -> Response:  # fmt: skip
    viewer, now = session.viewer, desk.kit.clock.now()
    told = await desk.read(merchant_statement, viewer, site, respondent_id, period, now)
    address, days = f"/desk/fund/{site}/merchants/{respondent_id}", {"from": told.since, "to": told.until}
    return staff_page(
        request, session, "console/merchant.html", refusal.status if refusal else 200, here="recoveries",
        address=address, home=address, told=told, failed=refusal, plain=text_of, days=urlencode(days),
        next_address=f"{address}?{urlencode(days | {'cursor': told.next})}" if told.next else None, later=bool(period.cursor),
        may_deposit=viewer.may(Act.RECOVER, told.site.id), may_export=viewer.may(Act.EXPORT_FUND, told.site.id),
    )  # fmt: skip
