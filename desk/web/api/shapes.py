"""Pieces of JSON that several requests and answers share. Strict: no number for a text, no unknown field, no naive time."""

import re
from datetime import date, datetime
from typing import Annotated, Any

import phonenumbers
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from desk.domain.errors import BadInput
from desk.domain.money import Money, text_of

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_CHINESE_MOBILE = re.compile(r"\+861[3-9]\d{9}", re.ASCII)
_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f.]+(\.[^@\s\x00-\x1f.]+)+")
_FULL_WIDTH = {0xFF01 + offset: 0x21 + offset for offset in range(94)} | {0x3000: 0x20}
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)


class In(BaseModel):
    """What a client sends."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Out(BaseModel):
    """What a client is sent."""

    model_config = ConfigDict(frozen=True)


def _clean(text: str) -> str:
    """NUL cannot be stored; other control characters but line breaks and tabs have no place in what people write."""
    if _CONTROL.search(text):
        raise PydanticCustomError("bad_characters", "control characters")
    return text


def _said(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("missing", "empty")
    return text


def _text_only(value: Any) -> Any:  # noqa: ANN401 - whatever JSON held
    if not isinstance(value, str):
        raise PydanticCustomError("wrong_type", "a text is needed")
    return value


def _day(value: Any) -> Any:  # noqa: ANN401 - whatever JSON held
    if not _DAY.fullmatch(_text_only(value)):
        raise PydanticCustomError("bad_date", "YYYY-MM-DD")
    return value


def _bounded_day(value: date) -> date:
    if not EARLIEST <= value <= LATEST:
        raise PydanticCustomError("bad_date", "outside the years the desk keeps")
    return value


def _bounded_time(value: datetime) -> datetime:
    _bounded_day(value.date())
    return value


def _phone(text: str) -> str:
    """Any number that could exist, as E.164; a number without country is taken for a Chinese one.

    The form in which nearly all come is known at sight: the library takes as long as half of the other fields together.
    """
    if _CHINESE_MOBILE.fullmatch(text):
        return text
    try:
        number = phonenumbers.parse(text.translate(_FULL_WIDTH), "CN")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise PydanticCustomError("bad_phone", "no such number")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise PydanticCustomError("bad_email", "no such address")
    return text


Clean = AfterValidator(_clean)
Name = Annotated[str, StringConstraints(min_length=1, max_length=80), Clean, AfterValidator(_said)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=40), Clean]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=2000), Clean, AfterValidator(_said)]
Facts = Annotated[str, StringConstraints(min_length=1, max_length=4000), Clean, AfterValidator(_said)]
Phone = Annotated[str, StringConstraints(max_length=40), Clean, AfterValidator(_phone)]
Email = Annotated[str, StringConstraints(max_length=254), Clean, AfterValidator(_email)]
Day = Annotated[date, BeforeValidator(_day), AfterValidator(_bounded_day)]
Moment = Annotated[AwareDatetime, BeforeValidator(_text_only), AfterValidator(_bounded_time)]
LanguageTag = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8}){0,2}$", max_length=16)]
RowId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,19}$")]


class MoneyIn(In):
    """An amount above zero, as decimal text, at most 10 000 000.00."""

    amount: str = Field(examples=["128.00"], max_length=20)
    currency: str = Field(examples=["CNY"], min_length=3, max_length=3)

    def money(self, pointer: str) -> Money:
        """The amount as the domain keeps it. Raises BadInput at `pointer`."""
        try:
            return Money.parse(self.amount, self.currency)
        except ValueError as unreadable:
            raise BadInput(f"{pointer}/amount", "bad_amount") from unreadable


class MoneyOut(Out):
    """An amount as decimal text."""

    amount: str = Field(examples=["128.00"])
    currency: str = Field(examples=["CNY"])

    @classmethod
    def of(cls, minor: int | None, currency: str) -> "MoneyOut | None":
        """The amount of so many minor units."""
        return None if minor is None else cls(amount=text_of(minor, currency), currency=currency)


class ClockOut(Out):
    """A promise: its id, its deadline, and whether it runs."""

    id: str
    due_at: datetime
    state: str


class WhoOut(Out):
    """A respondent of the site."""

    id: str
    name: str
