"""A merchant's statement on a page, to print and as a file, and their deposit paid in and back."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import ValidationError

from desk.actions.deposits import pay_deposit_back, pay_deposit_in
from desk.domain.errors import DeskError, Forbidden, NotFound
from desk.domain.money import text_of
from desk.domain.policy import Act
from desk.ports import Desk
from desk.reads.respondents import merchant_statement
from desk.web.api.recovery_shapes import AcceptIn
from desk.web.api.respondents import statement_csv
from desk.web.console.done import led_on
from desk.web.console.forms import KEY, acted, filled, staff_page, typed_in
from desk.web.console.recovery_forms import typed_amount
from desk.web.console.session import Session, SignedIn
from desk.web.deps import TheDesk, row_id
from desk.web.refused import Failed

router = APIRouter(prefix="/desk/fund/{site}/merchants/{respondent_id}", include_in_schema=False)

Slug = Annotated[str, Path(pattern="^[a-z0-9-]{1,40}$")]
WAYS = {"in": pay_deposit_in, "back": pay_deposit_back}


@router.get("")
async def statement_page(request: Request, site: Slug, respondent_id: str, desk: TheDesk, session: SignedIn) -> Response:
    """Every line between the fund and one merchant, oldest first, with what is owed and held after it."""
    return await _page(request, desk, session, site, row_id(respondent_id))


@router.get("/statement.csv")
async def statement_file(site: Slug, respondent_id: str, desk: TheDesk, session: SignedIn) -> Response:
    """The statement as a file, as the API hands it out."""
    return await statement_csv(desk, session.viewer, site, row_id(respondent_id))


@router.post("/deposits/{way}")
async def post_deposit(
    request: Request, site: Slug, respondent_id: str, way: str, desk: TheDesk, session: SignedIn
) -> Response:  # fmt: skip
    """Take a deposit in, or give it back."""
    typed, number = await typed_in(request, session), row_id(respondent_id)
    if way not in WAYS:
        raise NotFound
    try:
        told = await desk.read(merchant_statement, session.viewer, site, number)
        amount, note = typed_amount(typed, told.site.currency), AcceptIn(**filled(typed, "note")).note
        await acted(request, session, typed[KEY], WAYS[way], site, number, amount, note)
    except (Forbidden, NotFound):
        raise
    except (DeskError, ValidationError) as refusal:
        return await _page(request, desk, session, site, number, Failed.of(request, way, refusal, typed))
    return led_on(request, f"/desk/fund/{site}/merchants/{number}", f"deposit_{way}")


async def _page(
    request: Request, desk: Desk, session: Session, site: str, respondent_id: int, refusal: Failed | None = None
) -> Response:  # fmt: skip
    told, viewer = await desk.read(merchant_statement, session.viewer, site, respondent_id), session.viewer
    address = f"/desk/fund/{site}/merchants/{respondent_id}"
    return staff_page(
        request, session, "console/merchant.html", refusal.status if refusal else 200, here="recoveries",
        address=address, home=address, told=told, failed=refusal, plain=text_of,
        may_deposit=viewer.may(Act.RECOVER, told.site.id), may_export=viewer.may(Act.EXPORT_FUND, told.site.id),
    )  # fmt: skip
