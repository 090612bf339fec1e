"""What a visitor does with their claim: answer, object, withdraw, reopen, change contact. Their key travels in the body."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import ConfigDict, Field, StrictInt, StringConstraints

from desk.actions.endings import object_to_refund, reopen_claim, withdraw_claim
from desk.actions.follow_up import Rating, rate_claim
from desk.actions.messages import answer_questions
from desk.actions.payout_resolution import say_received
from desk.actions.returns import Asked, Looked, Returning, start_return
from desk.actions.slips import change_contact
from desk.actions.steps import Held
from desk.domain.claim import Outcome, State
from desk.domain.errors import BadInput
from desk.domain.follow_up import HIGHEST, LOWEST
from desk.domain.policy import Viewer
from desk.domain.stage import public_state, stage
from desk.ports import Desk
from desk.reads.visitors import Keyholder
from desk.web.api.shapes import Clean, Day, Email, In, Name, Out, Phone, Prose
from desk.web.api.status_shapes import EITHER_KEY
from desk.web.deps import Network, OptionalKey, RequestId, TheDesk
from desk.web.once import answer_once
from desk.web.openapi import for_visitor
from desk.web.visits import holder_of_code, holder_of_token, visitor_for

router = APIRouter(prefix="/api/v1/status", tags=["follow"])

ShortText = Annotated[str, StringConstraints(max_length=80)]


class VisitorIn(In):
    """The key to a claim: reference and code, or the token."""

    model_config = ConfigDict(json_schema_extra=EITHER_KEY)

    reference: ShortText | None = None
    access_code: ShortText | None = None
    token: ShortText | None = None

    async def holder(self, desk: Desk, network: str) -> Keyholder:
        """The claim the key opens. Raises BadInput for half a key or two, NotFound for a wrong one."""
        if self.token is not None and self.reference is None and self.access_code is None:
            return await holder_of_token(desk, self.token, network)
        if self.token is None and self.reference is not None and self.access_code is not None:
            return await holder_of_code(desk, self.reference, self.access_code, network)
        raise BadInput("/token" if self.token else "/reference", "missing")


class WordsIn(VisitorIn):
    """The key and what the visitor says."""

    text: Prose


class WithdrawIn(VisitorIn):
    """The key, and why, if the visitor wants to say so."""

    text: Prose | None = None


class RateIn(VisitorIn):
    """The key, one of five, and words if the visitor has any."""

    rating: Annotated[StrictInt, Field(ge=LOWEST, le=HIGHEST, description="1 is the worst, 5 the best")]
    text: Prose | None = None


class ChangeContactIn(VisitorIn):
    """The key, and what changes of the contact; a field left out stays, null removes it."""

    name: Name | None = None
    phone: Phone | None = None
    email: Email | None = None

    def fields(self) -> dict[str, str | None]:
        """The fields that were sent."""
        return self.model_dump(include=self.model_fields_set & {"name", "phone", "email"})


class AskReturnIn(VisitorIn):
    """The key, which goods go back, and what the visitor knows of the purchase; the claim's own day and receipt else."""

    item: Annotated[str, StringConstraints(min_length=1, max_length=400), Clean] = Field(examples=["毛峰茶一盒"])
    purchased_on: Day | None = None
    invoice_no: Name | None = None


class StandsOut(Out):
    """Where the claim stands after the act; ask the status for the sentence."""

    reference: str
    state: str = Field(description="one of the seven public states")
    stage: str


def stands_out(held: Held) -> StandsOut:
    """The shape of a claim after a visitor's act."""
    claim = held.claim
    at_stage = stage(State(claim.state), Outcome(claim.outcome) if claim.outcome else None, held.paying, claim.assessed)
    return StandsOut(reference=claim.reference, state=public_state(at_stage), stage=at_stage)


def _return_out(done: Returning) -> StandsOut:
    return stands_out(done.held)


async def visitor_and_claim(body: VisitorIn, desk: Desk, network: str, request_id: str) -> tuple[Viewer, str]:
    """Who holds the key, and the reference of their claim. Raises BadInput for half a key or two, NotFound for a wrong one."""
    holder = await body.holder(desk, network)
    return visitor_for(holder, request_id), holder.reference


@router.post(
    "/answer", response_model=StandsOut, name="status_answer", responses=for_visitor(), summary="Answer what the desk asked"
)
async def post_answer(
    request: Request, body: WordsIn, desk: TheDesk, network: Network, request_id: RequestId, key: OptionalKey
) -> Response:  # fmt: skip
    """The claim goes on as soon as the answer is there."""
    visitor, reference = await visitor_and_claim(body, desk, network, request_id)
    return await answer_once(request, desk, visitor, key, stands_out, answer_questions, reference, body.text)


@router.post(
    "/object", response_model=StandsOut, name="status_object", responses=for_visitor(), summary="Object and ask for mediation"
)
async def post_object(
    request: Request, body: WordsIn, desk: TheDesk, network: Network, request_id: RequestId, key: OptionalKey
) -> Response:  # fmt: skip
    """While a refund is agreed but not under way."""
    visitor, reference = await visitor_and_claim(body, desk, network, request_id)
    return await answer_once(request, desk, visitor, key, stands_out, object_to_refund, reference, body.text)


@router.post(
    "/received",
    response_model=StandsOut,
    name="status_received",
    responses=for_visitor(),
    summary="Say that the money has arrived",
)
async def post_received(
    request: Request, body: VisitorIn, desk: TheDesk, network: Network, request_id: RequestId, key: OptionalKey
) -> Response:  # fmt: skip
    """It is written down and moves nothing: cash is signed for, and a gateway gives its own word."""
    visitor, reference = await visitor_and_claim(body, desk, network, request_id)
    return await answer_once(request, desk, visitor, key, stands_out, say_received, reference)


@router.post("/rate", response_model=StandsOut, name="status_rate", responses=for_visitor(), summary="Say how it went")
async def post_rate(
    request: Request, body: RateIn, desk: TheDesk, network: Network, request_id: RequestId, key: OptionalKey
) -> Response:  # fmt: skip
    """After the claim has ended, unless its visitor withdrew it; to be changed within the objection window."""
    visitor, reference = await visitor_and_claim(body, desk, network, request_id)
    return await answer_once(request, desk, visitor, key, stands_out, rate_claim, reference, Rating(body.rating, body.text))


@router.post("/withdraw", response_model=StandsOut, name="status_withdraw", responses=for_visitor(), summary="Withdraw the claim")
async def post_withdraw(
    request: Request, body: WithdrawIn, desk: TheDesk, network: Network, request_id: RequestId, key: OptionalKey
) -> Response:  # fmt: skip
    """It can be reopened within the objection window."""
    visitor, reference = await visitor_and_claim(body, desk, network, request_id)
    return await answer_once(request, desk, visitor, key, stands_out, withdraw_claim, reference, body.text)


@router.post(
    "/return", response_model=StandsOut, name="status_return", responses=for_visitor(), summary="Ask to return the goods"
)
async def post_return(
    request: Request, body: AskReturnIn, desk: TheDesk, network: Network, request_id: RequestId, key: OptionalKey
) -> Response:  # fmt: skip
    """While the claim is received. An officer answers within two hours; a refused return is a claim again."""
    visitor, reference = await visitor_and_claim(body, desk, network, request_id)
    asked = Asked(body.item, Looked(body.purchased_on, body.invoice_no))
    return await answer_once(request, desk, visitor, key, _return_out, start_return, reference, asked)


@router.post(
    "/reopen", response_model=StandsOut, name="status_reopen", responses=for_visitor(), summary="Ask to reopen an ended claim"
)
async def post_reopen(
    request: Request, body: WordsIn, desk: TheDesk, network: Network, request_id: RequestId, key: OptionalKey
) -> Response:  # fmt: skip
    """Within the objection window, with what is new."""
    visitor, reference = await visitor_and_claim(body, desk, network, request_id)
    return await answer_once(request, desk, visitor, key, stands_out, reopen_claim, reference, body.text)


@router.post(
    "/contact",
    response_model=StandsOut,
    name="status_contact",
    responses=for_visitor(),
    summary="Change how the desk reaches you",
)
async def post_contact(
    request: Request, body: ChangeContactIn, desk: TheDesk, network: Network, request_id: RequestId, key: OptionalKey
) -> Response:  # fmt: skip
    """Sealed at once; the answer does not repeat it."""
    visitor, reference = await visitor_and_claim(body, desk, network, request_id)
    return await answer_once(request, desk, visitor, key, stands_out, change_contact, reference, body.fields())
