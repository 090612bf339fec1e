"""Amounts, days and hours as people type them, read into values. Guesses nothing: what could be two things is neither."""

import re
import unicodedata
from datetime import date, time

from desk.domain.money import Money, minor_of

_BEFORE: tuple[str, ...] = ("人民币", "rmb", "¥")
_AFTER: tuple[str, ...] = ("元整", "元", "圆", "块钱", "块", "yuan", "rmb", "¥")
_FIGURE = re.compile(r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,15})(?P<part>\.[0-9]{1,2})?", re.ASCII)
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.ASCII)
_HOUR = re.compile(r"(\d{1,2}):(\d{2})(?::00)?", re.ASCII)


def read_amount(typed: str, currency: str) -> Money:
    """The amount in `120`, `￥120`, `120元`, `1,200.50` or full-width digits.

    Raises ValueError for what is none or zero, OverflowError for an amount above what the desk takes. Source: UX F7.
    """
    figure = _figure(typed, currency)
    try:
        return Money.parse(figure, currency)
    except ValueError:
        if len(figure.partition(".")[0]) > len("9999999"):
            raise OverflowError from None
        raise


def read_count(typed: str, currency: str) -> int:
    """What somebody counted, typed in the same ways, in minor units; it may be nothing. Raises ValueError for no amount."""
    return minor_of(_figure(typed, currency), currency)


def read_day(typed: str) -> date:
    """The day in `2026-10-02`, `2026/10/2` or `2026年10月2日`. Raises ValueError for anything else."""
    match = _DAY.fullmatch(_folded(typed))
    if match is None:
        msg = "not a day"
        raise ValueError(msg)
    return date(*(int(part) for part in match.groups()))


def read_hour(typed: str) -> time:
    """The time of day in `18:20` or `8：05`. Raises ValueError for anything else."""
    match = _HOUR.fullmatch(_folded(typed))
    if match is None:
        msg = "not a time of day"
        raise ValueError(msg)
    return time(int(match[1]), int(match[2]))


def _figure(typed: str, currency: str) -> str:
    """The plain decimal text of an amount, without its currency, its groups and leading zeros."""
    match = _FIGURE.fullmatch(_without(_folded(typed), currency))
    if match is None:
        msg = "not an amount"
        raise ValueError(msg)
    return (match["whole"].replace(",", "").lstrip("0") or "0") + (match["part"] or "")


def _folded(typed: str) -> str:
    """Full-width forms folded, white space and letter case set aside."""
    return "".join(unicodedata.normalize("NFKC", typed).split()).casefold()


def _without(text: str, currency: str) -> str:
    """The figure without the name of its currency, before or behind it. Only yuan go by other names than their code."""
    code, yuan = currency.casefold(), currency == "CNY"
    before = next((name for name in (code, *(_BEFORE if yuan else ())) if text.startswith(name)), "")
    text = text.removeprefix(before)
    after = next((name for name in (code, *(_AFTER if yuan else ())) if text.endswith(name)), "")
    return text.removesuffix(after)
