"""Amounts, days and times as a person reads them, at the site's own zone. Reads no clock: `now` is always given."""

import re
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Literal

from babel.dates import format_date, format_timedelta
from babel.lists import format_list
from babel.numbers import format_decimal, get_currency_name

from desk.domain.claim import Language
from desk.domain.money import Money, places_of
from desk.wording.catalogue import LOCALES, text

_Unit = Literal["day", "hour", "minute"]
_MINUTES: tuple[tuple[_Unit, int], ...] = (("day", 24 * 60), ("hour", 60), ("minute", 1))
_NEAR = {-1: "time.yesterday", 0: "time.today", 1: "time.tomorrow"}
_SHOWN_UNITS = 2
_NEVER = 10**9


def money(amount: Money, language: str) -> str:
    """An amount always with its currency: `人民币 120.00 元`, `CNY 120.00`."""
    return figure(amount.text, amount.currency, language)


def figure(amount: str, currency: str, language: str) -> str:
    """Decimal text and its currency, grouped; for sums that may be zero or above the limit of one amount."""
    places = places_of(currency)
    pattern = "#,##0." + "0" * places if places else "#,##0"
    number = format_decimal(Decimal(amount), format=pattern, locale=LOCALES[language])
    if currency == "CNY":
        return text("money.cny", language, figure=number)
    # Papers in several languages use the ISO code; only the Chinese ones name the unit after the figure.
    return text("money.other", language, figure=number, unit=unit(currency, language))


def unit(currency: str, language: str) -> str:
    """The currency itself as a reader knows it: `人民币`, `CNY`."""
    return get_currency_name(currency, locale=LOCALES[language]) if language == Language.ZH_CN else currency


def gap(language: str) -> str:
    """What stands between two sentences: nothing in Chinese."""
    return "" if language == Language.ZH_CN else " "


def day(on: date, language: str) -> str:
    """A calendar day with its weekday and year, the month as a word where digits could be misread."""
    return format_date(on, text("time.day_year", language), locale=LOCALES[language])


def days(first: date, last: date, language: str) -> str:
    """Days from the first to the last, both included: `2026年10月1日至2026年10月7日`, `1 October 2026 to 7 October 2026`."""
    pattern, locale = text("time.date", language), LOCALES[language]
    return text("time.days", language, first=format_date(first, pattern, locale), last=format_date(last, pattern, locale))


def by(due_at: datetime, language: str, *, zone: tzinfo, now: datetime, near: bool = True) -> str:
    """A deadline to come: `今天 14:35 前`, `today by 14:35`. Minutes are cut, never rounded up.

    Not `near`: by its date even today, for what is read again on another day.
    """
    return _moment("time.by", due_at, language, zone, now, near=near)


def at(moment: datetime, language: str, *, zone: tzinfo, now: datetime, near: bool = True) -> str:
    """A moment: `今天 14:35`, `today at 14:35`; not `near`: with its date."""
    return _moment("time.at", moment, language, zone, now, near=near)


def once_open(opens_at: datetime, language: str, *, zone: tzinfo, now: datetime, near: bool = True) -> str:
    """An opening to wait for: `今天 06:00 开门后`, `once we open today at 06:00`."""
    return _moment("time.once_open", opens_at, language, zone, now, near=near)


def relative(due_at: datetime, language: str, *, now: datetime) -> str:
    """How long is left, or by how much the time has passed, in whole minutes and at most two units; for the page beside `by`."""
    left = int((due_at - now).total_seconds())
    minutes = abs(left) // 60
    if not minutes:
        return text("time.left_under_a_minute" if left >= 0 else "time.over_under_a_minute", language)
    return text("time.left" if left > 0 else "time.over", language, span=_span(minutes, language))


def elapsed(since: datetime, language: str, *, now: datetime) -> str:
    """How long something lasts by now, as a wait: `2 小时`, `2 hours`."""
    return wait(max(0, int((now - since).total_seconds())), language)


def wait(seconds: int, language: str) -> str:
    """A wait in whole minutes, rounded up so that a reader who waits that long is not sent away again."""
    return _span(max(1, -(-seconds // 60)), language)


def either(parts: list[str], language: str) -> str:
    """`甲、乙或丙`, `a, b, or c`."""
    return format_list(parts, style="or", locale=LOCALES[language])


def all_of(parts: list[str], language: str) -> str:
    """`甲、乙和丙`, `a, b, and c`."""
    return format_list(parts, locale=LOCALES[language])


def _moment(key: str, moment: datetime, language: str, zone: tzinfo, now: datetime, *, near: bool) -> str:
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    on, clock = local.date(), local.strftime("%H:%M")
    if local.time() == time(0):
        # Midnight belongs to the day it ends: "tomorrow 00:00" is read a whole day wrong.
        on, clock = on - timedelta(days=1), text("time.midnight", language)
    if near and (name := _NEAR.get((on - today).days)):
        return text(key, language, day=text(name, language), time=clock)
    pattern = text("time.day" if on.year == today.year else "time.day_year", language)
    return text(f"{key}_date", language, day=format_date(on, pattern, locale=LOCALES[language]), time=clock)


def _span(minutes: int, language: str) -> str:
    parts = []
    for unit, size in _MINUTES:
        count, minutes = divmod(minutes, size)
        if count:
            parts.append(_counted(count, unit, language))
    spoken = " ".join(parts[:_SHOWN_UNITS])
    return re.sub(r"(?<=\d)(?=[^\d\s])", " ", spoken) if language == Language.ZH_CN else spoken


def whole_days(count: int, language: str) -> str:
    """A number of days above none: `9 天`, `9 days`."""
    return _span(count * 24 * 60, language)


def _counted(count: int, unit: _Unit, language: str) -> str:
    # Babel's `format_unit` loses the Chinese unit, its timedelta does not; a threshold out of reach keeps the unit asked for.
    return format_timedelta(timedelta(**{f"{unit}s": count}), granularity=unit, threshold=_NEVER, locale=LOCALES[language])
