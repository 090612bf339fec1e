"""What became of promises, over the whole database: I25. The counts are the clocks' own, and the chain tells every reason."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, exists, select

from desk.domain.audit import EventKind
from desk.domain.tally import PAID_FAST, Tallied, received, tallied
from desk.reads.verify.dossier import BLOCK
from desk.store import promises
from desk.store.clocks import clock_of
from desk.store.tables import metadata

CLAIM, CLOCK, BREACH, PAYOUT, SITE, EVENT, INCIDENT, INCIDENT_CLOCK = (
    metadata.tables[name]
    for name in ("claim", "clock", "clock_breach", "payout", "site", "event", "incident", "incident_clock")
)  # fmt: skip
_NAMED = 20


def i25_counts_are_the_clocks(conn: Connection) -> Iterator[str]:
    """What reports add up is what the clocks give when they are counted anew: by site, day, promise and time taken.

    Clocks of a claim that is not there belong to no site; while there are some (I18) nothing can be said.
    """
    if conn.execute(select(CLOCK.c.id).where(~exists().where(CLAIM.c.id == CLOCK.c.claim_id)).limit(1)).first():
        return
    sites = {row.id: ZoneInfo(row.time_zone) for row in conn.execute(select(SITE.c.id, SITE.c.time_zone))}
    due = defaultdict[int, Counter[Tallied]](Counter)
    for block in _blocks(conn):
        _count(conn, block, sites, due)
    _count_of_incidents(conn, sites, due)
    for site_id in sorted(sites):
        kept = Counter[Tallied]()
        for one, number in promises.counts(conn, site_id, date.min, date.max, by_day=True).items():
            kept[one._replace(pack="")] += number
        for one in sorted((due[site_id] - kept) + (kept - due[site_id]))[:_NAMED]:
            yield f"site {site_id}, {one.on}: {kept[one]} {one.kind} {one.what} counted, {due[site_id][one]} are there"


def i25_misses_are_of_their_clocks(conn: Connection) -> Iterator[str]:
    """A miss names the site of its claim, and when the promise that it broke was made."""
    columns = (BREACH.c.id, BREACH.c.site_id, BREACH.c.base_at, CLAIM.c.site_id.label("its"), CLOCK.c.base_at.label("made"))
    mine = (CLOCK.c.claim_id == BREACH.c.claim_id) & (CLOCK.c.kind == BREACH.c.kind) & (CLOCK.c.due_at == BREACH.c.due_at)
    query = select(*columns).join(CLAIM, CLAIM.c.id == BREACH.c.claim_id).outerjoin(CLOCK, mine).order_by(BREACH.c.id)
    found = defaultdict[int, list[Any]](list)
    for row in conn.execute(query):
        found[row.id].append(row)
    for breach_id, rows in found.items():
        if rows[0].site_id != rows[0].its or rows[0].base_at not in {row.made for row in rows}:
            yield f"missed promise {breach_id}: its site or its beginning is not that of its clock"


def i25_reasons_were_told(conn: Connection) -> Iterator[str]:
    """Why a promise was missed stands in the chain, and the newest word of it in the row, with who said it and when."""
    said = select(BREACH).where(BREACH.c.explained_at.is_not(None))
    rows = {str(row.id): (row.reason, f"officer:{row.explained_by}", row.explained_at) for row in conn.execute(said)}
    told = {}
    for event in conn.execute(
        select(EVENT).where(EVENT.c.kind == EventKind.MISS_EXPLAINED).order_by(EVENT.c.subject, EVENT.c.seq)
    ):
        told[str(json.loads(event.data).get("miss"))] = (event.reason, event.actor, event.at)
    for name in sorted(name for name in rows.keys() | told.keys() if rows.get(name) != told.get(name)):
        yield f"missed promise {name}: row and chain tell its reason otherwise"


def _blocks(conn: Connection) -> Iterator[dict[int, int]]:
    """Claims with their sites, block by block."""
    last = -1
    while True:
        query = select(CLAIM.c.id, CLAIM.c.site_id).where(CLAIM.c.id > last).order_by(CLAIM.c.id).limit(BLOCK)
        block = {row.id: row.site_id for row in conn.execute(query)}
        if not block:
            return
        yield block
        last = max(block)


def _count(
    conn: Connection, block: dict[int, int], zones: dict[int, ZoneInfo], due: defaultdict[int, Counter[Tallied]]
) -> None:  # fmt: skip
    missed = defaultdict[int, set[tuple[str, datetime]]](set)
    for row in _of_block(conn, BREACH, block):
        missed[row.claim_id].add((row.kind, row.due_at))
    fast = defaultdict[int, list[Any]](list)
    for row in _of_block(conn, CLOCK, block):
        clock, site_id = clock_of(row), block[row.claim_id]
        for one, number in tallied(clock, zones[site_id], missed[row.claim_id]).items():
            due[site_id][one._replace(pack="")] += number
        if clock.kind == PAID_FAST:
            fast[row.claim_id].append(clock)
    for row in _of_block(conn, PAYOUT, block):
        begun = [clock for clock in fast[row.claim_id] if row.settled_at is not None and clock.base_at <= row.settled_at]
        if begun:
            site_id, newest = block[row.claim_id], max(begun, key=lambda clock: clock.base_at)
            due[site_id][received(newest, zones[site_id], row.settled_at)._replace(pack="")] += 1


def _count_of_incidents(
    conn: Connection, zones: dict[int, ZoneInfo], due: defaultdict[int, Counter[Tallied]]
) -> None:  # fmt: skip
    of_site = {row.id: row.site_id for row in conn.execute(select(INCIDENT.c.id, INCIDENT.c.site_id))}
    missed = defaultdict[int, set[tuple[str, datetime]]](set)
    for row in conn.execute(select(BREACH).where(BREACH.c.incident_id.is_not(None))):
        missed[row.incident_id].add((row.kind, row.due_at))
    clocks: Any = conn.execute(select(INCIDENT_CLOCK))
    for row in clocks:
        site_id = of_site[row.incident_id]
        for one, number in tallied(clock_of(row), zones[site_id], missed[row.incident_id]).items():
            due[site_id][one._replace(pack="")] += number


def _of_block(conn: Connection, table: Any, block: Iterable[int]) -> Iterator[Any]:  # noqa: ANN401 - rows of any of the tables
    ids = list(block)
    found = conn.execute(select(table).where(table.c.claim_id.between(ids[0], ids[-1])))
    yield from (row for row in found if row.claim_id in block)
