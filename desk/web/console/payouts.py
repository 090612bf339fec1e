"""Paying at the counter: what is to be paid, one claim's refund, one payout and its steps, what waits for a second officer."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError

from desk.actions.fund import approve_withdrawal, refuse_withdrawal
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
    refuse_payout,
    send_payout,
)
from desk.domain.errors import BadInput, DeskError, Forbidden, FundInsufficient, NotFound, SecondOfficerNeeded
from desk.domain.money import Money, text_of
from desk.domain.payout import UNDER_WAY, Heard, Method, PayoutState, has_receipt
from desk.domain.policy import Act, Viewer
from desk.domain.typed import read_amount
from desk.ports import Desk, Kit
from desk.reads.board import sites_at_work
from desk.reads.fund import fund_view
from desk.reads.sends import stopped_sites
from desk.reads.settlements import settlements_to_pay
from desk.reads.till import Sheet, fund_of_claim, refund, sheet, to_pay, waiting
from desk.web.api.correspondence import ReasonIn
from desk.web.api.payouts import PayeeIn, ResolveIn, ReturnedIn
from desk.web.console.done import led_on
from desk.web.console.forms import KEY, acted, filled, staff_page, typed_in
from desk.web.console.session import Session, SignedIn
from desk.web.deps import Reference, TheDesk, row_id
from desk.web.pages import reader_language
from desk.web.refused import Failed
from desk.wording import figures
from desk.wording.catalogue import text

router = APIRouter(prefix="/desk", include_in_schema=False)

STEPS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"approve": approve_payout, "send": send_payout, "received": receive_payout, "cancel": cancel_payout}
)
"""Steps of a payout that need no words."""

_RIGHT: Mapping[str, Act] = MappingProxyType(
    {
        "approve": Act.APPROVE_PAYOUT, "send": Act.SEND_PAYOUT, "received": Act.SEND_PAYOUT, "cancel": Act.CANCEL_PAYOUT,
        "resolve": Act.RESOLVE_PAYOUT, "returned": Act.RESOLVE_PAYOUT, "refuse": Act.CANCEL_PAYOUT,
    }
)  # fmt: skip
_OFFERED: Mapping[PayoutState, tuple[str, ...]] = MappingProxyType(
    {
        PayoutState.AWAITING_APPROVAL: ("approve", "cancel"), PayoutState.RESERVED: ("send", "cancel"),
        PayoutState.AWAITING_VISITOR: ("received", "cancel"), PayoutState.UNKNOWN: ("resolve",),
        PayoutState.SETTLED: ("returned",),
    }
)  # fmt: skip


def offered(viewer: Viewer, sheet: Sheet) -> list[str]:
    """The steps this officer may take now; only cash is handed over and signed for at the counter."""
    payout = sheet.view.payout
    steps = _OFFERED.get(PayoutState(payout.state), ())
    if payout.state == PayoutState.AWAITING_VISITOR and payout.method != Method.CASH:
        steps = ()
    if payout.state == PayoutState.SETTLED and (payout.method == Method.CASH or payout.returned_at):
        steps = ()
    return [step for step in steps if viewer.may(_RIGHT[step], payout.site_id)]


@router.get("/pay")
async def pay_page(request: Request, desk: TheDesk, session: SignedIn) -> Response:
    """Refunds that are agreed and not paid, nearest deadline first, and what each fund has left."""
    lines = await desk.read(to_pay, session.viewer, desk.kit)
    funds = [
        (site, await desk.read(fund_view, session.viewer, site.slug))
        for site in await desk.read(sites_at_work, session.viewer, Act.READ_FUND)
    ]
    stops = await desk.read(stopped_sites, session.viewer)
    return staff_page(
        request, session, "console/pay.html", here="pay", lines=lines, funds=funds, stops=stops, plain=text_of,
        batches=await desk.read(settlements_to_pay, session.viewer, desk.kit),
    )  # fmt: skip


@router.get("/claims/{reference}/payouts")
async def refund_page(request: Request, session: SignedIn, reference: Reference, desk: TheDesk) -> Response:
    """One claim's refund: the form to propose it, and whatever was tried before."""
    return await _refund(request, desk, session, reference)


@router.post("/claims/{reference}/payouts")
async def post_payout(request: Request, reference: Reference, desk: TheDesk, session: SignedIn) -> Response:
    """Propose a payout; its money is held from then on. A fund that is short is told to the manager."""
    typed = await typed_in(request, session)
    try:
        claim, _ = await desk.read(refund, session.viewer, reference, desk.kit)
        paying = await acted(request, session, typed[KEY], propose_payout, reference, _proposal(typed, claim.currency))
    except FundInsufficient as refusal:
        await desk.write(notice_short_fund, session.viewer, reference)
        has = await desk.read(fund_of_claim, session.viewer, reference)
        told = text("refund.fund_short", reader_language(request), amount=figures.money(has, reader_language(request)))
        failed = replace(Failed.of(request, "propose", refusal, typed), said=told, fields=("amount",))
        return await _refund(request, desk, session, reference, failed)
    except (Forbidden, NotFound):
        raise
    except (DeskError, ValidationError) as refusal:
        return await _refund(request, desk, session, reference, Failed.of(request, "propose", refusal, typed))
    onward = f"/desk/payouts/{paying.payout.id}" if paying else f"/desk/claims/{reference}/payouts"
    return led_on(request, onward, "propose")


@router.get("/payouts/{payout_id}")
async def payout_page(request: Request, payout_id: str, desk: TheDesk, session: SignedIn) -> Response:
    """Where one payout stands, through whose hands it went, and what may be done now."""
    return await sheet_page(request, desk, session, row_id(payout_id))


@router.post("/payouts/{payout_id}/{step}")
async def post_step(request: Request, payout_id: str, step: str, desk: TheDesk, session: SignedIn) -> Response:
    """Take a step; refused, the page again with the reason."""
    typed, number = await typed_in(request, session), row_id(payout_id)
    if step not in _RIGHT:
        raise NotFound
    try:
        if step == "resolve":
            told = ResolveIn(**filled(typed, "outcome", "evidence"))
            await acted(request, session, typed[KEY], resolve_payout, number, Heard(told.outcome), told.evidence)
        elif step == "returned":
            evidence = ReturnedIn(**filled(typed, "evidence")).evidence
            await acted(request, session, typed[KEY], say_returned, number, evidence)
        elif step == "refuse":
            await acted(request, session, typed[KEY], refuse_payout, number, ReasonIn(**filled(typed, "reason")).reason)
        else:
            await acted(request, session, typed[KEY], STEPS[step], number)
    except SecondOfficerNeeded as refusal:
        if step == "send":
            await desk.write(lapse_approval, session.viewer, number)
        return await sheet_page(request, desk, session, number, Failed.of(request, step, refusal, typed))
    except (Forbidden, NotFound):
        raise
    except (DeskError, ValidationError) as refusal:
        return await sheet_page(request, desk, session, number, Failed.of(request, step, refusal, typed))
    return led_on(request, f"/desk/payouts/{number}", step)


@router.get("/approvals")
async def approvals_page(request: Request, desk: TheDesk, session: SignedIn) -> Response:
    """Payouts and withdrawals that wait for a second officer, with every reason why."""
    return await _approvals(request, desk, session)


@router.post("/fund/{site}/withdrawals/{withdrawal_id}/approve")
async def post_withdrawal_approval(
    request: Request, site: str, withdrawal_id: str, desk: TheDesk, session: SignedIn
) -> Response:  # fmt: skip
    """Agree to a withdrawal as the second person; the money moves."""
    typed = await typed_in(request, session)
    try:
        await acted(request, session, typed[KEY], approve_withdrawal, site, row_id(withdrawal_id))
    except (Forbidden, NotFound):
        raise
    except DeskError as refusal:
        return await _approvals(request, desk, session, Failed.of(request, "withdrawal", refusal, typed))
    return led_on(request, "/desk/approvals", "withdrawal_approved")


@router.post("/fund/{site}/withdrawals/{withdrawal_id}/refuse")
async def post_withdrawal_refusal(
    request: Request, site: str, withdrawal_id: str, desk: TheDesk, session: SignedIn
) -> Response:  # fmt: skip
    """Refuse a withdrawal, or take one's own back; refused itself, the page again with what was typed."""
    typed, number = await typed_in(request, session), row_id(withdrawal_id)
    try:
        await acted(request, session, typed[KEY], refuse_withdrawal, site, number, ReasonIn(**filled(typed, "reason")).reason)
    except (Forbidden, NotFound):
        raise
    except (DeskError, ValidationError) as refusal:
        return await _approvals(request, desk, session, Failed.of(request, f"refuse-{number}", refusal, typed))
    return led_on(request, "/desk/approvals", "withdrawal_refused")


def _proposal(typed: Mapping[str, str], currency: str) -> Proposal:
    """What was typed, as the action takes it. Raises BadInput, ValidationError."""
    given, method = filled(typed, "amount", "account", "name"), typed.get("method", "")
    if method not in tuple(Method):
        raise BadInput("/method", "missing")
    payee = PayeeIn(account=given.get("account"), name=given.get("name"))
    return Proposal(Method(method), _amount(given.get("amount"), currency), payee.account, payee.name)


def _amount(typed: str | None, currency: str) -> Money | None:
    if typed is None:
        return None
    try:
        return read_amount(typed, currency)
    except (ValueError, OverflowError):
        raise BadInput("/amount", "bad_amount") from None


async def _refund(
    request: Request, desk: Desk, session: Session, reference: str, failed: Failed | None = None
) -> Response:  # fmt: skip
    claim, sheets = await desk.read(refund, session.viewer, reference, desk.kit)
    stands = any(one.view.payout.state in UNDER_WAY or _is_settled(one) for one in sheets)
    may = session.viewer.may(Act.PROPOSE_PAYOUT, claim.site_id) and claim.decided_minor is not None and not stands
    methods = [method.value for method in Method if method is Method.CASH or desk.kit.gateway is not None]
    return staff_page(
        request, session, "console/refund.html", failed.status if failed else 200, here="pay", claim=claim, sheets=sheets,
        decided=Money(claim.decided_minor, claim.currency) if claim.decided_minor else None, may_propose=may, methods=methods,
        address=f"/desk/claims/{reference}/payouts", failed=failed, money=_money,
    )  # fmt: skip


async def sheet_page(
    request: Request, desk: Desk, session: Session, payout_id: int, failed: Failed | None = None
) -> Response:  # fmt: skip
    """One payout's page, with the refusal that led here."""
    one = await desk.read(sheet, session.viewer, payout_id, desk.kit)
    stops = {site.id: stop for site, stop in await desk.read(stopped_sites, session.viewer)}
    return staff_page(
        request, session, "console/payout.html", failed.status if failed else 200, here="pay", sheet=one,
        payout=one.view.payout, steps=offered(session.viewer, one), address=f"/desk/payouts/{payout_id}",
        stop=stops.get(one.claim.site_id), failed=failed, money=_money, receipt=_receipt_of(one),
        taken_by=_taken_by(desk.kit, one),
    )  # fmt: skip


def _taken_by(kit: Kit, one: Sheet) -> datetime | None:
    """Until when the visitor may take in their app what awaits them there; None where no such app is, or the time is over."""
    payout, terms = one.view.payout, kit.gateway
    if terms is None or terms.taken_in is None or payout.gateway != terms.name or payout.first_sent_at is None:
        return None
    until = payout.first_sent_at + terms.taken_in.within
    return until if until > kit.clock.now() else None


async def _approvals(request: Request, desk: Desk, session: Session, failed: Failed | None = None) -> Response:
    found = await desk.read(waiting, session.viewer, desk.kit)
    return staff_page(
        request, session, "console/approvals.html", failed.status if failed else 200, here="approvals", waiting=found,
        address="/desk/approvals", failed=failed, money=_money,
    )  # fmt: skip


def _receipt_of(one: Sheet) -> bool:
    payout = one.view.payout
    return has_receipt(PayoutState(payout.state), Method(payout.method), returned=payout.returned_at is not None)


def _is_settled(one: Sheet) -> bool:
    return one.view.payout.state == PayoutState.SETTLED and one.view.payout.returned_at is None


def _money(minor: int, currency: str) -> Money:
    return Money(minor, currency)
