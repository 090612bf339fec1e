"""What people type: amounts, days and hours in the spellings of a phone keyboard."""

import unicodedata
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.domain.money import Money, text_of
from desk.domain.typed import read_amount, read_day, read_hour

WIDE = {0x30 + digit: 0xFF10 + digit for digit in range(10)} | {ord("."): "．", ord(","): "，"}
AROUND = [
    ("", ""),
    ("￥", ""),
    ("¥", ""),
    ("", "元"),
    ("", "元整"),
    ("人民币", "元"),
    ("RMB ", ""),
    ("", " CNY"),
    ("cny", ""),
    ("", "块"),
]


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("120", "120.00"), ("￥120", "120.00"), ("120元", "120.00"), ("1,200", "1200.00"), ("１２０．５", "120.50"),
        (" 1 200.50 ", "1200.50"), ("人民币 1，200 元", "1200.00"), ("0120", "120.00"), ("10,000,000", "10000000.00"),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_it_is_typed(typed: str, text: str) -> None:
    assert read_amount(typed, "CNY").text == text


@given(st.integers(1, 1_000_000_000), st.booleans(), st.booleans(), st.sampled_from(AROUND))
def test_every_amount_is_read_in_every_spelling(minor: int, grouped: bool, wide: bool, around: tuple[str, str]) -> None:
    whole, part = text_of(minor, "CNY").split(".")
    figure = f"{int(whole):,}.{part}" if grouped else f"{whole}.{part}"
    typed = around[0] + (figure.translate(WIDE) if wide else figure) + around[1]
    assert read_amount(typed, "CNY") == Money(minor, "CNY")


@given(st.text(max_size=30))
def test_whatever_is_typed_is_an_amount_or_refused(typed: str) -> None:
    try:
        found = read_amount(typed, "CNY")
    except (ValueError, OverflowError):
        return
    assert found.minor > 0
    assert any(unicodedata.category(char) == "Nd" for char in unicodedata.normalize("NFKC", typed))


@pytest.mark.parametrize(
    "typed",
    ["", "0", "0.00", "-5", "1,20", "12,00,000", "1.2.3", "120.555", "一百二", "120-150", "1e3", "$120", "NaN", "120美元"],
)
def test_what_could_be_two_things_is_no_amount(typed: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimal"):
        read_amount(typed, "CNY")


@pytest.mark.parametrize("typed", ["10000000.01", "20000000", "999,999,999,999"])
def test_an_amount_above_the_limit_is_known_as_one(typed: str) -> None:
    with pytest.raises(OverflowError):
        read_amount(typed, "CNY")


def test_another_currency_goes_by_its_code_alone() -> None:
    assert read_amount("HKD 120", "HKD").text == "120.00"
    assert read_amount("120", "JPY").text == "120"
    for typed in ("￥120", "120元", "CNY 120"):
        with pytest.raises(ValueError, match="not an amount"):
            read_amount(typed, "HKD")


@pytest.mark.parametrize("typed", ["2026-10-02", "2026/10/2", "2026年10月2日", "２０２６-１０-０２", " 2026.10.02 "])
def test_a_day_is_read_as_it_is_typed(typed: str) -> None:
    assert read_day(typed) == date(2026, 10, 2)


@pytest.mark.parametrize("typed", ["", "02/10/2026", "2026-02-30", "2026-13-01", "today", "0000-01-01"])
def test_what_is_no_day_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"day|month|year"):
        read_day(typed)


def test_an_hour_is_read_as_it_is_typed() -> None:
    assert [read_hour(typed) for typed in ("18:20", "8：05", "18:20:00")] == [time(18, 20), time(8, 5), time(18, 20)]
    for typed in ("", "24:00", "18", "18:60", "六点"):
        with pytest.raises(ValueError, match=r"time of day|hour|minute"):
            read_hour(typed)
