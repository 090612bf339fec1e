"""Collective claims on pages: members join, vote and leave at the counter, a plan is made, and a batch of payouts handed in."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from desk.actions.collective import Ballot, join_collective, leave_collective, name_representatives, vote_on_settlement
from desk.actions.settlements import METHODS, Plan, make_settlement, submit_settlement, withdraw_settlement
from desk.domain.errors import BadInput, DeskError, Forbidden, NotFound
from desk.domain.incident import Vote
from desk.domain.money import Money
from desk.domain.payout import Method
from desk.domain.policy import Act
from desk.domain.typed import read_amount
from desk.ports import Desk
from desk.reads.incidents import IncidentView, incident_view
from desk.reads.settlements import settlement_view
from desk.web.api.settlements import NoteIn, settle_all
from desk.web.console.done import led_on
from desk.web.console.forms import KEY, acted, filled, staff_page, typed_in
from desk.web.console.incident_forms import needed, number_in
from desk.web.console.incidents import incident_in_full
from desk.web.console.session import Session, SignedIn
from desk.web.deps import Reference, TheDesk, row_id
from desk.web.pages import reader_language
from desk.web.refused import Failed
from desk.wording import refusals

router = APIRouter(prefix="/desk", include_in_schema=False)

Typed = Mapping[str, str]
MEMBERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"join": join_collective, "leave": leave_collective, "yes": vote_on_settlement, "no": vote_on_settlement}
)
"""What an officer writes down for a member at the counter."""


@router.post("/incidents/{incident_id}/members/{reference}/{step}")
async def post_member(
    request: Request, incident_id: str, reference: Reference, step: str, desk: TheDesk, session: SignedIn
) -> Response:  # fmt: skip
    """Let a claim join, vote or leave, and go back to its page; refused, the incident's page says why."""
    typed = await typed_in(request, session)
    if step not in MEMBERS:
        raise NotFound
    more = [Ballot(row_id(typed.get("settlement", "")), Vote(step))] if step in list(Vote) else []
    try:
        await acted(request, session, typed[KEY], MEMBERS[step], reference, *more)
    except (Forbidden, NotFound):
        raise
    except DeskError as refusal:
        return await incident_in_full(request, desk, session, incident_id, Failed.of(request, step, refusal, typed))
    return led_on(request, f"/desk/claims/{reference}#part", f"member_{step}")


@router.post("/incidents/{incident_id}/representatives")
async def post_representatives(request: Request, incident_id: str, desk: TheDesk, session: SignedIn) -> Response:
    """Name the representatives by their ticked boxes; refused, the page again."""
    return await _acted(request, desk, session, incident_id, ("representatives", name_representatives, _ticked))


@router.post("/incidents/{incident_id}/settlement")
async def post_settlement(request: Request, incident_id: str, desk: TheDesk, session: SignedIn) -> Response:
    """Make a plan of the amounts that were typed; a member whose box is empty is offered nothing."""
    return await _acted(request, desk, session, incident_id, ("settlement", make_settlement, _plan))


@router.get("/settlements/{settlement_id}")
async def settlement_page(request: Request, settlement_id: str, desk: TheDesk, session: SignedIn) -> Response:
    """A plan row by row: offer, vote, payout; with the forms of whoever may act."""
    return await _page(request, desk, session, settlement_id)


@router.post("/settlements/{settlement_id}/{step}")
async def post_step(request: Request, settlement_id: str, step: str, desk: TheDesk, session: SignedIn) -> Response:
    """Hand the batch in, or take the plan back; each row of a batch tells on the page what became of it."""
    typed, number = await typed_in(request, session), row_id(settlement_id)
    if step not in ("submit", "withdraw"):
        raise NotFound
    try:
        if step == "withdraw":
            await acted(request, session, typed[KEY], withdraw_settlement, number)
        else:
            method = _method(typed)
            await acted(request, session, typed[KEY], submit_settlement, number)
            await settle_all(desk, session.viewer, number, method)
    except (Forbidden, NotFound):
        raise
    except DeskError as refusal:
        return await _page(request, desk, session, settlement_id, Failed.of(request, step, refusal, typed))
    return led_on(request, f"/desk/settlements/{number}", f"settlement_{step}")


async def _acted(
    request: Request, desk: Desk, session: Session, incident_id: str,
    what: tuple[str, Callable[..., Any], Callable[[Typed, IncidentView], Any]],
) -> Response:  # fmt: skip
    """Run one of the forms of an incident's page: what it is called, its action, and how its fields are read."""
    typed, (form, action, read) = await typed_in(request, session), what
    view = await desk.read(incident_view, session.viewer, row_id(incident_id), desk.kit)
    if not session.viewer.may(Act.HANDLE_INCIDENT, view.line.site.id):
        raise Forbidden
    try:
        await acted(request, session, typed[KEY], action, view.line.row.id, read(typed, view))
    except (Forbidden, NotFound):
        raise
    except (DeskError, ValidationError) as refusal:
        return await incident_in_full(request, desk, session, incident_id, Failed.of(request, form, refusal, typed))
    return led_on(request, f"/desk/incidents/{view.line.row.id}", form)


def _ticked(typed: Typed, view: IncidentView) -> list[str]:
    """The members whose boxes are ticked."""
    return [member.reference for member in view.members if typed.get(f"rep-{member.reference}")]


def _plan(typed: Typed, view: IncidentView) -> Plan:
    """The plan as it was typed. Raises BadInput, ValidationError."""
    amounts: dict[str, Money] = {}
    for member in view.members:
        name = f"amount-{member.reference}"
        if words := filled(typed, name):
            try:
                amounts[member.reference] = read_amount(words[name], view.line.site.currency)
            except (ValueError, OverflowError):
                raise BadInput(f"/{name}", "bad_amount") from None
    needed(typed, "hours", "note")
    return Plan(amounts, NoteIn(note=filled(typed, "note")["note"]).note, number_in(typed, "hours") or 0)


def _method(typed: Typed) -> Method:
    """How the batch is paid. Raises BadInput for a way that it cannot be."""
    if typed.get("method") not in {method.value for method in METHODS}:
        raise BadInput("/method", "missing")
    return Method(typed["method"])


async def _page(
    request: Request, desk: Desk, session: Session, settlement_id: str, failed: Failed | None = None
) -> Response:  # fmt: skip
    view = await desk.read(settlement_view, session.viewer, row_id(settlement_id), desk.kit)
    viewer, language = session.viewer, reader_language(request)
    return staff_page(
        request, session, "console/settlement.html", failed.status if failed else 200, here="pay", view=view, failed=failed,
        address=f"/desk/settlements/{view.row.id}", methods=sorted(METHODS),
        may_read_incident=viewer.may(Act.READ_INCIDENTS, view.site.id),
        may_submit=viewer.may(Act.PROPOSE_PAYOUT, view.site.id) and view.votes_closed and view.left and not view.row.withdrawn_at,
        may_withdraw=viewer.may(Act.HANDLE_INCIDENT, view.site.id) and not view.row.submitted_at and not view.row.withdrawn_at,
        may_read_claim=viewer.may(Act.READ_INCIDENTS, view.site.id), may_read_payout=viewer.may(Act.READ_PAYOUT, view.site.id),
        why=lambda code: refusals.title(code, language),
    )  # fmt: skip
