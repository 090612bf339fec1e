"""Breaks between the gateway's statement and the books: found, told, holding their site's refunds back, resolved by a manager.

A resolution only records what became of it; money is put right by the ordinary acts. Claims are locked before sites, each in
the order of their ids, as a send locks its one claim before its one site. Source: SPEC 5.8; RELIABILITY I11.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from desk.actions.scrub import scrubbed
from desk.actions.sends import check_reason, freeze, thaw
from desk.actions.steps import DESK, Held, event_by, record
from desk.domain.audit import EventKind
from desk.domain.errors import NotFound, WrongMoment
from desk.domain.notice import NoticeKind
from desk.domain.policy import Act, Viewer, require
from desk.domain.reconciliation import Break
from desk.ports import Lease, Work
from desk.store import breaks, claims, events, jobs, notices, sites
from desk.store.tables import ClaimRow, SiteRow, StatementBreakRow


@dataclass(frozen=True, slots=True)
class Resolved:
    """A break after it was resolved, the site whose manager did it, and their name."""

    row: StatementBreakRow
    site: SiteRow
    claim: ClaimRow | None
    by: str


def match_statements(work: Work) -> int:
    """Match all that the gateway told with all that was settled; how many breaks are new. Each freezes its site's refunds."""
    known = breaks.names(work.conn)
    found = [each for each in breaks.unpaired(work.conn) if each.name not in known]
    if not found:
        return 0
    about = {each.booked.claim_id for each in found if each.booked}
    held = {claim_id: claims.get_by_id(work.conn, claim_id) for claim_id in sorted(about)}
    everywhere = breaks.users_of_gateway(work.conn) if any(each.booked is None for each in found) else []
    locked = sites.lock_all(work.conn, {*everywhere, *(claim.site_id for claim in held.values())})
    known = breaks.names(work.conn)  # once more: another worker may have found them before this one had the locks
    fresh = [each for each in found if each.name not in known]
    for each in fresh:
        claim = held[each.booked.claim_id] if each.booked else None
        concerned = {claim.site_id} if claim else {*everywhere}
        _tell(work, each, claim, [site for site in locked if site.id in concerned])
    return len(fresh)


def end_reconcile(work: Work, lease: Lease) -> None:
    """Match once more, for payouts may have moved since their day's statement came, and end the job. Raises LeaseLost."""
    match_statements(work)
    jobs.done(work, lease)


def resolve_break(work: Work, viewer: Viewer, break_id: int, reason: str) -> Resolved:
    """Say what became of a break; a stop that it caused ends with the last break of its site.

    Raises NotFound for an absent one and for one of a foreign site, Forbidden, WrongMoment for one that is resolved already,
    BadInput for a reason that is empty, above 2 000 characters or holds control characters.
    """
    row = breaks.get(work.conn, break_id)
    if row is None:
        raise NotFound
    concerned = [row.site_id] if row.site_id is not None else breaks.users_of_gateway(work.conn)
    mine = [site_id for site_id in concerned if site_id in viewer.sites]
    site_id = next((each for each in mine if viewer.may(Act.RESOLVE_BREAK, each)), mine[0] if mine else None)
    if site_id is None:
        raise NotFound
    require(viewer, Act.RESOLVE_BREAK, site_id)
    check_reason(reason)
    claim = claims.get_by_id(work.conn, breaks.claim_of(work.conn, row.payout_id)) if row.payout_id else None
    locked = sites.lock_all(work.conn, concerned)
    current = breaks.get(work.conn, break_id)
    if current is None or current.resolved_at is not None:
        raise WrongMoment
    kept = (scrubbed(work, claim, reason) if claim else reason) or reason
    row = breaks.resolve(work.conn, break_id, resolved_by=viewer.id, resolved_at=work.now, resolution=kept)
    if claim and not breaks.any_open_of_claim(work.conn, claim.id):
        notices.close(work, claim.id, {NoticeKind.STATEMENT_BREAK})
    for site in locked:
        _record(work, viewer, site, EventKind.BREAK_RESOLVED, {"break": str(row.id), "resolution": kept})
        thaw(work, viewer, site)
    return Resolved(row, next(site for site in locked if site.id == site_id), claim, viewer.name)


def _tell(work: Work, found: Break, claim: ClaimRow | None, concerned: Sequence[SiteRow]) -> None:
    """Write a break down, in the chain of each site it concerns and as a notice, and stop those sites' refunds."""
    row = breaks.add(work, found)
    for site in concerned:
        _record(work, DESK, site, EventKind.BREAK_FOUND, {"break": str(row.id), "kind": row.kind, "key": row.key})
        freeze(work, site, row.kind)
        if claim and notices.open_once(work, claim, NoticeKind.STATEMENT_BREAK, row.payout_id):
            told = {"notice": NoticeKind.STATEMENT_BREAK.value, "payout": str(row.payout_id)}
            record(work, Held(claim, site, DESK), EventKind.NOTICE_OPENED, told)


def _record(work: Work, viewer: Viewer, site: SiteRow, kind: EventKind, said: dict[str, str]) -> None:
    events.append(work.conn, work.kit.lots.number(), event_by(viewer, f"site:{site.id}", site.id, kind, work.now, said))
