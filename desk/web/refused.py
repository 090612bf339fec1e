"""A refusal on a page: what it says, which fields it is about, the status of the page that shows it. Staff and visitors alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from fastapi import Request
from pydantic import ValidationError

from desk.domain.errors import AmountAboveDecided, AmountAboveOpen, BadInput, DepositInsufficient, DeskError
from desk.web.pages import reader_language
from desk.web.problems import STATUS
from desk.web.validation import flaws_of
from desk.wording import refusals

_ABOUT_THE_AMOUNT = (AmountAboveDecided, AmountAboveOpen, DepositInsufficient)
"""Refusals that name no field and are about this one."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A form that was refused, as its page shows it again: which one, what the page says, the fields at fault, what was typed."""

    form: str
    said: str
    fields: tuple[str, ...]
    typed: Mapping[str, str]
    status: int

    @classmethod
    def of(cls, request: Request, form: str, refusal: Exception, typed: Mapping[str, str]) -> Self:
        """The form that met this refusal; its fields by their names in the form: `/payee/account` is `account`."""
        fields = tuple(field.removeprefix("payee.").partition(".")[0] for field in fields_at_fault(refusal))
        fields = ("amount",) if isinstance(refusal, _ABOUT_THE_AMOUNT) else fields
        return cls(form, said(refusal, reader_language(request)), fields, typed, status_of(refusal))


def said(refusal: Exception, language: str) -> str:
    """What went wrong, in the reader's language, without repeating what was typed."""
    if isinstance(refusal, ValidationError):
        flaw = flaws_of([{**error, "loc": ("body", *error["loc"])} for error in refusal.errors(include_input=False)], {})[0]
        return refusals.problem(flaw.code, language, flaw.params)
    assert isinstance(refusal, DeskError)
    if isinstance(refusal, BadInput):
        return refusals.problem(refusal.problem, language, refusal.params)
    return refusals.whole(refusal.code, language, refusal.params)


def fields_at_fault(refusal: Exception) -> tuple[str, ...]:
    """The fields a refusal speaks of, as a form names them: `/visitor/phone` is `visitor.phone`."""
    if isinstance(refusal, ValidationError):
        return tuple(".".join(str(part) for part in error["loc"]) for error in refusal.errors(include_input=False))
    if isinstance(refusal, BadInput):
        return (refusal.field.strip("/?").replace("/", "."),)
    return ()


def status_of(refusal: Exception) -> int:
    """The status of a page that shows a refusal."""
    return STATUS[refusal.code] if isinstance(refusal, DeskError) else STATUS[BadInput.code]
