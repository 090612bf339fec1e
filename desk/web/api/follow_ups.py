"""After a claim has ended: the desk's tries to ask how it went, and what visitors said, as a list, by month and as CSV."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from desk.actions.follow_up import FollowedUp, record_try
from desk.domain.follow_up import MOST_TRIES, TRIES, Kind
from desk.domain.policy import Viewer
from desk.ports import Desk
from desk.reads.follow_ups import Month, SaidView, months, said_page
from desk.reads.pages import LARGEST_PAGE, Page
from desk.web.api.claims import link_next
from desk.web.api.fund import FundQuery, Site
from desk.web.api.shapes import In, Out
from desk.web.csv import csv_file
from desk.web.deps import Officer, OptionalKey, Reference, TheDesk
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step

router = APIRouter(prefix="/api/v1", tags=["follow-up"])


class TryIn(In):
    """How a try to ask the visitor ended. Only the visitor gives a rating."""

    outcome: Literal["not_reached", "reached", "declined"]


class TriedOut(Out):
    """A claim after a try. `tries` are those of this end of it; after `declined`, a rating or the third nobody asks again."""

    reference: str
    state: str
    version: int
    tries: int
    left: int


class SaidOut(Out):
    """What a visitor said: 1 is the worst, 5 the best; of an end that was rated twice the newest."""

    id: str
    reference: str
    rating: int
    text: str | None
    at: datetime

    @classmethod
    def of(cls, view: SaidView) -> "SaidOut":
        """The shape of it."""
        return cls(id=str(view.id), reference=view.reference, rating=view.rating, text=view.text, at=view.at)


class MonthOut(Out):
    """A month's ratings: how many gave 1, 2, 3, 4 and 5, how many in all, and the mean."""

    month: str = Field(examples=["2026-10"])
    ratings: list[int]
    count: int
    mean: float

    @classmethod
    def of(cls, one: Month) -> "MonthOut":
        """The shape of a month."""
        return cls(month=one.month, ratings=list(one.ratings), count=one.count, mean=round(one.mean, 2))


class FollowUpsOut(Out):
    """A page of what was said, the newest first, and the last twelve months that have ratings."""

    months: list[MonthOut]
    said: list[SaidOut]
    next: str | None = Field(description="cursor of the next page")


@router.post(
    "/claims/{reference}/follow-up", response_model=TriedOut, name="follow_ups_try", responses=for_step(),
    summary="Record a try to ask how it went",
)  # fmt: skip
async def post_try(
    request: Request, reference: Reference, body: TryIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """At most three for an end of a claim, and none after the visitor has answered."""
    return await answer_once(request, desk, officer, key, _tried, record_try, reference, Kind(body.outcome))


@router.get("/sites/{site}/follow-ups", name="follow_ups_list", responses=for_staff(), summary="What visitors said")
async def list_said(
    request: Request, response: Response, site: Site, desk: TheDesk, officer: Officer, query: Annotated[FundQuery, Query()]
) -> FollowUpsOut:  # fmt: skip
    """Ratings of how the site handled their claims, with their words."""
    _, page = await desk.read(said_page, officer, site, query.limit, query.cursor)
    link_next(request, response, page)
    by_month = [MonthOut.of(one) for one in await desk.read(months, officer, site)]
    return FollowUpsOut(months=by_month, said=[SaidOut.of(view) for view in page.lines], next=page.next)


@router.get(
    "/sites/{site}/follow-ups.csv", name="follow_ups_csv", responses=for_staff() | {200: {"content": {"text/csv": {}}}},
    response_class=StreamingResponse, summary="What visitors said as CSV",
)  # fmt: skip
async def get_said_csv(site: Site, desk: TheDesk, officer: Officer) -> StreamingResponse:
    """One row a rating, the newest first."""
    return await said_csv(desk, officer, site)


async def said_csv(desk: Desk, officer: Viewer, site: str) -> StreamingResponse:
    """The ratings as a file; the console hands it out too. Raises NotFound for a foreign site, Forbidden."""

    async def page_after(cursor: str | None) -> Page[SaidView]:
        _, page = await desk.read(said_page, officer, site, LARGEST_PAGE, cursor)
        return page

    return await csv_file(f"follow-ups-{site}", COLUMNS, _cells, page_after)


COLUMNS = ("rating", "reference", "text", "at")


def _cells(view: SaidView) -> tuple[object, ...]:
    return view.rating, view.reference, view.text, view.at.isoformat()


def _tried(done: FollowedUp) -> TriedOut:
    claim, tries = done.held.claim, sum(row.kind in TRIES for row in done.rows)
    over = done.rows[-1].kind == Kind.DECLINED
    left = 0 if over else MOST_TRIES - tries
    return TriedOut(reference=claim.reference, state=claim.state, version=claim.version, tries=tries, left=left)
