"""Returns of goods without a reason: asked for, answered, the goods back and what is refunded for them, or refused.

A return is a claim in `returning`. The rule proposes, a named officer decides; the money goes the way of every payout.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from desk.actions.payout_moves import refuse_while_paying
from desk.actions.scrub import scrubbed
from desk.actions.steps import Held, counting, earliest, hold, keep_clocks, officer_id, record, take
from desk.domain import promises
from desk.domain.audit import EventKind
from desk.domain.claim import Answer, State
from desk.domain.errors import AmountAboveDecided, BadInput, PayoutExists, WrongMoment
from desk.domain.lifecycle import Step, move_for
from desk.domain.money import Money
from desk.domain.policy import Act, Kind, Viewer
from desk.domain.returns import Pledge, Proposal, ReturnAnswer, ReturnOutcome, ReturnReason, propose
from desk.domain.triage import has_principal, principal, principal_known
from desk.ports import Row, Work
from desk.store import claims, payouts, returns
from desk.store import clocks as clock_rows
from desk.store.tables import GoodsReturnRow

_FACTS = ("custom_made", "altered", "damaged_in_transport")


@dataclass(frozen=True, slots=True)
class Looked:
    """What is known of a purchase and its goods; None leaves what stands."""

    purchased_on: date | None = None
    invoice_no: str | None = None
    custom_made: Answer | None = None
    altered: Answer | None = None
    damaged_in_transport: Answer | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A return as it is asked for: which goods, and what is known of them."""

    item: str
    looked: Looked = field(default_factory=Looked)


@dataclass(frozen=True, slots=True)
class Returning:
    """A return after an act, its claim, and what the rule says of it."""

    held: Held
    row: GoodsReturnRow
    proposal: Proposal
    pledge: Pledge | None


def start_return(work: Work, viewer: Viewer, reference: str, asked: Asked) -> Returning:
    """Ask for goods to be taken back: by the visitor, or at the counter for them.

    Day of purchase and receipt are the claim's own where none is named. Raises WrongMoment for a claim that is not received,
    BadInput for a purchase in the future. Source: SPEC 4, step "start a return"; 4.5.
    """
    held = hold(work, viewer, Act.START_RETURN, reference)
    move_for(State(held.claim.state), Step.START_RETURN)
    claim, number = held.claim, work.kit.lots.number()
    values = _seen(work, held, asked.looked)
    row: Row = {
        **dict.fromkeys(GoodsReturnRow.model_fields), "id": number, "claim_id": claim.id,
        "item": scrubbed(work, claim, asked.item), "purchased_on": claim.purchased_on, "invoice_no": claim.order_no,
        **dict.fromkeys(_FACTS, Answer.UNKNOWN.value), "requested_at": work.now,
        "requested_by": "visitor" if viewer.kind is Kind.VISITOR else "officer", **values,
    }  # fmt: skip
    added = returns.add(work.conn, row)
    return _told(work, take(work, held, Step.START_RETURN, data={"return": str(number), "facts": _facts_told(added)}), added)


def answer_return(work: Work, viewer: Viewer, reference: str, looked: Looked, note: str | None = None) -> Returning:
    """Agree to take the goods back: the visitor may bring them. Moves no state; `return_close` waits for the goods.

    Against a reason of the rule an officer says why. Raises WrongMoment once it was answered, BadInput where no pledge covers the
    purchase or that reason is missing, PayoutExists for what was refunded already. Source: SPEC 4.5, 5.4.
    """
    held, row = _hold(work, viewer, reference)
    if row.answer is not None:
        raise WrongMoment
    row, proposal, pledge = _looked_at(work, held, row, looked)
    if proposal.reasons and not (note or "").strip():
        raise BadInput("/note", "reason_missing")
    row = returns.change(work.conn, row, **_accepted(work, held, pledge))
    said = {"pledge": str(row.pledge_id), **_said(row, proposal)}
    record(work, held, EventKind.RETURN_ANSWERED, said, note)
    return _told(work, _run_on(work, held, EventKind.RETURN_ANSWERED), row)


def take_goods_back(
    work: Work, viewer: Viewer, reference: str, condition: str, looked: Looked, amount: Money | None = None
) -> Returning:  # fmt: skip
    """Write down that the goods are back and how they are, and decide what is refunded: the principal, or less.

    Goods that were brought along with the request are answered with it. Raises WrongMoment where they are back already,
    BadInput and PayoutExists as above, AmountAboveDecided for more than is asked. Source: SPEC 4.5.
    """
    held, row = _hold(work, viewer, reference)
    if row.goods_back_at is not None:
        raise WrongMoment
    row, proposal, pledge = _looked_at(work, held, row, looked)
    accepted = _accepted(work, held, pledge) if row.answer is None else {}
    decided = _decided(work, held, amount)
    row = returns.change(
        work.conn, row, **accepted, goods_back_at=work.now, goods_back_by=officer_id(viewer),
        condition=scrubbed(work, held.claim, condition), decided_minor=decided.minor,
    )  # fmt: skip
    said = {"pledge": str(row.pledge_id), "decided_minor": decided.minor, **_said(row, proposal)}
    record(work, held, EventKind.RETURN_GOODS_BACK, said, condition)
    return _told(work, _run_on(work, held, EventKind.RETURN_GOODS_BACK, decided_minor=decided.minor), row)


def refuse_return(
    work: Work, viewer: Viewer, reference: str, code: ReturnReason, note: str | None = None
) -> Returning:  # fmt: skip
    """Refuse a return with a coded reason: it is a claim again, and goes on as one.

    A reason that is not the rule's needs words. Raises WrongMoment while a payout is under way, BadInput without those words.
    Source: SPEC 4, "return refused"; 4.5.
    """
    held, row = _hold(work, viewer, reference)
    refuse_while_paying(held)
    _, proposal, _ = _judged(work, held, row)
    if code.value not in proposal.codes and not (note or "").strip():
        raise BadInput("/note", "reason_missing")
    said = {"code": code.value, **_said(row, proposal)}
    moved = take(work, held, Step.RETURN_REFUSED, reason=note, data=said, decided_minor=None)
    refused = {"answer": ReturnAnswer.REFUSED.value, "answered_at": work.now, "answered_by": officer_id(viewer)}
    ended = {"reason": code.value, "outcome": ReturnOutcome.REFUSED.value, "closed_at": work.now}
    return _told(work, moved, returns.change(work.conn, row, **(refused if row.answer is None else {}), **ended))


def _facts_told(row: GoodsReturnRow) -> dict[str, str | None]:
    """What the rule judged a purchase by, as the chain keeps it: its day and what was seen, but no number."""
    bought = row.purchased_on.isoformat() if row.purchased_on else None
    return {"purchased_on": bought, **{name: getattr(row, name) for name in _FACTS}}


def _said(row: GoodsReturnRow, proposal: Proposal) -> dict[str, Any]:
    """What every step of a return tells the chain: which it is, what was known, and what the rule had against it."""
    return {"return": str(row.id), "facts": _facts_told(row), "against": list(proposal.codes)}


def _hold(work: Work, viewer: Viewer, reference: str) -> tuple[Held, GoodsReturnRow]:
    """The claim, locked, and its open return. Raises WrongMoment for a claim that is no return."""
    held = hold(work, viewer, Act.HANDLE_RETURN, reference)
    if State(held.claim.state) is not State.RETURNING:
        raise WrongMoment
    return held, returns.open_one(work.conn, held.claim.id)


def _seen(work: Work, held: Held, looked: Looked) -> dict[str, Any]:
    """The columns of what was told or seen. Raises BadInput for a purchase in the future."""
    if looked.purchased_on and looked.purchased_on > work.now.astimezone(held.zone).date():
        raise BadInput("/purchased_on", "in_future")
    told = {"purchased_on": looked.purchased_on, "invoice_no": scrubbed(work, held.claim, looked.invoice_no)}
    told |= {name: getattr(looked, name) and getattr(looked, name).value for name in _FACTS}
    return {name: value for name, value in told.items() if value is not None}


def _looked_at(
    work: Work, held: Held, row: GoodsReturnRow, looked: Looked
) -> tuple[GoodsReturnRow, Proposal, Pledge | None]:  # fmt: skip
    """Write down what was seen, and what the rule says of it then."""
    values = _seen(work, held, looked)
    return _judged(work, held, returns.change(work.conn, row, **values) if values else row)


def _judged(work: Work, held: Held, row: GoodsReturnRow) -> tuple[GoodsReturnRow, Proposal, Pledge | None]:
    facts = returns.facts_of(work.conn, held.claim, row, held.zone)
    pledge = returns.pledge_relied_on(work.conn, row, facts, held.site.id)
    return row, propose(facts, pledge, work.kit.packs.by_version(held.claim.pack)), pledge


def _accepted(work: Work, held: Held, pledge: Pledge | None) -> dict[str, Any]:
    """The columns of an agreement. Without a pledge there is no basis: no refund, no recovery. Source: SPEC 5.4."""
    if pledge is None:
        raise BadInput("", "needs_pledge")
    if payouts.stands(work.conn, held.claim.id):
        raise PayoutExists
    return {
        "pledge_id": pledge.id, "answer": ReturnAnswer.GOODS_AWAITED.value, "answered_at": work.now,
        "answered_by": officer_id(held.viewer),
    }  # fmt: skip


def _decided(work: Work, held: Held, amount: Money | None) -> Money:
    """What is refunded: the amount named, else the principal; never above it. One not known must stay under `fast_limit`."""
    facts = claims.facts_of(work.conn, held.claim, work.now.astimezone(held.zone).date())
    if amount and amount.currency != held.claim.currency:
        raise BadInput("/amount/currency", "wrong_currency", currency=held.claim.currency)
    if not has_principal(facts):
        raise AmountAboveDecided
    if amount is None and not principal_known(facts):
        raise BadInput("/amount", "missing")
    decided = amount or Money(principal(facts), held.claim.currency)
    most = principal(facts)
    if not principal_known(facts):
        most = work.kit.packs.by_version(held.claim.pack).limits["fast_limit"].amount.minor - 1
    if decided.minor > most:
        raise AmountAboveDecided
    return decided


def _run_on(work: Work, held: Held, kind: EventKind, **values: Any) -> Held:  # noqa: ANN401 - columns of the claim
    """Let an event within `returning` act on the claim's clocks, and raise its version."""
    known = clock_rows.of_claim(work.conn, held.claim.id)
    counted = counting(work, held.claim, held.site)
    standing = keep_clocks(work, held, known, promises.after(promises.BY_EVENT[kind], known.values(), work.now, counted))
    claim = claims.change(work.conn, held.claim, due_at=earliest(standing), **values)
    return replace(held, claim=claim, clocks=tuple(standing))


def _told(work: Work, held: Held, row: GoodsReturnRow) -> Returning:
    _, proposal, pledge = _judged(work, held, row)
    return Returning(held, row, proposal, pledge)
