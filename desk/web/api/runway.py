"""How long a site's fund still lasts."""

from datetime import date

from fastapi import APIRouter

from desk.domain.runway import Pace, Runway
from desk.reads.fund import runway_view
from desk.web.api.fund import Site, money_out
from desk.web.api.shapes import MoneyOut, Out
from desk.web.deps import Officer, TheDesk
from desk.web.openapi import for_staff

router = APIRouter(prefix="/api/v1/sites/{site}/fund", tags=["fund"])


class PaceOut(Out):
    """So much left in so many days; `lasts_days` is null where nothing did."""

    paid: MoneyOut
    days: int
    lasts_days: int | None


class RunwayOut(Out):
    """How long the fund is enough; `low` when the manager is told.

    `holiday` is null while no holiday is known; its days are both included.
    """

    available: MoneyOut
    week: PaceOut
    holiday_first: date | None
    holiday_last: date | None
    holiday: PaceOut | None
    low: bool

    @classmethod
    def of(cls, view: Runway) -> "RunwayOut":
        """The shape of it."""

        def pace(one: Pace, lasts: int | None) -> PaceOut:
            return PaceOut(paid=money_out(one.paid, view.currency), days=one.days, lasts_days=lasts)

        first, last = view.holiday or (None, None)
        return cls(
            available=money_out(view.available, view.currency), week=pace(view.week, view.days_at_week), holiday_first=first,
            holiday_last=last, holiday=pace(view.holiday_pace, view.days_at_holiday) if view.holiday_pace else None,
            low=view.is_low,
        )  # fmt: skip


@router.get("/runway", name="fund_runway", responses=for_staff(), summary="How long the fund still lasts")
async def get_runway(site: Site, desk: TheDesk, officer: Officer) -> RunwayOut:
    """In whole days, at the pace of the last seven days and at that of the last holiday."""
    return RunwayOut.of(await desk.read(runway_view, officer, site, desk.kit))
