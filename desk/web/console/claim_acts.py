"""The forms of a claim's page: for each act the action behind it, how its fields become arguments, where the page goes on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from desk.actions.clocks import extend_clock
from desk.actions.deliveries import resend, tell_otherwise
from desk.actions.endings import reopen_claim, withdraw_claim
from desk.actions.facts import complete_facts
from desk.actions.follow_up import record_try
from desk.actions.handoffs import move_handoff_of, offer_handoff
from desk.actions.messages import answer_questions, record_silence, send_message, write_note
from desk.actions.returns import answer_return, refuse_return, start_return, take_goods_back
from desk.actions.slips import change_contact, link_claims, view_contact
from desk.actions.triage import Choice, assess_claim, confirm_triage
from desk.domain.claim import Route
from desk.domain.errors import BadInput
from desk.domain.follow_up import TRIES, Kind
from desk.domain.handoff import HandoffState
from desk.domain.money import Money
from desk.domain.typed import read_amount
from desk.web.api.claims import RespondentIn
from desk.web.api.correspondence import ContactIn, ReasonIn, TextIn
from desk.web.api.decisions import AssessmentIn
from desk.web.api.handoffs import OfferIn, partner_in
from desk.web.api.returns import AnswerReturnIn, AskedIn, GoodsBackIn, LookedIn, RefuseReturnIn
from desk.web.api.shapes import Prose
from desk.web.deps import reference_in, row_id


@dataclass(frozen=True, slots=True)
class Asked:
    """A form as it came, with the claim's currency and how many items it has."""

    typed: Mapping[str, str]
    currency: str
    items: int

    def given(self, *names: str) -> dict[str, Any]:
        """The named fields that hold something, stripped at both ends."""
        return {name: self.typed[name].strip() for name in names if self.typed.get(name, "").strip()}

    def amount(self, name: str) -> Money | None:
        """The amount in a field, None where it is empty. Raises BadInput for what is none."""
        typed = self.typed.get(name, "").strip()
        try:
            return read_amount(typed, self.currency) if typed else None
        except (ValueError, OverflowError):
            raise BadInput(f"/{name}", "bad_amount") from None

    def version(self) -> int:
        """The version of the claim that the form was made from. Raises BadInput for one that no form of ours carries."""
        typed = self.typed.get("version", "")
        if not (typed.isdecimal() and typed.isascii() and len(typed) < len("1000000000")):
            raise BadInput("/version", "bad_version")
        return int(typed)


@dataclass(frozen=True, slots=True)
class Form:
    """One act: its action, how its fields become what the action takes after the reference, and the part of the page to show."""

    action: Callable[..., Any]
    read: Callable[[Asked], tuple[Any, ...]]
    place: str


class MaybeText(BaseModel):
    """Words, if there are any."""

    text: Prose | None = None


def _nothing(_asked: Asked) -> tuple[()]:
    return ()


def _text(asked: Asked) -> tuple[str]:
    return (TextIn(**asked.given("text")).text,)


def _maybe_text(asked: Asked) -> tuple[str | None]:
    return (MaybeText(**asked.given("text")).text,)


def _reason(asked: Asked) -> tuple[str]:
    return (ReasonIn(**asked.given("reason")).reason,)


def _message(asked: Asked) -> tuple[str, str]:
    return (*_text(asked), "question" if asked.typed.get("question") else "message")


def _findings(asked: Asked) -> tuple[Any, ...]:
    told = AssessmentIn(
        **asked.given("not_at_fault", "facts_clear", "evidence_sufficient", "basis", "scope", "ground", "note")
    )  # fmt: skip
    relied = tuple(value for name, value in asked.typed.items() if name.startswith("relied-"))
    return told.found(), told.note, asked.version(), relied


def _facts(asked: Asked) -> tuple[Any, ...]:
    amounts = {place: amount for place in range(asked.items) if (amount := asked.amount(f"amount{place}"))}
    named = RespondentIn(**asked.given("name", "kind")) if asked.typed.get("name", "").strip() else None
    return amounts, named.written() if named else None, asked.version()


def _route(asked: Asked, name: str) -> Route:
    chosen = asked.typed.get(name, "")
    if chosen not in tuple(Route):
        raise BadInput(f"/{name}", "missing")
    return Route(chosen)


def _confirmed(asked: Asked) -> tuple[Any, ...]:
    return Choice(_route(asked, "route"), amount=asked.amount("amount")), asked.version()


def _part(asked: Asked) -> tuple[Any, ...]:
    amount = asked.amount("amount")
    if amount is None:
        raise BadInput("/amount", "missing")
    return Choice(Route.FAST_REFUND, amount=amount), asked.version()


def _overridden(asked: Asked) -> tuple[Any, ...]:
    reason = ReasonIn(**asked.given("reason")).reason
    choice = Choice(_route(asked, "route"), override=True, reason=reason, amount=asked.amount("amount"))
    return choice, asked.version()


def _try(asked: Asked) -> tuple[Kind]:
    outcome = asked.typed.get("outcome", "")
    if outcome not in tuple(TRIES):
        raise BadInput("/outcome", "missing")
    return (Kind(outcome),)


def _contact(asked: Asked) -> tuple[dict[str, str | None]]:
    return (ContactIn(**asked.given("name", "phone", "email")).fields(),)


def _other(asked: Asked) -> tuple[str]:
    return (reference_in(asked.typed.get("reference", "")),)


def _longer(asked: Asked) -> tuple[str, int, str]:
    typed = asked.typed.get("more", "").strip()
    if not (typed.isdecimal() and typed.isascii() and len(typed) < len("10000") and int(typed)):
        raise BadInput("/more", "too_small", limit=1)
    return asked.typed.get("clock", ""), int(typed), ReasonIn(**asked.given("reason")).reason


LOOKED = tuple(LookedIn.model_fields)


def _return_asked(asked: Asked) -> tuple[Any, ...]:
    return (AskedIn(**asked.given("item", *LOOKED)).asked(),)


def _return_answered(asked: Asked) -> tuple[Any, ...]:
    told = AnswerReturnIn(**asked.given("note", *LOOKED))
    return told.looked(), told.note


def _goods_back(asked: Asked) -> tuple[Any, ...]:
    told = GoodsBackIn(**asked.given("condition", *LOOKED))
    return told.condition, told.looked(), asked.amount("amount")


def _return_refused(asked: Asked) -> tuple[Any, ...]:
    told = RefuseReturnIn(**asked.given("reason", "note"))
    return told.reason, told.note


def _offered(asked: Asked) -> tuple[int, str]:
    if not asked.given("partner"):
        raise BadInput("/partner", "missing")
    told = OfferIn(**asked.given("partner", "asked"))
    return partner_in(told.partner), told.asked


def _led_on(asked: Asked, to: HandoffState) -> tuple[Any, ...]:
    reason = (ReasonIn(**asked.given("reason")).reason,) if to is HandoffState.RETURNED else ()
    return row_id(asked.typed.get("handoff", "")), to, *reason


ACTS: Mapping[str, Form] = MappingProxyType(
    {
        "resend": Form(resend, _nothing, "told"),
        "told": Form(tell_otherwise, _reason, "told"),
        "message": Form(send_message, _message, "talk"),
        "note": Form(write_note, _text, "notes"),
        "answer": Form(answer_questions, _text, "talk"),
        "silence": Form(record_silence, _reason, "talk"),
        "assess": Form(assess_claim, _findings, "verdict"),
        "facts": Form(complete_facts, _facts, "verdict"),
        "decide": Form(confirm_triage, _confirmed, "main"),
        "part": Form(confirm_triage, _part, "main"),
        "override": Form(confirm_triage, _overridden, "main"),
        "link": Form(link_claims, _other, "linked"),
        "contact": Form(change_contact, _contact, "visitor"),
        "contact-view": Form(view_contact, _reason, "visitor"),
        "extend": Form(extend_clock, _longer, "clocks"),
        "withdraw": Form(withdraw_claim, _maybe_text, "main"),
        "reopen": Form(reopen_claim, _text, "main"),
        "follow_up": Form(record_try, _try, "main"),
        "handoff": Form(offer_handoff, _offered, "handoffs"),
        **{
            f"handoff-{to.value}": Form(move_handoff_of, partial(_led_on, to=to), "handoffs")
            for to in HandoffState
            if to is not HandoffState.OFFERED
        },
        "return": Form(start_return, _return_asked, "return"),
        "return-answer": Form(answer_return, _return_answered, "return"),
        "return-back": Form(take_goods_back, _goods_back, "return"),
        "return-refuse": Form(refuse_return, _return_refused, "return"),
    }
)
"""Every act of the page, by the last part of its address."""
