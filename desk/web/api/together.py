"""What a visitor does among those of the same cause: see what is offered, join, vote, go on alone. Their key is in the body."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field, StringConstraints

from desk.actions.collective import Ballot, TakingPart, join_collective, leave_collective, vote_on_settlement
from desk.domain.incident import MemberState, Vote
from desk.reads.settlements import Together, together_of
from desk.web.api.shapes import MoneyOut, Out
from desk.web.api.visitor_acts import StandsOut, VisitorIn, stands_out, visitor_and_claim
from desk.web.deps import Network, OptionalKey, RequestId, TheDesk, row_id
from desk.web.once import answer_once
from desk.web.openapi import for_visitor

router = APIRouter(prefix="/api/v1/status", tags=["follow"])


class VoteIn(VisitorIn):
    """The key, the settlement plan that was read, and a yes or a no to what it offers."""

    settlement: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    vote: Vote


class TogetherOut(Out):
    """Where a claim stands among those of its cause, and what a settlement plan offers it; `may` says what is possible now."""

    state: MemberState
    claims: int
    people: int
    representative: bool
    settlement: str | None = Field(description="to be named in a vote")
    offer: MoneyOut | None
    note: str | None
    vote: Vote | None
    votes_until: datetime | None
    may: list[str] = Field(examples=[["vote", "go-alone"]])

    @classmethod
    def of(cls, seen: Together) -> "TogetherOut":
        """The shape of it."""
        possible = {"join": seen.may_join, "vote": seen.may_vote, "go-alone": seen.may_leave}
        return cls(
            state=seen.state, claims=seen.claims, people=seen.people, representative=seen.representative,
            settlement=str(seen.settlement_id) if seen.offer else None, note=seen.note, vote=seen.vote if seen.offer else None,
            offer=MoneyOut.of(seen.offer.minor, seen.offer.currency) if seen.offer else None,
            votes_until=seen.votes_until if seen.offer else None, may=[act for act, now in possible.items() if now],
        )  # fmt: skip


class MatterOut(Out):
    """`together` is null for a claim that stands alone."""

    together: TogetherOut | None


def _part_out(done: TakingPart) -> StandsOut:
    return stands_out(done.held)


@router.post("/together", name="status_together", responses=for_visitor(), summary="What those of the same cause are offered")
async def post_together(body: VisitorIn, desk: TheDesk, network: Network, request_id: RequestId) -> MatterOut:
    """Nothing is changed by asking."""
    visitor, reference = await visitor_and_claim(body, desk, network, request_id)
    seen = await desk.read(together_of, visitor, reference, desk.kit)
    return MatterOut(together=TogetherOut.of(seen) if seen else None)


@router.post(
    "/join", response_model=StandsOut, name="status_join", responses=for_visitor(), summary="Join the claims of the same cause"
)
async def post_join(
    request: Request, body: VisitorIn, desk: TheDesk, network: Network, request_id: RequestId, key: OptionalKey
) -> Response:  # fmt: skip
    """Nothing of the claim itself changes, and it may go on alone at any time."""
    visitor, reference = await visitor_and_claim(body, desk, network, request_id)
    return await answer_once(request, desk, visitor, key, _part_out, join_collective, reference)


@router.post("/go-alone", response_model=StandsOut, name="status_go_alone", responses=for_visitor(), summary="Go on alone")
async def post_go_alone(
    request: Request, body: VisitorIn, desk: TheDesk, network: Network, request_id: RequestId, key: OptionalKey
) -> Response:  # fmt: skip
    """The claim keeps every date and deadline of its own."""
    visitor, reference = await visitor_and_claim(body, desk, network, request_id)
    return await answer_once(request, desk, visitor, key, _part_out, leave_collective, reference)


@router.post("/vote", response_model=StandsOut, name="status_vote", responses=for_visitor(), summary="Vote on what is offered")
async def post_vote(
    request: Request, body: VoteIn, desk: TheDesk, network: Network, request_id: RequestId, key: OptionalKey
) -> Response:  # fmt: skip
    """To be changed until votes are closed; no vote is a no."""
    visitor, reference = await visitor_and_claim(body, desk, network, request_id)
    ballot = Ballot(row_id(body.settlement), body.vote)
    return await answer_once(request, desk, visitor, key, _part_out, vote_on_settlement, reference, ballot)
