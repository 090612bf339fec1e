"""Handing a claim off: offered by an officer, led on by the partner's own token or by the officer who phones with them.

Touches no clock and no state of the claim; the first who takes it stays responsible. Source: SPEC 4.7.
"""

from dataclasses import dataclass, replace
from typing import Any

from desk.actions.scrub import scrubbed
from desk.actions.steps import DESK, Held, hold, officer_id, record
from desk.domain.audit import EventKind, digest
from desk.domain.claim import State
from desk.domain.errors import BadInput, NotFound, WrongMoment
from desk.domain.handoff import HELD, OFFERED_FROM, OPEN, HandoffState, Post, check
from desk.domain.policy import Act, Kind, Viewer, require
from desk.ports import Work
from desk.store import claims, handoffs, jobs, partners, sites
from desk.store.tables import HandoffRow, PartnerRow

HANDOFF = "handoff"
TOLD = {state: EventKind(f"handoff_{state.value}") for state in HandoffState}


@dataclass(frozen=True, slots=True)
class Handed:
    """A hand-off after a step, with its claim and partner."""

    row: HandoffRow
    held: Held
    partner: PartnerRow


def offer_handoff(work: Work, viewer: Viewer, reference: str, partner_id: int, asked: str) -> Handed:
    """Offer a claim to a partner of its site; a system that has an address is told by the worker, the others by phone.

    Raises NotFound for a foreign claim, Forbidden, BadInput for a partner that is none of the site's, WrongMoment for a claim
    that is over for good, while somebody has taken it, and while the same partner still has an offer.
    """
    held = hold(work, viewer, Act.HAND_OFF, reference)
    partner = _partner_at(work, partner_id, held.site.id)
    before = [row for row in handoffs.of_claim(work.conn, held.claim.id) if HandoffState(row.state) in OPEN]
    _check_goes_on(held)
    if any(HandoffState(row.state) in HELD or row.partner_id == partner.id for row in before):
        raise WrongMoment
    row = handoffs.add(
        work.conn,
        {
            "id": work.kit.lots.number(), "claim_id": held.claim.id, "site_id": held.site.id, "partner_id": partner.id,
            "state": HandoffState.OFFERED.value, "asked": scrubbed(work, held.claim, asked), "reason": None, "overtaken": False,
            "offered_at": work.now, "offered_by": officer_id(viewer), "taken_at": None, "working_at": None, "ended_at": None,
            "post": (Post.WAITING if is_told(partner) else Post.PHONE).value, "turn": 1, "tries": 0, "why": None,
            "tried_at": None,
        },
    )  # fmt: skip
    tell_later(work, row)
    said = {"partner": str(partner.id), "kind": partner.kind, "asked": digest(row.asked)}
    return _told(work, held, row, partner, EventKind.HANDOFF_OFFERED, said)


def move_handoff(work: Work, viewer: Viewer, handoff_id: int, to: HandoffState, reason: str | None = None) -> Handed:
    """Lead a hand-off on. Of several offers of a claim the first that is taken ends the others.

    Raises NotFound for a foreign site's and for another partner's, Forbidden, WrongMoment for a step that is not the next and for
    taking a claim that is over for good, BadInput for coming back without a reason.
    """
    found = handoffs.get(work.conn, handoff_id)
    require(viewer, Act.HAND_OFF, found.site_id)
    if viewer.kind is Kind.PARTNER and found.partner_id != viewer.id:
        raise NotFound
    held, row = _locked(work, viewer, found)
    check(HandoffState(row.state), to)
    if to is HandoffState.RETURNED and not (reason or "").strip():
        raise BadInput("/reason", "missing")
    values: dict[str, Any] = {"state": to.value}
    if to is HandoffState.RETURNED:
        values |= {"reason": scrubbed(work, held.claim, reason), "ended_at": work.now}
    elif to is HandoffState.DONE:
        values |= {"ended_at": work.now}
    else:
        values |= {f"{to.value}_at": work.now}
    if to is HandoffState.TAKEN:
        _check_goes_on(held)
        _overtake(work, held, row)
    moved = handoffs.change(work.conn, row, **values)
    said = {"reason": digest(moved.reason)} if moved.reason else {}
    return _told(work, held, moved, partners.get(work.conn, row.partner_id), TOLD[to], said)


def move_handoff_of(
    work: Work, viewer: Viewer, reference: str, handoff_id: int, to: HandoffState, reason: str | None = None
) -> Handed:  # fmt: skip
    """The same from a claim's own page. Raises NotFound for a hand-off of another claim too."""
    held = hold(work, viewer, Act.HAND_OFF, reference)
    if handoffs.get(work.conn, handoff_id).claim_id != held.claim.id:
        raise NotFound
    return move_handoff(work, viewer, handoff_id, to, reason)


def replay_handoff(work: Work, viewer: Viewer, handoff_id: int) -> Handed:
    """Let a partner's system be told of an offer once more, under the same name as before.

    Raises NotFound for a foreign one, Forbidden, WrongMoment while it is being told, once the offer is no longer one or its claim
    is over for good, and for a partner without an address.
    """
    found = handoffs.get(work.conn, handoff_id)
    require(viewer, Act.MANAGE_PARTNERS, found.site_id)
    held, row = _locked(work, viewer, found)
    partner = partners.get(work.conn, row.partner_id)
    _check_goes_on(held)
    if row.state != HandoffState.OFFERED or row.post == Post.WAITING or not is_told(partner):
        raise WrongMoment
    again = handoffs.change(work.conn, row, post=Post.WAITING.value, turn=row.turn + 1, tries=0, why=None)
    tell_later(work, again)
    return _told(work, held, again, partner, EventKind.HANDOFF_REPLAYED, {"turn": again.turn})


def is_told(partner: PartnerRow) -> bool:
    """Whether a partner's system is told of what it is offered."""
    return partner.hook_url is not None and partner.hook_off_at is None and partner.disabled_at is None


def tell_later(work: Work, row: HandoffRow) -> None:
    """Queue the job of an offer's turn; one that is told by phone has none."""
    if row.post == Post.WAITING:
        jobs.add(work, HANDOFF, f"{HANDOFF}:{row.id}:{row.turn}", {"handoff": str(row.id)})


def _partner_at(work: Work, partner_id: int, site_id: int) -> PartnerRow:
    try:
        partner = partners.get(work.conn, partner_id)
    except NotFound:
        raise BadInput("/partner", "not_at_this_site") from None
    if partner.site_id != site_id or partner.disabled_at is not None:
        raise BadInput("/partner", "not_at_this_site")
    return partner


def _locked(work: Work, viewer: Viewer, found: HandoffRow) -> tuple[Held, HandoffRow]:
    """The claim locked, and the hand-off as it stands then: whoever waited for the lock sees what the other did."""
    claim = claims.get_by_id(work.conn, found.claim_id)
    return Held(claim, sites.get(work.conn, claim.site_id), viewer), handoffs.get(work.conn, found.id)


def _check_goes_on(held: Held) -> None:
    """Raises WrongMoment for a claim that nobody is to begin anything with any more."""
    if State(held.claim.state) not in OFFERED_FROM:
        raise WrongMoment


def _overtake(work: Work, held: Held, taken: HandoffRow) -> None:
    """End the other offers of a claim that somebody takes. Raises WrongMoment where somebody has it already."""
    for row in handoffs.of_claim(work.conn, held.claim.id):
        if row.id == taken.id or HandoffState(row.state) not in OPEN:
            continue
        if HandoffState(row.state) in HELD:
            raise WrongMoment
        handoffs.change(work.conn, row, state=HandoffState.RETURNED.value, overtaken=True, ended_at=work.now)
        by_desk = replace(held, viewer=DESK)
        record(work, by_desk, EventKind.HANDOFF_RETURNED, {"handoff": str(row.id), "overtaken_by": str(taken.id)})


def _told(
    work: Work, held: Held, row: HandoffRow, partner: PartnerRow, kind: EventKind, said: dict[str, Any]
) -> Handed:  # fmt: skip
    record(work, held, kind, {"handoff": str(row.id), **said})
    # A new version, for what its visitor reads is no longer the same.
    return Handed(row, replace(held, claim=claims.change(work.conn, held.claim)), partner)
