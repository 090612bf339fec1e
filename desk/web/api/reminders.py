"""What the officer's roles were told of deadlines."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from desk.reads.pages import LARGEST_PAGE, Page
from desk.reads.reminders import ReminderLine, reminders_page
from desk.web.api.claims import link_next
from desk.web.api.shapes import Code, In, Out
from desk.web.deps import Officer, TheDesk
from desk.web.openapi import for_staff

router = APIRouter(prefix="/api/v1/reminders", tags=["clocks"])


class ReminderOut(Out):
    """A deadline of a claim or an incident that comes near or is past: `minutes` after it, below zero before it."""

    reference: str | None
    incident: str | None
    site: str
    clock: str
    due_at: datetime
    minutes: int
    told_at: datetime


class RemindersOut(Out):
    """A page of reminders, the nearest deadline first."""

    reminders: list[ReminderOut]
    next: str | None

    @classmethod
    def of(cls, page: Page[ReminderLine]) -> "RemindersOut":
        """The shape of a page."""
        lines = [
            ReminderOut(
                reference=line.reference,
                incident=str(line.incident) if line.incident is not None else None,
                site=line.site, clock=line.clock, due_at=line.due_at, minutes=line.minutes,
                told_at=line.told_at,
            )
            for line in page.lines
        ]  # fmt: skip
        return cls(reminders=lines, next=page.next)


class RemindersQuery(In):
    """Of which site, how many, and from where on."""

    site: Code | None = None
    limit: int = Field(default=50, ge=1, le=LARGEST_PAGE)
    cursor: Annotated[str, Field(max_length=200)] | None = None


@router.get("", name="reminders_list", responses=for_staff(), summary="Deadlines that come near or are past")
async def list_reminders(
    request: Request, response: Response, desk: TheDesk, officer: Officer, query: Annotated[RemindersQuery, Query()]
) -> RemindersOut:  # fmt: skip
    """What the officer's roles were told by the clocks' ladders, as long as it is so."""
    page = await desk.read(reminders_page, officer, query.site, query.limit, query.cursor)
    link_next(request, response, page)
    return RemindersOut.of(page)
