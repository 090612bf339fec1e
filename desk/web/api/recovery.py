"""Recoveries: what respondents owe for settled payouts, listed by age, and every step by which it comes back or is given up."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from desk.actions.recovery import accept, contest, demand, plan_instalments, record_payment, uphold, use_deposit
from desk.actions.recovery_decisions import approve_decision, propose_decision, refuse_decision
from desk.actions.recovery_moves import Recovering
from desk.domain.money import text_of
from desk.domain.policy import Act, Viewer
from desk.domain.recovery import DecisionKind
from desk.ports import Desk
from desk.reads.pages import LARGEST_PAGE
from desk.reads.recovery import Filters, RecoveryView, ageing, recoveries_page, recovery_after, recovery_file
from desk.web.api.claims import link_next
from desk.web.api.fund import Site
from desk.web.api.recovery_shapes import (
    AcceptIn,
    ApproveIn,
    ContestIn,
    DemandIn,
    InstalmentsIn,
    PaymentIn,
    RecoveriesOut,
    RecoveriesQuery,
    RecoveryFileOut,
    RecoveryOut,
    RefuseIn,
    ReviewIn,
    UseDepositIn,
    WriteOffIn,
)
from desk.web.csv import csv_file
from desk.web.deps import Officer, RequiredKey, TheDesk, row_id
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step

router = APIRouter(prefix="/api/v1", tags=["recovery"])


async def _recovery_id(recovery_id: Annotated[str, Path(description="The id of the payout that is recovered.")]) -> int:
    return row_id(recovery_id)


RecoveryId = Annotated[int, Depends(_recovery_id)]


@router.get("/sites/{site}/recoveries", name="recoveries_list", responses=for_staff(), summary="What respondents owe, by age")
async def list_recoveries(
    request: Request, response: Response, site: Site, desk: TheDesk, officer: Officer, query: Annotated[RecoveriesQuery, Query()]
) -> RecoveriesOut:  # fmt: skip
    """The most overdue first; `ageing` sums all that is open at the site."""
    now = desk.kit.clock.now()
    respondent = row_id(query.respondent) if query.respondent else None
    filters = Filters(site, query.open, query.state, respondent, query.age)
    page = await desk.read(recoveries_page, officer, filters, now, query.limit, query.cursor)
    link_next(request, response, page)
    return RecoveriesOut.of(page, await desk.read(ageing, officer, site, now))


@router.get(
    "/sites/{site}/recoveries.csv", name="recoveries_csv", responses=for_staff() | {200: {"content": {"text/csv": {}}}},
    response_class=StreamingResponse, summary="Every recovery of a site as CSV",
)  # fmt: skip
async def get_recoveries_csv(site: Site, desk: TheDesk, officer: Officer) -> StreamingResponse:
    """One row a recovery, the oldest first, ended ones too."""
    return await recoveries_csv(desk, officer, site)


@router.get("/recoveries/{recovery_id}", name="recoveries_get", responses=for_staff(), summary="One recovery with its history")
async def get_recovery(recovery_id: RecoveryId, desk: TheDesk, officer: Officer) -> RecoveryFileOut:
    """Its letters, the plan of instalments, and what happened, oldest first."""
    return RecoveryFileOut.of_file(await desk.read(recovery_file, officer, recovery_id, desk.kit.clock.now()))


def _step(*codes: str) -> dict[str, Any]:
    return {"response_model": RecoveryOut, "responses": for_step(*codes, "idempotency_key_missing")}


@router.post(
    "/recoveries/{recovery_id}/demand", name="recoveries_demand", summary="Demand what is open", **_step("respondent_unnamed")
)  # fmt: skip
async def post_demand(
    request: Request, recovery_id: RecoveryId, body: DemandIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """Adds a numbered letter and restarts the limitation. A later demand is a reminder."""
    return await answer_once(request, desk, officer, key, _shape(desk), demand, recovery_id, body.pay_by)


@router.post("/recoveries/{recovery_id}/accept", name="recoveries_accept", summary="The respondent accepts", **_step())
async def post_accept(
    request: Request, recovery_id: RecoveryId, body: AcceptIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """After a demand, or after a contest that is withdrawn."""
    return await answer_once(request, desk, officer, key, _shape(desk), accept, recovery_id, body.note)


@router.post("/recoveries/{recovery_id}/contest", name="recoveries_contest", summary="The respondent contests", **_step())
async def post_contest(
    request: Request, recovery_id: RecoveryId, body: ContestIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """Until it is reviewed nothing more is demanded, taken from the deposit or written off."""
    return await answer_once(request, desk, officer, key, _shape(desk), contest, recovery_id, body.words)


@router.post(
    "/recoveries/{recovery_id}/review", name="recoveries_review", summary="Review a contest", **_step("amount_above_open")
)  # fmt: skip
async def post_review(
    request: Request, recovery_id: RecoveryId, body: ReviewIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """Upheld at once; reduced or void when a second person agrees to the `decision`."""
    amount = body.reduction()
    if body.outcome == "upheld":
        return await answer_once(request, desk, officer, key, _shape(desk), uphold, recovery_id, body.reason)
    kind = DecisionKind.REDUCE if body.outcome == "reduced" else DecisionKind.VOID
    told = (recovery_id, kind, body.reason, amount)
    return await answer_once(request, desk, officer, key, _shape(desk), propose_decision, *told)


@router.post("/recoveries/{recovery_id}/instalments", name="recoveries_plan", summary="Agree on instalments", **_step())
async def post_instalments(
    request: Request, recovery_id: RecoveryId, body: InstalmentsIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """They pay exactly what is open, on later and later days. A new plan replaces the one before."""
    return await answer_once(request, desk, officer, key, _shape(desk), plan_instalments, recovery_id, body.plan())


@router.post(
    "/recoveries/{recovery_id}/payments", name="recoveries_pay", summary="Record a payment", **_step("amount_above_open")
)  # fmt: skip
async def post_payment(
    request: Request, recovery_id: RecoveryId, body: PaymentIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """Whole or in part. After a write-off it counts against what was written off."""
    told = (recovery_id, body.amount.money("/amount"), body.how, body.note)
    return await answer_once(request, desk, officer, key, _shape(desk), record_payment, *told)


@router.post(
    "/recoveries/{recovery_id}/deposit", name="recoveries_use_deposit", summary="Take it from the deposit",
    **_step("amount_above_open", "deposit_insufficient"),
)  # fmt: skip
async def post_deposit(
    request: Request, recovery_id: RecoveryId, body: UseDepositIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """Whole or in part, after a demand and not while it is contested."""
    amount = body.amount.money("/amount")
    return await answer_once(request, desk, officer, key, _shape(desk), use_deposit, recovery_id, amount)


@router.post("/recoveries/{recovery_id}/write-off", name="recoveries_write_off", summary="Ask to write the rest off", **_step())
async def post_write_off(
    request: Request, recovery_id: RecoveryId, body: WriteOffIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """Nothing is written off before a second person agrees to the `decision`."""
    told = (recovery_id, DecisionKind.WRITE_OFF, body.reason)
    return await answer_once(request, desk, officer, key, _shape(desk), propose_decision, *told)


@router.post(
    "/recoveries/{recovery_id}/approve", name="recoveries_approve", summary="Agree to what waits",
    **_step("second_officer_needed", "amount_above_open"),
)  # fmt: skip
async def post_approve(
    request: Request, recovery_id: RecoveryId, body: ApproveIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """By another manager, or by any cashier where the site has only one manager."""
    told = (recovery_id, row_id(body.decision))
    return await answer_once(request, desk, officer, key, _shape(desk), approve_decision, *told)


@router.post("/recoveries/{recovery_id}/refuse", name="recoveries_refuse", summary="Refuse what waits", **_step())
async def post_refuse(
    request: Request, recovery_id: RecoveryId, body: RefuseIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """By a second person, or by who proposed it, who so takes it back."""
    told = (recovery_id, row_id(body.decision), body.reason)
    return await answer_once(request, desk, officer, key, _shape(desk), refuse_decision, *told)


async def recoveries_csv(desk: Desk, officer: Viewer, site: str) -> StreamingResponse:
    """The recoveries as a file; the console hands it out too. Raises NotFound for a foreign site, Forbidden."""
    now = desk.kit.clock.now()
    return await csv_file(
        f"recoveries-{site}", COLUMNS, _cells,
        lambda cursor: desk.read(recoveries_page, officer, Filters(site), now, LARGEST_PAGE, cursor, Act.EXPORT_FUND),
    )  # fmt: skip


COLUMNS = (
    "recovery", "reference", "respondent", "state", "basis", "amount", "open", "recovered", "written_off", "returned", "currency",
    "opened_at", "age_days", "demanded_at", "lapses_at", "ended_at",
)  # fmt: skip


def _cells(view: RecoveryView) -> tuple[object, ...]:
    row, zone = view.row, view.zone
    sums = (row.amount_minor, view.open_minor, row.recovered_minor, row.written_off_minor, row.returned_minor)
    times = (row.opened_at, row.demanded_at, row.lapses_at, row.ended_at)
    opened, *others = (at.astimezone(zone).isoformat() if at else None for at in times)
    amounts = (text_of(minor, row.currency) for minor in sums)
    about = (row.payout_id, view.reference, view.respondent, row.state, row.basis)
    return (*about, *amounts, row.currency, opened, view.days, *others)


def recovery_out(done: Recovering, now: datetime) -> RecoveryOut:
    """The shape of a recovery that took a step."""
    name = done.respondent.name if done.respondent else None
    return RecoveryOut.of(recovery_after(done.row, done.held.claim.reference, done.held.site, name, done.waiting, now))


def _shape(desk: Desk) -> Callable[[Recovering], RecoveryOut]:
    return lambda done: recovery_out(done, desk.kit.clock.now())
