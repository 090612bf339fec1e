"""How long a fund still lasts at the pace at which refunds left it. Reads no books and no clock."""

from dataclasses import dataclass
from datetime import date, timedelta

from desk.domain.calendar import WorkingCalendar

LATELY = timedelta(days=7)
"""The pace of every day. Source: UX J7."""
SHORTEST_HOLIDAY = 3
"""Days off in a row that make a holiday: a weekend has two."""
LOOKED_BACK = 400
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
