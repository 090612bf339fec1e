"""What became of promises: counts appended with each change, folded into rows by day, added up for reports. Judges nothing."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Date, bindparam, delete, func, insert, select, text, update

from desk.domain.errors import NotFound
from desk.domain.tally import Fate, Tallied
from desk.ports import Row, Work
from desk.store.tables import ClockBreachRow, metadata

DELTA, COUNT, BREACH = (metadata.tables[name] for name in ("promise_delta", "promise_count", "clock_breach"))

_ADD = text(
    """
    INSERT INTO promise_count (id, site_id, on_day, kind, pack, what, seconds, number)
    VALUES (:id, :site_id, :on_day, :kind, :pack, :what, :seconds, :number)
    ON CONFLICT (site_id, on_day, kind, pack, what, seconds) DO UPDATE SET number = promise_count.number + excluded.number
    """
).bindparams(bindparam("on_day", type_=Date))


def row_of(row_id: int, site_id: int, added: Counter[Tallied]) -> Row:
    """The row by which counts are added."""
    return {
        "id": row_id, "site_id": site_id,
        "lines": [
            [one.on.isoformat(), one.kind, one.pack, one.what.value, one.seconds, number] for one, number in sorted(added.items())
        ],
    }  # fmt: skip


def append(work: Work, site_id: int, added: Counter[Tallied]) -> None:
    """Add to the counts of a site with what the transaction changes; nothing where nothing is added."""
    if added:
        work.conn.execute(insert(DELTA), row_of(work.kit.lots.number(), site_id, added))


def fold(work: Work, most: int) -> int:
    """Fold the oldest appended counts into the rows by day; how many there were. Two workers never fold the same one."""
    oldest = select(DELTA.c.id).order_by(DELTA.c.id).limit(most).with_for_update(skip_locked=True)
    taken = work.conn.execute(delete(DELTA).where(DELTA.c.id.in_(oldest)).returning(DELTA.c.site_id, DELTA.c.lines)).all()
    added = Counter[tuple[int, Tallied]]()
    for row in taken:
        added.update({(row.site_id, one): number for one, number in _lines(row.lines)})
    # In one order, so that two workers that add to the same days wait for each other and never in a circle.
    rows = [
        {"id": work.kit.lots.number(), "site_id": site_id, "on_day": one.on, "kind": one.kind, "pack": one.pack,
         "what": one.what.value, "seconds": one.seconds, "number": number}
        for (site_id, one), number in sorted(added.items())
    ]  # fmt: skip
    if rows:
        work.conn.execute(_ADD, rows)
    return len(taken)


def counts(conn: Connection, site_id: int, first: date, last: date, *, by_day: bool = False) -> Counter[Tallied]:
    """What became of the promises made from the first to the last day, both included, folded in or not.

    Not `by_day`: each under the first day.
    """
    on = COUNT.c.on_day if by_day else func.min(COUNT.c.on_day)
    grouped = (*((COUNT.c.on_day,) if by_day else ()), COUNT.c.kind, COUNT.c.pack, COUNT.c.what, COUNT.c.seconds)
    query = select(on.label("on_day"), *grouped[-4:], func.sum(COUNT.c.number).label("number"))
    query = query.where(COUNT.c.site_id == site_id, COUNT.c.on_day.between(first, last)).group_by(*grouped)
    found = Counter[Tallied]()
    for row in conn.execute(query):
        on_day = row.on_day if by_day else first
        found[Tallied(on_day, row.kind, row.pack, Fate(row.what), row.seconds)] += int(row.number)
    for one, number in _waiting(conn, site_id):
        if first <= one.on <= last:
            found[one if by_day else one._replace(on=first)] += number
    return found


def made(conn: Connection, site_id: int, kind: str, first: date, last: date) -> int:
    """How many promises of a kind were made from the first to the last day, both included, folded in or not."""
    mine = (COUNT.c.site_id == site_id) & COUNT.c.on_day.between(first, last) & (COUNT.c.kind == kind)
    folded = conn.execute(select(func.sum(COUNT.c.number)).where(mine, COUNT.c.what == Fate.MADE.value)).scalar() or 0
    waiting = (
        number for one, number in _waiting(conn, site_id) if (one.kind, one.what) == (kind, Fate.MADE) and first <= one.on <= last
    )
    return int(folded) + sum(waiting)


def days_known(conn: Connection, site_id: int, most: int) -> int:
    """On how many days the site has made promises, counted up to `most`."""
    days = select(COUNT.c.on_day).where(COUNT.c.site_id == site_id).distinct().limit(most)
    return min(most, len({*conn.execute(days).scalars(), *(one.on for one, _ in _waiting(conn, site_id))}))


def breaches(conn: Connection, claim_id: int) -> set[tuple[str, datetime]]:
    """The deadlines of a claim that are written down as missed."""
    return {
        (row.kind, row.due_at)
        for row in conn.execute(select(BREACH.c.kind, BREACH.c.due_at).where(BREACH.c.claim_id == claim_id))
    }


def owner_of(conn: Connection, miss_id: int) -> tuple[int | None, int | None]:
    """The claim of a missed promise, or the incident. Raises NotFound."""
    row = conn.execute(select(BREACH.c.claim_id, BREACH.c.incident_id).where(BREACH.c.id == miss_id)).first()
    if row is None:
        raise NotFound
    return row.claim_id, row.incident_id


def explain(work: Work, miss_id: int, reason: str, by: int) -> ClockBreachRow:
    """Write why a promise was missed into its row, whose claim or site is locked."""
    said = {"reason": reason, "explained_by": by, "explained_at": work.now}
    changed = update(BREACH).where(BREACH.c.id == miss_id).values(**said).returning(*BREACH.c)
    return ClockBreachRow(**work.conn.execute(changed).mappings().one())


def _waiting(conn: Connection, site_id: int) -> Iterator[tuple[Tallied, int]]:
    """What the worker has not folded in yet."""
    for lines in conn.execute(select(DELTA.c.lines).where(DELTA.c.site_id == site_id)).scalars():
        yield from _lines(lines)


def _lines(lines: Iterable[Any]) -> Iterator[tuple[Tallied, int]]:
    for on, kind, pack, what, seconds, number in lines:
        yield Tallied(date.fromisoformat(on), kind, pack, Fate(what), seconds), number
