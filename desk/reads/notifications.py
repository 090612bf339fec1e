"""What the visitor of a claim was told outside the desk's pages, and what became of it. Shows no address: none is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from desk.domain.notification import Carrier, NotificationState, carrier_for
from desk.domain.policy import Viewer
from desk.ports import Kit
from desk.reads.claims import plain_contact
from desk.reads.seen import claim_seen
from desk.store import notifications, sites
from desk.store.tables import ClaimRow


@dataclass(frozen=True, slots=True)
class NotificationView:
    """One message. Times are at the site's offset; `why` is the code of the last try that failed."""

    id: int
    news: str
    channel: str
    state: str
    tries: int
    why: str | None
    made_at: datetime
    due_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Notified:
    """By what the visitor is told now, and what they were told, the newest first."""

    by: Carrier
    lines: Sequence[NotificationView]

    @property
    def lost(self) -> bool:
        """Whether something was given up that nobody has seen to."""
        return any(line.state == NotificationState.GIVEN_UP for line in self.lines)


def notified(conn: Connection, viewer: Viewer, reference: str, kit: Kit) -> Notified:
    """What the visitor was told of a claim. Raises NotFound as `claim_seen` does."""
    claim = claim_seen(conn, viewer, reference)
    return notified_of(conn, claim, ZoneInfo(sites.get(conn, claim.site_id).time_zone), kit)


def notified_of(conn: Connection, claim: ClaimRow, zone: ZoneInfo, kit: Kit) -> Notified:
    """The same of a claim that was read already."""
    by = carrier_for(plain_contact(conn, claim.id, kit), kit.courier.open_to) if kit.courier else Carrier.SLIP
    return Notified(
        by,
        [
            NotificationView(
                row.id, row.news, row.channel, row.state, row.tries, row.why, row.made_at.astimezone(zone),
                row.due_at.astimezone(zone), row.ended_at.astimezone(zone) if row.ended_at else None,
            )
            for row in notifications.of_claim(conn, claim.id)
        ],
    )  # fmt: skip
