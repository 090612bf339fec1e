"""The payouts of a claim, one after the other: I05, I07, I08, I09, I10 and I14. Asks no gateway and moves nothing.

Whether they pay what was decided is `decisions`, who agreed to them `approvals`, whom they pay `people`.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from desk.domain.audit import EventKind
from desk.domain.fund import EntryKind
from desk.domain.lifecycle import SETTLES
from desk.domain.notice import NoticeKind
from desk.domain.payout import (
    CAME_TO_NOTHING,
    GATEWAY_REMEMBERS,
    NEVER_SEEN_FOR,
    PAYOUT_LIFE,
    UNDER_WAY,
    UNKNOWN_IS_ALARMING,
    UNKNOWN_IS_LATE,
    Method,
    PayoutState,
    PayoutStep,
)
from desk.domain.recovery import OF_A_RECOVERY
from desk.reads.verify.dossier import Dossier, Payment

_ENDS = frozenset({PayoutState.SETTLED, PayoutState.FAILED, PayoutState.CANCELLED})
ASKED_AGAIN = timedelta(minutes=5)
"""How long a worker may take to ask once more, and with that to tell the manager."""

_SENT = frozenset({PayoutStep.HEAR_AWAITING, PayoutStep.HEAR_SETTLED})


def i05_one_payout_at_a_time(dossier: Dossier) -> Iterator[str]:
    """At most one payout of a claim is under way, or settled and not returned."""
    standing = [payout for payout in dossier.rows["payout"] if _stands(payout)]
    if len(standing) > 1:
        yield f"{dossier.name}: {len(standing)} payouts stand at once"


def i05_payout_after_a_return_names_it(dossier: Dossier) -> Iterator[str]:
    """A payout after a return names the newest one that came back before it, unless it came to nothing; no other names any."""
    returned: int | None = None
    for payout in dossier.rows["payout"]:
        if payout.replaces_id != (None if payout.state in CAME_TO_NOTHING else returned):
            yield f"{dossier.name} payout {payout.id}: does not name the returned payout it replaces"
        returned = payout.id if payout.returned_at else returned


def i07_key_is_the_one_proposed(dossier: Dossier) -> Iterator[str]:
    """A payout's key is derived from its id alone, and is the one that its proposal told."""
    for payment in dossier.payments:
        told = {dossier.told(event).get("key") for event in payment.moves[:1]}
        if {payment.row.key} | told != {f"payout-{payment.row.id}"}:
            yield f"{dossier.name} payout {payment.row.id}: has another key than it was proposed with"


def i08_sent_again_by_the_rule(dossier: Dossier) -> Iterator[str]:
    """The same key was sent again only after 30 s of "never seen" and within 24 h of its first send. Source: SPEC 5.5."""
    for payment in dossier.payments:
        for event in payment.moves:
            told = dossier.told(event)
            if told.get("step") != PayoutStep.SEND_AGAIN:
                continue
            first, since = datetime.fromisoformat(told["first_sent_at"]), datetime.fromisoformat(told["never_seen_since"])
            allowed = event.at - since >= NEVER_SEEN_FOR and event.at - first < GATEWAY_REMEMBERS
            if not allowed or first != payment.row.first_sent_at:
                yield f"{dossier.name} event {event.seq}: sent again before it was sure, or too late"


def i08_the_unknown_never_comes_back(dossier: Dossier) -> Iterator[str]:
    """Once a payout's track was lost, nothing proves any more that its money never left."""
    for payment in dossier.payments:
        steps = [dossier.told(event).get("step") for event in payment.moves]
        if PayoutStep.LOSE_TRACK in steps and PayoutStep.NEVER_LEFT in steps[steps.index(PayoutStep.LOSE_TRACK) :]:
            yield f"{dossier.name} payout {payment.row.id}: went back to be sent anew after it had been unknown"


def i09_moves_lead_to_the_row(dossier: Dossier) -> Iterator[str]:
    """Posting every move of a payout in order, each one allowed by the table, gives the payout as its row stands."""
    for payment in dossier.payments:
        state: PayoutState | None = None
        for event in payment.moves:
            move = PAYOUT_LIFE.get((state, PayoutStep(dossier.told(event)["step"])))
            if move is None or (event.from_state, event.to_state) != (state, move.to):
                yield f"{dossier.name} event {event.seq}: a payout went from {event.from_state} to {event.to_state} after {state}"
                break
            state = move.to
        else:
            yield from _row_differs(dossier, payment, state) if state else ()


def i09_entries_are_those_of_the_moves(dossier: Dossier) -> Iterator[str]:
    """The books hold exactly the entries that a payout's moves write, in order and amount, and one for a bank return."""
    own = dossier.claim.site_id, dossier.claim.currency
    for payment in dossier.payments:
        due = list(_due(dossier, payment))
        found = [(entry.kind, int(entry.minor or 0)) for entry in payment.entries if entry.kind not in OF_A_RECOVERY]
        if payment.moves and (found != due or any((entry.site_id, entry.currency) != own for entry in payment.entries)):
            yield f"{dossier.name} payout {payment.row.id}: its entries are not those of its moves"


def i09_settling_closes_the_claim(dossier: Dossier) -> Iterator[str]:
    """Each payout that settled closed its claim, and no claim was closed as refunded without one."""
    closed = sorted(event.at for event in dossier.moves if event.step in SETTLES.values())
    moves = (event for payment in dossier.paths.values() for event in payment)
    if closed != sorted(event.at for event in moves if event.to_state == PayoutState.SETTLED):
        yield f"{dossier.name}: was not closed by each payout that settled, or by none"


def i09_returns_are_told(dossier: Dossier) -> Iterator[str]:
    """A payout came back from the bank exactly once where one event says so, whole, at that moment, and after it had settled."""
    told = [event for event in dossier.events if event.kind == EventKind.PAYOUT_RETURNED]
    says = [(dossier.told(event)["payout"], dossier.told(event)["amount_minor"], event.at) for event in told]
    back = [(str(row.id), row.amount_minor, row.returned_at) for row in dossier.rows["payout"] if row.returned_at is not None]
    early = any(row.returned_at < row.settled_at for row in dossier.rows["payout"] if row.returned_at and row.settled_at)
    if sorted(says) != sorted(back) or early:
        yield f"{dossier.name}: what came back from the bank is not what its events say"


def i10_unknown_payouts_are_asked_for(dossier: Dossier) -> Iterator[str]:
    """A payout unknown for more than 15 min has been asked for; after 24 h a manager has been told that it is lost."""
    told = {row.payout_id for row in dossier.rows["notice"] if row.kind == NoticeKind.PAYOUT_LOST and row.closed_at is None}
    for payment in dossier.payments:
        payout = payment.row
        lost = [event.at for event in payment.moves if event.to_state == PayoutState.UNKNOWN]
        if payout.unknown_since != next(iter(lost), None):
            yield f"{dossier.name} payout {payout.id}: is not unknown since its track was lost"
        elif payout.state == PayoutState.UNKNOWN and lost:
            unknown_for = dossier.books.now - lost[0]
            if unknown_for > UNKNOWN_IS_LATE and payout.queried_at is None:
                yield f"{dossier.name} payout {payout.id}: is unknown and nobody asked for it"
            if unknown_for > UNKNOWN_IS_ALARMING + ASKED_AGAIN and payout.id not in told:
                yield f"{dossier.name} payout {payout.id}: is lost and no manager was told"


def i14_calls_were_begun(dossier: Dossier) -> Iterator[str]:
    """The gateway is being called only about a payout that is being sent, and that this began was written down and committed."""
    for payout in dossier.rows["payout"]:
        begun = payout.state == PayoutState.SENDING and payout.first_sent_at is not None and payout.method != Method.CASH
        if payout.calling and not begun:
            yield f"{dossier.name} payout {payout.id}: a call to the gateway is open that was not begun"


def _stands(payout: Row[Any]) -> bool:
    return payout.state in UNDER_WAY or (payout.state == PayoutState.SETTLED and payout.returned_at is None)


def _row_differs(dossier: Dossier, payment: Payment, state: PayoutState) -> Iterator[str]:
    payout, moves = payment.row, payment.moves
    ended_at = moves[-1].at if state in _ENDS else None
    steps = [dossier.told(event) for event in moves]
    sent = (event.at for event in moves if dossier.told(event)["step"] in _SENT)
    says = {
        "state": state, "method": dossier.told(moves[0])["method"], "proposed_at": moves[0].at, "sent_at": next(sent, None),
        "ended_at": ended_at, "settled_at": ended_at if state is PayoutState.SETTLED else None,
        "gateway": next((told.get("gateway") for told in reversed(steps) if told["step"] == PayoutStep.SEND), None),
    }  # fmt: skip
    for column, value in says.items():
        if getattr(payout, column) != value:
            yield f"{dossier.name} payout {payout.id}: its {column} is not what its events say"


def _due(dossier: Dossier, payment: Payment) -> Iterator[tuple[str, int]]:
    """The kind and amount of each entry that the moves write."""
    for event in payment.moves:
        told = dossier.told(event)
        move = PAYOUT_LIFE.get((event.from_state, PayoutStep(told["step"])))
        if move and move.entry:
            yield move.entry, told["amount_minor"]
    if payment.row.returned_at is not None:
        yield EntryKind.PAYOUT_RETURNED, dossier.told(payment.moves[0])["amount_minor"]
