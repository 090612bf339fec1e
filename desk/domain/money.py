"""Amounts: integer minor units of one ISO 4217 currency. Holds no rates and no rounding: nothing here divides."""

import re
from dataclasses import dataclass
from typing import Self

EXPONENTS = {"CNY": 2, "HKD": 2, "MOP": 2, "TWD": 2, "USD": 2, "EUR": 2, "GBP": 2, "CAD": 2, "INR": 2, "JPY": 0, "KRW": 0}
MAX_MAJOR = 10_000_000
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,7})(?:\.([0-9]{1,2}))?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount above zero and at most 10 000 000.00, in minor units (分, cents) of `currency`.

    Raises ValueError for anything else, floats included. Source: SPEC 5.1 and 8.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int or not 0 < self.minor <= largest_minor(self.currency):
            msg = "an amount is a whole number of minor units above zero and within the limit"
            raise ValueError(msg)

    @classmethod
    def parse(cls, text: str, currency: str) -> Self:
        """Read "128", "128.5" or "128.00"; ASCII digits only, no sign, no exponent, no more places than the currency has."""
        return cls(minor_of(text, currency), currency)

    @property
    def text(self) -> str:
        """The amount as the API writes it: "128.00", for yen "128"."""
        return text_of(self.minor, self.currency)


def minor_of(text: str, currency: str) -> int:
    """Decimal text in minor units, zero included: for what is counted. Raises ValueError for what `Money.parse` cannot read."""
    match = _AMOUNT.fullmatch(text)
    if match is None or currency not in EXPONENTS:
        msg = "not an amount"
        raise ValueError(msg)
    places, fraction = EXPONENTS[currency], match[2] or ""
    if len(fraction) > places:
        msg = "more decimal places than the currency has"
        raise ValueError(msg)
    return int(match[1] + fraction.ljust(places, "0"))


def largest_minor(currency: str) -> int:
    """The largest amount the desk takes, in minor units; raises ValueError for an unknown currency."""
    if currency not in EXPONENTS:
        msg = "unknown currency"
        raise ValueError(msg)
    return int(MAX_MAJOR * 10 ** EXPONENTS[currency])


def places_of(currency: str) -> int:
    """How many decimal places amounts have; none in a currency the desk does not pay in, whose minor units stand as told."""
    return EXPONENTS.get(currency, 0)


def text_of(minor: int, currency: str) -> str:
    """Any number of minor units, zero and negatives included, as decimal text without grouping."""
    places = places_of(currency)
    sign, digits = ("-" if minor < 0 else ""), str(abs(minor)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"
