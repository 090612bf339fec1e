"""What is left of a contact in a list: enough to recognise, too little to call."""

import pytest

from desk.domain.mask import masked_contact


@pytest.mark.parametrize(
    ("name", "shown"),
    [("王", "王"), ("王薇", "王*"), ("欧阳明月", "欧***"), ("王小薇 Vera", "王***"), ("Vera", "V***"), ("", ""), (None, None)],
)
def test_of_a_name_the_first_character_is_left(name: str | None, shown: str | None) -> None:
    assert masked_contact({"name": name})["name"] == shown


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("+8613800131111", "138****1111"),
        ("+865595562226", "559****2226"),
        ("+12025550123", "+12****0123"),
        ("+8655622261", "****61"),
        ("+865562226", "****26"),
        ("+8612345", "****45"),
        ("", ""),
        (None, None),
    ],
)
def test_of_a_phone_the_ends_are_left_and_of_a_short_one_less(phone: str | None, shown: str | None) -> None:
    assert masked_contact({"phone": phone})["phone"] == shown


@pytest.mark.parametrize(
    ("email", "shown"), [("vera@example.com", "v***@example.com"), ("v@example.com", "v***@example.com"), ("", ""), (None, None)]
)
def test_of_an_email_the_first_letter_and_the_domain_are_left(email: str | None, shown: str | None) -> None:
    assert masked_contact({"email": email})["email"] == shown


def test_no_other_field_is_ever_shown() -> None:
    assert masked_contact({"salt": "s", "name": "王", "id": "1"}) == {"name": "王", "phone": None, "email": None}


@pytest.mark.parametrize("digits", range(3, 16))
def test_at_least_three_digits_of_a_phone_are_hidden(digits: int) -> None:
    phone = "+86" + "123456789012345"[:digits]
    shown = masked_contact({"phone": phone})["phone"]
    assert shown is not None
    assert digits - sum(char.isdigit() for char in shown) >= min(digits - 2, 2)
