"""Closing the day on a page: what each cashier has to count, the count, and the closes so far, each to be printed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from desk.actions.day_close import close_day
from desk.domain.day_close import Count, difference
from desk.domain.errors import BadInput, DeskError, Forbidden, NotFound
from desk.domain.money import text_of
from desk.domain.payout import Method
from desk.domain.policy import Act
from desk.domain.typed import read_count
from desk.ports import Desk
from desk.reads.board import sites_at_work
from desk.reads.day_closes import OpenTill, alike, close_sheet, closes_page, currency_to_count, open_tills
from desk.web.api.day_closes import csv_answer
from desk.web.console.done import led_on
from desk.web.console.forms import KEY, acted, staff_page, typed_in
from desk.web.console.session import Session, SignedIn
from desk.web.deps import TheDesk, row_id
from desk.web.refused import Failed

router = APIRouter(prefix="/desk/close", include_in_schema=False)

LINES = 20
Slug = Annotated[str, Path(pattern="^[a-z0-9-]{1,40}$")]
Cursor = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Miscounted(Failed):
    """A till's count that was refused; `counted` is in minor units, None where what was typed is no count."""

    counted: int | None = None

    def off(self, till: OpenTill) -> int:
        """What was counted above what is expected; 0 where nothing was counted."""
        return 0 if self.counted is None else difference(self.counted, till.expected)


@router.get("")
async def own_close(desk: TheDesk, session: SignedIn) -> Response:
    """The close of the officer's first site. Raises Forbidden for who handles no money."""
    sites = await desk.read(sites_at_work, session.viewer, Act.READ_PAYOUT)
    if not sites:
        raise Forbidden
    return RedirectResponse(f"/desk/close/{sites[0].slug}", 303)


@router.get("/{site}")
async def close_page(request: Request, site: Slug, desk: TheDesk, session: SignedIn, cursor: Cursor = "") -> Response:
    """What waits to be counted, and the closes so far."""
    return await _page(request, desk, session, site, cursor)


@router.post("/{site}")
async def post_close(request: Request, site: Slug, desk: TheDesk, session: SignedIn) -> Response:
    """Count one method of one's own till, or as a manager of a `cashier` who left.

    Refused, the page again with what was typed and the payouts as they are now.
    """
    typed, counted = await typed_in(request, session), None
    cashier = row_id(typed["cashier"]) if typed.get("cashier") else None
    try:
        counted = await _counted(desk, session, site, typed)
        method = _method(typed)
        told = (site, method, counted, typed.get("reason"), typed.get("seen", ""), cashier)
        closed = await acted(request, session, typed[KEY], close_day, *told)
    except (Forbidden, NotFound):
        raise
    except DeskError as refusal:
        failed = Miscounted.of(request, form_of(typed.get("method", ""), cashier), refusal, typed)
        failed = replace(failed, counted=counted.minor if counted else None)
        return await _page(request, desk, session, site, "", failed)
    return led_on(request, f"/desk/close/{site}/{closed.row.id}" if closed else f"/desk/close/{site}", "close")


@router.get("/{site}/closes.csv")
async def closes_csv(site: Slug, desk: TheDesk, session: SignedIn) -> Response:
    """Every close as a file, as the API hands it out."""
    return await csv_answer(desk, session.viewer, site)


@router.get("/{site}/{close_id}")
async def one_close(request: Request, site: Slug, close_id: str, desk: TheDesk, session: SignedIn) -> Response:
    """One close with every payout it counted, to be printed and signed."""
    close, lines, suspected = await desk.read(close_sheet, session.viewer, site, row_id(close_id))
    sites = await desk.read(sites_at_work, session.viewer, Act.READ_PAYOUT)
    return staff_page(
        request, session, "console/close_sheet.html", here="close", close=close, lines=lines, alike=suspected, plain=text_of,
        site=next(each for each in sites if each.slug == site),
    )  # fmt: skip


def form_of(method: str, cashier: int | None) -> str:
    """What the form of a till is called on the page: by its method, and another's by whose it is too."""
    return method if cashier is None else f"{method}-{cashier}"


def _method(typed: Mapping[str, str]) -> Method:
    if typed.get("method") not in tuple(Method):
        raise BadInput("/method", "missing")
    return Method(typed["method"])


async def _counted(desk: Desk, session: Session, site: str, typed: Mapping[str, str]) -> Count:
    """What was typed, in the site's currency. Raises NotFound for a foreign site, Forbidden, BadInput."""
    act = Act.CLOSE_LEFT_TILL if typed.get("cashier") else Act.CLOSE_DAY
    currency, counted = await desk.read(currency_to_count, session.viewer, site, act), typed.get("counted", "")
    if not counted.strip():
        raise BadInput("/counted", "missing")
    try:
        return Count(read_count(counted, currency), currency)
    except ValueError:
        raise BadInput("/counted", "bad_amount") from None


async def _page(
    request: Request, desk: Desk, session: Session, site: str, cursor: str, failed: Miscounted | None = None
) -> Response:  # fmt: skip
    viewer, address = session.viewer, f"/desk/close/{site}"
    tills = await desk.read(open_tills, viewer, site)
    page = await desk.read(closes_page, viewer, site, LINES, cursor or None)
    sites = await desk.read(sites_at_work, viewer, Act.READ_PAYOUT)
    here = next(each for each in sites if each.slug == site)
    forms = {form_of(till.method, None if till.mine else till.cashier_id) for till in tills if till.closable and till.lines}
    lost = failed is not None and failed.form not in forms
    return staff_page(
        request, session, "console/close.html", failed.status if failed else 200, here="close", address=address, tills=tills,
        page=page, sites=sites, site=here, failed=failed, lost=lost, form_of=form_of, plain=text_of, alike=alike,
        all=viewer.may(Act.READ_CLOSES, here.id),
        next_address=f"{address}?{urlencode({'cursor': page.next})}" if page.next else None,
    )  # fmt: skip
