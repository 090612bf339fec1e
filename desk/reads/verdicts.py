"""The verdict of the rule on a claim as it stands now. Stores nothing."""

from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from desk.domain.policy import Viewer
from desk.domain.triage import Verdict, triage
from desk.ports import Kit
from desk.reads.seen import claim_seen
from desk.store import claims, sites


def verdict_now(conn: Connection, viewer: Viewer, reference: str, kit: Kit) -> Verdict:
    """What the rule says of the facts at this moment, under the claim's own pack."""
    claim = claim_seen(conn, viewer, reference)
    zone = ZoneInfo(sites.get(conn, claim.site_id).time_zone)
    facts = claims.facts_of(conn, claim, claim.received_at.astimezone(zone).date())
    return triage(facts, kit.packs.by_version(claim.pack))
