"""Paying a small, clear claim: proposed by a cashier, approved by a second officer where one is needed, sent, received.

What a gateway says is `payout_words`; how any step is written down is `payout_moves`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from desk.actions.payout_moves import Paying, hold_payout, is_doubted, look_again, move, note, refresh
from desk.actions.sends import refuse_while_stopped
from desk.actions.steps import Held, hold, officer_id, record
from desk.domain import fund
from desk.domain.audit import EventKind
from desk.domain.claim import PAYABLE, State
from desk.domain.errors import AmountAboveDecided, BadInput, PayoutExists, SecondOfficerNeeded, WrongMoment
from desk.domain.fund import EntryKind
from desk.domain.limits import Caps, Counted, Review, reviews, spelt_alike
from desk.domain.money import Money
from desk.domain.notice import NoticeKind
from desk.domain.payout import (
    APPROVAL_HOLDS,
    UNDER_WAY,
    Hands,
    Method,
    PayoutState,
    PayoutStep,
    approval_of,
    is_second,
    payout_move,
)
from desk.domain.policy import RIGHTS, Act, Viewer
from desk.ports import Row, SealedPerson, Work
from desk.store import events, jobs, notices, officers, payouts, people, returns
from desk.store import fund as books
from desk.store.fund import Booked
from desk.store.tables import PayoutRow

SEND = "send_payout"


@dataclass(frozen=True, slots=True)
class Proposal:
    """How a refund shall be paid. `amount` None: all that was decided; the payee's account may stay out for cash."""

    method: Method
    amount: Money | None = None
    account: str | None = None
    name: str | None = None


def propose_payout(work: Work, viewer: Viewer, reference: str, proposal: Proposal) -> Paying:
    """Reserve the money of a fast refund or of a return; where a limit asks for it, the payout waits for a second officer.

    Raises PayoutExists, WrongMoment where nothing is decided to be paid, AmountAboveDecided, FundInsufficient, BadInput for a
    method the desk has no gateway for, or a payee without account. Source: SPEC 4.3, 5.5, 5.6.
    """
    held = hold(work, viewer, Act.PROPOSE_PAYOUT, reference, in_any_state=True)
    if payouts.stands(work.conn, held.claim.id):
        raise PayoutExists
    if not is_payable(held):
        raise WrongMoment
    amount = _amount(held, proposal)
    _check_way(work, proposal)
    books.lock_available(work.conn, held.site)
    person = people.get(work.conn, held.claim.id)
    tags = _tags(work, held, proposal, person)
    found = _reviews(work, held, amount.minor, tags)
    payout = _add(work, held, proposal, amount, found, tags, person)
    paying = Paying(payout, held)
    step = PayoutStep.PROPOSE_FOR_APPROVAL if found else PayoutStep.PROPOSE
    lines = fund.postings(EntryKind.PAYOUT_PROPOSED, amount.minor)
    books.post(work, held.site, EntryKind.PAYOUT_PROPOSED, lines, Booked(payout.id, viewer.id))
    data = {"method": payout.method, "review": payout.review, "payee_commitment": payout.payee_commitment, "key": payout.key}
    if payout.replaces_id is not None:
        data["replaces"] = str(payout.replaces_id)
    note(work, paying, step, paying.state, data)
    notices.close(work, held.claim.id, {NoticeKind.FUND_SHORT, NoticeKind.PAYOUT_RETURNED})
    notify_respondent(work, held)
    return Paying(payout, refresh(work, held))


def approve_payout(work: Work, viewer: Viewer, payout_id: int) -> Paying:
    """Release a payout as its second pair of eyes; it holds for 24 hours.

    Raises SecondOfficerNeeded for whoever logged, confirmed or proposed it, WrongMoment unless it waits. Source: SPEC 5.5.
    """
    paying = hold_payout(work, viewer, Act.APPROVE_PAYOUT, payout_id)
    payout_move(paying.state, PayoutStep.APPROVE)
    officer = officer_id(viewer)
    if not is_second(hands_of(work, paying.held, paying.payout.proposed_by), officer):
        raise SecondOfficerNeeded
    return move(work, paying, PayoutStep.APPROVE, {"of": looked_at(paying)}, approved_by=officer, approved_at=work.now)


def send_payout(work: Work, viewer: Viewer, payout_id: int) -> Paying:
    """Hand cash over, or let the worker send: the answer is the state, never yet the gateway's.

    Raises SecondOfficerNeeded while an approval is missing, has lapsed, or its giver may no longer give it, WrongMoment
    unless the money is reserved, and for a gateway that the desk no longer has, SendsStopped. Source: SPEC 5.5, 5.8.
    """
    paying = hold_payout(work, viewer, Act.SEND_PAYOUT, payout_id)
    if paying.state is PayoutState.AWAITING_APPROVAL:
        raise SecondOfficerNeeded
    payout_move(paying.state, PayoutStep.SEND)
    if not approval_holds(work, paying):
        raise SecondOfficerNeeded
    refuse_while_stopped(work, paying.payout.site_id)
    turn, sender, by_cash = paying.payout.turn + 1, officer_id(viewer), paying.payout.method == Method.CASH
    if not by_cash and work.kit.gateway is None:
        raise WrongMoment
    if by_cash:
        sent = move(work, paying, PayoutStep.SEND, sent_by=sender, sending_at=work.now, first_sent_at=work.now, turn=turn)
        return move(work, sent, PayoutStep.HEAR_AWAITING, sent_at=work.now)
    jobs.add(work, SEND, f"{SEND}:{payout_id}:{turn}", {"payout": str(payout_id)})
    through = {"gateway": work.kit.gateway.name} if work.kit.gateway else {}
    return move(work, paying, PayoutStep.SEND, through, sent_by=sender, sending_at=work.now, turn=turn, **through)


def lapse_approval(work: Work, viewer: Viewer, payout_id: int) -> None:
    """Put a payout whose approval no longer holds back before a second officer; any other stays as it is."""
    paying = hold_payout(work, viewer, Act.SEND_PAYOUT, payout_id)
    if paying.state is PayoutState.RESERVED and not approval_holds(work, paying):
        if is_doubted(work, paying):
            look_again(work, paying)
        else:
            move(work, paying, PayoutStep.LAPSE, approved_by=None, approved_at=None)


def receive_payout(work: Work, viewer: Viewer, payout_id: int) -> Paying:
    """The visitor has signed for the cash: settled, and the claim closed. Raises WrongMoment for any other payout."""
    paying = hold_payout(work, viewer, Act.SEND_PAYOUT, payout_id)
    if paying.payout.method != Method.CASH:
        raise WrongMoment
    return move(work, paying, PayoutStep.HEAR_SETTLED, settled_at=work.now)


def cancel_payout(work: Work, viewer: Viewer, payout_id: int) -> Paying:
    """Give the money back to the fund before anything left; cash that the visitor did not take is taken back.

    Raises WrongMoment once a gateway may have it. Source: SPEC 5.5.
    """
    paying = hold_payout(work, viewer, Act.CANCEL_PAYOUT, payout_id)
    taken_back = paying.payout.method == Method.CASH and paying.state is PayoutState.AWAITING_VISITOR
    return move(work, paying, PayoutStep.HEAR_FAILED if taken_back else PayoutStep.CANCEL)


def refuse_payout(work: Work, viewer: Viewer, payout_id: int, reason: str) -> Paying:
    """Turn down a payout that waits for a second officer, and say why: its money goes back to the fund.

    Raises WrongMoment for one that does not wait any more. Source: SPEC 5.5 and 8.
    """
    paying = hold_payout(work, viewer, Act.CANCEL_PAYOUT, payout_id)
    if paying.state is not PayoutState.AWAITING_APPROVAL:
        raise WrongMoment
    return move(work, paying, PayoutStep.CANCEL, reason=reason)


def notice_short_fund(work: Work, viewer: Viewer, reference: str) -> None:
    """The fund could not cover a claim: tell the manager, once while it lasts, and the respondent, who may pay first."""
    held = hold(work, viewer, Act.PROPOSE_PAYOUT, reference, in_any_state=True)
    if held.paying in UNDER_WAY or not is_payable(held):
        return  # somebody else's proposal went through meanwhile
    if notices.open_once(work, held.claim, NoticeKind.FUND_SHORT):
        record(work, held, EventKind.NOTICE_OPENED, {"notice": NoticeKind.FUND_SHORT.value})
        notify_respondent(work, held)


def notify_respondent(work: Work, held: Held) -> None:
    """Write down, once, that the respondent is told of the refund; the papers follow from it. Source: SPEC 4.3."""
    claim = held.claim
    if claim.respondent_id is None or events.has(work.conn, f"claim:{claim.id}", EventKind.RESPONDENT_NOTIFIED):
        return
    record(work, held, EventKind.RESPONDENT_NOTIFIED, {"respondent": str(claim.respondent_id), "decided": claim.decided_minor})


def is_payable(held: Held) -> bool:
    """Whether an amount is decided and may be paid: in a fast refund always, in a return once the goods are back."""
    return State(held.claim.state) in PAYABLE and held.claim.decided_minor is not None


def hands_of(work: Work, held: Held, proposed_by: int) -> Hands:
    """Through whose hands the refund of a claim went."""
    return Hands(held.claim.lodged_by, payouts.confirmers(work.conn, held.claim.id), proposed_by)


def approval_holds(work: Work, paying: Paying) -> bool:
    """Whether what had to be approved still is: not older than 24 hours, by somebody who may still approve, and is second.

    It is of the amount and payee that stand now, and was asked for with every doubt of the gateway's.
    Source: SPEC 5.5, "Checked again at the moment of release"; I32, I33.
    """
    payout = paying.payout
    if is_doubted(work, paying):
        return False
    if not payout.needs_second:
        return True
    if payout.approved_by is None or payout.approved_at is None or work.now - payout.approved_at > APPROVAL_HOLDS:
        return False
    roles = officers.roles_at(work.conn, payout.approved_by, payout.site_id)
    second = is_second(hands_of(work, paying.held, payout.proposed_by), payout.approved_by)
    told = events.newest_of_payout(work.conn, f"claim:{payout.claim_id}", payout.id, PayoutStep.APPROVE)
    return second and bool(roles & RIGHTS[Act.APPROVE_PAYOUT]) and (told or {}).get("of") == looked_at(paying)


def looked_at(paying: Paying) -> str:
    """What an approval of this payout is of, as its row stands."""
    payout = paying.payout
    return approval_of(payout.amount_minor, payout.currency, payout.method, payout.payee_commitment)


def _amount(held: Held, proposal: Proposal) -> Money:
    decided = Money(held.claim.decided_minor or 0, held.claim.currency)
    amount = proposal.amount or decided
    if amount.currency != decided.currency:
        raise BadInput("/amount/currency", "wrong_currency", currency=decided.currency)
    if amount.minor > decided.minor:
        raise AmountAboveDecided
    return amount


def _check_way(work: Work, proposal: Proposal) -> None:
    if proposal.method is Method.CASH:
        return
    if work.kit.gateway is None:
        raise BadInput("/method", "not_allowed_here")
    if proposal.account is None:
        raise BadInput("/payee/account", "missing")


def _reviews(work: Work, held: Held, amount: int, tags: Mapping[bytes, str]) -> tuple[Review, ...]:
    """The limits this payout reaches, counted while the site's fund is locked, so that no two proposals miss each other."""
    pack, conn = work.kit.packs.by_version(held.claim.pack), work.conn
    caps = Caps(*(pack.limits[name].amount.minor for name in ("solo_limit", "cashier_day_limit", "site_day_limit")))
    proposer, since = officer_id(held.viewer), _midnight(work.now, held.zone)
    counted = Counted(
        on_claim=payouts.count_on_claim(conn, held.claim.id),
        on_order=payouts.count_tagged(conn, [tag for tag, why in tags.items() if why == "order"]),
        to_payee=payouts.count_tagged(conn, [tag for tag, why in tags.items() if why == "payee"]),
        cashier_day=payouts.sum_since(conn, held.site.id, since, proposer),
        site_day=payouts.sum_since(conn, held.site.id, since),
        contradicted=int(notices.is_open(conn, held.claim.id, NoticeKind.GATEWAY_CONTRADICTS)),
    )
    return reviews(amount, caps, counted, hands_of(work, held, proposer))


def _midnight(now: datetime, zone: ZoneInfo) -> datetime:
    return datetime.combine(now.astimezone(zone).date(), time(), zone)


def _tags(work: Work, held: Held, proposal: Proposal, person: SealedPerson) -> dict[bytes, str]:
    """Keyed hashes of order or invoice, account and phone at this site, each with what it counts for. Source: SPEC 5.6."""
    phone, tag = work.kit.sealer.open(held.claim.id, person)["phone"], work.kit.sealer.tag
    bought = returns.latest(work.conn, held.claim.id)
    told = (
        ("order", held.claim.order_no), ("order", bought.invoice_no if bought else None), ("payee", proposal.account),
        ("payee", phone),
    )  # fmt: skip
    return {tag(f"payout_{why}", f"{held.site.id}:{spelt_alike(text)}"): why for why, text in told if text}


def _add(
    work: Work, held: Held, proposal: Proposal, amount: Money, found: tuple[Review, ...], tags: Mapping[bytes, str],
    person: SealedPerson,
) -> PayoutRow:  # fmt: skip
    number = work.kit.lots.number()
    payee = {"account": proposal.account, "name": proposal.name}
    sealed = work.kit.sealer.reseal(held.claim.id, person, payee) if any(payee.values()) else None
    row: Row = {
        **dict.fromkeys(PayoutRow.model_fields), "id": number, "claim_id": held.claim.id, "site_id": held.site.id,
        "state": (PayoutState.AWAITING_APPROVAL if found else PayoutState.RESERVED).value, "method": proposal.method.value,
        "amount_minor": amount.minor, "decided_minor": held.claim.decided_minor, "currency": amount.currency,
        "key": f"payout-{number}", "payee_sealed": sealed and sealed.sealed, "payee_commitment": sealed and sealed.commitment,
        "needs_second": bool(found), "review": [review.value for review in found], "calling": False, "turn": 0,
        "replaces_id": payouts.newest_returned(work.conn, held.claim.id),
        "proposed_by": officer_id(held.viewer), "proposed_at": work.now,
    }  # fmt: skip
    kept = [
        {"id": work.kit.lots.number(), "payout_id": number, "why": why, "tag": tag, "tagged_at": work.now}
        for tag, why in tags.items()
    ]
    return payouts.add(work.conn, row, kept)
