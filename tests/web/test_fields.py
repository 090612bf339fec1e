"""Fields that are read by a short way: it must find exactly what the long way finds."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from desk.web.api.shapes import Name, Phone

PHONE, NAME = TypeAdapter(Phone), TypeAdapter(Name)


@given(st.from_regex(r"\+861[3-9][0-9]{9}", fullmatch=True))
def test_a_mobile_number_known_at_sight_is_the_one_that_the_library_finds(text: str) -> None:
    number = phonenumbers.parse(text, "CN")
    assert phonenumbers.is_possible_number(number)
    assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == PHONE.validate_python(text)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("138 0013 8000", "+8613800138000"), ("+86 138-0013-8000", "+8613800138000"), ("８６13800138000", "+8613800138000"),
        ("+44 7700 900123", "+447700900123"), ("0559 5561111", "+865595561111"),
    ],
)  # fmt: skip
def test_a_number_written_otherwise_takes_the_long_way(typed: str, kept: str) -> None:
    assert PHONE.validate_python(typed) == kept


@pytest.mark.parametrize("typed", ["+86138001380001234567", "+861", "letters"])
def test_what_only_begins_like_a_mobile_number_is_not_known_at_sight(typed: str) -> None:
    with pytest.raises(ValidationError) as refused:
        PHONE.validate_python(typed)
    assert refused.value.errors()[0]["type"] == "bad_phone"


@given(st.characters(codec="utf-8"))
def test_what_people_write_holds_line_breaks_and_tabs_and_no_other_control_character(char: str) -> None:
    text = f"甲{char}乙"
    if char < " " and char not in "\n\r\t":
        with pytest.raises(ValidationError):
            NAME.validate_python(text)
    else:
        assert NAME.validate_python(text) == text
