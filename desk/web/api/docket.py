"""The docket: who is heard next."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from desk.reads.pages import LARGEST_PAGE, Page
from desk.reads.queues import DocketLine, docket_page
from desk.web.api.claims import link_next
from desk.web.api.shapes import Code, In, Out
from desk.web.deps import Officer, TheDesk
from desk.web.openapi import for_staff

router = APIRouter(prefix="/api/v1/docket", tags=["docket"])


class DocketQuery(In):
    """Which site's docket, how much of it, and from where on."""

    site: Code | None = None
    limit: int = Field(default=50, ge=1, le=LARGEST_PAGE)
    cursor: Annotated[str, Field(max_length=300)] | None = None


class DocketLineOut(Out):
    """A case on the docket. `leaves_at` is null where nobody knows when the visitor leaves."""

    case_no: str
    reference: str
    site: str
    state: str
    category: str
    respondent: str | None
    leaves_at: datetime | None
    due_at: datetime | None
    docketed_at: datetime


class DocketOut(Out):
    """A page of the docket."""

    cases: list[DocketLineOut]
    next: str | None = Field(description="cursor of the next page")

    @classmethod
    def of(cls, page: Page[DocketLine]) -> "DocketOut":
        """The shape of a page."""
        return cls(cases=[DocketLineOut(**asdict(line)) for line in page.lines], next=page.next)


@router.get("", name="docket_list", responses=for_staff(), summary="The docket, by departure, then by deadline")
async def list_docket(
    request: Request, response: Response, desk: TheDesk, officer: Officer, query: Annotated[DocketQuery, Query()]
) -> DocketOut:  # fmt: skip
    """Open cases: who leaves first comes first; among those without a departure the nearest deadline."""
    page = await desk.read(docket_page, officer, query.site, query.limit, query.cursor)
    link_next(request, response, page)
    return DocketOut.of(page)
