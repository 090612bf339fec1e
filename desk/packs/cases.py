"""The published cases as facts, typed and checked. Routes nothing: the expected route stands apart, for comparing only."""

import importlib.resources
import json
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from importlib.resources.abc import Traversable
from typing import Any, NoReturn, TypeVar

from desk.domain.claim import Category, RespondentKind, Route
from desk.domain.money import Money

_Asked = TypeVar("_Asked")
_Word = TypeVar("_Word", bound=StrEnum)
_OUT_OF_SCOPE = frozenset({Route.REFUSE, Route.TRANSFER})


class CaseScope(StrEnum):
    """Whether the case is one for the desk, and why not."""

    IN_SCOPE = "in_scope"
    COURT = "court"
    AGENCY = "agency"
    OTHER_REMIT = "other_remit"
    LATE = "late"


class Asks(StrEnum):
    """What the visitor asks for; of an offer, only the merchant's figure is known."""

    SUM = "sum"
    NOTHING = "nothing"
    OFFER = "offer"


class Ground(StrEnum):
    """Whether a ground of the claim is named in the source."""

    NAMED = "named"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class ExpectedRoute(StrEnum):
    """The labels of the published cases."""

    FAST_REFUND = "fast_refund"
    DOCKET = "docket"
    NEEDS_INFORMATION = "needs_information"
    REFUSE_OUT_OF_SCOPE = "refuse_out_of_scope"


class CaseError(ValueError):
    """A case file that cannot be used; the message is one line that names file, line, key and reason."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The label of a case: for comparing a verdict with, and for nothing else."""

    route: ExpectedRoute
    reason: str

    def agrees_with(self, route: Route) -> bool:
        """Whether a verdict agrees; refuse and transfer both agree with `refuse_out_of_scope`."""
        if self.route is ExpectedRoute.REFUSE_OUT_OF_SCOPE:
            return route in _OUT_OF_SCOPE
        return route.value == self.route.value


@dataclass(frozen=True, slots=True)
class PublishedCase:
    """One published dispute. None means that the source does not say; it is neither zero nor no.

    `asked` is in CNY, for `asks` "offer" a lower bound. `published` is "", YYYY, YYYY-MM or YYYY-MM-DD.
    """

    id: str
    source_title: str
    source_url: str | None
    published: str
    place: str
    category: Category
    respondent_kind: RespondentKind
    complainants: int | None
    facts_zh: str
    facts_en: str
    visitor_at_fault: bool | None
    facts_clear: bool | None
    evidence_sufficient: bool | None
    basis: str | None
    scope: CaseScope
    asks: Asks
    asked: Money | None
    ground: Ground
    resolution: str
    resolved_how: str
    expected: Expected = field(repr=False, compare=False)

    @property
    def published_on(self) -> date | None:
        """The publication date; a year or a month alone is its first day, None when it is not known."""
        return date.fromisoformat(self.published + "0000-01-01"[len(self.published) :]) if self.published else None


def load_published_cases(path: Traversable | None = None) -> tuple[PublishedCase, ...]:
    """Read a file of cases, one JSON object a line, by default the 106 shipped with the desk; in the file's order.

    Raises CaseError for a bad line or an id that comes twice.
    """
    file = path or importlib.resources.files("desk.packs").joinpath("published_cases.jsonl")
    try:
        lines = file.read_bytes().decode("utf-8").split("\n")
    except UnicodeDecodeError as problem:
        msg = f"{file.name}: is not UTF-8"
        raise CaseError(msg) from problem
    cases: dict[str, PublishedCase] = {}
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        case = _Line(f"{file.name}: line {number}", text).case()
        if case.id in cases:
            msg = f"{file.name}: line {number}: id: comes twice"
            raise CaseError(msg)
        cases[case.id] = case
    return tuple(cases.values())


class _Line:
    """One line of the file; each reading names the line and the key it fails at."""

    def __init__(self, where: str, text: str) -> None:
        self.where = where
        try:
            values = json.loads(text)
        except ValueError as problem:
            self.refuse("JSON", str(problem))
        if not isinstance(values, dict):
            self.refuse("JSON", "is not an object")
        self.values: dict[str, Any] = values

    def refuse(self, key: str, reason: str) -> NoReturn:
        msg = f"{self.where}: {key}: {reason}"
        raise CaseError(msg)

    def find(self, key: str, kind: type[_Asked]) -> _Asked | None:
        """A value of exactly its type, or null; the key itself must be there."""
        if key not in self.values:
            self.refuse(key, "is missing")
        value = self.values[key]
        if value is not None and type(value) is not kind:
            self.refuse(key, f"must be of type {kind.__name__} or null")
        return value

    def text(self, key: str) -> str:
        value = self.find(key, str)
        if not value:
            self.refuse(key, "is empty")
        return value

    def word(self, key: str, words: type[_Word]) -> _Word:
        value = self.text(key)
        if value not in set(words):
            self.refuse(key, f"must be one of {', '.join(words)}")
        return words(value)

    def case(self) -> PublishedCase:
        case = PublishedCase(
            id=self.text("id"),
            source_title=self.text("source_title"),
            source_url=self.find("source_url", str),
            published=self.find("published", str) or "",
            place=self.text("place"),
            category=self.word("category", Category),
            respondent_kind=self.word("respondent_kind", RespondentKind),
            complainants=self.find("complainants", int),
            facts_zh=self.text("facts_zh"),
            facts_en=self.text("facts_en"),
            visitor_at_fault=self.find("visitor_at_fault", bool),
            facts_clear=self.find("facts_clear", bool),
            evidence_sufficient=self.find("evidence_sufficient", bool),
            basis=self.find("basis", str),
            scope=self.word("scope", CaseScope),
            asks=self.word("asks", Asks),
            asked=self._money("asked_cny"),
            ground=self.word("ground", Ground),
            resolution=self.text("resolution"),
            resolved_how=self.text("resolved_how"),
            expected=Expected(self.word("expected_route", ExpectedRoute), self.text("route_reason")),
        )
        self._check_date(case)
        return case

    def _money(self, key: str) -> Money | None:
        text = self.find(key, str)
        try:
            return Money.parse(text, "CNY") if text is not None else None
        except ValueError as problem:
            self.refuse(key, str(problem))

    def _check_date(self, case: PublishedCase) -> None:
        try:
            _ = case.published_on
        except ValueError:
            self.refuse("published", "must be YYYY, YYYY-MM or YYYY-MM-DD")
