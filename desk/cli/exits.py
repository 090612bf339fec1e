"""Exit codes, and what each failure says to whoever typed the command: one line, what to do, never a traceback.

0 ok · 1 failed · 2 usage · 3 not found · 4 conflict · 5 needs confirmation · 6 unavailable.
"""

import os
from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple


class Exit(IntEnum):
    """What the shell is told. Source: UX B3."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    NEEDS_CONFIRMATION = 5
    UNAVAILABLE = 6


class Ending(NamedTuple):
    """How a command ends that did not succeed."""

    code: Exit
    line: str


class Failure(Exception):  # noqa: N818 - an ending, said by the command itself
    """A command's own refusal."""

    def __init__(self, code: Exit, line: str) -> None:
        super().__init__(line)
        self.ending = Ending(code, line)


_BY_CODE: Mapping[str, Exit] = {
    "not_found": Exit.NOT_FOUND,
    "bad_input": Exit.USAGE,
    "reason_missing": Exit.USAGE,
    "currency_mismatch": Exit.USAGE,
    "wrong_moment": Exit.CONFLICT,
    "verdict_changed": Exit.CONFLICT,
    "stale_version": Exit.CONFLICT,
    "idempotency_key_reused": Exit.CONFLICT,
    "idempotency_key_in_flight": Exit.CONFLICT,
    "busy": Exit.UNAVAILABLE,
    "storage_full": Exit.UNAVAILABLE,
}
"""Refusals by their code; one that is not here has failed."""


def language() -> str:
    """The operator's language by their locale, as far as the desk speaks it."""
    wanted = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh-CN" if wanted.startswith("zh") else "en"


def told(failure: Exception) -> Ending | None:
    """The ending of a failure that an operator can do something about; None for a bug, which keeps its traceback."""
    if isinstance(failure, Failure):
        return failure.ending
    from desk.domain.errors import DeskError

    if isinstance(failure, DeskError):
        return _refused(failure)
    return _trouble(failure) or _out_of_reach(failure)


def _refused(refusal: Exception) -> Ending:
    """A refusal in the same words as on the web."""
    from desk.domain.errors import BadInput, DeskError
    from desk.wording import refusals

    assert isinstance(refusal, DeskError)
    spoken = language()
    if isinstance(refusal, BadInput):
        code = Exit.CONFLICT if refusal.problem == "taken" else Exit.USAGE
        return Ending(code, f"{refusal.field.strip('/')}: {refusals.problem(refusal.problem, spoken, refusal.params)}")
    said = f"{refusals.title(refusal.code, spoken)}. {refusals.detail(refusal.code, spoken, refusal.params)}"
    return Ending(_BY_CODE.get(refusal.code, Exit.FAILED), said)


def _trouble(failure: Exception) -> Ending | None:
    """What is wrong with the installation; those messages are one line each and say what to do."""
    from desk import wiring
    from desk.packs.cases import CaseError

    if isinstance(failure, wiring.SettingsTrouble | wiring.LibraryMissing | CaseError):
        return Ending(Exit.USAGE, str(failure))
    kinds = (wiring.KeyTrouble, wiring.KeysForeign, wiring.NotPrepared, wiring.SchemaTooNew, wiring.PackError)
    return Ending(Exit.FAILED, str(failure)) if isinstance(failure, kinds) else None


def _out_of_reach(failure: Exception) -> Ending | None:
    """A database or a folder that cannot be used. The driver's own words may hold a password, so they stay unsaid."""
    from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError

    if isinstance(failure, OperationalError | InterfaceError):
        why = type(failure.orig).__name__ if failure.orig else type(failure).__name__
        return Ending(Exit.UNAVAILABLE, f"the database does not answer ({why}): check DESK_DATABASE_URL, and that it is running")
    if isinstance(failure, IntegrityError):
        return Ending(Exit.CONFLICT, "somebody else changed the same thing at the same moment: look again, then repeat")
    if isinstance(failure, OSError):
        where = f" {failure.filename}" if failure.filename else ""
        return Ending(Exit.UNAVAILABLE, f"cannot use{where}: {failure.strerror or failure}: check that it exists and is yours")
    return None
