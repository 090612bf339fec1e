"""A pack with some figures imagined otherwise. Only figures that decide a verdict can be: any other would change nothing."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from desk.domain.errors import BadInput
from desk.domain.money import Money
from desk.domain.pack import LONGEST, RulePack

SOURCE = "what if"
_LONGEST_TEXT = 9
_TRUTHS = {"true": True, "false": False}


def imagined(pack: RulePack, wishes: Mapping[str, str]) -> RulePack:
    """The pack with each wished figure in place of its own, named by `DECIDES` and written as packs write it.

    An imagined figure is never confirmed, and its source says so. Raises BadInput for a value that no pack could hold.
    """
    for name, text in wishes.items():
        pack = DECIDES[name](pack, text)
    return pack


def _fast_limit(pack: RulePack, text: str) -> RulePack:
    limit = pack.limits["fast_limit"]
    try:
        amount = Money.parse(text, limit.amount.currency)
    except ValueError:
        raise BadInput("/fast_limit", "bad_amount") from None
    return replace(pack, limits={**pack.limits, limit.id: replace(limit, amount=amount, source=SOURCE, confirmed=False)})


def _late_filing(pack: RulePack, text: str) -> RulePack:
    rule = pack.clocks["late_filing"]
    if not (text.isascii() and text.isdecimal() and text.strip("0")):
        raise BadInput("/late_filing", "too_small", limit=1)
    if len(text) > _LONGEST_TEXT or int(text) > LONGEST[rule.unit]:
        raise BadInput("/late_filing", "too_large", limit=LONGEST[rule.unit])
    return replace(pack, clocks={**pack.clocks, rule.id: replace(rule, length=int(text), source=SOURCE, confirmed=False)})


def _late_filing_refuses(pack: RulePack, text: str) -> RulePack:
    if text not in _TRUTHS:
        raise BadInput("/late_filing_refuses", "not_one_of", allowed=tuple(_TRUTHS))
    return replace(pack, late_filing_refuses=_TRUTHS[text])


DECIDES: Mapping[str, Callable[[RulePack, str], RulePack]] = MappingProxyType(
    {"fast_limit": _fast_limit, "late_filing": _late_filing, "late_filing_refuses": _late_filing_refuses}
)
"""Every figure of a pack that `triage` looks at: an amount, a number of days, true or false."""
