"""Returns of goods and the pledges they rest on: I06, I18. Whether their clocks ran right is `deadlines`."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from desk.domain.audit import EventKind
from desk.domain.claim import PRINCIPAL_KINDS, Basis, Route, State
from desk.domain.lifecycle import Step
from desk.domain.payout import PayoutState
from desk.domain.returns import ReturnAnswer, ReturnOutcome
from desk.reads.verify.decisions import decision_of
from desk.reads.verify.dossier import Dossier
from desk.store.tables import metadata

EVENT, PLEDGE, RETURN, CLAIM = (metadata.tables[name] for name in ("event", "pledge", "goods_return", "claim"))
_ENDS = {
    Step.RETURN_REFUNDED: ReturnOutcome.REFUNDED, Step.RETURN_REFUSED: ReturnOutcome.REFUSED,
    Step.WITHDRAW: ReturnOutcome.WITHDRAWN,
}  # fmt: skip
Told = dict[str, Any]


def i06_goods_are_refunded_at_their_price_at_most(dossier: Dossier) -> Iterator[str]:
    """What is refunded for goods is at most the principal asked, as it was known when they were back."""
    for event in dossier.events:
        if event.kind == EventKind.RETURN_GOODS_BACK:
            asked = _principal(dossier, event.seq)
            if asked is not None and dossier.told(event)["decided_minor"] > asked:
                yield f"{dossier.name} event {event.seq}: refunds more for the goods than was asked"


def i06_refunds_of_goods_are_owed_on_the_pledge(dossier: Dossier) -> Iterator[str]:
    """What a merchant owes for goods taken back, it owes on its undertaking. Source: SPEC 5.4."""
    found = {row.payout_id: row.basis for row in dossier.rows["recovery"]}
    for payment in dossier.payments:
        settled = next((event for event in payment.moves if event.to_state == PayoutState.SETTLED), None)
        if settled is None or decision_of(dossier, settled.seq)[0] == Route.FAST_REFUND:
            continue
        if found.get(payment.row.id, Basis.UNDERTAKING) != Basis.UNDERTAKING:
            yield f"{dossier.name} recovery {payment.row.id}: is owed on another ground than the pledge"


def i18_returns_are_what_the_chain_tells(dossier: Dossier) -> Iterator[str]:
    """A claim in `returning` has one open return, any other none; each row went as its events say."""
    rows = dossier.rows["goods_return"]
    if sum(row.closed_at is None for row in rows) != (dossier.claim.state == State.RETURNING):
        yield f"{dossier.name}: has an open return while {dossier.claim.state}, or none while returning"
    due = _told(dossier)
    for row in rows:
        if due.pop(str(row.id), None) != _of_row(row):
            yield f"{dossier.name} return {row.id}: its row is not what its events say"
    yield from (f"{dossier.name} return {number}: is in the chain alone" for number in due)


def i18_returns_rest_on_a_pledge(conn: Connection) -> Iterator[str]:
    """Goods are taken back on a pledge of the claim's own site: of its merchant, or of the site itself."""
    joined = (
        select(RETURN.c.id, PLEDGE.c.site_id, PLEDGE.c.respondent_id, CLAIM.c.site_id, CLAIM.c.respondent_id)
        .join(CLAIM, CLAIM.c.id == RETURN.c.claim_id)
        .outerjoin(PLEDGE, PLEDGE.c.id == RETURN.c.pledge_id)
        .where(RETURN.c.pledge_id.is_not(None))
    )
    for number, site, owner, own_site, respondent in conn.execute(joined):
        if site != own_site or owner not in (None, respondent):
            yield f"return {number}: rests on a pledge of another site or merchant"


def i18_pledges_were_told(conn: Connection) -> Iterator[str]:
    """Every pledge stands in its site's chain when it was signed, and again when it was withdrawn; nothing else does."""
    due: dict[tuple[str, str], tuple[Any, ...]] = {}
    for row in conn.execute(select(PLEDGE)):
        owner = str(row.respondent_id) if row.respondent_id else None
        told = (owner, row.days, row.exclusions, row.signed_on.isoformat())
        due[EventKind.PLEDGE_SIGNED, str(row.id)] = (row.site_id, row.added_at, row.added_by, *told)
        if row.withdrawn_at is not None:
            ended = (row.site_id, row.withdrawn_at, row.withdrawn_by, row.withdrawn_on.isoformat())
            due[EventKind.PLEDGE_WITHDRAWN, str(row.id)] = ended
    kinds = EVENT.c.kind.in_([EventKind.PLEDGE_SIGNED, EventKind.PLEDGE_WITHDRAWN])
    for event in conn.execute(select(EVENT).where(kinds)):
        said = json.loads(event.data)
        names = ("respondent", "days", "exclusions", "signed_on")
        told = tuple(said[name] for name in names) if event.kind == EventKind.PLEDGE_SIGNED else (said["withdrawn_on"],)
        officer = int(event.actor.partition(":")[2] or 0)
        if due.pop((event.kind, said["pledge"]), None) != (event.site_id, event.at, officer, *told):
            yield f"pledge {said['pledge']}: the chain tells {event.kind} otherwise than the row, or twice"
    yield from (f"pledge {number}: {kind} is not in the chain" for kind, number in due)


def _told(dossier: Dossier) -> dict[str, Told]:
    """What the events say of each return: when it was asked for, answered, its goods back and ended, and how."""
    found: dict[str, Told] = {}
    current: str | None = None
    for event in dossier.events:
        said = dossier.told(event)
        if event.step == Step.START_RETURN:
            current = said["return"]
            found[current] = dict.fromkeys(
                ("answer", "answered_at", "pledge", "goods_back_at", "decided", "closed_at", "outcome")
            )
            found[current] |= {"requested_at": event.at, "reason": None, "facts": said["facts"]}
        elif current is None:
            continue
        elif event.kind in (EventKind.RETURN_ANSWERED, EventKind.RETURN_GOODS_BACK):
            _accepted(found[current], event.at, said)
        elif event.kind == EventKind.MOVED and Step(event.step) in _ENDS:
            _ended(found[current], Step(event.step), event.at, said)
            current = None
    return found


def _accepted(told: Told, at: datetime, said: dict[str, Any]) -> None:
    told["facts"] = said["facts"]
    if told["answer"] is None:
        told |= {"answer": ReturnAnswer.GOODS_AWAITED, "answered_at": at, "pledge": said["pledge"]}
    if "decided_minor" in said:
        told |= {"goods_back_at": at, "decided": said["decided_minor"]}


def _ended(told: Told, step: Step, at: datetime, said: dict[str, Any]) -> None:
    told |= {"closed_at": at, "outcome": _ENDS[step], "reason": said.get("code")}
    if step is Step.RETURN_REFUSED and told["answer"] is None:
        told |= {"answer": ReturnAnswer.REFUSED, "answered_at": at}


def _of_row(row: Row[Any]) -> Told:
    names = ("requested_at", "answer", "answered_at", "goods_back_at", "reason", "closed_at", "outcome")
    pledge = str(row.pledge_id) if row.pledge_id else None
    seen = {name: getattr(row, name) for name in ("custom_made", "altered", "damaged_in_transport")}
    facts = {"purchased_on": row.purchased_on.isoformat() if row.purchased_on else None, **seen}
    return {**{name: getattr(row, name) for name in names}, "pledge": pledge, "decided": row.decided_minor, "facts": facts}


def _principal(dossier: Dossier, before: int) -> int | None:
    """What was asked back when event `before` was written, None while a part of it was not known."""
    items = [tuple(item) for item in dossier.told(dossier.moves[0]).get("items", [])]
    for event in dossier.events:
        if event.kind == EventKind.FACTS_COMPLETED and event.seq < before:
            for position, minor in dossier.told(event)["items"]:
                items[position] = (items[position][0], minor)
    amounts = [minor for kind, minor in items if kind in PRINCIPAL_KINDS]
    return None if None in amounts else sum(amounts)
