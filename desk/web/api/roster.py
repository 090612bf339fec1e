"""The duty roster of a site: who is told of its digests on which day."""

from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from desk.actions.roster import OnDuty, add_duty, remove_duty
from desk.domain.digest import Told
from desk.reads.roster import Roster, roster_view
from desk.web.api.fund import Site
from desk.web.api.shapes import Day, In, Name, Out
from desk.web.deps import Officer, OptionalKey, TheDesk, row_id
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step

router = APIRouter(prefix="/api/v1/sites/{site}/roster", tags=["digests"])


class DutyIn(In):
    """Who is on duty, by the name they sign in with, and on which day of the site."""

    day: Day
    officer: Name


class DutyOut(Out):
    """Somebody on duty, after an act; `removed_at` is null while they are."""

    id: str
    day: date
    officer: str
    removed_at: datetime | None

    @classmethod
    def of(cls, done: OnDuty) -> "DutyOut":
        """The shape of it."""
        row, zone = done.row, ZoneInfo(done.site.time_zone)
        removed_at = row.removed_at.astimezone(zone) if row.removed_at else None
        return cls(id=str(row.id), day=row.on_day, officer=done.officer, removed_at=removed_at)


class OnDutyOut(Out):
    """Somebody on duty. `here`: they still work at the site; `mail`: they left an address at which the desk can write to them."""

    id: str
    officer: str
    here: bool
    mail: bool


class RosterDayOut(Out):
    """A day, who is on duty, and whom a digest of it is told: those on the roster, or the managers where nobody is."""

    day: date
    told: Told
    on_duty: list[OnDutyOut]


class RosterOut(Out):
    """Some days of a site, in order."""

    site: str
    days: list[RosterDayOut]

    @classmethod
    def of(cls, found: Roster) -> "RosterOut":
        """The shape of it."""
        days = [
            RosterDayOut(
                day=each.on, told=each.told,
                on_duty=[OnDutyOut(id=str(one.id), officer=one.officer, here=one.here, mail=one.mail) for one in each.duties],
            )
            for each in found.days
        ]  # fmt: skip
        return cls(site=found.site.slug, days=days)


class RosterQuery(In):
    """From which day of the site to which, both included."""

    from_: Day | None = Field(default=None, alias="from")
    to: Day | None = None


@router.get("", name="roster_show", responses=for_staff(), summary="Who is on duty")
async def get_roster(site: Site, desk: TheDesk, officer: Officer, query: Annotated[RosterQuery, Query()]) -> RosterOut:
    """Two weeks from today, or the days that are named, at most 31."""
    return RosterOut.of(await desk.read(roster_view, officer, site, desk.kit, query.from_, query.to))


@router.post(
    "", status_code=201, response_model=DutyOut, name="roster_add", responses=for_step(), summary="Put an officer on duty"
)
async def post_duty(request: Request, site: Site, body: DutyIn, desk: TheDesk, officer: Officer, key: OptionalKey) -> Response:
    """By a manager: an officer who works at the site, for today or a day to come."""
    return await answer_once(request, desk, officer, key, DutyOut.of, add_duty, site, body.day, body.officer, status=201)


@router.post(
    "/{duty_id}/remove", response_model=DutyOut, name="roster_remove", responses=for_step(), summary="Take an officer off duty"
)
async def post_remove(
    request: Request, site: Site, duty_id: Annotated[str, Path(description="As the roster names it.")], desk: TheDesk,
    officer: Officer, key: OptionalKey,
) -> Response:  # fmt: skip
    """By a manager, until the day is over. Putting them on duty anew is the way back."""
    return await answer_once(request, desk, officer, key, DutyOut.of, remove_duty, site, row_id(duty_id))
