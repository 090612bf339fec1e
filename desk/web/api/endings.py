"""Withdrawing and reopening by an officer; the clocks of a claim with their working, and one of them lengthened."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field, StrictInt

from desk.actions.clocks import extend_clock
from desk.actions.endings import reopen_claim, withdraw_claim
from desk.reads.clocks import ClockWorking, clock_workings
from desk.web.api.correspondence import TextIn
from desk.web.api.decisions import MovedOut, moved_out
from desk.web.api.shapes import In, Out, Prose
from desk.web.deps import Officer, OptionalKey, ReaderLanguage, Reference, TheDesk
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step

router = APIRouter(prefix="/api/v1/claims", tags=["claims"])

ClockId = Annotated[str, Path(max_length=32, description="Which of the claim's clocks, such as `mediation`.")]


class WorkingOut(Out):
    """A clock, and how its deadline was counted, day by day."""

    id: str
    state: str
    base_at: datetime
    due_at: datetime
    stopped_at: datetime | None
    late: bool
    confirmed: bool
    provisional: bool
    source: str
    extendable: int
    lines: list[str]

    @classmethod
    def of(cls, working: ClockWorking) -> "WorkingOut":
        """The shape of a clock's working."""
        clock = working.clock
        return cls(
            id=clock.kind, state=clock.state, base_at=working.base_at, due_at=working.due_at, stopped_at=working.stopped_at,
            late=working.late, confirmed=clock.confirmed, provisional=clock.provisional, source=working.source,
            extendable=working.left, lines=list(working.lines),
        )  # fmt: skip


class ExtendIn(In):
    """By how many of its units a clock is lengthened, and why."""

    more: Annotated[StrictInt, Field(ge=1, le=3660)]
    reason: Prose


@router.post(
    "/{reference}/withdraw",
    response_model=MovedOut,
    name="claims_withdraw",
    responses=for_step(),
    summary="Withdraw for the visitor",
)
async def post_withdraw(
    request: Request, reference: Reference, body: TextIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """At the visitor's word, with the reason; running clocks become void."""
    return await answer_once(request, desk, officer, key, moved_out, withdraw_claim, reference, body.text)


@router.post(
    "/{reference}/reopen", response_model=MovedOut, name="claims_reopen", responses=for_step(), summary="Reopen an ended claim"
)
async def post_reopen(
    request: Request, reference: Reference, body: TextIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """With new facts or a reason; the manager's step."""
    return await answer_once(request, desk, officer, key, moved_out, reopen_claim, reference, body.text)


@router.get("/{reference}/clocks", name="clocks_list", responses=for_staff(), summary="How each deadline was counted")
async def get_clocks(reference: Reference, desk: TheDesk, officer: Officer, language: ReaderLanguage) -> list[WorkingOut]:
    """Every clock of the claim, oldest first, with its day-by-day working."""
    workings = await desk.read(clock_workings, officer, reference, language, desk.kit)
    return [WorkingOut.of(working) for working in workings]


@router.post(
    "/{reference}/clocks/{clock}/extend", response_model=MovedOut, name="clocks_extend",
    responses=for_step("not_extendable"), summary="Lengthen a time limit",
)  # fmt: skip
async def post_extend(
    request: Request, reference: Reference, clock: ClockId, body: ExtendIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """By the manager, before its deadline, as far as the rule pack allows; counted from where it began."""
    return await answer_once(request, desk, officer, key, moved_out, extend_clock, reference, clock, body.more, body.reason)
