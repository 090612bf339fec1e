"""How long a fund still lasts at the pace at which refunds left it. Reads no books and no clock."""

from dataclasses import dataclass
from datetime import date, timedelta

from desk.domain.calendar import WorkingCalendar

LATELY = timedelta(days=7)
"""The pace of every day. Source: UX J7."""
SHORTEST_HOLIDAY = 3
"""Days off in a row that make a holiday: a weekend has two."""
LOOKED_BACK = 400
LOW_DAYS = 3
"""Money for fewer days than a long weekend takes to bring more is an alert. Source: issue 6, "low-fund alert before zero"."""
LOW_PERCENT = 10
"""Of all that was put in; this much is low while no pace tells how long it lasts."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """So many minor units left, net of what came back, in so many days. Raises ValueError for no day at all."""

    paid: int
    days: int

    def __post_init__(self) -> None:
        if self.days < 1:
            msg = "a pace is taken over at least a day"
            raise ValueError(msg)

    def lasts(self, available: int) -> int | None:
        """For how many whole days `available` minor units are enough; None at a pace at which nothing leaves."""
        return available * self.days // self.paid if self.paid > 0 else None

    def needs(self, available: int, days: int) -> bool:
        """Whether so many days at this pace take all of `available` or more; at a pace of nothing they take nothing."""
        return self.paid > 0 and available * self.days <= self.paid * days


@dataclass(frozen=True, slots=True)
class Runway:
    """What a fund has, what its sources put in, in minor units, and its paces: lately, and in the last holiday if one is known.

    `holiday` has the first and the last day, both included, of the newest one that is over.
    """

    currency: str
    available: int
    put_in: int
    week: Pace
    holiday: tuple[date, date] | None = None
    holiday_pace: Pace | None = None

    @property
    def days_at_week(self) -> int | None:
        """For how many whole days it is enough at the pace of lately; None where nothing left."""
        return self.week.lasts(self.available)

    @property
    def days_at_holiday(self) -> int | None:
        """The same at the pace of the last holiday; None also where none is known."""
        return self.holiday_pace.lasts(self.available) if self.holiday_pace else None

    @property
    def is_low(self) -> bool:
        """Whether the manager must be told before the fund is empty.

        At the faster of both paces `LOW_DAYS` are left or fewer: a week before a holiday tells too little of it, and a holiday
        may be the slower one. While nothing ever left there is no pace: then less than a tenth of what was put in is low.
        A fund without any money put in has not begun and is not low. Source: SPEC 4.7.
        """
        paces = [pace for pace in (self.week, self.holiday_pace) if pace and pace.paid > 0]
        if paces:
            return any(pace.needs(self.available, LOW_DAYS) for pace in paces)
        return self.available * 100 < self.put_in * LOW_PERCENT


def last_holiday(today: date, calendar: WorkingCalendar) -> tuple[date, date] | None:
    """First and last day, both included, of the newest holiday that was over before `today`; None without one in 400 days.

    A holiday that `today` lies in is not over: its pace is not known yet.
    """
    days = [today - number * _DAY for number in range(LOOKED_BACK)]
    run: list[date] = []
    for day in days:
        if not calendar.is_working(day):
            run.append(day)
            continue
        if len(run) >= SHORTEST_HOLIDAY and run[0] != today:
            return run[-1], run[0]
        run = []
    return None
