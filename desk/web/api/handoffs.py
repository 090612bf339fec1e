"""Hand-offs: offered by staff, led on by the partner itself or by whoever phones with it; and claims that partners hand in."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from desk.actions.handed_in import HandedIn, hand_in
from desk.actions.handoffs import Handed, move_handoff, offer_handoff, replay_handoff
from desk.domain.claim import Category, State
from desk.domain.errors import BadInput, NotFound
from desk.domain.handoff import HandoffState, PartnerKind, Post
from desk.domain.policy import Viewer
from desk.ports import Desk
from desk.reads.handoffs import HandoffView, handoff_view, handoffs_page
from desk.reads.pages import LARGEST_PAGE
from desk.reads.partners import kind_of
from desk.web.api.claims import DisputeIn, link_next
from desk.web.api.shapes import ClockOut, Code, In, Name, Out, Prose, RowId
from desk.web.deps import Officer, OfficerOrPartner, OptionalKey, Partner, Reference, RequiredKey, TheDesk, row_id
from desk.web.once import answer_once, attempt_of, one_at_a_time
from desk.web.openapi import for_staff, for_step, problems

router = APIRouter(prefix="/api/v1", tags=["hand-offs"])


class OfferIn(In):
    """To whom a claim is offered, and what they are asked to do; they read this and the reference, and nothing of the visitor."""

    partner: RowId
    asked: Prose = Field(examples=["请核查该店价格标示并回复。"])


class ReturnedIn(In):
    """Why a hand-off comes back."""

    reason: Prose


class WhomOut(Out):
    """A partner as a hand-off names it."""

    id: str
    kind: PartnerKind
    name: str

    @classmethod
    def of(cls, view: HandoffView) -> "WhomOut":
        """The shape of a hand-off's partner."""
        row = view.partner
        return cls(id=str(row.id), kind=PartnerKind(row.kind), name=row.name)


class HandoffOut(Out):
    """A hand-off as staff and its partner see it. `overtaken`: another partner took the claim first."""

    id: str
    reference: str
    site: str
    category: Category
    partner: WhomOut
    state: HandoffState
    asked: str
    reason: str | None
    overtaken: bool
    offered_at: datetime
    taken_at: datetime | None
    working_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, view: HandoffView) -> "HandoffOut":
        """The shape of a hand-off."""
        return cls(**_shown(view))


class HandoffLineOut(HandoffOut):
    """A hand-off on the staff's list. `post`: how telling the partner's system went; `why` is the code of the last try."""

    offered_by: str
    post: Post
    tries: int
    why: str | None

    @classmethod
    def of(cls, view: HandoffView) -> "HandoffLineOut":
        """The shape of a line."""
        row = view.row
        return cls(**_shown(view), offered_by=view.offered_by, post=Post(row.post), tries=row.tries, why=row.why)


class HandoffsOut(Out):
    """A page of hand-offs: open ones the longest offered first, all of them the newest first."""

    handoffs: list[HandoffLineOut]
    next: str | None = Field(description="cursor of the next page")


class HandoffsQuery(In):
    """Of which site, those that are open or all there were, how many, and from where on."""

    site: Code | None = None
    state: Literal["open", "all"] = "open"
    limit: int = Field(default=50, ge=1, le=LARGEST_PAGE)
    cursor: Annotated[str, Field(max_length=200)] | None = None


class HandoffStepOut(Out):
    """Where a hand-off stands after a step."""

    id: str
    reference: str
    state: HandoffState

    @classmethod
    def of(cls, handed: Handed) -> "HandoffStepOut":
        """The shape of a step."""
        return cls(id=str(handed.row.id), reference=handed.held.claim.reference, state=HandoffState(handed.row.state))


class HandInIn(DisputeIn):
    """A dispute that a partner hands in. `number` is its own: the same matter under it again adds no second claim."""

    number: Name = Field(examples=["12345-20260908-0042"])


class HandedInOut(Out):
    """What a partner tells the visitor: the reference, and the code or the address that opens the status page."""

    reference: str = Field(examples=["7Q4K92MDXT"])
    access_code: str = Field(examples=["48213907"])
    status_url: str
    state: State
    clocks: list[ClockOut]


@router.post(
    "/claims/{reference}/handoffs", status_code=201, response_model=HandoffStepOut, name="handoffs_offer", responses=for_step(),
    summary="Offer a claim to a partner",
)  # fmt: skip
async def post_offer(
    request: Request, reference: Reference, body: OfferIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """The claim's own clocks and state stay as they are. A partner's system is told by the worker, any other by phone."""
    told = (reference, partner_in(body.partner), body.asked)
    return await answer_once(request, desk, officer, key, HandoffStepOut.of, offer_handoff, *told, status=201)


@router.get("/handoffs", name="handoffs_list", responses=for_staff(), summary="Hand-offs")
async def list_handoffs(
    request: Request, response: Response, desk: TheDesk, officer: Officer, query: Annotated[HandoffsQuery, Query()]
) -> HandoffsOut:  # fmt: skip
    """Of a site, or of all of the officer's."""
    page = await desk.read(
        handoffs_page, officer, query.site, query.limit, query.cursor, open_only=query.state == "open"
    )  # fmt: skip
    link_next(request, response, page)
    return HandoffsOut(handoffs=[HandoffLineOut.of(view) for view in page.lines], next=page.next)


@router.post(
    "/handoffs", status_code=201, response_model=HandedInOut, name="handoffs_hand_in",
    responses=problems(
        "sign_in_needed", "idempotency_key_missing", "idempotency_key_in_flight", "idempotency_key_reused",
        "unsupported_media_type",
    ),
    summary="Hand a claim in",
)  # fmt: skip
async def post_hand_in(request: Request, body: HandInIn, desk: TheDesk, partner: Partner, key: RequiredKey) -> Response:
    """With a partner's own token, for its own site. The same matter under a known number: that claim as it stands."""
    found = await _handed_in(request, desk, partner, body, key)
    told = {name: getattr(found, name) for name in HandedInOut.model_fields}
    return Response(
        msgspec.json.encode(told), 201, {"Idempotent-Replayed": "true"} if found.known else None, "application/json"
    )  # fmt: skip


@router.get("/handoffs/{handoff_id}", name="handoffs_get", responses=for_staff(), summary="One hand-off")
async def get_handoff(handoff_id: str, desk: TheDesk, viewer: OfficerOrPartner) -> HandoffOut:
    """For staff of its site and for its own partner; somebody else's answers as one that is not there."""
    return HandoffOut.of(await desk.read(handoff_view, viewer, row_id(handoff_id)))


@router.post(
    "/handoffs/{handoff_id}/returned", response_model=HandoffStepOut, name="handoffs_return", responses=for_step(),
    summary="Give a hand-off back",
)  # fmt: skip
async def post_returned(
    request: Request, handoff_id: str, body: ReturnedIn, desk: TheDesk, viewer: OfficerOrPartner, key: OptionalKey
) -> Response:  # fmt: skip
    """With the reason. The desk may offer the claim to somebody else."""
    told = (row_id(handoff_id), HandoffState.RETURNED, body.reason)
    return await answer_once(request, desk, viewer, key, HandoffStepOut.of, move_handoff, *told)


@router.post(
    "/handoffs/{handoff_id}/replay", response_model=HandoffStepOut, name="handoffs_replay", responses=for_step(),
    summary="Tell a partner's system once more",
)  # fmt: skip
async def post_replay(request: Request, handoff_id: str, desk: TheDesk, officer: Officer, key: OptionalKey) -> Response:
    """By a manager, of an offer that nobody has taken. Its `webhook-id` is the same as before."""
    return await answer_once(request, desk, officer, key, HandoffStepOut.of, replay_handoff, row_id(handoff_id))


@router.post(
    "/handoffs/{handoff_id}/{step}", response_model=HandoffStepOut, name="handoffs_step", responses=for_step(),
    summary="Take a hand-off, work on it, finish it",
)  # fmt: skip
async def post_step(
    request: Request, handoff_id: str, step: Annotated[Literal["taken", "working", "done"], Path()], desk: TheDesk,
    viewer: OfficerOrPartner, key: OptionalKey,
) -> Response:  # fmt: skip
    """By its own partner, or by staff who phone with it. Of several offers of a claim the first that is taken ends the others."""
    told = (row_id(handoff_id), HandoffState(step))
    return await answer_once(request, desk, viewer, key, HandoffStepOut.of, move_handoff, *told)


def partner_in(text: str) -> int:
    """The partner that a field names. Raises BadInput at `/partner`."""
    try:
        return row_id(text)
    except NotFound:
        raise BadInput("/partner", "not_at_this_site") from None


async def _handed_in(request: Request, desk: Desk, partner: Viewer, body: HandInIn, key: str) -> HandedIn:
    attempt = await attempt_of(request, partner, key)
    kind = await desk.read(kind_of, partner)
    async with one_at_a_time(request, attempt):
        return await desk.append(hand_in(desk.kit, partner, body.told_by(kind.channel), body.number.strip(), attempt))


def _shown(view: HandoffView) -> dict[str, Any]:
    row = view.row
    return {
        "id": str(row.id), "reference": view.reference, "site": view.site, "category": view.category,
        "partner": WhomOut.of(view), "state": row.state, "asked": row.asked, "reason": row.reason,
        "overtaken": row.overtaken, "offered_at": view.offered_at, "taken_at": view.taken_at, "working_at": view.working_at,
        "ended_at": view.ended_at,
    }  # fmt: skip
