"""Settling a collective claim: a plan of one amount for each member, and its batch of ordinary payouts.

Each row of a batch is a payout like any other: own key, own limits, own second officer, the fund's money. A row that is refused
stops no other; one whose payout is under way or was paid never gets another. Source: SPEC 4.6, 5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from desk.actions.incidents import plan_settlement
from desk.actions.payouts import Proposal, notice_short_fund, propose_payout
from desk.actions.scrub import scrubbed_of_members
from desk.actions.steps import event_by, officer_id
from desk.domain.audit import EventKind, digest
from desk.domain.errors import BadInput, DeskError, FundInsufficient, WrongMoment
from desk.domain.incident import MemberState, Vote, undoes_a_yes
from desk.domain.money import Money
from desk.domain.payout import Method
from desk.domain.policy import Act, Viewer, require
from desk.ports import Row, Work
from desk.store import claims, events, incidents, settlements, sites
from desk.store.tables import SettlementLineRow, SettlementRow, SiteRow

LONGEST_HOURS = 24 * 30
METHODS = frozenset({Method.CASH})
"""How a batch can be paid: every other way needs an account for each payee, and is proposed on the claim."""
PIECE = 10
"""How many rows share a transaction, so that lodgings wait for no whole batch."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What each member is offered, by reference; what is said with it, and for how many hours votes are taken."""

    amounts: Mapping[str, Money]
    note: str
    hours: int


@dataclass(frozen=True, slots=True)
class Settled:
    """A plan after a step, and its site."""

    row: SettlementRow
    site: SiteRow


def make_settlement(work: Work, viewer: Viewer, incident_id: int, plan: Plan) -> Settled:
    """Offer each member an amount; each votes for themselves. Where the incident still waits for its plan, this is it.

    Raises NotFound for a foreign one, Forbidden, BadInput for claims that did not join or are paid already, for none,
    another currency or a time to vote that is none, WrongMoment without a representative, once it is closed, and while
    another plan stands.
    """
    found = incidents.get(work.conn, incident_id)
    require(viewer, Act.HANDLE_INCIDENT, found.site_id)
    site = sites.lock_by_id(work.conn, found.site_id)
    row = incidents.get(work.conn, incident_id)
    members = {member.claim_id: member for member in incidents.members(work.conn, row.id)}
    if row.closed_at is not None or settlements.standing(work.conn, row.id) is not None:
        raise WrongMoment
    if not any(member.representative for member in members.values()):
        raise WrongMoment
    if not 1 <= plan.hours <= LONGEST_HOURS:
        raise BadInput("/hours", "too_large" if plan.hours > LONGEST_HOURS else "too_small", limit=LONGEST_HOURS)
    joined = {number for number, one in members.items() if one.state == MemberState.JOINED}
    amounts = _amounts(work, site, plan.amounts, joined - settlements.paid_claims(work.conn, row.id))
    note = scrubbed_of_members(work, row.id, plan.note)
    values: Row = {
        "id": work.kit.lots.number(), "incident_id": row.id, "note": note, "made_at": work.now,
        "made_by": officer_id(viewer), "votes_until": work.now + timedelta(hours=plan.hours), "withdrawn_at": None,
        "withdrawn_by": None, "submitted_at": None, "submitted_by": None,
    }  # fmt: skip
    made = settlements.add(work, values, amounts)
    said = {"lines": [[str(claim_id), minor] for claim_id, minor in sorted(amounts.items())], "text": digest(note)}
    _record(work, viewer, site, made, EventKind.SETTLEMENT_MADE, {"incident": str(row.id), **said})
    if row.opened_at is not None and row.planned_at is None:
        plan_settlement(work, viewer, row.id, note)
    return Settled(made, site)


def withdraw_settlement(work: Work, viewer: Viewer, settlement_id: int) -> Settled:
    """Take a plan back before it is handed in; its votes count for no other. Raises WrongMoment once it is handed in."""
    site = _site(work, viewer, settlement_id, Act.HANDLE_INCIDENT)
    plan = settlements.lock(work.conn, settlement_id)
    if plan.withdrawn_at is not None or plan.submitted_at is not None:
        raise WrongMoment
    gone = settlements.change(work.conn, plan, withdrawn_at=work.now, withdrawn_by=officer_id(viewer))
    _record(work, viewer, site, gone, EventKind.SETTLEMENT_WITHDRAWN, {})
    return Settled(gone, site)


def submit_settlement(work: Work, viewer: Viewer, settlement_id: int) -> Settled:
    """Hand a plan in as a batch, once its votes are closed: all are given, or the time is over. `settle_rows` follows.

    Again it changes nothing. Raises NotFound, Forbidden, WrongMoment while votes are open or once it was withdrawn.
    """
    site = _site(work, viewer, settlement_id, Act.PROPOSE_PAYOUT)
    plan = settlements.lock(work.conn, settlement_id)
    given = [line.vote for line in settlements.lines(work.conn, plan.id)]
    if plan.withdrawn_at is not None or (None in given and plan.votes_until >= work.now):
        raise WrongMoment
    if plan.submitted_at is not None:
        return Settled(plan, site)
    handed_in = settlements.change(work.conn, plan, submitted_at=work.now, submitted_by=officer_id(viewer))
    _record(work, viewer, site, handed_in, EventKind.SETTLEMENT_SUBMITTED, {"rows": given.count(Vote.YES.value)})
    return Settled(handed_in, site)


def rows_to_settle(conn: Connection, settlement_id: int) -> list[int]:
    """Rows of a batch that was handed in whose member said yes and that have no payout, also again after a refusal."""
    if settlements.get(conn, settlement_id).submitted_at is None:
        return []
    return [
        line.id
        for line in settlements.lines(conn, settlement_id)
        if line.vote == Vote.YES and not settlements.is_paying(conn, line)
    ]  # fmt: skip


def settle_rows(work: Work, viewer: Viewer, settlement_id: int, line_ids: Sequence[int], method: Method) -> int:
    """Propose the payouts of some rows, each for itself: one that is refused leaves its reason and stops no other.

    How many were proposed. Raises NotFound, Forbidden, BadInput for another way than cash, WrongMoment before it was handed in.
    """
    _site(work, viewer, settlement_id, Act.PROPOSE_PAYOUT)
    if method not in METHODS:
        raise BadInput("/method", "not_allowed_here")
    plan, done = settlements.lock(work.conn, settlement_id), 0
    if plan.submitted_at is None:
        raise WrongMoment
    for line in settlements.lines(work.conn, plan.id):
        if line.id in line_ids and line.vote == Vote.YES:
            done += _settle(work, viewer, line, method)
    return done


def _settle(work: Work, viewer: Viewer, line: SettlementLineRow, method: Method) -> bool:
    """One row under a savepoint of its own. A yes is for the decision that stood, and for the newest offer of the claim."""
    claim, by = claims.get_by_id(work.conn, line.claim_id), officer_id(viewer)
    if settlements.is_paying(work.conn, line):
        return False
    newest, since = settlements.offered(work.conn, claim.id), f"claim:{claim.id}"
    try:
        if newest is None or newest.id != line.id:
            raise WrongMoment
        if any(undoes_a_yes(*step) for step in events.steps_since_vote(work.conn, since, line.settlement_id)):
            raise WrongMoment
        with work.conn.begin_nested():
            amount = Money(line.amount_minor, claim.currency)
            paying = propose_payout(work, viewer, claim.reference, Proposal(method, amount))
            settlements.proposed(work, line, paying.payout.id, by)
    except DeskError as refusal:
        settlements.refused(work, line, refusal.code, by)
        if isinstance(refusal, FundInsufficient):
            notice_short_fund(work, viewer, claim.reference)
        return False
    return True


def _amounts(work: Work, site: SiteRow, told: Mapping[str, Money], joined: set[int]) -> dict[int, int]:
    """The amounts by claim id. Raises BadInput for a claim that is not among `joined` and for another currency."""
    if not told:
        raise BadInput("/lines", "missing")
    found = {claim.reference: claim.id for claim in claims.by_references(work.conn, told, site.id)}
    amounts: dict[int, int] = {}
    for place, (reference, amount) in enumerate(told.items()):
        claim_id = found.get(reference)
        if claim_id is None or claim_id not in joined:
            raise BadInput(f"/lines/{place}/reference", "not_found")
        if amount.currency != site.currency:
            raise BadInput(f"/lines/{place}/amount/currency", "wrong_currency", currency=site.currency)
        amounts[claim_id] = amount.minor
    return amounts


def _site(work: Work, viewer: Viewer, settlement_id: int, act: Act) -> SiteRow:
    incident = incidents.get(work.conn, settlements.get(work.conn, settlement_id).incident_id)
    require(viewer, act, incident.site_id)
    return sites.lock_by_id(work.conn, incident.site_id)


def _record(work: Work, viewer: Viewer, site: SiteRow, plan: SettlementRow, kind: EventKind, said: Mapping[str, object]) -> None:
    told = event_by(viewer, f"site:{site.id}", site.id, kind, work.now, {"settlement": str(plan.id), **said})
    events.append(work.conn, work.kit.lots.number(), told)
