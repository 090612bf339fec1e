"""A visitor's contact and slip: changed, shown in full, issued again. Each of it is audited."""

from dataclasses import dataclass, replace

from desk.actions.payout_moves import void_approval
from desk.actions.steps import Held, hold, officer_id, record
from desk.domain.audit import EventKind
from desk.domain.claim import OPEN_STATES, State
from desk.domain.errors import BadInput, WrongMoment
from desk.domain.policy import Act, Viewer
from desk.ports import Work
from desk.store import claims, links, people


@dataclass(frozen=True, slots=True)
class Slip:
    """Which slip was handed over face to face: its claim and generation, from which code and address are derived."""

    reference: str
    claim_id: int
    generation: int


def change_contact(work: Work, viewer: Viewer, reference: str, fields: dict[str, str | None]) -> Held:
    """Seal a new phone or e-mail beside what is kept; the chain keeps the new commitment, never the fields.

    `fields` holds only what changes; None removes. A payout's approval is void, for whom it was about has changed.
    Raises BadInput for none at all, WrongMoment once the claim has ended.
    """
    if not fields:
        raise BadInput("", "nothing_to_do")
    held = hold(work, viewer, Act.CHANGE_CONTACT, reference)
    if State(held.claim.state) not in OPEN_STATES:
        raise WrongMoment
    person = people.get(work.conn, held.claim.id)
    plain = work.kit.sealer.open(held.claim.id, person) | fields
    sealed = work.kit.sealer.reseal(held.claim.id, person, plain)
    people.replace(work.conn, held.claim.id, sealed)
    record(work, held, EventKind.CONTACT_CHANGED, {"person": sealed.commitment, "changed": sorted(fields)})
    return void_approval(work, replace(held, claim=claims.change(work.conn, held.claim)))


def view_contact(work: Work, viewer: Viewer, reference: str, reason: str) -> Held:
    """Audit that an officer sees a visitor's full name and contact, and why; `reads.claims` then shows it. Source: SPEC 8."""
    held = hold(work, viewer, Act.VIEW_CONTACT, reference)
    officer_id(viewer)
    record(work, held, EventKind.CONTACT_VIEWED, reason=reason)
    return held


def reissue_slip(work: Work, viewer: Viewer, reference: str, reason: str) -> Slip:
    """Give a new code and token to a visitor who stands at the desk; the old ones are worthless from now on."""
    held = hold(work, viewer, Act.REISSUE_SLIP, reference)
    claim = claims.change(work.conn, held.claim, generation=held.claim.generation + 1)
    record(work, held, EventKind.SLIP_REISSUED, {"generation": claim.generation}, reason)
    return Slip(claim.reference, claim.id, claim.generation)


def link_claims(work: Work, viewer: Viewer, reference: str, other_reference: str) -> Held:
    """Say that two claims of a site are the same matter. Nothing is merged; linking twice changes nothing.

    Raises NotFound for a claim of another site, BadInput for a claim with itself. Source: SPEC 4.1.
    """
    if reference == other_reference:
        raise BadInput("/reference", "nothing_to_do")
    # The claim asked about answers first; locks are taken in one order, so that two links of a pair never wait for each other.
    claims.get(work.conn, reference, viewer.sites, lock=False)
    first, second = (hold(work, viewer, Act.LINK, each) for each in sorted((reference, other_reference)))
    held, other = (first, second) if first.claim.reference == reference else (second, first)
    if held.site.id != other.site.id:
        raise BadInput("/reference", "not_at_this_site")
    if links.add(work, held.claim.id, other.claim.id, officer_id(viewer)):
        for side, far in ((held, other), (other, held)):
            record(work, side, EventKind.LINKED, {"to": far.claim.reference})
        claims.change(work.conn, other.claim)
        return replace(held, claim=claims.change(work.conn, held.claim))
    return held
