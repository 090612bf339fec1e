"""Why the rule says what it says, and which other doors are open, in words. Weighs nothing: `domain.triage` does."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from desk.domain.claim import Language
from desk.wording import figures
from desk.wording.catalogue import text, variant

REASONS = (
    "already_elsewhere", "handled_before", "other_remit", "late_filing", "late_filing_warning", "crime_suspected",
    "at_or_above_fast_limit", "no_sum_asked", "punitive_item", "injury", "needs_appraisal", "visitor_at_fault",
    "facts_unclear", "evidence_insufficient", "no_basis", "respondent_out_of_reach", "amount_unknown",
    "respondent_unknown", "fault_unknown", "facts_unknown", "evidence_unknown", "basis_unknown", "under_fast_limit",
    "four_tests_met",
)  # fmt: skip
"""Every reason code of `domain.triage`; staff and visitor read the same words."""

DOORS = ("12315", "12345", "mediation", "court")
_AMOUNT = re.compile(r"(?P<sum>-?[0-9]+(?:\.[0-9]+)?) (?P<currency>[A-Z]{3})", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Door:
    """Another way for the visitor: its stable code, and what it is in words."""

    code: str
    text: str


def reason_text(code: str, language: str, *, figure: str | None = None, limit: str | None = None) -> str:
    """One reason in a sentence, with the figure and its limit where both are known.

    Figures come as the rule writes them, "128.00 CNY" or "2026-10-02". Raises KeyError for an unknown code.
    """
    if code not in REASONS:
        raise KeyError(code)
    if figure is None or limit is None or code not in _COMPARED:
        return text(f"reason.{code}", language)
    return text(f"reason.{code}.compared", language, figure=figure_text(figure, language), limit=figure_text(limit, language))


def return_reason_text(code: str, language: str, *, figure: str | None = None, limit: str | None = None) -> str:
    """One reason against a return in a sentence, with the days it compared where it compared any."""
    given = {"figure": figure_text(figure, language), "limit": figure_text(limit, language)} if figure and limit else {}
    return variant(f"return.reason.{code}", language, **given)


def other_doors(language: str) -> tuple[Door, ...]:
    """Where a visitor may still turn when the desk refuses, hands on or ends without agreement; nearest first."""
    return tuple(Door(code, text(f"door.{code}", language)) for code in DOORS)


def still_missing(names: Sequence[str], language: str) -> str:
    """What could still change the route: what only the visitor can bring, and what our staff find out. `names` are triage's."""
    said = []
    for key, these in (("say.missing", _VISITORS), ("say.checking", set(names) - _VISITORS)):
        if what := [text(f"label.missing.{name}", language) for name in names if name in these]:
            said.append(text(key, language, what=figures.all_of(what, language)))
    return _joined(said, language)


def because(told: Sequence[str], language: str) -> str:
    """Why the desk does not take a claim: reasons already in words, one after the other, each a whole sentence."""
    return text("say.refused.because", language, why=_joined([_ended(each) for each in told], language))


def _joined(sentences: Sequence[str], language: str) -> str:
    return ("" if language == Language.ZH_CN else " ").join(sentences)


def _ended(written: str) -> str:
    """What an officer wrote, with the mark that ends a sentence, in whichever language it is written."""
    said = written.rstrip()
    if said.rstrip(_QUOTES)[-1:] in _ENDS:
        return said
    last = next((letter for letter in reversed(said) if letter.isalnum()), "")
    return said + ("。" if _CHINESE.fullmatch(last) else ".")


_VISITORS = frozenset({"amount", "respondent", "facts_clear", "evidence_sufficient"})
_ENDS, _QUOTES = ("。", "！", "？", "…", ".", "!", "?", ""), "”’\"')）」"
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


_COMPARED = frozenset({"at_or_above_fast_limit", "under_fast_limit", "late_filing", "late_filing_warning"})


def figure_text(written: str, language: str) -> str:
    """A figure as the rule writes it, "128.00 CNY" or "2026-10-02", in the reader's words."""
    if amount := _AMOUNT.fullmatch(written):
        return figures.figure(amount["sum"], amount["currency"], language)
    return figures.day(date.fromisoformat(written), language) if _DAY.fullmatch(written) else written
