"""The forms of an incident's page: for each act the action behind it, and how its fields become what the action takes."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from desk.actions.incidents import (
    Report,
    close_incident,
    count_people,
    file_report,
    log_arrival,
    open_incident,
    plan_settlement,
    report_upward,
    save_report,
)
from desk.domain.errors import BadInput
from desk.domain.incident import MOST_PEOPLE
from desk.web.api.claims import RespondentIn
from desk.web.api.incident_shapes import CloseIn, CountIn, OpenIn, PlanIn, ReportIn, SeenIn, UpwardIn
from desk.web.console.forms import filled

Typed = Mapping[str, str]
REPORT_FIELDS = ("happened", "people", "injured", "measures", "cause")


@dataclass(frozen=True, slots=True)
class Form:
    """One act: its action, and how what was typed becomes what the action takes after the incident's id."""

    action: Callable[..., Any]
    read: Callable[[Typed], tuple[Any, ...]]


def number_in(typed: Typed, name: str) -> int | None:
    """A number of people, also in full-width digits or with 人 behind; None where nothing was typed. Raises BadInput."""
    figure = unicodedata.normalize("NFKC", typed.get(name, "")).strip().removesuffix("人").strip()
    if not figure:
        return None
    if not (figure.isascii() and figure.isdecimal()):
        raise BadInput(f"/{name}", "wrong_type")
    if len(figure) > len(str(MOST_PEOPLE)):
        raise BadInput(f"/{name}", "too_large", limit=MOST_PEOPLE)
    return int(figure)


def needed(typed: Typed, *names: str) -> None:
    """Raises BadInput for the first of these fields that holds nothing."""
    for name in names:
        if not filled(typed, name):
            raise BadInput(f"/{name}", "missing")


def seen_in(typed: Typed) -> SeenIn:
    """What an officer saw, as the API takes it. Raises BadInput, ValidationError."""
    needed(typed, "site", "category", "people", "why")
    given: dict[str, Any] = filled(typed, "site", "category", "why", "spot")
    if name := filled(typed, "name"):
        given["respondent"] = RespondentIn(**name)
    return SeenIn(**given, people=number_in(typed, "people"))


def _report(typed: Typed) -> tuple[Report, int]:
    version = typed.get("version", "")
    if not (version.isascii() and version.isdecimal() and len(version) < len("1000000000")):
        raise BadInput("/version", "bad_version")
    texts: dict[str, Any] = {
        name: typed.get(name, "").replace("\r\n", "\n").strip() for name in ("happened", "measures", "cause")
    }
    numbers = {name: number_in(typed, name) for name in ("people", "injured")}
    return ReportIn(**texts, **numbers).report(), int(version)


def _open(typed: Typed) -> tuple[str, int | None]:
    needed(typed, "why")
    told = OpenIn(**filled(typed, "why"), people=number_in(typed, "people"))
    return told.why, told.people


def _people(typed: Typed) -> tuple[int]:
    needed(typed, "people")
    return (CountIn(people=number_in(typed, "people") or 0).people,)


def _words(shape: Callable[..., Any], name: str) -> Callable[[Typed], tuple[str]]:
    def read(typed: Typed) -> tuple[str]:
        needed(typed, name)
        return (getattr(shape(**filled(typed, name)), name),)

    return read


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "open": Form(open_incident, _open),
        "people": Form(count_people, _people),
        "first_report": Form(report_upward, _words(UpwardIn, "to")),
        "arrival": Form(log_arrival, lambda _: ()),
        "report": Form(save_report, _report),
        "file": Form(file_report, _report),
        "plan": Form(plan_settlement, _words(PlanIn, "plan")),
        "close": Form(close_incident, _words(CloseIn, "why")),
    }
)
