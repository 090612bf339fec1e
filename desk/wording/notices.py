"""What a manager is told of a notice in a sentence: what happened, with its figures. Opens none."""

from desk.domain.money import text_of
from desk.domain.runway import Pace, Runway
from desk.wording import figures
from desk.wording.catalogue import text


def detail(kind: str, language: str, runway: Runway | None = None) -> str:
    """What happened; of a fund that runs low, what it has and how long that lasts at the faster of both paces."""
    return fund_left(runway, language) if runway and kind == "fund_low" else text(f"notice.{kind}", language)


def fund_left(runway: Runway, language: str) -> str:
    """What a fund has and for how long: `The fund has CNY 1,200.00 left. At the pace of the last 7 days it lasts 2 days.`."""
    amount = figures.figure(text_of(runway.available, runway.currency), runway.currency, language)
    return text("notice.fund_low.left", language, amount=amount) + figures.gap(language) + _pace(runway, language)


def _pace(runway: Runway, language: str) -> str:
    week, holiday = runway.days_at_week, runway.days_at_holiday
    if holiday is not None and runway.holiday and (week is None or _is_faster(runway.holiday_pace, runway.week)):
        return text(
            "fund.runway.holiday", language, when=figures.days(*runway.holiday, language), lasts=_lasts(holiday, language)
        )
    if week is not None:
        return text(
            "fund.runway.week", language, span=figures.whole_days(runway.week.days, language), lasts=_lasts(week, language)
        )
    return text("notice.fund_low.still", language)


def _is_faster(one: Pace | None, other: Pace) -> bool:
    return one is not None and one.paid * other.days > other.paid * one.days


def _lasts(days: int, language: str) -> str:
    return (
        text("fund.runway.lasts", language, days=figures.whole_days(days, language))
        if days
        else text("fund.runway.short", language)
    )
