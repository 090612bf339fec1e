"""Promises counted and explained: counts folded by the worker, and why one was missed. Starts and stops no clock."""

from dataclasses import dataclass, replace

from desk.actions.scrub import scrubbed, scrubbed_of_members
from desk.actions.sends import check_reason
from desk.actions.steps import Held, event_by, officer_id, record
from desk.domain.audit import EventKind
from desk.domain.policy import Act, Viewer, require
from desk.ports import Work
from desk.store import claims, events, incidents, promises, sites
from desk.store.tables import ClockBreachRow, SiteRow

PIECE = 500


@dataclass(frozen=True, slots=True)
class Explained:
    """A missed promise after somebody said why, its site, and the reference of its claim, None for one of an incident."""

    row: ClockBreachRow
    site: SiteRow
    reference: str | None


def explain_miss(work: Work, viewer: Viewer, miss_id: int, reason: str) -> Explained:
    """Say why a promise was missed. A later word takes the place of an earlier one; the chain keeps both.

    Raises NotFound for an absent one and one of a foreign site, Forbidden, BadInput for a reason that is empty, above 2 000
    characters or holds control characters.
    """
    claim_id, incident_id = promises.owner_of(work.conn, miss_id)
    if claim_id is None:
        return _explain_of_incident(work, viewer, miss_id, incident_id or 0, reason)
    claim = claims.get_by_id(work.conn, claim_id)
    require(viewer, Act.EXPLAIN_MISS, claim.site_id, claim.id)
    check_reason(reason)
    held = Held(claim, sites.get(work.conn, claim.site_id), viewer)
    kept = scrubbed(work, claim, reason) or reason
    row = promises.explain(work, miss_id, kept, officer_id(viewer))
    said = {"miss": str(miss_id), "clock": row.kind, "due_at": row.due_at.isoformat()}
    record(work, held, EventKind.MISS_EXPLAINED, said, reason)
    return Explained(row, held.site, claim.reference)


def _explain_of_incident(work: Work, viewer: Viewer, miss_id: int, incident_id: int, reason: str) -> Explained:
    """The same for a promise of an incident: its members' names and codes are left out of the chain of the site."""
    site_id = incidents.get(work.conn, incident_id).site_id
    require(viewer, Act.EXPLAIN_MISS, site_id)
    check_reason(reason)
    site, kept = sites.lock_by_id(work.conn, site_id), scrubbed_of_members(work, incident_id, reason)
    row = promises.explain(work, miss_id, kept, officer_id(viewer))
    said = {"miss": str(miss_id), "incident": str(incident_id), "clock": row.kind, "due_at": row.due_at.isoformat()}
    event = event_by(viewer, f"site:{site_id}", site_id, EventKind.MISS_EXPLAINED, work.now, said)
    events.append(work.conn, work.kit.lots.number(), replace(event, reason=kept))
    return Explained(row, site, None)


def fold_counts(work: Work) -> int:
    """Fold the oldest appended counts of promises into the rows by day, at most 500; how many there were."""
    return promises.fold(work, PIECE)
