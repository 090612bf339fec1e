"""Digests of a site: at which times of its day one is due, of which day it tells, and which sentence says what was counted.

Counts nothing and tells nobody. About a site alone: no figure here knows who complained.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Self
from zoneinfo import ZoneInfo

from desk.domain.opening import local

_HOUR = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_DAY = timedelta(days=1)
NOON = time(12)
MOST_TIMES = 24
TIMES = (time(6), time(14), time(22))
"""When a digest is due, on the site's own clock, every day, open or not. Source: SPEC 4.7."""
MOST_COUNTED = 1000
"""Of what waits no more are counted: whoever reads "1000" knows that it is that many or more."""


class Need(StrEnum):
    """What needs a person, in the order in which it is told: money first. Those of a manager's notices have the notice's name."""

    FUND_LOW = "fund_low"
    FUND_SHORT = "fund_short"
    APPROVALS = "approvals"
    WITHDRAWALS = "withdrawals"
    PAYOUT_UNKNOWN = "payout_unknown"
    PAYOUT_LOST = "payout_lost"
    PAYOUT_STUCK = "payout_stuck"
    PAYOUT_RETURNED = "payout_returned"
    GATEWAY_CONTRADICTS = "gateway_contradicts"
    STATEMENT_BREAK = "statement_break"
    OVERDUE = "overdue"
    RECTIFICATIONS = "rectifications"
    VISITOR_NOT_REACHED = "visitor_not_reached"
    HANDOFFS_LOST = "handoffs_lost"
    INCIDENTS_OPEN = "incidents_open"
    GATEWAY_MESSAGES = "gateway_messages"


class Told(StrEnum):
    """Whom a digest is told: those on duty that day, or the site's managers where nobody is."""

    ROSTER = "roster"
    MANAGERS = "managers"


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted of one day of a site. Money is in minor units of the site's currency.

    `lodged_before` is the same weekday a week earlier, None where the desk was not there; `median` is how many seconds half of
    the day's refunds took at most from the lodging until the money was there, None without any. `missed` are promises.
    """

    lodged: int
    lodged_before: int | None
    refunded: int
    paid: int
    median: int | None
    missed: int

    @property
    def nothing(self) -> bool:
        """Whether nothing happened that day."""
        return not (self.lodged or self.refunded or self.missed)


@dataclass(frozen=True, slots=True)
class FundStands:
    """What a fund had, of how much put in, and how long it lasts at the pace of so many days.

    `lasts` is None where refunds took no more in the last 7 days than banks returned.
    """

    currency: str
    available: int
    put_in: int
    lasts: int | None
    pace_days: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What a digest knows, and keeps: of the day `on` what was counted, and how all else stood when it was made.

    `needs` are above zero and in the order of `Need`; `alerts` are how many stand at each level, the site's own among them, whose
    level is `own` where it stands at one. `docket` is how many cases are open on the docket.
    """

    on: date
    counted: Counted
    fund: FundStands
    docket: int
    needs: tuple[tuple[Need, int], ...]
    alerts: tuple[tuple[str, int], ...]
    own: str | None

    @property
    def quiet(self) -> bool:
        """Whether nothing happened and nothing needs anybody: then nobody is written to. Source: UX J7."""
        return self.counted.nothing and not self.needs and not self.alerts

    def kept(self) -> dict[str, Any]:
        """As its row keeps it."""
        return {
            "on": self.on.isoformat(),
            "counted": _fields(self.counted),
            "fund": _fields(self.fund),
            "docket": self.docket,
            "needs": [[need.value, number] for need, number in self.needs],
            "alerts": [list(each) for each in self.alerts],
            "own": self.own,
        }

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """What a row kept."""
        needs = ((Need(code), int(number)) for code, number in kept["needs"])
        alerts = ((str(level), int(number)) for level, number in kept["alerts"])
        return cls(
            date.fromisoformat(kept["on"]), Counted(**kept["counted"]), FundStands(**kept["fund"]), int(kept["docket"]),
            tuple(needs), tuple(alerts), kept["own"],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clause:
    """One part of the sentence: which one it is, and the figures in it."""

    code: str
    figures: Mapping[str, int]


def clauses(figures: Figures) -> tuple[Clause, ...]:
    """The sentence of a digest: lodged, refunded, missed, and how long the fund lasts. What is not known is not said.

    Source: UX J7.
    """
    counted = figures.counted
    if counted.nothing:
        return (Clause("nothing", {}), _of_fund(figures.fund))
    return (
        Clause("lodged", {"number": counted.lodged}) if counted.lodged else Clause("lodged_none", {}),
        _refunded(counted),
        Clause("missed", {"number": counted.missed}) if counted.missed else Clause("missed_none", {}),
        _of_fund(figures.fund),
    )


def _refunded(counted: Counted) -> Clause:
    if not counted.refunded:
        return Clause("refunded_none", {})
    if counted.median is None:
        return Clause("refunded", {"number": counted.refunded})
    return Clause("refunded_half", {"number": counted.refunded, "seconds": counted.median})


def _of_fund(fund: FundStands) -> Clause:
    if fund.available <= 0:
        return Clause("fund_none", {})
    if fund.lasts is None:
        return Clause("fund_still", {})
    code, pace = "fund_lasts" if fund.lasts else "fund_short", fund.pace_days
    return Clause(f"{code}_day" if pace == 1 else code, {"pace": pace, "days": fund.lasts})


def read_times(text: str) -> tuple[time, ...]:
    """The times that `06:00,14:00,22:00` names, in their order; none for `none`. Raises ValueError, which does not repeat it."""
    if text == "none":
        return ()
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > MOST_TIMES or not all(_HOUR.fullmatch(part) for part in parts):
        msg = "must be times of the site's day like 06:00,14:00,22:00, or none"
        raise ValueError(msg)
    return tuple(sorted({time.fromisoformat(part) for part in parts}))


def last_due(now: datetime, zone: ZoneInfo, times: Sequence[time]) -> datetime | None:
    """The newest due time that has come by now, in UTC; None where digests are off.

    A time that the clocks jump over comes with the jump, one that they show twice the first time alone.
    """
    today = now.astimezone(zone).date()
    return max((due for due in _dues((today - _DAY, today, today + _DAY), zone, times) if due <= now), default=None)


def next_due(now: datetime, zone: ZoneInfo, times: Sequence[time]) -> datetime | None:
    """The first due time after now, in UTC; None where digests are off."""
    today = now.astimezone(zone).date()
    return min((due for due in _dues((today - _DAY, today, today + _DAY), zone, times) if due > now), default=None)


def day_told(due: datetime, zone: ZoneInfo, times: Sequence[time]) -> date:
    """The day of the site that a digest tells of: its own, so far; the first one of a morning tells of the whole day before.

    So nothing that happens after the last digest of a day is left out.
    """
    at = due.astimezone(zone)
    first = min(_dues((at.date(),), zone, times), default=None)
    return at.date() - _DAY if first is not None and due <= first and at.time() < NOON else at.date()


def half_within(seconds: Iterable[int]) -> int | None:
    """The time within which half of them ended, None without any. Nearest rank."""
    told = sorted(seconds)
    return told[(len(told) - 1) // 2] if told else None


def _dues(days: Iterable[date], zone: ZoneInfo, times: Sequence[time]) -> list[datetime]:
    return [local(day, at, zone) for day in days for at in times]


def _fields(told: Counted | FundStands) -> dict[str, Any]:
    return {name: getattr(told, name) for name in type(told).__slots__}
