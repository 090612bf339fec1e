"""Amounts: whole minor units, written one way, within limits, never a float."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.domain.money import EXPONENTS, Money, largest_minor, text_of

LARGEST = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("128.00", "CNY", 12_800), ("128.5", "CNY", 12_850), ("128", "CNY", 12_800), ("0.01", "CNY", 1), ("0.1", "CNY", 10),
        ("10000000.00", "CNY", LARGEST), ("10000000", "CNY", LARGEST), ("128", "JPY", 128), ("10000000", "JPY", 10_000_000),
        ("1.99", "EUR", 199),
    ],
)  # fmt: skip
def test_amounts_are_read_exactly(text: str, currency: str, minor: int) -> None:
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("0", "CNY"), ("0.00", "CNY"), ("10000000.01", "CNY"), ("10000001", "CNY"), ("100000000", "CNY"), ("-1", "CNY"),
        ("+1", "CNY"), ("1e3", "CNY"), ("1.000", "CNY"), ("1.", "CNY"), (".5", "CNY"), ("01", "CNY"), ("1,000", "CNY"),
        (" 1", "CNY"), ("1 ", "CNY"), ("1\n", "CNY"), ("", "CNY"), ("NaN", "CNY"), ("١٢٨", "CNY"), ("１２８", "CNY"),
        ("128.5", "JPY"), ("128", "XXX"), ("128", "cny"), ("128", ""), ("10000001", "JPY"), ("0x10", "CNY"), ("1_000", "CNY"),
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"amount|currency|decimal"):
        Money.parse(text, currency)


@pytest.mark.parametrize("minor", [0, -1, LARGEST + 1, 1.0, 128.5, True, "128", None])
def test_an_amount_is_a_whole_number_above_zero_within_the_limit(minor: object) -> None:
    with pytest.raises(ValueError, match="whole number"):
        Money(minor, "CNY")  # type: ignore[arg-type] # what a careless caller might pass


def test_the_largest_amount_is_ten_million_of_any_currency() -> None:
    assert Money(LARGEST, "CNY").text == "10000000.00"
    assert {largest_minor(currency) for currency in EXPONENTS} == {10_000_000, LARGEST}
    with pytest.raises(ValueError, match="unknown currency"):
        largest_minor("XXX")


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (12_800, "CNY", "128.00"),
        (1, "CNY", "0.01"),
        (0, "CNY", "0.00"),
        (-5, "CNY", "-0.05"),
        (-128, "JPY", "-128"),
        (0, "JPY", "0"),
    ],
)
def test_amounts_are_written_without_grouping(minor: int, currency: str, text: str) -> None:
    assert text_of(minor, currency) == text


@given(st.sampled_from(sorted(EXPONENTS)), st.integers(1, 10_000_000))
def test_what_is_written_reads_back(currency: str, minor: int) -> None:
    money = Money(minor, currency)
    assert Money.parse(money.text, currency) == money


@given(st.text(max_size=12))
def test_no_text_does_anything_but_parse_or_refuse(text: str) -> None:
    try:
        money = Money.parse(text, "CNY")
    except ValueError:
        return
    assert text.isascii()
    assert 0 < money.minor <= LARGEST


def test_amounts_of_one_currency_are_ordered() -> None:
    assert Money(1, "CNY") < Money(2, "CNY")
