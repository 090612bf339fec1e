"""Members of a collective claim: they opt in, speak through one to three of them, vote each for themselves, and may leave.

Nothing of a claim changes by it: not its state, not a date, not a clock. A vote binds nobody but its own member.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from desk.actions.incidents import Handled
from desk.actions.steps import Held, event_by, hold, officer_id, record
from desk.domain.audit import EventKind
from desk.domain.errors import BadInput, NotFound, WrongMoment
from desk.domain.incident import MemberState, Vote, may_join, may_represent
from desk.domain.policy import Act, Kind, Viewer, require
from desk.ports import Work
from desk.store import claims, events, incidents, settlements, sites
from desk.store.tables import IncidentMemberRow, IncidentRow, SettlementLineRow, SettlementRow, SiteRow


@dataclass(frozen=True, slots=True)
class Ballot:
    """A vote, and the plan that was read before it was given: a yes to one offer is none to another."""

    settlement_id: int
    vote: Vote


@dataclass(frozen=True, slots=True)
class TakingPart:
    """A claim after its member joined, voted or left, and where it stands in the collective claim."""

    held: Held
    member: IncidentMemberRow


def join_collective(work: Work, viewer: Viewer, reference: str, _nothing: object = None) -> TakingPart:
    """Opt in: by the visitor themselves, or at the counter for them.

    Raises NotFound for a claim that is in none, WrongMoment once it joined or left, and where either has ended.
    """
    held = hold(work, viewer, Act.TAKE_PART, reference)
    member = _member(work, held)
    row = incidents.get(work.conn, member.incident_id)
    if not may_join(member.state, row.closed_at, held.claim.state):
        raise WrongMoment
    by = _by(viewer)
    joined = incidents.change_member(work.conn, member, state=MemberState.JOINED.value, joined_at=work.now, joined_by=by)
    record(work, held, EventKind.MEMBER_JOINED, {"incident": str(row.id)})
    return TakingPart(held, joined)


def leave_collective(work: Work, viewer: Viewer, reference: str, _nothing: object = None) -> TakingPart:
    """Go on alone, from wherever the claim stands by itself. What was offered and is not paid for yet is off.

    Raises NotFound for a claim that is in none, WrongMoment once it left, or while its payout is under way or was paid.
    """
    offers, _ = _locked(work, reference)
    held = hold(work, viewer, Act.TAKE_PART, reference)
    member = _member(work, held)
    if member.state == MemberState.LEFT or any(settlements.is_paying(work.conn, line) for line in offers):
        raise WrongMoment
    left = incidents.change_member(
        work.conn, member, state=MemberState.LEFT.value, representative=False, left_at=work.now, left_by=_by(viewer)
    )
    for line in offers:
        if line.vote != Vote.NO:
            settlements.leave(work, line, _by(viewer))
    record(work, held, EventKind.MEMBER_LEFT, {"incident": str(member.incident_id)})
    return TakingPart(held, left)


def vote_on_settlement(work: Work, viewer: Viewer, reference: str, ballot: Ballot) -> TakingPart:
    """Say yes or no to what the named plan offers this member; it may be changed until the votes are closed.

    Raises NotFound for a claim that is offered nothing, WrongMoment for another plan than the one that stands, after
    `votes_until` and once it was taken back or handed in.
    """
    offers, plan = _locked(work, reference)
    held = hold(work, viewer, Act.TAKE_PART, reference)
    member = _member(work, held)
    if not offers or plan is None:
        raise NotFound
    line = offers[0]
    if not plan.id == ballot.settlement_id == line.settlement_id:
        raise WrongMoment
    ended = plan.withdrawn_at is not None or plan.submitted_at is not None or plan.votes_until < work.now
    if member.state != MemberState.JOINED or ended:
        raise WrongMoment
    settlements.vote(work, line, ballot.vote, _by(viewer))
    record(work, held, EventKind.MEMBER_VOTED, {"settlement": str(plan.id), "vote": ballot.vote.value})
    return TakingPart(held, member)


def name_representatives(work: Work, viewer: Viewer, incident_id: int, references: Sequence[str]) -> Handled:
    """Write down which members speak for the others, in place of whoever did.

    Raises NotFound for a foreign one, Forbidden, BadInput unless they are one to three members who joined, WrongMoment once it
    is closed.
    """
    row, site = _held(work, viewer, incident_id)
    chosen = set(references)
    if not may_represent(len(chosen)):
        raise BadInput("/references", "too_many" if chosen else "missing", limit=3)
    members = {member.claim_id: member for member in incidents.members(work.conn, row.id)}
    named = [claim.id for claim in claims.by_references(work.conn, chosen, row.site_id) if claim.id in members]
    if len(named) != len(chosen) or incidents.represent(work.conn, row.id, named) != len(named):
        raise BadInput("/references", "not_found")
    said = {"incident": str(row.id), "claims": [str(claim_id) for claim_id in sorted(named)]}
    told = event_by(viewer, f"site:{row.site_id}", row.site_id, EventKind.REPRESENTATIVES_NAMED, work.now, said)
    events.append(work.conn, work.kit.lots.number(), told)
    return Handled(row, site)


def _held(work: Work, viewer: Viewer, incident_id: int) -> tuple[IncidentRow, SiteRow]:
    found = incidents.get(work.conn, incident_id)
    require(viewer, Act.HANDLE_INCIDENT, found.site_id)
    site = sites.lock_by_id(work.conn, found.site_id)
    row = incidents.get(work.conn, incident_id)
    if row.closed_at is not None:
        raise WrongMoment
    return row, site


def _member(work: Work, held: Held) -> IncidentMemberRow:
    """Where the claim stands. Raises NotFound for one that is in no collective dispute."""
    member = incidents.member_of(work.conn, held.claim.id)
    if member is None:
        raise NotFound
    return member


def _locked(work: Work, reference: str) -> tuple[list[SettlementLineRow], SettlementRow | None]:
    """What a claim is offered, the newest first, and the newest's plan; all of its plans are locked.

    Before the claim itself, as by a batch, and the oldest first, so that two never wait crosswise.
    """
    claim_id = claims.id_of(work.conn, reference)
    found = settlements.offers(work.conn, claim_id) if claim_id is not None else []
    plan = None
    for line in reversed(found):
        plan = settlements.lock(work.conn, line.settlement_id)
    return (settlements.offers(work.conn, found[0].claim_id) if found else []), plan


def _by(viewer: Viewer) -> int | None:
    """The officer who wrote it down, None where the visitor did it themselves."""
    return officer_id(viewer) if viewer.kind is Kind.OFFICER else None
