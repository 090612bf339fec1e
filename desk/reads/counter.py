"""What the counter needs beside a claim: the merchants a site knows, claims that may be the same matter, the slip."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from desk.domain.claim import Language
from desk.domain.policy import Viewer
from desk.ports import Kit
from desk.reads.seen import claim_seen
from desk.reads.status import StatusView, status_view
from desk.store import sites
from desk.store.tables import ClaimRow, metadata
from desk.wording.catalogue import LANGUAGES

CLAIM = metadata.tables["claim"]
TAG = metadata.tables["duplicate_tag"]
RESPONDENT = metadata.tables["respondent"]
MOST_MERCHANTS, MOST_ALIKE = 300, 5


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A claim that may be the same matter, why, and when it was lodged, at the site's offset."""

    reference: str
    why: str
    lodged_at: datetime


@dataclass(frozen=True, slots=True)
class SlipView:
    """A claim as its slip tells it: `language` is the one the visitor reads, `status` is told in it."""

    claim: ClaimRow
    language: str
    status: StatusView
    alike: Sequence[LookAlike]


def slip_view(conn: Connection, viewer: Viewer, reference: str, kit: Kit) -> SlipView:
    """What a slip says, without its code. Raises as `claim_seen` does."""
    claim = claim_seen(conn, viewer, reference)
    language = claim.language if claim.language in LANGUAGES else Language.EN.value
    status = status_view(conn, viewer, reference, language, kit, on_paper=True)
    return SlipView(claim, language, status, look_alikes(conn, viewer, reference))


def merchants_at(conn: Connection, site_id: int) -> Sequence[str]:
    """The names of the merchants that a site knows, as many as a page can offer, the latest to be named first."""
    newest = (
        select(RESPONDENT.c.name).where(RESPONDENT.c.site_id == site_id).order_by(RESPONDENT.c.added_at.desc(), RESPONDENT.c.id)
    )
    return conn.execute(newest.limit(MOST_MERCHANTS)).scalars().all()


def look_alikes(conn: Connection, viewer: Viewer, reference: str) -> list[LookAlike]:
    """Claims of the same site that share an order, or merchant, sum and day; only those that the viewer may read.

    A hint for officers, the newest first. Raises as `claim_seen` does. Source: SPEC 4.1.
    """
    claim = claim_seen(conn, viewer, reference)
    own = select(TAG.c.tag).where(TAG.c.claim_id == claim.id)
    query = (
        select(CLAIM.c.reference, TAG.c.why, CLAIM.c.lodged_at)
        .join(CLAIM, CLAIM.c.id == TAG.c.claim_id)
        .where(
            TAG.c.tag.in_(own), TAG.c.site_id == claim.site_id, CLAIM.c.id != claim.id,
            CLAIM.c.state.in_(sorted(viewer.readable_at(claim.site_id))),
        )
        .order_by(CLAIM.c.lodged_at.desc(), TAG.c.why)
        .limit(MOST_ALIKE * 2)
    )  # fmt: skip
    zone = ZoneInfo(sites.get(conn, claim.site_id).time_zone)
    found = {row.reference: LookAlike(row.reference, row.why, row.lodged_at.astimezone(zone)) for row in conn.execute(query)}
    return list(found.values())[:MOST_ALIKE]
