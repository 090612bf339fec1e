"""Amounts and times as they are read at the counter."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from desk.domain.money import Money
from desk.wording import figures

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 10, 2, 6, 23, tzinfo=UTC)  # Friday, 14:23 at the site


@pytest.mark.parametrize(
    ("amount", "zh", "en"),
    [
        (Money(12000, "CNY"), "人民币 120.00 元", "CNY 120.00"),
        (Money(500000, "CNY"), "人民币 5,000.00 元", "CNY 5,000.00"),
        (Money(1, "CNY"), "人民币 0.01 元", "CNY 0.01"),
        (Money(9950, "HKD"), "99.50 港元", "HKD 99.50"),
        (Money(1200, "JPY"), "1,200 日元", "JPY 1,200"),
    ],
)
def test_an_amount_always_names_its_currency(amount: Money, zh: str, en: str) -> None:
    assert (figures.money(amount, "zh-CN"), figures.money(amount, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("due", "zh", "en"),
    [
        (datetime(2026, 10, 2, 6, 35, 59, tzinfo=UTC), "今天 14:35 前", "today by 14:35"),
        (datetime(2026, 10, 3, 1, 0, tzinfo=UTC), "明天 09:00 前", "tomorrow by 09:00"),
        (datetime(2026, 10, 2, 16, 0, tzinfo=UTC), "今天 24:00 前", "today by 24:00"),
        (datetime(2026, 10, 2, 16, 0, 1, tzinfo=UTC), "明天 00:00 前", "tomorrow by 00:00"),
        (datetime(2026, 10, 5, 10, 0, tzinfo=UTC), "10月5日星期一 18:00 前", "by 18:00 on Monday 5 October"),
        (datetime(2027, 1, 5, 10, 0, tzinfo=UTC), "2027年1月5日星期二 18:00 前", "by 18:00 on Tuesday 5 January 2027"),
    ],
)
def test_a_deadline_is_told_as_a_day_and_a_time_at_the_site(due: datetime, zh: str, en: str) -> None:
    assert figures.by(due, "zh-CN", zone=ZONE, now=NOW) == zh
    assert figures.by(due, "en", zone=ZONE, now=NOW) == en


def test_a_past_moment_is_told_the_same_way() -> None:
    past = NOW - timedelta(days=1)
    assert figures.at(past, "zh-CN", zone=ZONE, now=NOW) == "昨天 14:23"
    assert figures.at(past, "en", zone=ZONE, now=NOW) == "yesterday at 14:23"
    assert figures.at(past - timedelta(days=9), "en", zone=ZONE, now=NOW) == "14:23 on Tuesday 22 September"


@pytest.mark.parametrize(
    ("left", "zh", "en"),
    [
        (timedelta(minutes=12, seconds=59), "还有 12 分钟", "12 minutes left"),
        (timedelta(minutes=1), "还有 1 分钟", "1 minute left"),
        (timedelta(seconds=40), "不到 1 分钟", "less than a minute left"),
        (timedelta(hours=1, minutes=59), "还有 1 小时 59 分钟", "1 hour 59 minutes left"),
        (timedelta(days=2, hours=3, minutes=4), "还有 2 天 3 小时", "2 days 3 hours left"),
        (timedelta(seconds=-10), "刚刚到时间", "due just now"),
        (timedelta(minutes=-6), "已过 6 分钟", "6 minutes over"),
    ],
)
def test_time_left_is_told_apart_from_the_sentence(left: timedelta, zh: str, en: str) -> None:
    assert figures.relative(NOW + left, "zh-CN", now=NOW) == zh
    assert figures.relative(NOW + left, "en", now=NOW) == en


def test_a_wait_is_rounded_up() -> None:
    assert [figures.wait(seconds, "en") for seconds in (0, 1, 60, 61)] == ["1 minute"] * 3 + ["2 minutes"]
    assert figures.wait(300, "zh-CN") == "5 分钟"


def test_what_lasts_is_told_as_a_wait_also_where_a_clock_was_put_back() -> None:
    since = datetime(2026, 9, 8, 1, 30, tzinfo=UTC)
    told = [figures.elapsed(since, "en", now=since + timedelta(minutes=minutes)) for minutes in (150, 0, -5)]
    assert told == ["2 hours 30 minutes", "1 minute", "1 minute"]


def test_a_day_has_its_month_as_a_word() -> None:
    assert figures.day(date(2026, 10, 2), "en") == "Friday 2 October 2026"
    assert figures.day(date(2026, 10, 2), "zh-CN") == "2026年10月2日星期五"
