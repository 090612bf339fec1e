"""The clocks of a claim with the working of each deadline, in the reader's language."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from desk.domain import clocks as rules
from desk.domain.clocks import Clock
from desk.domain.policy import Viewer
from desk.domain.promises import left_to_extend
from desk.ports import Kit
from desk.reads.seen import claim_seen
from desk.store import clocks, sites
from desk.wording.workings import line_text


@dataclass(frozen=True, slots=True)
class ClockWorking:
    """A clock, its rule's source, and one line a day or stretch of how it was counted. Times at the site's own offset.

    `left` is by how many of its units a manager may still lengthen it.
    """

    clock: Clock
    base_at: datetime
    due_at: datetime
    stopped_at: datetime | None
    late: bool
    source: str
    left: int
    lines: tuple[str, ...]


def clock_workings(conn: Connection, viewer: Viewer, reference: str, language: str, kit: Kit) -> list[ClockWorking]:
    """Every clock of the claim, oldest first. Raises NotFound as `claim_seen` does."""
    claim = claim_seen(conn, viewer, reference)
    zone = ZoneInfo(sites.get(conn, claim.site_id).time_zone)
    return [_working(clock, zone, language, kit) for clock in clocks.of_claim(conn, claim.id).values()]


def _working(clock: Clock, zone: ZoneInfo, language: str, kit: Kit) -> ClockWorking:
    lines = tuple(line_text(line, language, zone=zone) for line in rules.working(clock, zone, kit.shelf.calendar))
    stopped_at = clock.stopped_at and clock.stopped_at.astimezone(zone)
    pack, now = kit.packs.by_version(clock.pack), kit.clock.now()
    return ClockWorking(
        clock, clock.base_at.astimezone(zone), clock.due_at.astimezone(zone), stopped_at,
        rules.is_late(clock, now), pack.clocks[clock.kind].source, left_to_extend(clock, pack, now), lines,
    )  # fmt: skip
