"""Members of a collective claim, their representatives and votes, the settlement plan, and its batch of payouts."""

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from pydantic import BeforeValidator, Field, StrictInt, StringConstraints

from desk.actions.collective import (
    Ballot,
    TakingPart,
    join_collective,
    leave_collective,
    name_representatives,
    vote_on_settlement,
)
from desk.actions.settlements import (
    LONGEST_HOURS,
    PIECE,
    Plan,
    Settled,
    make_settlement,
    rows_to_settle,
    settle_rows,
    submit_settlement,
    withdraw_settlement,
)
from desk.domain.errors import BadInput
from desk.domain.incident import LineState, MemberState, Vote
from desk.domain.money import Money
from desk.domain.payout import Method
from desk.domain.policy import Viewer
from desk.ports import Desk
from desk.reads.settlements import SettlementView, settlement_view
from desk.web.api.incident_shapes import IncidentStepOut
from desk.web.api.shapes import In, MoneyIn, MoneyOut, Out, Prose
from desk.web.deps import Officer, OptionalKey, RequiredKey, TheDesk, reference_in, row_id
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step

router = APIRouter(prefix="/api/v1", tags=["incidents"])

ShortText = Annotated[str, StringConstraints(min_length=1, max_length=80)]
MOST_ROWS = 500


class MemberIn(In):
    """Whose claim, as it stands on the slip."""

    reference: ShortText


class VoteIn(MemberIn):
    """Whose claim, which plan it is about, and what its visitor says."""

    settlement: ShortText
    vote: Vote


class RepresentativesIn(In):
    """The claims of one to three members who joined."""

    references: Annotated[list[ShortText], Field(min_length=1, max_length=3)]


class OfferIn(In):
    """What one member is offered."""

    reference: ShortText
    amount: MoneyIn


class NoteIn(In):
    """What is said with a plan; a form's two signs of a line break count as one."""

    note: Annotated[Prose, BeforeValidator(lambda text: text.replace("\r\n", "\n") if isinstance(text, str) else text)]


class PlanIn(NoteIn):
    """An amount for each member, what is said with it, and for how many hours votes are taken."""

    lines: Annotated[list[OfferIn], Field(min_length=1, max_length=MOST_ROWS)]
    hours: Annotated[StrictInt, Field(ge=1, le=LONGEST_HOURS)] = 24

    def plan(self) -> Plan:
        """As the action takes it. Raises BadInput for an amount that is none or a claim named twice."""
        amounts: dict[str, Money] = {}
        for place, line in enumerate(self.lines):
            reference = reference_in(line.reference)
            if reference in amounts:
                raise BadInput(f"/lines/{place}/reference", "contradicts")
            amounts[reference] = line.amount.money(f"/lines/{place}/amount")
        return Plan(amounts, self.note, self.hours)


class SubmitIn(In):
    """How the whole batch is paid; what needs an account for each payee is proposed on the claim itself."""

    method: Literal["cash"]


class TakingPartOut(Out):
    """Where a claim stands in the collective claim."""

    reference: str
    incident: str
    state: MemberState
    representative: bool

    @classmethod
    def of(cls, done: TakingPart) -> "TakingPartOut":
        """The shape of it."""
        member = done.member
        return cls(
            reference=done.held.claim.reference, incident=str(member.incident_id), state=MemberState(member.state),
            representative=member.representative,
        )  # fmt: skip


class SettlementStepOut(Out):
    """A plan after a step; ask for it to see its rows."""

    id: str
    incident: str
    votes_until: datetime
    submitted_at: datetime | None
    withdrawn_at: datetime | None

    @classmethod
    def of(cls, done: Settled) -> "SettlementStepOut":
        """The shape of it."""
        row, zone = done.row, ZoneInfo(done.site.time_zone)
        submitted, withdrawn = (at.astimezone(zone) if at else None for at in (row.submitted_at, row.withdrawn_at))
        return cls(
            id=str(row.id), incident=str(row.incident_id), votes_until=row.votes_until.astimezone(zone), submitted_at=submitted,
            withdrawn_at=withdrawn,
        )  # fmt: skip


class OfferOut(Out):
    """One row: `vote` null is a no. `why` is the code by which its payout was refused; it may be handed in again."""

    reference: str
    amount: MoneyOut | None
    vote: Vote | None
    state: LineState
    why: str | None
    payout: str | None
    payout_state: str | None


class SettlementOut(Out):
    """A plan with its rows. `votes_closed`: all are given, or the time is over."""

    id: str
    incident: str
    note: str
    votes_until: datetime
    votes_closed: bool
    submitted: bool
    withdrawn: bool
    lines: list[OfferOut]

    @classmethod
    def of(cls, view: SettlementView) -> "SettlementOut":
        """The shape of a plan."""
        row = view.row
        lines = [
            OfferOut(
                reference=line.reference, amount=MoneyOut.of(line.amount.minor, line.amount.currency), vote=line.vote,
                state=line.state, why=line.why, payout=str(line.payout_id) if line.payout_id is not None else None,
                payout_state=line.payout_state,
            )
            for line in view.lines
        ]  # fmt: skip
        return cls(
            id=str(row.id), incident=str(row.incident_id), note=row.note, votes_until=view.votes_until,
            votes_closed=view.votes_closed, submitted=row.submitted_at is not None, withdrawn=row.withdrawn_at is not None,
            lines=lines,
        )  # fmt: skip


@router.post(
    "/collective/join", response_model=TakingPartOut, name="collective_join", responses=for_step(),
    summary="Let a claim join the collective claim of its cause",
)  # fmt: skip
async def post_join(request: Request, body: MemberIn, desk: TheDesk, officer: Officer, key: OptionalKey) -> Response:
    """At the counter, for the visitor. Nothing of the claim itself changes."""
    return await answer_once(request, desk, officer, key, TakingPartOut.of, join_collective, reference_in(body.reference))


@router.post(
    "/collective/leave", response_model=TakingPartOut, name="collective_leave", responses=for_step(),
    summary="Let a claim go on alone",
)  # fmt: skip
async def post_leave(request: Request, body: MemberIn, desk: TheDesk, officer: Officer, key: OptionalKey) -> Response:
    """It keeps every date and clock of its own."""
    return await answer_once(request, desk, officer, key, TakingPartOut.of, leave_collective, reference_in(body.reference))


@router.post(
    "/collective/vote", response_model=TakingPartOut, name="collective_vote", responses=for_step(),
    summary="Write down a member's vote",
)  # fmt: skip
async def post_vote(request: Request, body: VoteIn, desk: TheDesk, officer: Officer, key: OptionalKey) -> Response:
    """At the counter, for the visitor. It may be changed until votes are closed; no vote is a no."""
    ballot = Ballot(row_id(body.settlement), body.vote)
    return await answer_once(
        request, desk, officer, key, TakingPartOut.of, vote_on_settlement, reference_in(body.reference), ballot
    )  # fmt: skip


@router.post(
    "/incidents/{incident_id}/representatives", response_model=IncidentStepOut, name="incidents_represent",
    responses=for_step(), summary="Name the representatives",
)  # fmt: skip
async def post_representatives(
    request: Request, incident_id: str, body: RepresentativesIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """One to three members who joined, in place of those before."""
    named = [reference_in(reference) for reference in body.references]
    return await answer_once(request, desk, officer, key, IncidentStepOut.of, name_representatives, row_id(incident_id), named)


@router.post(
    "/incidents/{incident_id}/settlements", status_code=201, response_model=SettlementStepOut, name="settlements_make",
    responses=for_step("idempotency_key_missing"), summary="Offer each member an amount",
)  # fmt: skip
async def post_settlement(
    request: Request, incident_id: str, body: PlanIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """Each votes for themselves. Where the incident still waits for its plan, this is it."""
    shape, number = SettlementStepOut.of, row_id(incident_id)
    return await answer_once(request, desk, officer, key, shape, make_settlement, number, body.plan(), status=201)


@router.get("/settlements/{settlement_id}", name="settlements_get", responses=for_staff(), summary="A settlement plan")
async def get_settlement(settlement_id: str, desk: TheDesk, officer: Officer) -> SettlementOut:
    """With each row's vote, and what became of its payout."""
    return SettlementOut.of(await desk.read(settlement_view, officer, row_id(settlement_id), desk.kit))


@router.post(
    "/settlements/{settlement_id}/withdraw", response_model=SettlementStepOut, name="settlements_withdraw",
    responses=for_step("idempotency_key_missing"), summary="Take a plan back",
)  # fmt: skip
async def post_withdraw(
    request: Request, settlement_id: str, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """Before it is handed in; another may follow."""
    shape, number = SettlementStepOut.of, row_id(settlement_id)
    return await answer_once(request, desk, officer, key, shape, withdraw_settlement, number)


@router.post(
    "/settlements/{settlement_id}/submit", response_model=SettlementStepOut, name="settlements_submit",
    responses=for_step("idempotency_key_missing"), summary="Hand a plan in as a batch of payouts",
)  # fmt: skip
async def post_submit(
    request: Request, settlement_id: str, body: SubmitIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """By a cashier, once votes are closed. Each row is proposed by itself; handed in again, only those without a payout."""
    shape, number = SettlementStepOut.of, row_id(settlement_id)
    answer = await answer_once(request, desk, officer, key, shape, submit_settlement, number)
    await settle_all(desk, officer, number, Method(body.method))
    return answer


async def settle_all(desk: Desk, officer: Viewer, settlement_id: int, method: Method) -> None:
    """Propose the payouts of a batch that was handed in, a piece at a time; what is left after trouble is tried the next time."""
    waiting = await desk.read(rows_to_settle, settlement_id)
    for at in range(0, len(waiting), PIECE):
        await desk.write(settle_rows, officer, settlement_id, waiting[at : at + PIECE], method)
