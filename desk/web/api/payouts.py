"""Paying a fast refund: propose, approve, send, receive, cancel, resolve; payouts and notices shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from desk.actions.payout_moves import Paying
from desk.actions.payout_resolution import resolve_payout
from desk.actions.payout_returns import say_returned
from desk.actions.payouts import (
    Proposal,
    approve_payout,
    cancel_payout,
    lapse_approval,
    notice_short_fund,
    propose_payout,
    receive_payout,
    send_payout,
)
from desk.domain.errors import FundInsufficient, SecondOfficerNeeded
from desk.domain.notice import NoticeKind
from desk.domain.payout import Heard, Method, PayoutState
from desk.domain.runway import Runway
from desk.reads.fund import runway_view
from desk.reads.pages import LARGEST_PAGE
from desk.reads.payouts import NoticeLine, PayoutView, open_notices, payout_view, payouts_of_claim, payouts_page
from desk.web.api.claims import link_next
from desk.web.api.fund import Site
from desk.web.api.shapes import Code, In, MoneyIn, MoneyOut, Name, Out, Prose
from desk.web.deps import Officer, ReaderLanguage, Reference, RequiredKey, TheDesk, row_id
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step
from desk.wording.notices import detail

router = APIRouter(prefix="/api/v1", tags=["pay"])


async def _payout_id(payout_id: Annotated[str, Path(description="As the proposal answered it.")]) -> int:
    return row_id(payout_id)


PayoutId = Annotated[int, Depends(_payout_id)]


class PayeeIn(In):
    """Whom to pay; sealed before it is stored. For cash it may stay out."""

    account: Name | None = None
    name: Name | None = None


class PayoutIn(In):
    """How the refund is paid. Without `amount` all that was decided."""

    method: Method
    amount: MoneyIn | None = None
    payee: PayeeIn | None = None

    def proposal(self) -> Proposal:
        """The proposal as the action takes it. Raises BadInput for an amount that is none."""
        amount = self.amount.money("/amount") if self.amount else None
        payee = self.payee or PayeeIn()
        return Proposal(self.method, amount, payee.account, payee.name)


class ResolveIn(In):
    """What became of the money, and what shows it: the gateway's own records, a bank's letter, a receipt."""

    outcome: Literal["settled", "failed"]
    evidence: Prose


class ReturnedIn(In):
    """What shows that the bank sent the money back: its notice, the line of an account's statement."""

    evidence: Prose


class PayoutOut(Out):
    """One refund on its way. `review` names the limits that ask for a second officer. Payees are not shown."""

    id: str
    reference: str
    state: PayoutState
    method: Method
    amount: MoneyOut
    review: list[str] = Field(examples=[["solo_limit"]])
    replaces: str | None
    proposed_at: datetime
    approved_at: datetime | None
    sent_at: datetime | None
    settled_at: datetime | None
    returned_at: datetime | None = Field(description="when the bank's return of a settled one was booked")
    said_received_at: datetime | None
    unknown_since: datetime | None
    resolve_as: str | None = Field(description="what a first officer says became of an unknown one; a second must agree")

    @classmethod
    def of(cls, view: PayoutView) -> "PayoutOut":
        """The shape of a payout, times at the site's own offset."""
        payout, zone = view.payout, view.zone
        amount = MoneyOut.of(payout.amount_minor, payout.currency)
        assert amount is not None
        told = {name: at.astimezone(zone) if (at := getattr(payout, name)) else None for name in _TIMES}
        if payout.state != PayoutState.UNKNOWN:
            told["unknown_since"] = None
        return cls(
            id=str(payout.id), reference=view.reference, state=PayoutState(payout.state), method=Method(payout.method),
            amount=amount, review=payout.review, replaces=str(payout.replaces_id) if payout.replaces_id else None,
            resolve_as=payout.resolve_as, **told,
        )  # fmt: skip


_TIMES = ("proposed_at", "approved_at", "sent_at", "settled_at", "returned_at", "said_received_at", "unknown_since")


class PayoutsOut(Out):
    """A page of payouts."""

    payouts: list[PayoutOut]
    next: str | None = Field(description="cursor of the next page")


class NoticeOut(Out):
    """What a manager must look at; `reference` is null where it is about the site itself. `detail` follows Accept-Language."""

    kind: str
    reference: str | None
    payout: str | None
    opened_at: datetime
    detail: str


class NoticesOut(Out):
    """What is open at a site, oldest first."""

    notices: list[NoticeOut]

    @classmethod
    def of(cls, lines: Sequence[NoticeLine], runway: Runway | None, language: str) -> "NoticesOut":
        """The shape of the lines; `runway` is the site's where one of them is about its fund."""
        return cls(
            notices=[
                NoticeOut(
                    kind=line.kind, reference=line.reference, payout=str(line.payout_id) if line.payout_id else None,
                    opened_at=line.opened_at, detail=detail(line.kind, language, runway),
                )
                for line in lines
            ]
        )  # fmt: skip


def payout_out(paying: Paying) -> PayoutOut:
    """The shape of a payout that took a step."""
    return PayoutOut.of(PayoutView(paying.payout, paying.held.claim.reference, paying.held.zone))


PROPOSE_RESPONSES = for_step("payout_exists", "amount_above_decided", "fund_insufficient", "idempotency_key_missing")


@router.post(
    "/claims/{reference}/payouts", status_code=201, response_model=PayoutOut, name="payouts_propose",
    responses=PROPOSE_RESPONSES, summary="Propose a payout and reserve its money",
)  # fmt: skip
async def post_payout(
    request: Request, reference: Reference, body: PayoutIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """The money is held from here on; `awaiting_approval` where a limit asks for a second officer."""
    try:
        return await answer_once(
            request, desk, officer, key, payout_out, propose_payout, reference, body.proposal(), status=201
        )  # fmt: skip
    except FundInsufficient:
        await desk.write(notice_short_fund, officer, reference)
        raise


@router.get("/claims/{reference}/payouts", name="payouts_of_claim", responses=for_staff(), summary="The payouts of a claim")
async def get_payouts_of_claim(reference: Reference, desk: TheDesk, officer: Officer) -> PayoutsOut:
    """Oldest first; more than one only where an earlier one failed, was cancelled or came back."""
    views = await desk.read(payouts_of_claim, officer, reference)
    return PayoutsOut(payouts=[PayoutOut.of(view) for view in views], next=None)


class PayoutsQuery(In):
    """Which payouts, how many, and from where on."""

    site: Code | None = None
    state: PayoutState | None = None
    limit: int = Field(default=50, ge=1, le=LARGEST_PAGE)
    cursor: Annotated[str, Field(max_length=200)] | None = None


@router.get("/payouts", name="payouts_list", responses=for_staff(), summary="List payouts in the order they were proposed")
async def list_payouts(
    request: Request, response: Response, desk: TheDesk, officer: Officer, query: Annotated[PayoutsQuery, Query()]
) -> PayoutsOut:  # fmt: skip
    """Payouts of the officer's sites, for instance those with `state=awaiting_approval`."""
    page = await desk.read(payouts_page, officer, query.site, query.state, query.limit, query.cursor)
    link_next(request, response, page)
    return PayoutsOut(payouts=[PayoutOut.of(view) for view in page.lines], next=page.next)


@router.get("/payouts/{payout_id}", name="payouts_get", responses=for_staff(), summary="One payout")
async def get_payout(payout_id: PayoutId, desk: TheDesk, officer: Officer) -> PayoutOut:
    """Where the payout stands. `unknown` means: do not pay again."""
    return PayoutOut.of(await desk.read(payout_view, officer, payout_id))


STEP: dict[str, Any] = {"response_model": PayoutOut, "responses": for_step("second_officer_needed", "idempotency_key_missing")}


@router.post("/payouts/{payout_id}/approve", name="payouts_approve", summary="Approve as the second officer", **STEP)
async def post_approve(request: Request, payout_id: PayoutId, desk: TheDesk, officer: Officer, key: RequiredKey) -> Response:
    """Never by who logged the claim, confirmed it or proposed the payout. Holds for 24 hours."""
    return await answer_once(request, desk, officer, key, payout_out, approve_payout, payout_id)


@router.post(
    "/payouts/{payout_id}/send", name="payouts_send", summary="Hand the cash over, or let the gateway pay",
    response_model=PayoutOut, responses=for_step("second_officer_needed", "sends_stopped", "idempotency_key_missing"),
)  # fmt: skip
async def post_send(request: Request, payout_id: PayoutId, desk: TheDesk, officer: Officer, key: RequiredKey) -> Response:
    """Cash answers `awaiting_visitor`; any other method answers `sending`, and the worker does the rest."""
    try:
        return await answer_once(request, desk, officer, key, payout_out, send_payout, payout_id)
    except SecondOfficerNeeded:
        await desk.write(lapse_approval, officer, payout_id)
        raise


@router.post("/payouts/{payout_id}/received", name="payouts_received", summary="The visitor signed for the cash", **STEP)
async def post_received(request: Request, payout_id: PayoutId, desk: TheDesk, officer: Officer, key: RequiredKey) -> Response:
    """Cash only: of any other method the gateway gives word."""
    return await answer_once(request, desk, officer, key, payout_out, receive_payout, payout_id)


@router.post("/payouts/{payout_id}/cancel", name="payouts_cancel", summary="Cancel before anything left", **STEP)
async def post_cancel(request: Request, payout_id: PayoutId, desk: TheDesk, officer: Officer, key: RequiredKey) -> Response:
    """Also takes back cash that the visitor did not sign for."""
    return await answer_once(request, desk, officer, key, payout_out, cancel_payout, payout_id)


@router.post("/payouts/{payout_id}/resolve", name="payouts_resolve", summary="Say what became of an unknown payout", **STEP)
async def post_resolve(
    request: Request, payout_id: PayoutId, body: ResolveIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """Two persons with evidence: the first one's word is kept, the second one's same word moves the money."""
    said = (Heard(body.outcome), body.evidence)
    return await answer_once(request, desk, officer, key, payout_out, resolve_payout, payout_id, *said)


@router.post("/payouts/{payout_id}/returned", name="payouts_returned", summary="The bank sent a settled payout back", **STEP)
async def post_returned(
    request: Request, payout_id: PayoutId, body: ReturnedIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """Two persons with evidence, as for an unknown one; the claim is to be paid again, by a payout that names this one."""
    return await answer_once(request, desk, officer, key, payout_out, say_returned, payout_id, body.evidence)


@router.get("/sites/{site}/notices", name="notices_list", responses=for_staff(), summary="What a manager must look at")
async def list_notices(site: Site, desk: TheDesk, officer: Officer, language: ReaderLanguage) -> NoticesOut:
    """A fund that was short or runs low, payouts unknown, never gone or contradicted by the gateway; oldest first."""
    lines = await desk.read(open_notices, officer, site)
    low = any(line.kind == NoticeKind.FUND_LOW for line in lines)
    return NoticesOut.of(lines, await desk.read(runway_view, officer, site, desk.kit) if low else None, language)
