"""Real claims for a fuzz: without them nearly every generated reference is absent, and nothing behind the 404 is met."""

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from schemathesis import Case, GenerationMode, HookContext, Response
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import MissingHeaderNotRejected, RejectedPositiveData
from schemathesis.transport.serialization import Binary

from desk.domain.evidence import Shows
from tests.gate.places import HOME
from tests.gate.wire import CLAIMS, claim_body

AnyCase = Case[Any]
MEANT = {
    "bad_amount", "bad_characters", "bad_cursor", "bad_date", "bad_email", "bad_hook", "bad_phone", "bad_reference",
    "bad_time", "contradicts", "days_reversed", "days_too_many", "in_future", "in_past", "missing", "needs_basis",
    "not_allowed_here", "not_at_this_site", "not_found", "nothing_to_do", "number_used", "taken", "too_far", "unknown_site",
    "wrong_currency",
}  # fmt: skip
"""Problems that no schema can express: they depend on the claim, on the site, on the day, or on what a number means."""
ONE_AS_FLOAT = re.compile(r"/people|/injured|/amounts/\d+/item|/more|/rating|/days|/hours")
"""1.0 is an integer to JSON Schema and none to us (ASVS 15.3.5)."""
VIOLATION = re.compile(r"- (\w+): violates `(\w+)`")
LOST = {("query", "additionalProperties"), ("header", "required")}
REFUSED_FOR_THE_CLAIM = {"stale_version", "idempotency_key_reused"}
TEXT = 80
EACH_LASTS = 12
OPEN_AMOUNT = 6


@dataclass
class Stock:
    """Claims in every state that the API can bring them to, used up and made anew. `fields` differ from call to call."""

    client: httpx.Client
    _kinds: Iterator[int] = field(default_factory=lambda: itertools.cycle(range(7)))
    _claims: list[dict[str, Any]] = field(default_factory=list)
    _turns: Iterator[int] = field(default_factory=itertools.count)

    def turn(self) -> int:
        """How many times it was asked."""
        return next(self._turns)

    def some(self) -> dict[str, Any]:
        """A lodged claim as its visitor was told; now and then a new one."""
        turn = self.turn()
        if len(self._claims) < EACH_LASTS // 2 or turn % EACH_LASTS == 0:
            self._claims = [*self._claims[-EACH_LASTS:], self._made(next(self._kinds))]
        return self._claims[turn % len(self._claims)]

    def tag(self, reference: str) -> str:
        """The ETag of a claim now."""
        return self.client.get(f"{CLAIMS}/{reference}").headers["etag"]

    def _made(self, kind: int) -> dict[str, Any]:
        """A claim received, asked a question, refused, on the docket, withdrawn, about to be refunded, or with an open amount."""
        told = json.loads(claim_body())
        if kind == OPEN_AMOUNT:
            told |= {"respondent": None, "items": [{"kind": "refund", "asked": None}]}
        claim: dict[str, Any] = self._post(CLAIMS, json=told).json()
        here = f"{CLAIMS}/{claim['reference']}"
        if kind == 1:
            self._post(f"{here}/messages", json={"text": "何时离开？", "question": True})
        elif kind in (2, 3):
            route = ("refuse", "docket")[kind - 2]
            self._post(f"{here}/triage", json={"override": route, "reason": "为测试"})
        elif kind == 4:
            self._post(f"{here}/withdraw", json={"text": "不再追究"})
        elif kind == 5:
            met = {"not_at_fault": "yes", "facts_clear": "yes", "evidence_sufficient": "yes", "basis": "tourism_law_54"}
            self.client.put(f"{here}/assessment", json=met, headers={"If-Match": self.tag(claim["reference"])}).raise_for_status()
            self._post(f"{here}/triage", json={"confirm": "fast_refund"})
        return claim

    def _post(self, path: str, **body: Any) -> httpx.Response:  # noqa: ANN401 - as httpx takes it
        headers = {"Idempotency-Key": f"stock-{self.turn()}", "Content-Type": "application/json"}
        return self.client.post(path, headers=headers, **body).raise_for_status()


def made_real(case: AnyCase, stock: Stock) -> None:
    """Put a real claim, its version or its key in the place of generated ones, three times of four, where those were valid."""
    if stock.turn() % 4 == 0 or not case.meta:
        return
    fits = {place for place, part in case.meta.components.items() if part.mode is GenerationMode.POSITIVE}
    claim = stock.some()
    if ParameterLocation.PATH in fits and "reference" in case.path_parameters:
        case.path_parameters = {**case.path_parameters, "reference": claim["reference"]}
        if ParameterLocation.HEADER in fits and "If-Match" in case.headers:
            case.headers["If-Match"] = stock.tag(claim["reference"])
    if ParameterLocation.BODY in fits and isinstance(case.body, dict):
        case.body = _real_body(case, claim)


def _real_body(case: AnyCase, claim: dict[str, Any]) -> dict[str, Any]:
    assert isinstance(case.body, dict)
    body: dict[str, Any] = dict(case.body)
    if case.path.startswith("/api/v1/status"):
        body = {name: value for name, value in body.items() if name not in ("reference", "access_code")}
        return body | {"token": claim["status_url"].rpartition("/")[2]}
    if case.path == CLAIMS:
        return body | {"site": HOME, "spot": None}
    return body | {"reference": claim["reference"]} if "reference" in body else body


def is_worth_telling(_context: HookContext, failure: Failure, case: AnyCase, response: Response) -> bool:
    """Whether a failed check is one: not where a well-formed request was refused for what it means."""
    if isinstance(failure, MissingHeaderNotRejected):
        # What a missing If-Match is; the check knows 400 and 422 only.
        return response.status_code != httpx.codes.PRECONDITION_REQUIRED
    if isinstance(failure, AcceptedNegativeData):
        return not (_never_left(failure, case, response) or _is_a_sound_form(case))
    if not isinstance(failure, RejectedPositiveData):
        return True
    told = response.json()
    if told["code"] in REFUSED_FOR_THE_CLAIM:
        return False
    flaws: Sequence[dict[str, str]] = told.get("errors", [])
    return not flaws or not all(flaw["code"] in MEANT or _one_as_float(flaw) for flaw in flaws)


def _never_left(failure: Failure, case: AnyCase, response: Response) -> bool:
    """Whether what was wrong was lost on the way: a parameter without a value is not sent, and the token is put back in."""
    wrong = set(VIOLATION.findall(failure.message))
    sent = {name for name, _ in httpx.URL(str(response.request.url)).params.multi_items()}
    return bool(wrong) and wrong <= LOST and sent <= {parameter.name for parameter in case.operation.query}


def _is_a_sound_form(case: AnyCase) -> bool:
    """Whether a form with a file has nothing wrong in it: bytes are no text, so the tool takes every file for a mistake."""
    form = case.body if isinstance(case.body, dict) else {}
    texts = {name: value for name, value in form.items() if name not in ("file", "kind")}
    known = texts.keys() <= {"token", "reference", "access_code"} and form.get("kind", Shows.OTHER) in list(Shows)
    return isinstance(form.get("file"), bytes | Binary) and known and all(len(str(text)) <= TEXT for text in texts.values())


def _one_as_float(flaw: dict[str, str]) -> bool:
    return flaw["code"] == "wrong_type" and ONE_AS_FLOAT.fullmatch(flaw["pointer"]) is not None
