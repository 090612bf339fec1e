"""Why there is an alert, in words. Counts nothing: `domain.alerts` compares."""

from collections.abc import Sequence

from desk.domain.alerts import Cause, Level
from desk.wording import figures
from desk.wording.catalogue import text


def reason_text(cause: str, figure: int, limit: int, language: str) -> str:
    """One reason in a sentence with what was counted and the threshold; of growth with the week before."""
    return text(f"alert.reason.{Cause(cause).value}", language, figure=figure, limit=limit)


def reasons_text(reasons: Sequence[Sequence[object]], language: str) -> str:
    """All reasons of an alert, as its row keeps them, one after the other."""
    told = [reason_text(str(cause), int(str(figure)), int(str(limit)), language) for cause, figure, limit in reasons]
    return figures.gap(language).join(told)


def level_text(level: str, language: str) -> str:
    """What a level is called."""
    return text(f"label.alert.{Level(level).value}", language)
