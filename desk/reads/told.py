"""What a visitor's page says besides the status: the open question, the visitor's own words, what mediation would mean.

Shows nothing that an officer wrote for colleagues: the facts of a claim are shown only where the visitor typed them.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from desk.domain.audit import EventKind
from desk.domain.claim import Channel
from desk.domain.opening import windows_at
from desk.domain.policy import Viewer
from desk.domain.promises import Counting
from desk.ports import Kit
from desk.reads.seen import claim_seen
from desk.store import claims, follow_ups, sites
from desk.store.tables import metadata

MESSAGE, EVENT = metadata.tables["message"], metadata.tables["event"]
_NAMED_THERE = (Channel.POSTER, Channel.COUNTER)


@dataclass(frozen=True, slots=True)
class Told:
    """The questions that are open, the oldest first; the visitor's own words and the business, where they named it.

    `rating` and `comment` are what they said last of how this end of the claim went.
    """

    questions: tuple[str, ...]
    words: str | None
    merchant: str | None
    rating: int | None
    comment: str | None


def told_of(conn: Connection, viewer: Viewer, reference: str) -> Told:
    """What stands beside the status of the viewer's own claim. Raises NotFound for anybody else's.

    The business is shown where the visitor named it, on the poster's page or to the clerk who asked, and not where staff found
    out later who it must be.
    """
    claim = claim_seen(conn, viewer, reference)
    named = claim.channel in _NAMED_THERE and not _named_later(conn, claim.id)
    merchant = claims.respondent_of(conn, claim) if named else None
    rated = [row for row in follow_ups.of_end(conn, claim) if row.rating is not None][-1:]
    return Told(
        _questions(conn, claim.id, claim.open_questions), claim.facts if claim.channel == Channel.POSTER else None,
        merchant.name if merchant else None, rated[0].rating if rated else None, rated[0].comment if rated else None,
    )  # fmt: skip


def mediation_ends_at(conn: Connection, viewer: Viewer, reference: str, kit: Kit) -> datetime:
    """By when a mediation that begins now would be ended; at the site's offset."""
    claim = claim_seen(conn, viewer, reference)
    site = sites.get(conn, claim.site_id)
    pack, zone = kit.packs.by_version(claim.pack), ZoneInfo(site.time_zone)
    counting = Counting(pack, zone, kit.shelf.calendar, windows_at(site.hours, "clocks"))
    return counting.start("mediation", kit.clock.now()).due_at.astimezone(zone)


def _named_later(conn: Connection, claim_id: int) -> bool:
    """Whether the respondent was added to the claim after it was lodged."""
    of_claim = EVENT.c.subject == f"claim:{claim_id}", EVENT.c.kind == EventKind.FACTS_COMPLETED.value
    return any(json.loads(data)["respondent"] for data in conn.execute(select(EVENT.c.data).where(*of_claim)).scalars())


def _questions(conn: Connection, claim_id: int, how_many: int) -> tuple[str, ...]:
    """The latest questions, as many as are open."""
    if not how_many:
        return ()
    asked = select(MESSAGE.c.text).where(MESSAGE.c.claim_id == claim_id, MESSAGE.c.kind == "question")
    newest = conn.execute(asked.order_by(MESSAGE.c.written_at.desc(), MESSAGE.c.id.desc()).limit(how_many)).scalars().all()
    return tuple(reversed(newest))
