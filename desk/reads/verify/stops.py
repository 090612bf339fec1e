"""The stop switch against the payouts, over the whole database: I12. Stops nothing."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import Connection, select

from desk.domain.audit import EventKind
from desk.store.tables import metadata

STOP, PAYOUT, EVENT = (metadata.tables[name] for name in ("send_stop", "payout", "event"))
GRACE = timedelta(seconds=2)
"""How long after the switch a send that had begun may still leave. Source: SPEC 5.8."""
NAMED = 20


def i12_nothing_leaves_while_stopped(conn: Connection) -> Iterator[str]:
    """No key of a site leaves for the first time more than two seconds into a stop and before its end."""
    for stop in conn.execute(select(STOP).order_by(STOP.c.id)):
        within = (PAYOUT.c.site_id == stop.site_id) & (PAYOUT.c.first_sent_at > stop.stopped_at + GRACE)
        if stop.resumed_at is not None:
            within &= PAYOUT.c.first_sent_at < stop.resumed_at
        for payout_id in conn.execute(select(PAYOUT.c.id).where(within).order_by(PAYOUT.c.id).limit(NAMED)).scalars():
            yield f"payout {payout_id}: left while refunds were stopped"


def i12_stops_were_told(conn: Connection) -> Iterator[str]:
    """Each stop and each end of one stands in the chain of its site, at its time, in their order; and nothing else does."""
    said = {EventKind.SENDS_STOPPED: STOP.c.stopped_at, EventKind.SENDS_RESUMED: STOP.c.resumed_at}
    for kind, moment in said.items():
        rows = [(row.site_id, row[1]) for row in conn.execute(select(STOP.c.site_id, moment).where(moment.is_not(None)))]
        told = [(row.site_id, row.at) for row in conn.execute(select(EVENT.c.site_id, EVENT.c.at).where(EVENT.c.kind == kind))]
        if sorted(rows) != sorted(told):
            yield f"stops: {len(rows)} were {kind}, the chains tell {len(told)} or other ones"
