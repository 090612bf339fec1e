"""What pydantic and msgspec say is wrong with a request, told as our own problems. Never shows the value that was wrong."""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from desk.web.problems import MOST_FLAWS, Flaw
from desk.wording.refusals import PROBLEMS

PYDANTIC: Mapping[str, tuple[str, str | None]] = MappingProxyType(
    {
        "missing": ("missing", None),
        "extra_forbidden": ("unknown_field", None),
        "string_too_long": ("too_long", "max_length"),
        "string_too_short": ("too_short", "min_length"),
        "string_unicode": ("bad_characters", None),
        "too_long": ("too_many", "max_length"),
        "too_short": ("too_few", "min_length"),
        "greater_than": ("too_small", None),
        "greater_than_equal": ("too_small", "ge"),
        "less_than": ("too_large", None),
        "less_than_equal": ("too_large", "le"),
        "int_parsing_size": ("too_large", None),
        "enum": ("not_one_of", None),
        "literal_error": ("not_one_of", None),
        "union_tag_invalid": ("not_one_of", None),
        "union_tag_not_found": ("missing", None),
        "timezone_aware": ("bad_time", None),
        "timezone_naive": ("bad_time", None),
    }
)
"""A pydantic error type, the problem it is, and which figure of its context is the limit."""

_FAMILIES = (("datetime_", "bad_time"), ("date_", "bad_date"), ("time_", "bad_time"), ("decimal_", "bad_amount"))
_MSGSPEC = (
    (re.compile(r"Object missing required field `(?P<field>[a-z_]+)`"), "missing"),
    (re.compile(r"Object contains unknown field"), "unknown_field"),
    (re.compile(r"Expected `\w+` of length <="), "too_long"),
    (re.compile(r"Expected `\w+` of length >="), "too_short"),
    (re.compile(r"Invalid enum value"), "not_one_of"),
)
_AT = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_STEP = re.compile(r"\.([a-z_]{1,40})|\[([0-9]{1,6})\]")
# A name that a client made up may be a phone number or a token: only plain words are said back.
_SAYABLE = re.compile(r"[a-z]+(_[a-z]+)*")
_SAYABLE_LENGTH = 40


def flaws_of(found: Sequence[Any], body: Any) -> list[Flaw]:  # noqa: ANN401 - a body is whatever came
    """The flaws behind pydantic's errors, in their order, each once; at most as many as are shown."""
    told: dict[tuple[str, str, str], Flaw] = {}
    for error in found:
        flaw = _flaw(error, body)
        told.setdefault((flaw.where, flaw.pointer, flaw.code), flaw)
        if len(told) == MOST_FLAWS:
            break
    return list(told.values())


def flaw_of_msgspec(message: str) -> Flaw:
    """The flaw behind a msgspec message, of which nothing but field names is used."""
    path = _AT.search(message)
    steps = [one or two for one, two in _STEP.findall(path["path"])] if path else []
    for pattern, code in _MSGSPEC:
        if match := pattern.match(message):
            return Flaw("body", _pointer([*steps, *match.groups()]), code)
    return Flaw("body", _pointer(steps), "bad_characters" if "utf-8" in message.lower() else "wrong_type")


def _flaw(error: Mapping[str, Any], body: Any) -> Flaw:  # noqa: ANN401
    where, *steps = error["loc"] or ("body",)
    kind, context = str(error["type"]), error.get("ctx") or {}
    code, limit = _code(kind, context)
    if where == "body":
        said = list(_steps_in(body, steps, missing=code == "missing"))
    else:
        said = [str(step) for step in steps]
        code = "unknown_parameter" if code == "unknown_field" else code
    if code in ("unknown_field", "unknown_parameter") and said and not _sayable(said[-1]):
        said.pop()
    return Flaw(str(where), _pointer(said), code, {"limit": context[limit]} if limit in context else _allowed(code, context))


def _code(kind: str, context: Mapping[str, Any]) -> tuple[str, str | None]:
    """The problem a pydantic type is; our own validators name it themselves, as a type or in a ValueError."""
    if kind in PYDANTIC:
        return PYDANTIC[kind]
    if kind in PROBLEMS:
        return kind, "limit"
    if kind in ("value_error", "assertion_error"):
        named = str(context.get("error", ""))
        return (named if named in PROBLEMS else "wrong_type"), None
    return next((code for family, code in _FAMILIES if kind.startswith(family)), "wrong_type"), None


def _allowed(code: str, context: Mapping[str, Any]) -> dict[str, object]:
    """Our own list of choices, as pydantic quotes it."""
    choices = re.findall(r"'([^']*)'", str(context.get("expected", ""))) if code == "not_one_of" else []
    return {"allowed": choices} if choices else {}


def _steps_in(body: Any, steps: Sequence[int | str], *, missing: bool) -> Iterator[str]:  # noqa: ANN401
    """The steps that really lead into the body: pydantic mixes in the names of the union's branches that it tried."""
    here = body
    for place, step in enumerate(steps):
        last = place == len(steps) - 1
        if isinstance(here, dict) and isinstance(step, str) and (step in here or (last and missing)):
            here = here.get(step)
        elif isinstance(here, list) and isinstance(step, int) and 0 <= step < len(here):
            here = here[step]
        else:
            continue
        yield str(step)


def _sayable(name: str) -> bool:
    return len(name) <= _SAYABLE_LENGTH and _SAYABLE.fullmatch(name) is not None


def _pointer(steps: Sequence[str]) -> str:
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
