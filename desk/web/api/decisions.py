"""Assessing a claim, asking the rule, confirming or overriding its verdict."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from desk.actions.steps import Held
from desk.actions.triage import Assessed, Choice, assess_claim, confirm_triage
from desk.domain.claim import Answer, Assessment, Basis, Route, Scope
from desk.domain.evidence import MOST_FILES
from desk.domain.triage import Reason, Verdict
from desk.reads.verdicts import verdict_now
from desk.web.api.claim_shapes import clock_out
from desk.web.api.shapes import Clean, ClockOut, In, MoneyIn, Out, Prose
from desk.web.deps import IfMatch, Officer, ReaderLanguage, Reference, RequiredKey, TheDesk
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step
from desk.wording.reasons import reason_text

router = APIRouter(prefix="/api/v1/claims", tags=["triage"])


class AssessmentIn(In):
    """The four tests of liability and the scope. `basis` null: nobody has looked yet; "none": there is no ground."""

    not_at_fault: Answer = Answer.UNKNOWN
    facts_clear: Answer = Answer.UNKNOWN
    evidence_sufficient: Answer = Answer.UNKNOWN
    basis: Basis | None = None
    ground: Annotated[str, StringConstraints(max_length=400), Clean] | None = None
    scope: Scope = Scope.IN_SCOPE
    evidence: list[Annotated[str, StringConstraints(max_length=64), Clean]] = Field(
        default_factory=list, max_length=MOST_FILES, description="ids of the claim's evidence relied on"
    )
    note: Prose | None = None

    def found(self) -> Assessment:
        """The findings as the domain keeps them."""
        return Assessment(self.not_at_fault, self.facts_clear, self.evidence_sufficient, self.basis, self.scope, self.ground)


class AssessedOut(Out):
    """The claim's new version."""

    reference: str
    version: int


class ReasonOut(Out):
    """Why: a code, its sentence, the figure compared, the limit, and the source of the rule."""

    code: str
    text: str
    figure: str | None
    limit: str | None
    source: str

    @classmethod
    def of(cls, reason: Reason, language: str) -> "ReasonOut":
        """A reason in the reader's language."""
        said = reason_text(reason.code, language, figure=reason.figure, limit=reason.limit)
        return cls(code=reason.code, text=said, figure=reason.figure, limit=reason.limit, source=reason.source)


class VerdictOut(Out):
    """What the rule says now. `missing` names exactly what could still change the route."""

    route: Route
    reasons: list[ReasonOut]
    missing: list[str]
    pack: str
    hand_offs: list[str]

    @classmethod
    def of(cls, verdict: Verdict, language: str) -> "VerdictOut":
        """A verdict in the reader's language."""
        return cls(
            route=verdict.route, reasons=[ReasonOut.of(reason, language) for reason in verdict.reasons],
            missing=list(verdict.missing), pack=verdict.pack, hand_offs=list(verdict.hand_offs),
        )  # fmt: skip


_NULL: dict[str, Any] = {"type": "null"}
_EITHER: dict[str, Any] = {
    "oneOf": [
        {"required": ["confirm"], "properties": {"confirm": {"not": _NULL}, "override": _NULL, "reason": _NULL}},
        {"required": ["override", "reason"], "properties": {"override": {"not": _NULL}, "confirm": _NULL}},
    ]
}


class TriageIn(In):
    """Either `confirm` the rule's route, or `override` it with a reason."""

    model_config = ConfigDict(json_schema_extra=_EITHER)

    confirm: Route | None = None
    override: Route | None = None
    reason: Prose | None = None
    amount: MoneyIn | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "TriageIn":
        if (self.confirm is None) == (self.override is None):
            raise PydanticCustomError("missing", "confirm or override")
        return self

    def choice(self) -> Choice:
        """The officer's choice. Raises BadInput for an amount that is none."""
        route = self.override or self.confirm or Route.DOCKET
        amount = self.amount.money("/amount") if self.amount else None
        return Choice(route, self.override is not None, self.reason, amount)


class MovedOut(Out):
    """Where a claim stands after a step, and its clocks."""

    reference: str
    state: str
    version: int
    clocks: list[ClockOut]


def moved_out(held: Held) -> MovedOut:
    """The shape of a claim that took a step."""
    claim, zone = held.claim, held.zone
    return MovedOut(
        reference=claim.reference,
        state=claim.state,
        version=claim.version,
        clocks=[clock_out(clock, zone) for clock in held.clocks],
    )


@router.put(
    "/{reference}/assessment",
    name="assessment_put",
    responses=for_staff("stale_version", "version_missing", "wrong_moment", "unsupported_media_type"),
    summary="Write an officer's findings",
)
async def put_assessment(
    response: Response, reference: Reference, body: AssessmentIn, desk: TheDesk, officer: Officer, version: IfMatch
) -> AssessedOut:  # fmt: skip
    """The latest findings count, earlier ones are kept. 428 without `If-Match`, 412 when the claim changed meanwhile."""
    done: Assessed = await desk.write(assess_claim, officer, reference, body.found(), body.note, version, body.evidence)
    response.headers["ETag"] = f'"{done.version}"'
    return AssessedOut(reference=reference, version=done.version)


@router.get("/{reference}/triage", name="triage_get", responses=for_staff(), summary="What the rule says now")
async def get_triage(reference: Reference, desk: TheDesk, officer: Officer, language: ReaderLanguage) -> VerdictOut:
    """The verdict on the facts as they stand; nothing is stored."""
    return VerdictOut.of(await desk.read(verdict_now, officer, reference, desk.kit), language)


@router.post(
    "/{reference}/triage",
    response_model=MovedOut,
    name="triage_decide",
    responses=for_step("verdict_changed", "amount_above_decided", "payout_exists", "idempotency_key_missing"),
    summary="Confirm or override the verdict",
)
async def post_triage(
    request: Request, reference: Reference, body: TriageIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """Confirm the verdict, or override it with a reason. 409 if the verdict has changed."""
    return await answer_once(request, desk, officer, key, moved_out, confirm_triage, reference, body.choice())
