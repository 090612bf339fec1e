"""What does not pair between the gateway's statement and the books: listed, as CSV, resolved by the manager."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from desk.actions.breaks import Resolved, resolve_break
from desk.domain.money import text_of
from desk.domain.policy import Act, Viewer
from desk.domain.reconciliation import BreakKind
from desk.ports import Desk
from desk.reads.breaks import BreakView, breaks_page, view_of
from desk.reads.pages import LARGEST_PAGE
from desk.web.api.claims import link_next
from desk.web.api.fund import FundQuery, Site, money_out
from desk.web.api.shapes import In, MoneyOut, Out, Prose
from desk.web.csv import csv_file
from desk.web.deps import Officer, RequiredKey, TheDesk, row_id
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step

router = APIRouter(prefix="/api/v1", tags=["fund"])


class BreakOut(Out):
    """A break. `booked` is what the books say, `told` and `gateway_id` what the statement says; null where that side is absent.

    `days` is for how long it is known: until it was resolved, or until now.
    """

    id: str
    kind: BreakKind
    key: str
    gateway_id: str | None
    reference: str | None
    payout: str | None
    booked: MoneyOut | None
    told: MoneyOut | None
    found_at: datetime
    days: int
    resolved_at: datetime | None
    resolved_by: str | None
    resolution: str | None

    @classmethod
    def of(cls, view: BreakView) -> "BreakOut":
        """The shape of a break."""
        row = view.row
        return cls(
            id=str(row.id), kind=view.kind, key=row.key, gateway_id=row.gateway_id, reference=view.reference,
            payout=str(row.payout_id) if row.payout_id else None, booked=_money(row.booked_minor, row.booked_currency),
            told=_money(row.told_minor, row.told_currency), found_at=view.found_at, days=view.days,
            resolved_at=view.resolved_at, resolved_by=view.resolved_by, resolution=row.resolution,
        )  # fmt: skip


class BreaksOut(Out):
    """A page of breaks, the open ones first, then the newest."""

    breaks: list[BreakOut]
    next: str | None = Field(description="cursor of the next page")


class ResolveIn(In):
    """What became of it."""

    reason: Prose


@router.get("/sites/{site}/breaks", name="breaks_list", responses=for_staff(), summary="Breaks with the gateway's statement")
async def list_breaks(
    request: Request, response: Response, site: Site, desk: TheDesk, officer: Officer, query: Annotated[FundQuery, Query()]
) -> BreaksOut:  # fmt: skip
    """Those of the site's payouts, and payments that no payout of the desk has the key of; open ones first."""
    page = await desk.read(breaks_page, officer, site, query.limit, query.cursor, desk.kit)
    link_next(request, response, page)
    return BreaksOut(breaks=[BreakOut.of(view) for view in page.lines], next=page.next)


@router.get(
    "/sites/{site}/breaks.csv", name="breaks_csv", responses=for_staff() | {200: {"content": {"text/csv": {}}}},
    response_class=StreamingResponse, summary="Breaks with the gateway's statement as CSV",
)  # fmt: skip
async def get_breaks_csv(site: Site, desk: TheDesk, officer: Officer) -> StreamingResponse:
    """One row a break, open ones first, every break there is."""
    return await csv_answer(desk, officer, site)


@router.post(
    "/breaks/{break_id}/resolve", response_model=BreakOut, name="breaks_resolve", responses=for_step("idempotency_key_missing"),
    summary="Say what became of a break",
)  # fmt: skip
async def post_resolve(
    request: Request, break_id: str, body: ResolveIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """By a manager. Only records it: money is put right by the ordinary acts. With the last one, refunds leave again."""
    return await answer_once(request, desk, officer, key, _after, resolve_break, row_id(break_id), body.reason)


async def csv_answer(desk: Desk, officer: Viewer, site: str) -> StreamingResponse:
    """The breaks as a file; the console hands it out too. Raises NotFound for a foreign site, Forbidden."""
    return await csv_file(
        f"breaks-{site}", COLUMNS, _cells,
        lambda cursor: desk.read(breaks_page, officer, site, LARGEST_PAGE, cursor, desk.kit, Act.EXPORT_FUND),
    )  # fmt: skip


COLUMNS = (
    "id", "kind", "key", "gateway_id", "reference", "payout", "booked", "booked_currency", "told", "told_currency", "found_at",
    "days", "resolved_at", "resolved_by", "resolution",
)  # fmt: skip


def _cells(view: BreakView) -> tuple[object, ...]:
    row = view.row
    booked, told = (
        text_of(minor, currency) if minor is not None and currency else None
        for minor, currency in ((row.booked_minor, row.booked_currency), (row.told_minor, row.told_currency))
    )
    resolved_at = view.resolved_at.isoformat() if view.resolved_at else None
    return (
        row.id, row.kind, row.key, row.gateway_id, view.reference, row.payout_id, booked, row.booked_currency, told,
        row.told_currency, view.found_at.isoformat(), view.days, resolved_at, view.resolved_by, row.resolution,
    )  # fmt: skip


def _money(minor: int | None, currency: str | None) -> MoneyOut | None:
    return money_out(minor, currency) if minor is not None and currency else None


def _after(done: Resolved) -> BreakOut:
    row, zone = done.row, ZoneInfo(done.site.time_zone)
    reference = done.claim.reference if done.claim else None
    return BreakOut.of(view_of(row, reference, done.by, zone, row.resolved_at or row.found_at))
