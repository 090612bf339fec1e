"""Promises counted and explained: counts folded by the worker, and why one was missed. Starts and stops no clock."""

from dataclasses import dataclass

from desk.actions.scrub import scrubbed
from desk.actions.sends import check_reason
from desk.actions.steps import Held, officer_id, record
from desk.domain.audit import EventKind
from desk.domain.policy import Act, Viewer, require
from desk.ports import Work
from desk.store import claims, promises, sites
from desk.store.tables import ClockBreachRow

PIECE = 500


@dataclass(frozen=True, slots=True)
class Explained:
    """A missed promise after somebody said why, and its claim."""

    row: ClockBreachRow
    held: Held


def explain_miss(work: Work, viewer: Viewer, miss_id: int, reason: str) -> Explained:
    """Say why a promise was missed. A later word takes the place of an earlier one; the chain keeps both.

    Raises NotFound for an absent one and one of a foreign site, Forbidden, BadInput for a reason that is empty, above 2 000
    characters or holds control characters.
    """
    claim = claims.get_by_id(work.conn, promises.claim_of(work.conn, miss_id))
    require(viewer, Act.EXPLAIN_MISS, claim.site_id, claim.id)
    check_reason(reason)
    held = Held(claim, sites.get(work.conn, claim.site_id), viewer)
    kept = scrubbed(work, claim, reason) or reason
    row = promises.explain(work, miss_id, kept, officer_id(viewer))
    said = {"miss": str(miss_id), "clock": row.kind, "due_at": row.due_at.isoformat()}
    record(work, held, EventKind.MISS_EXPLAINED, said, reason)
    return Explained(row, held)


def fold_counts(work: Work) -> int:
    """Fold the oldest appended counts of promises into the rows by day, at most 500; how many there were."""
    return promises.fold(work, PIECE)
