"""The limits that protect the fund: which of them ask for a second officer. Counts nothing itself and refuses nothing.

What is counted are orders, accounts, cashiers and days, never a person.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from desk.domain.payout import Hands
from desk.domain.respondent import normalised

_MOBILE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)


class Review(StrEnum):
    """Why a payout waits for a second officer. Source: SPEC 5.5 and 5.6; API, "Pay"."""

    SOLO_LIMIT = "solo_limit"
    OWN_CLAIM = "own_claim"
    PER_CLAIM = "per_claim"
    PER_ORDER = "per_order"
    PER_PAYEE = "per_payee"
    PER_CASHIER_DAY = "per_cashier_day"
    PER_SITE_DAY = "per_site_day"
    GATEWAY_CONTRADICTS = "gateway_contradicts"


@dataclass(frozen=True, slots=True)
class Caps:
    """The figures of the claim's pack, in minor units."""

    solo: int
    cashier_day: int
    site_day: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What was reserved, sent or settled before, counted in the reserving transaction. Sums in minor units, of the local day.

    `contradicted` counts words of the gateway about earlier refunds of the claim that are against the books.
    """

    on_claim: int
    on_order: int
    to_payee: int
    cashier_day: int
    site_day: int
    contradicted: int = 0


def spelt_alike(text: str) -> str:
    """The form in which the spellings of one order, account or phone meet: letters and digits alone, whatever stands between.

    A Chinese mobile number gets its country code, for wallets name accounts by it. Source: SPEC 5.6.
    """
    bare = "".join(letter for letter in normalised(text) if letter.isalnum()) or normalised(text)
    return f"86{bare}" if _MOBILE.fullmatch(bare) else bare


def reviews(amount: int, caps: Caps, counted: Counted, hands: Hands) -> tuple[Review, ...]:
    """The limits that a payout of `amount` minor units reaches, in the order of `Review`; empty: nobody else need look.

    At `solo_limit` exactly a second officer is asked for; the day's caps are reached by going above them. Source: SPEC 5.6.
    """
    hit: Mapping[Review, bool] = {
        Review.SOLO_LIMIT: amount >= caps.solo,
        Review.OWN_CLAIM: hands.proposed_by in hands.confirmed_by | {hands.lodged_by},
        Review.PER_CLAIM: counted.on_claim > 0,
        Review.PER_ORDER: counted.on_order > 0,
        Review.PER_PAYEE: counted.to_payee > 0,
        Review.PER_CASHIER_DAY: counted.cashier_day + amount > caps.cashier_day,
        Review.PER_SITE_DAY: counted.site_day + amount > caps.site_day,
        Review.GATEWAY_CONTRADICTS: counted.contradicted > 0,
    }
    return tuple(review for review, reached in hit.items() if reached)
