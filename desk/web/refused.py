"""A refusal on a page: what it says, which fields it is about, the status of the page that shows it. Staff and visitors alike."""

from pydantic import ValidationError

from desk.domain.errors import BadInput, DeskError
from desk.web.problems import STATUS
from desk.web.validation import flaws_of
from desk.wording import refusals


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
