"""A digest in words: the sentence of UX J7, what needs somebody, the alerts, and a letter in both languages without a name."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from desk.domain.alerts import Level
from desk.domain.digest import Counted, Figures, FundStands, Need
from desk.wording.catalogue import LANGUAGES
from desk.wording.digests import alerts_line, digest_letter, figure_lines, needs_lines, sentence
from tests.wording.sentences import half_width_marks

DAY = date(2026, 10, 1)
BUSY = Figures(
    DAY, Counted(87, 80, 61, 780_000, 1080, 3), FundStands("CNY", 1_234_500, 2_000_000, 9, 7), 4,
    ((Need.APPROVALS, 2), (Need.OVERDUE, 1000)), (("red", 1), ("blue", 2)), "red",
)  # fmt: skip
QUIET = Figures(DAY, Counted(0, None, 0, 0, None, 0), FundStands("CNY", 0, 0, None, 1), 0, (), (), None)


def test_the_sentence_is_the_one_of_the_spec() -> None:
    assert sentence(BUSY, DAY, "zh-CN") == "今天登记 87 件，已退 61 件，中位 18 分钟；3 项承诺超时；基金按近 7 天还够 9 天。"
    assert sentence(BUSY, DAY, "en") == (
        "Claims lodged today: 87, refunds received: 61 (median 18 minutes); promises missed: 3; "
        "at the pace of the last 7 days the fund lasts 9 days."
    )


def test_of_the_day_before_it_says_so() -> None:
    assert sentence(BUSY, date(2026, 10, 2), "zh-CN").startswith("昨天登记 87 件")
    assert "lodged yesterday: 87" in sentence(BUSY, date(2026, 10, 2), "en")


def test_where_nothing_happened_it_is_short() -> None:
    assert sentence(QUIET, DAY, "zh-CN") == "今天没有登记、退款和超时；基金没有资金。"
    assert sentence(QUIET, DAY, "en") == "Nothing was lodged, refunded or missed today; the fund has no money."


@pytest.mark.parametrize(
    ("fund", "chinese", "english"),
    [
        ((100, 1, 1), "基金按近一天还够 1 天。", "at the pace of the last day the fund lasts 1 day."),
        ((100, 0, 1), "基金按近一天不够 1 天。", "at the pace of the last day the fund does not last a day."),
        ((100, 2, 2), "基金按近 2 天还够 2 天。", "at the pace of the last 2 days the fund lasts 2 days."),
        ((100, 0, 7), "基金按近 7 天不够 1 天。", "at the pace of the last 7 days the fund does not last a day."),
        ((100, None, 1), "近 7 天没有净退款。", "no refunds on balance in the last 7 days."),
        ((0, None, 7), "基金没有资金。", "the fund has no money."),
        ((0, 0, 7), "基金没有资金。", "the fund has no money."),
    ],
)
def test_none_and_one_are_said_as_people_say_them(fund: tuple[int, int | None, int], chinese: str, english: str) -> None:
    available, lasts, pace = fund
    told = replace(BUSY, counted=Counted(1, 0, 1, 100, 60, 1), fund=FundStands("CNY", available, 100, lasts, pace))
    assert sentence(told, DAY, "zh-CN") == f"今天登记 1 件，已退 1 件，中位 1 分钟；1 项承诺超时；{chinese}"
    assert sentence(told, DAY, "en") == (
        f"Claims lodged today: 1, refunds received: 1 (median 1 minute); promises missed: 1; {english}"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_need_and_level_has_its_line(language: str) -> None:
    told = replace(BUSY, needs=tuple((need, 7) for need in Need), alerts=tuple((level.value, 7) for level in Level))
    lines = [line for _, line in needs_lines(told, language)]
    assert len(set(lines)) == len(Need)
    assert sum("7" in line for line in lines) == len(Need) - 1, "a fund that runs low is one"
    assert alerts_line(told, language).count("7") == len(Level)
    assert needs_lines(BUSY, language)[1][1].endswith("1000+" if language == "en" else "1000+ 件")
    said = [
        *lines,
        alerts_line(told, language),
        sentence(told, DAY, language),
        *(name for name, _ in figure_lines(told, language)),
    ]
    assert language == "en" or [half_width_marks(each) for each in said if half_width_marks(each)] == []


def test_what_is_not_known_has_no_figure() -> None:
    assert len(figure_lines(BUSY, "en")) - len(figure_lines(QUIET, "en")) == 3
    assert ("Refunded in all", "CNY 7,800.00") in figure_lines(BUSY, "en")
    low = replace(BUSY, fund=replace(BUSY.fund, lasts=0))
    assert ("基金还够", "不到 1 天") in figure_lines(low, "zh-CN")


def test_a_letter_holds_both_languages_and_the_address() -> None:
    at = datetime(2026, 10, 1, 14, tzinfo=ZoneInfo("Asia/Shanghai"))
    words = digest_letter(BUSY, "黄山风景区", "Huangshan", at, "https://desk.example/desk/digests/huangshan")
    assert words.subject == "黄山风景区简报（Digest）2026年10月1日星期四 14:00"
    for said in (
        sentence(BUSY, DAY, "zh-CN"), sentence(BUSY, DAY, "en"), "Huangshan digest, Thursday 1 October 2026, 14:00",
        "- 等第二人同意的退款：2 笔", "- Claims past their deadline: 1000+", "当前预警：", "Same weekday last week: 80",
        "https://desk.example/desk/digests/huangshan",
    ):  # fmt: skip
        assert said in words.text, said
    assert "\n" not in words.subject
