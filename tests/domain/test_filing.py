"""What a visitor alone may answer: what is asked for, when they leave, what the rule knows beforehand."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from desk.domain.claim import Item, ItemKind
from desk.domain.filing import Leaving, Want, is_large, is_long_ago, items_for, leaves_at
from desk.domain.money import Money
from desk.packs.loader import load_packs

ZONE = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2026, 9, 8, 1, tzinfo=UTC)
PAID, PART = Money(12800, "CNY"), Money(5000, "CNY")
TODAY = date(2026, 9, 8)
PACK = load_packs().for_claim(TODAY, None)


@pytest.mark.parametrize(
    ("want", "item"),
    [
        (Want.REFUND_ALL, Item(ItemKind.REFUND, PAID)),
        (Want.REFUND_PART, Item(ItemKind.REFUND, PART)),
        (Want.SWAP, Item(ItemKind.OTHER)),
        (Want.APOLOGY, Item(ItemKind.APOLOGY)),
        (Want.OTHER, Item(ItemKind.OTHER, PART)),
    ],
)
def test_what_is_wanted_becomes_what_is_asked(want: Want, item: Item) -> None:
    assert items_for(want, PAID, PART) == (item,)


@pytest.mark.parametrize(
    ("leaving", "now", "local"),
    [
        (Leaving.TODAY, MORNING, "2026-09-08 18:00"),
        (Leaving.TODAY, MORNING + timedelta(hours=11), "2026-09-08 23:59"),
        (Leaving.TOMORROW, MORNING, "2026-09-09 12:00"),
        (Leaving.LATER, MORNING, "2026-09-10 12:00"),
        (Leaving.UNSURE, MORNING, None),
    ],
)  # fmt: skip
def test_a_rough_departure_is_the_earlier_instant(leaving: Leaving, now: datetime, local: str | None) -> None:
    found = leaves_at(leaving, now, ZONE, date(2026, 9, 10))
    assert (found and f"{found.astimezone(ZONE):%Y-%m-%d %H:%M}") == local


def test_a_departure_with_its_hour_is_that_instant() -> None:
    assert leaves_at(Leaving.LATER, MORNING, ZONE, TODAY, time(18, 20)) == datetime(2026, 9, 8, 10, 20, tzinfo=UTC)
    assert leaves_at(Leaving.LATER, MORNING, ZONE) is None
    assert leaves_at(Leaving.TODAY, MORNING, ZONE, None, time(22)) == datetime(2026, 9, 8, 14, tzinfo=UTC)
    assert leaves_at(Leaving.TOMORROW, MORNING, ZONE, None, time(15)) == datetime(2026, 9, 9, 7, tzinfo=UTC)


def test_the_ninetieth_day_is_not_long_ago() -> None:
    assert not is_long_ago(TODAY - timedelta(days=90), TODAY, PACK)
    assert is_long_ago(TODAY - timedelta(days=91), TODAY, PACK)
    assert not is_long_ago(None, TODAY, PACK)


def test_the_fast_limit_itself_is_large() -> None:
    assert is_large((Item(ItemKind.REFUND, Money(500_000, "CNY")),), PACK)
    assert not is_large((Item(ItemKind.REFUND, Money(499_999, "CNY")),), PACK)
    assert not is_large((Item(ItemKind.OTHER),), PACK)
