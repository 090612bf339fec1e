"""The working calendar: which days work, and how days are counted. Holds no holiday data and no clock times."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

_DAY = timedelta(days=1)
_SATURDAY = 5
NO_DAYS: frozenset[date] = frozenset()


class DayKind(StrEnum):
    """Why a day was counted or passed over."""

    START = "start"
    WORKING = "working"
    MAKEUP = "makeup"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    CALENDAR = "calendar"
    ROLLED = "rolled"
    PAUSED = "paused"


RESTS = frozenset({DayKind.WEEKEND, DayKind.HOLIDAY})


@dataclass(frozen=True, slots=True)
class CountedDay:
    """One day of a count. `number` is its ordinal, None for a day that was not counted."""

    day: date
    number: int | None
    why: DayKind


@dataclass(frozen=True, slots=True)
class Counted:
    """A count from its start day to its last day, both listed. Provisional: a day that mattered lies in an unpublished year."""

    days: tuple[CountedDay, ...]
    last: date
    provisional: bool


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """The published years and their exceptional days: True works on a weekend (调休上班日), False rests on a weekday.

    Raises ValueError for an exception that changes nothing or lies in an unpublished year.
    """

    version: str
    years: frozenset[int]
    exceptions: Mapping[date, bool]

    def __post_init__(self) -> None:
        for day, works in self.exceptions.items():
            if works is (day.weekday() < _SATURDAY) or day.year not in self.years:
                msg = f"{day} is no exception of a published year"
                raise ValueError(msg)
        object.__setattr__(self, "exceptions", MappingProxyType(dict(self.exceptions)))

    def is_published(self, day: date) -> bool:
        """Whether the holidays of the year of `day` are known."""
        return day.year in self.years

    def is_working(self, day: date) -> bool:
        """Whether `day` is a working day; in an unpublished year Monday to Friday are. Source: SPEC 3, Counting."""
        return self.exceptions.get(day, day.weekday() < _SATURDAY)

    def last_working_day_of(self, start: date, length: int, paused: Collection[date] = NO_DAYS) -> Counted:
        """Count `length` working days after `start`; neither the start day nor a paused day is counted.

        Raises ValueError when `length` is below 1. Source: Civil Code 201; make-up days work, SPEC 3.
        """
        _check(length)
        days, number, provisional, day = [CountedDay(start, None, DayKind.START)], 0, False, start
        while number < length:
            day += _DAY
            why = DayKind.PAUSED if day in paused else self._kind(day)
            if why is not DayKind.PAUSED:
                provisional = provisional or not self.is_published(day)
            counts = why in (DayKind.WORKING, DayKind.MAKEUP)
            number += counts
            days.append(CountedDay(day, number if counts else None, why))
        return Counted(tuple(days), day, provisional)

    def last_day_of(self, start: date, length: int, paused: Collection[date] = NO_DAYS) -> Counted:
        """Count `length` calendar days after `start`; a last day on a rest day moves to the next working day.

        Neither the start day nor a paused day is counted. Only the last day and the days it moves over ask
        the calendar, so only they can make the count provisional. Raises ValueError when `length` is below 1.
        Source: Civil Code 201, 203.
        """
        _check(length)
        days, number, day = [CountedDay(start, None, DayKind.START)], 0, start
        while number < length:
            day += _DAY
            counts = day not in paused
            number += counts
            days.append(CountedDay(day, number if counts else None, DayKind.CALENDAR if counts else DayKind.PAUSED))
        return self._rolled(days, paused)

    def last_day_of_years(self, start: date, length: int) -> Counted:
        """Count `length` years after `start`: the same date, or the month's last day; then moved like `last_day_of`.

        The days listed are the start, each anniversary and the days moved over.
        Raises ValueError when `length` is below 1. Source: Civil Code 201, 202, 203.
        """
        _check(length)
        years = range(1, length + 1)
        days = [CountedDay(_anniversary(start, number), number, DayKind.CALENDAR) for number in years]
        return self._rolled([CountedDay(start, None, DayKind.START), *days], NO_DAYS)

    def _kind(self, day: date) -> DayKind:
        if day.weekday() < _SATURDAY:
            return DayKind.WORKING if self.is_working(day) else DayKind.HOLIDAY
        return DayKind.MAKEUP if self.is_working(day) else DayKind.WEEKEND

    def _rolled(self, days: list[CountedDay], paused: Collection[date]) -> Counted:
        """Move the last of `days` on until it is a working day that was not spent paused."""
        day = days[-1].day
        provisional = not self.is_published(day)
        while not self.is_working(day) or day in paused:
            day += _DAY
            provisional = provisional or not self.is_published(day)
            days.append(CountedDay(day, None, DayKind.PAUSED if day in paused else DayKind.ROLLED))
        return Counted(tuple(days), day, provisional)


def _check(length: int) -> None:
    if length < 1:
        msg = "a count has at least one day"
        raise ValueError(msg)


def _anniversary(start: date, years: int) -> date:
    try:
        return start.replace(year=start.year + years)
    except ValueError:  # 29 February in a common year
        return date(start.year + years, 2, 28)
