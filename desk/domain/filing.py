"""What a visitor who files alone may answer, and what the rule already knows of it. Judges nothing: a person decides later."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from desk.domain.claim import Item, ItemKind
from desk.domain.money import Money
from desk.domain.opening import local
from desk.domain.pack import RulePack

_EVENING, _NOON, _NIGHT = time(18), time(12), time(23, 59)


class Want(StrEnum):
    """How the visitor would like it settled. Source: UX J2."""

    REFUND_ALL = "refund_all"
    REFUND_PART = "refund_part"
    SWAP = "swap"
    APOLOGY = "apology"
    OTHER = "other"


class Leaving(StrEnum):
    """When the visitor leaves, as roughly as they know it."""

    TODAY = "today"
    TOMORROW = "tomorrow"
    LATER = "later"
    UNSURE = "unsure"


class Remark(StrEnum):
    """What a visitor is told before going on: it happened long ago, it is for a hearing, it is beyond this desk."""

    LATE = "late"
    LARGE = "large"
    BEYOND = "beyond"


def items_for(want: Want, paid: Money | None, part: Money | None) -> tuple[Item, ...]:
    """What is asked for: all that was paid, the part that was named, or something that has no price yet."""
    asked = {
        Want.REFUND_ALL: Item(ItemKind.REFUND, paid),
        Want.REFUND_PART: Item(ItemKind.REFUND, part),
        Want.SWAP: Item(ItemKind.OTHER),
        Want.APOLOGY: Item(ItemKind.APOLOGY),
        Want.OTHER: Item(ItemKind.OTHER, part),
    }
    return (asked[want],)


def leaves_at(leaving: Leaving, now: datetime, zone: ZoneInfo, on: date | None = None, at: time | None = None) -> datetime | None:
    """The instant by which the visitor is gone, in UTC, the earlier where it is rough; None while it is not known.

    Without an hour today is 18:00 at the site (its last minute once that is past), another day noon.
    """
    today = now.astimezone(zone).date()
    if leaving is Leaving.TODAY:
        if at is not None:
            return local(today, at, zone)
        evening = local(today, _EVENING, zone)
        return evening if now < evening else local(today, _NIGHT, zone)
    if leaving is Leaving.TOMORROW:
        return local(today + timedelta(days=1), at or _NOON, zone)
    if leaving is Leaving.LATER and on is not None:
        return local(on, at or _NOON, zone)
    return None


def is_long_ago(on: date | None, today: date, pack: RulePack) -> bool:
    """Whether a day lies further back than the days in which a complaint is filed. Source: SPEC 3, `late_filing`."""
    rule = pack.clocks.get("late_filing")
    return on is not None and rule is not None and today > on + timedelta(days=rule.length)


def is_large(items: tuple[Item, ...], pack: RulePack) -> bool:
    """Whether what is asked can only be settled at a hearing. Source: SPEC 4.2."""
    limit = pack.limits["fast_limit"].amount
    asked = [item.asked for item in items if item.asked and item.asked.currency == limit.currency]
    return sum(each.minor for each in asked) >= limit.minor
