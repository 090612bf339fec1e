"""The docket: a case number and a place for each docketed claim, ordered by departure, then by deadline."""

from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select, update

from desk.domain.claim import State
from desk.ports import Work
from desk.store.columns import FOREVER
from desk.store.tables import ClaimRow, SiteRow, metadata

ENTRY = metadata.tables["docket_entry"]
COUNTER = metadata.tables["counter"]
ON_DOCKET = frozenset({State.DOCKETED.value, State.SETTLED.value})


def follow(work: Work, claim: ClaimRow, site: SiteRow) -> None:
    """Keep the docket in step with a claim that moved: enter it, move it in the order, or close its entry."""
    open_entry = _open_entry(work.conn, claim.id)
    if claim.state in ON_DOCKET and open_entry is None:
        _enter(work, claim, site)
    elif claim.state in ON_DOCKET:
        work.conn.execute(update(ENTRY).where(ENTRY.c.id == open_entry).values(due_at=claim.due_at))
    elif open_entry is not None:
        work.conn.execute(update(ENTRY).where(ENTRY.c.id == open_entry).values(closed_at=work.now))


def _open_entry(conn: Connection, claim_id: int) -> int | None:
    found = conn.execute(select(ENTRY.c.id).where(ENTRY.c.claim_id == claim_id, ENTRY.c.closed_at.is_(None))).scalar()
    return int(found) if found is not None else None


def _enter(work: Work, claim: ClaimRow, site: SiteRow) -> None:
    year = work.now.astimezone(ZoneInfo(site.time_zone)).year
    number = next_number(work, site.id, f"case:{year}")
    work.conn.execute(
        insert(ENTRY).values(
            id=work.kit.lots.number(), claim_id=claim.id, site_id=site.id, case_no=f"{year}-{number:05d}",
            leaves_at=claim.departs_at or FOREVER, due_at=claim.due_at, docketed_at=work.now,
        )
    )  # fmt: skip


def next_number(work: Work, site_id: int, name: str) -> int:
    """Count up by one; the row stays locked until the transaction ends, so the numbers have no gaps and no twins."""
    mine = (COUNTER.c.site_id == site_id) & (COUNTER.c.name == name)
    counted = update(COUNTER).where(mine).values(value=COUNTER.c.value + 1).returning(COUNTER.c.value)
    value = work.conn.execute(counted).scalar()
    if value is None:
        value = 1
        work.conn.execute(insert(COUNTER).values(id=work.kit.lots.number(), site_id=site_id, name=name, value=value))
    return int(value)
