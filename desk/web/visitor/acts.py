"""What a visitor does on the status page: answer, object, withdraw, reopen, change contact. Plain forms, no scripts.

Each form carries its own key, minted when the page was rendered, so that a double tap acts once. A refusal shows the page
again with what was typed. What gives up an agreed refund or an offer is asked once more on a page of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, StringConstraints, ValidationError

from desk.actions.collective import Ballot, join_collective, leave_collective, vote_on_settlement
from desk.actions.endings import object_to_refund, reopen_claim, withdraw_claim
from desk.actions.follow_up import Rating, rate_claim
from desk.actions.messages import answer_questions
from desk.actions.once import once
from desk.actions.payout_resolution import say_received
from desk.actions.returns import Asked, Looked, start_return
from desk.actions.slips import change_contact
from desk.domain.errors import DeskError, Forbidden
from desk.domain.follow_up import HIGHEST, LOWEST
from desk.domain.incident import Vote
from desk.domain.policy import Act
from desk.web.api.correspondence import ContactIn, TextIn
from desk.web.api.returns import Item
from desk.web.api.shapes import Day, Name, Prose
from desk.web.deps import RequestId, TheDesk, row_id
from desk.web.once import attempt_of, one_at_a_time
from desk.web.pages import same_site
from desk.web.refused import Failed
from desk.web.visitor.visit import GO_ALONE, Visit, over, visit_of

router = APIRouter(include_in_schema=False)


class WithdrawForm(BaseModel):
    """Why, if the visitor wants to say so."""

    text: Prose | None = None


class RateForm(BaseModel):
    """The button that was pressed, and words if the visitor has any."""

    rating: Annotated[int, Field(ge=LOWEST, le=HIGHEST)]
    text: Prose | None = None


class ReturnForm(BaseModel):
    """Which goods, and what the visitor knows of the purchase."""

    item: Item
    purchased_on: Day | None = None
    invoice_no: Name | None = None

    def asked(self) -> Asked:
        """As the action takes it."""
        return Asked(self.item, Looked(self.purchased_on, self.invoice_no))


class NoFields(BaseModel):
    """An act that needs no words."""


class VoteForm(BaseModel):
    """The plan whose offer stood on the page."""

    settlement: Annotated[str, StringConstraints(min_length=1, max_length=80)]

    def says(self, vote: Vote) -> Ballot:
        """As the action takes it. Raises NotFound for what can be no plan."""
        return Ballot(row_id(self.settlement), vote)


@dataclass(frozen=True, slots=True)
class Form:
    """One act: the action behind it, the shape of its fields, and how they become the action's argument."""

    action: Callable[..., Any]
    shape: type[BaseModel]
    argument: Callable[[Any], Any]


def _text(form: Any) -> str | None:  # noqa: ANN401 - one of the shapes that have a text
    return form.text or None


FORMS: Mapping[str, Form] = {
    Act.ANSWER: Form(answer_questions, TextIn, _text),
    Act.OBJECT: Form(object_to_refund, TextIn, _text),
    Act.WITHDRAW: Form(withdraw_claim, WithdrawForm, _text),
    Act.REOPEN: Form(reopen_claim, TextIn, _text),
    Act.RATE: Form(rate_claim, RateForm, lambda form: Rating(form.rating, form.text)),
    Act.SAY_RECEIVED: Form(say_received, NoFields, lambda _: None),
    Act.START_RETURN: Form(start_return, ReturnForm, ReturnForm.asked),
    "join": Form(join_collective, NoFields, lambda _: None),
    GO_ALONE: Form(leave_collective, NoFields, lambda _: None),
    "vote_yes": Form(vote_on_settlement, VoteForm, lambda form: form.says(Vote.YES)),
    "vote_no": Form(vote_on_settlement, VoteForm, lambda form: form.says(Vote.NO)),
    Act.CHANGE_CONTACT: Form(change_contact, ContactIn, ContactIn.fields),
}


SURE = "sure"
"""The field by which a form says that the visitor was asked."""
GIVES_UP = frozenset({Act.OBJECT, Act.WITHDRAW, GO_ALONE})


@router.post("/status/{act}")
async def act_on_claim(request: Request, act: str, desk: TheDesk, request_id: RequestId) -> Response:
    """Do what the form says, then show the page anew; refused, show it with the reason and the typed text."""
    same_site(request)
    visit = await visit_of(request, desk, request_id)
    form = FORMS.get(act)
    if visit is None or form is None:
        return over(request)
    await request.body()  # kept from here on, for the form's fingerprint is taken over it
    typed = {name: str(value) for name, value in (await request.form()).items()}
    if not visit.is_own_form(typed.get("key", "")):
        raise Forbidden
    if act in GIVES_UP and SURE not in typed and (asked := await visit.asks_first(act, typed)):
        return asked
    try:
        await _do(request, visit, form, typed)
    except (DeskError, ValidationError) as refusal:
        failed = Failed.of(request, act, refusal, typed)
        return await visit.page(failed=failed, forms=forms_for, status=failed.status)
    return visit.acted(act)


async def _do(request: Request, visit: Visit, form: Form, typed: Mapping[str, str]) -> None:
    """Run the action once for the form's key."""
    fields = form.shape(**{name: value for name, value in typed.items() if name not in ("key", SURE) and value.strip()})
    attempt = await attempt_of(request, visit.viewer, typed["key"][:128])
    async with one_at_a_time(request, attempt):
        argument = form.argument(fields)
        await visit.desk.write(once, attempt, _nothing, form.action, visit.viewer, visit.reference, argument)


def forms_for(visit: Visit, acts: tuple[str, ...]) -> list[tuple[str, str]]:
    """The acts that have a form, each with a fresh key."""
    return [(act, visit.form_key()) for act in acts if act in FORMS]


def _nothing(_result: object) -> str:
    return "{}"
