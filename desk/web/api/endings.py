"""Withdrawing and reopening by an officer; the clocks of a claim with their working."""

from datetime import datetime

from fastapi import APIRouter, Request, Response

from desk.actions.endings import reopen_claim, withdraw_claim
from desk.reads.clocks import ClockWorking, clock_workings
from desk.web.api.correspondence import TextIn
from desk.web.api.decisions import MovedOut, moved_out
from desk.web.api.shapes import Out
from desk.web.deps import Officer, OptionalKey, ReaderLanguage, Reference, TheDesk
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step

router = APIRouter(prefix="/api/v1/claims", tags=["claims"])


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
    lines: list[str]

    @classmethod
    def of(cls, working: ClockWorking) -> "WorkingOut":
        """The shape of a clock's working."""
        clock = working.clock
        return cls(
            id=clock.kind, state=clock.state, base_at=working.base_at, due_at=working.due_at, stopped_at=working.stopped_at,
            late=working.late, confirmed=clock.confirmed, provisional=clock.provisional, source=working.source,
            lines=list(working.lines),
        )  # fmt: skip


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
