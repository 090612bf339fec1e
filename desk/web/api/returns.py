"""Returns of goods: asked for at the counter, answered, the goods back, refused. Refunds go the way of every payout."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field, StringConstraints

from desk.actions.returns import (
    Asked,
    Looked,
    Returning,
    answer_return,
    refuse_return,
    start_return,
    take_goods_back,
)
from desk.domain.claim import Answer
from desk.domain.errors import NotFound
from desk.domain.returns import Pledge, Proposal, ReturnAnswer, ReturnOutcome, ReturnPhase, ReturnReason
from desk.reads.returns import ReturnView, return_view
from desk.web.api.claim_shapes import clock_out
from desk.web.api.shapes import Clean, ClockOut, Day, In, MoneyIn, MoneyOut, Name, Out, Prose
from desk.web.deps import Officer, ReaderLanguage, Reference, RequiredKey, TheDesk, reference_in
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step
from desk.wording.reasons import return_reason_text

router = APIRouter(prefix="/api/v1", tags=["returns"])

Item = Annotated[str, StringConstraints(min_length=1, max_length=400), Clean]


class LookedIn(In):
    """What is known of the purchase and its goods; what is left out stays as it is."""

    purchased_on: Day | None = None
    invoice_no: Name | None = None
    custom_made: Answer | None = None
    altered: Answer | None = None
    damaged_in_transport: Answer | None = None

    def looked(self) -> Looked:
        """As the actions take it."""
        return Looked(**self.model_dump(include=set(LookedIn.model_fields)))


class AskedIn(LookedIn):
    """Which goods."""

    item: Item = Field(examples=["毛峰茶一盒"])

    def asked(self) -> Asked:
        """As the action takes it."""
        return Asked(self.item, self.looked())


class ReturnIn(AskedIn):
    """Which claim, and which goods."""

    reference: Annotated[str, StringConstraints(max_length=80)]


class AnswerReturnIn(LookedIn):
    """The visitor may bring the goods; `note` says why, where the rule speaks against it."""

    note: Prose | None = None


class GoodsBackIn(LookedIn):
    """How the goods are, and what is refunded: without `amount` the principal."""

    condition: Prose
    amount: MoneyIn | None = None


class RefuseReturnIn(In):
    """Why; `note` is needed for a reason that the rule does not propose."""

    reason: ReturnReason
    note: Prose | None = None


class ReturnReasonOut(Out):
    """A reason against taking the goods back, as the rule proposes it, with what it compared."""

    code: ReturnReason
    text: str
    figure: str | None
    limit: str | None
    source: str


class PledgedOut(Out):
    """The pledge that a return rests on, or would rest on. `by` says whose it is."""

    id: str
    by: str = Field(description="`merchant` or `site`")
    days: int
    exclusions: list[ReturnReason]

    @classmethod
    def of(cls, pledge: Pledge | None) -> "PledgedOut | None":
        """The shape of it."""
        if pledge is None:
            return None
        by = "site" if pledge.respondent is None else "merchant"
        return cls(id=str(pledge.id), by=by, days=pledge.days, exclusions=sorted(pledge.exclusions))


class ReturnOut(Out):
    """A return. `reasons` and `missing` are what the rule says now; a person decides. `reason` is why it was refused."""

    reference: str
    item: str
    phase: ReturnPhase | None
    purchased_on: date | None
    invoice_no: str | None
    custom_made: Answer
    altered: Answer
    damaged_in_transport: Answer
    requested_at: datetime
    requested_by: str
    answer: ReturnAnswer | None
    answered_at: datetime | None
    goods_back_at: datetime | None
    condition: str | None
    decided: MoneyOut | None
    reason: ReturnReason | None
    outcome: ReturnOutcome | None
    closed_at: datetime | None
    pledge: PledgedOut | None
    reasons: list[ReturnReasonOut]
    missing: list[str]

    @classmethod
    def of(cls, view: ReturnView, language: str) -> "ReturnOut":
        """The shape of a return, times at the site's own offset."""
        row, zone = view.row, view.zone
        told = {name: at.astimezone(zone) if (at := getattr(row, name)) else None for name in _TIMES}
        same = {name: getattr(row, name) for name in _SAME}
        return cls(
            reference=view.claim.reference, phase=view.phase, decided=MoneyOut.of(row.decided_minor, view.claim.currency),
            pledge=PledgedOut.of(view.pledge), reasons=reasons_out(view.proposal, language),
            missing=list(view.proposal.missing), **told, **same,
        )  # fmt: skip


_TIMES = ("requested_at", "answered_at", "goods_back_at", "closed_at")
_SAME = (
    "item", "purchased_on", "invoice_no", "custom_made", "altered", "damaged_in_transport", "requested_by", "answer", "condition",
    "reason", "outcome",
)  # fmt: skip


class ReturnMovedOut(Out):
    """Where a claim stands after a step of its return, its clocks, and what the rule says now."""

    reference: str
    state: str
    version: int
    phase: ReturnPhase | None
    decided: MoneyOut | None
    reasons: list[str] = Field(description="codes that the rule proposes", examples=[["out_of_time"]])
    missing: list[str]
    clocks: list[ClockOut]

    @classmethod
    def of(cls, done: Returning) -> "ReturnMovedOut":
        """The shape of it."""
        claim, zone = done.held.claim, done.held.zone
        view = ReturnView(done.row, claim, zone, done.proposal, done.pledge)
        return cls(
            reference=claim.reference, state=claim.state, version=claim.version, phase=view.phase,
            decided=MoneyOut.of(claim.decided_minor, claim.currency), reasons=list(done.proposal.codes),
            missing=list(done.proposal.missing), clocks=[clock_out(clock, zone) for clock in done.held.clocks],
        )  # fmt: skip


def reasons_out(proposal: Proposal, language: str) -> list[ReturnReasonOut]:
    """What the rule proposes, in the reader's language."""
    return [
        ReturnReasonOut(
            code=ReturnReason(one.code), text=return_reason_text(one.code, language, figure=one.figure, limit=one.limit),
            figure=one.figure, limit=one.limit, source=one.source,
        )
        for one in proposal.reasons
    ]  # fmt: skip


STEP = for_step("idempotency_key_missing", "payout_exists")


@router.post(
    "/returns", status_code=201, response_model=ReturnMovedOut, name="returns_start", responses=STEP,
    summary="Ask for goods to be taken back, at the counter",
)  # fmt: skip
async def post_return(request: Request, body: ReturnIn, desk: TheDesk, officer: Officer, key: RequiredKey) -> Response:
    """For a claim that is received. The visitor asks by `POST /api/v1/status/return`."""
    told = (reference_in(body.reference), body.asked())
    return await answer_once(request, desk, officer, key, ReturnMovedOut.of, start_return, *told, status=201)


@router.get("/claims/{reference}/return", name="returns_get", responses=for_staff(), summary="The newest return of a claim")
async def get_return(reference: Reference, desk: TheDesk, officer: Officer, language: ReaderLanguage) -> ReturnOut:
    """With what the rule says now. Not found where none was ever asked for."""
    view = await desk.read(return_view, officer, reference, desk.kit)
    if view is None:
        raise NotFound
    return ReturnOut.of(view, language)


@router.post(
    "/claims/{reference}/return/answer", response_model=ReturnMovedOut, name="returns_answer", responses=STEP,
    summary="The visitor may bring the goods",
)  # fmt: skip
async def post_answer(
    request: Request, reference: Reference, body: AnswerReturnIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """Stops `return_answer`; `return_close` waits for the goods. Only where a pledge covers the purchase."""
    told = (reference, body.looked(), body.note)
    return await answer_once(request, desk, officer, key, ReturnMovedOut.of, answer_return, *told)


@router.post(
    "/claims/{reference}/return/goods-back", response_model=ReturnMovedOut, name="returns_goods_back",
    responses=for_step("idempotency_key_missing", "payout_exists", "amount_above_decided"),
    summary="The goods are back; decide what is refunded",
)  # fmt: skip
async def post_goods_back(
    request: Request, reference: Reference, body: GoodsBackIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """Goods that were brought along are answered with it. The cashier then pays as for any refund."""
    told = (reference, body.condition, body.looked(), body.amount.money("/amount") if body.amount else None)
    return await answer_once(request, desk, officer, key, ReturnMovedOut.of, take_goods_back, *told)


@router.post(
    "/claims/{reference}/return/refuse", response_model=ReturnMovedOut, name="returns_refuse", responses=STEP,
    summary="Refuse a return with a coded reason",
)  # fmt: skip
async def post_refuse(
    request: Request, reference: Reference, body: RefuseReturnIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """It is a claim again, received, and goes on as one."""
    told = (reference, body.reason, body.note)
    return await answer_once(request, desk, officer, key, ReturnMovedOut.of, refuse_return, *told)
