"""Collective disputes as rows: claims of one cause that are in none yet, incidents, their members and reports. Judges nothing.

Claims are found by the index of respondent and time; no claim older than the window is read.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, exists, func, insert, select, update

from desk.domain.errors import NotFound
from desk.domain.incident import GONE, MemberState
from desk.ports import Row, Work
from desk.store.alerts import PIECE, Subject
from desk.store.tables import ClaimRow, IncidentMemberRow, IncidentReportRow, IncidentRow, metadata

INCIDENT, MEMBER, REPORT, CLAIM = (metadata.tables[name] for name in ("incident", "incident_member", "incident_report", "claim"))
_COUNTS = CLAIM.c.state.not_in(sorted(state.value for state in GONE))


class Key(NamedTuple):
    """What makes claims of one cause: their category, and the merchant or, where none is known, the spot."""

    site_id: int
    respondent_id: int | None
    spot: str | None
    category: str


class Fresh(NamedTuple):
    """Claims of one cause that are in no collective dispute yet."""

    key: Key
    claims: int


def fresh(conn: Connection, merchants: Sequence[Subject], since: datetime) -> list[Fresh]:
    """How many claims of each cause came since then and are in no collective dispute; without merchant and spot none are."""
    ids = [each.respondent_id for each in merchants if each.respondent_id is not None]
    found = []
    for at in range(0, len(ids), PIECE):
        by = (CLAIM.c.site_id, CLAIM.c.respondent_id, CLAIM.c.category)
        counted = _ungrouped(select(*by, func.count()), since).where(CLAIM.c.respondent_id.in_(ids[at : at + PIECE]))
        found += [Fresh(Key(row[0], row[1], None, row[2]), int(row[3])) for row in conn.execute(counted.group_by(*by))]
    spot = (CLAIM.c.site_id, CLAIM.c.spot, CLAIM.c.category)
    nobody = _ungrouped(select(*spot, func.count()), since).where(CLAIM.c.respondent_id.is_(None), CLAIM.c.spot.is_not(None))
    found += [Fresh(Key(row[0], None, row[1], row[2]), int(row[3])) for row in conn.execute(nobody.group_by(*spot))]
    return found


def claims_of(conn: Connection, key: Key, since: datetime) -> list[ClaimRow]:
    """The claims of one cause themselves, the oldest first."""
    place = (
        (CLAIM.c.respondent_id == key.respondent_id)
        if key.respondent_id is not None
        else (CLAIM.c.respondent_id.is_(None) & (CLAIM.c.spot == key.spot))
    )
    mine = _ungrouped(select(CLAIM), since).where(place, CLAIM.c.site_id == key.site_id, CLAIM.c.category == key.category)
    return [ClaimRow(**row) for row in conn.execute(mine.order_by(CLAIM.c.received_at, CLAIM.c.id)).mappings()]


def key_of(row: IncidentRow) -> Key:
    """Of which cause a collective dispute is."""
    return Key(row.site_id, row.respondent_id, None if row.respondent_id is not None else row.spot, row.category)


def standing(conn: Connection, site_id: int | None = None) -> list[IncidentRow]:
    """Those that are not closed, at one site or at all, the oldest first."""
    query = select(INCIDENT).where(INCIDENT.c.closed_at.is_(None)).order_by(INCIDENT.c.proposed_at, INCIDENT.c.id)
    if site_id is not None:
        query = query.where(INCIDENT.c.site_id == site_id)
    return [IncidentRow(**row) for row in conn.execute(query).mappings()]


def get(conn: Connection, incident_id: int) -> IncidentRow:
    """One by its id. Raises NotFound."""
    row = conn.execute(select(INCIDENT).where(INCIDENT.c.id == incident_id)).mappings().first()
    if row is None:
        raise NotFound
    return IncidentRow(**row)


def people_of(
    conn: Connection, incident_ids: Iterable[int], since: datetime | None = None
) -> dict[int, tuple[int, int, datetime | None]]:  # fmt: skip
    """How many claims and people are in each, and when the newest of the claims came; people of members who left count.

    With `since` only claims that came after it are counted; one without any is left out.
    """
    query = (
        select(MEMBER.c.incident_id, func.count(), func.sum(CLAIM.c.people), func.max(CLAIM.c.received_at))
        .join(CLAIM, CLAIM.c.id == MEMBER.c.claim_id)
        .where(MEMBER.c.incident_id.in_(list(incident_ids)), _COUNTS)
        .group_by(MEMBER.c.incident_id)
    )
    if since is not None:
        query = query.where(CLAIM.c.received_at > since)
    return {row[0]: (int(row[1]), int(row[2]), row[3]) for row in conn.execute(query)}


def largest_open(conn: Connection) -> dict[Subject, int]:
    """How many people are in the largest open incident of each site and merchant now: in its claims, or counted on the scene."""
    found: dict[Subject, int] = {}
    opened = [row for row in standing(conn) if row.opened_at is not None]
    counted = people_of(conn, [row.id for row in opened])
    for row in opened:
        _, now, _ = counted.get(row.id, (0, 0, None))
        people = max(now, row.counted or 0)
        whom = {Subject(row.site_id)} | ({Subject(row.site_id, row.respondent_id)} if row.respondent_id is not None else set())
        for subject in whom:
            found[subject] = max(found.get(subject, 0), people)
    return found


def add(conn: Connection, row: Row) -> IncidentRow:
    """Insert one; the database allows one of a cause that is not closed."""
    conn.execute(insert(INCIDENT), row)
    return IncidentRow(**row)


def change(conn: Connection, row: IncidentRow, **values: Any) -> IncidentRow:  # noqa: ANN401 - columns
    """Write columns of one whose site is locked; its version rises."""
    said = {**values, "version": row.version + 1}
    conn.execute(update(INCIDENT).where(INCIDENT.c.id == row.id).values(**said))
    return IncidentRow(**{**row.model_dump(), **said})


def find_members(work: Work, incident_id: int, claim_ids: Iterable[int]) -> None:
    """Claims found to be of the cause; a claim is in one at a time."""
    rows: list[Row] = [
        {
            "id": work.kit.lots.number(), "incident_id": incident_id, "claim_id": claim_id, "state": MemberState.FOUND.value,
            "representative": False, "found_at": work.now, "joined_at": None, "joined_by": None, "left_at": None, "left_by": None,
        }
        for claim_id in claim_ids
    ]  # fmt: skip
    if rows:
        work.conn.execute(insert(MEMBER), rows)


def members(conn: Connection, incident_id: int) -> list[IncidentMemberRow]:
    """Its claims in the order in which they were found."""
    mine = select(MEMBER).where(MEMBER.c.incident_id == incident_id).order_by(MEMBER.c.found_at, MEMBER.c.id)
    return [IncidentMemberRow(**row) for row in conn.execute(mine).mappings()]


def member_of(conn: Connection, claim_id: int) -> IncidentMemberRow | None:
    """Where a claim stands in the newest collective dispute that it was found in."""
    mine = select(MEMBER).where(MEMBER.c.claim_id == claim_id).order_by(MEMBER.c.found_at.desc(), MEMBER.c.id.desc()).limit(1)
    row = conn.execute(mine).mappings().first()
    return IncidentMemberRow(**row) if row else None


def change_member(conn: Connection, member: IncidentMemberRow, **values: Any) -> IncidentMemberRow:  # noqa: ANN401 - columns
    """Write columns of a member whose claim is locked."""
    conn.execute(update(MEMBER).where(MEMBER.c.id == member.id).values(**values))
    return IncidentMemberRow(**{**member.model_dump(), **values})


def represent(conn: Connection, incident_id: int, claim_ids: Iterable[int]) -> int:
    """Let these members, and no others, speak for all; how many of them are members who joined."""
    mine = MEMBER.c.incident_id == incident_id
    conn.execute(update(MEMBER).where(mine, MEMBER.c.representative).values(representative=False))
    chosen = mine & MEMBER.c.claim_id.in_(list(claim_ids)) & (MEMBER.c.state == MemberState.JOINED.value)
    return conn.execute(update(MEMBER).where(chosen).values(representative=True)).rowcount


def report(conn: Connection, incident_id: int, *, filed: bool = False) -> IncidentReportRow | None:
    """The written report as it was saved last, or as it was filed last; None without any."""
    mine = select(REPORT).where(REPORT.c.incident_id == incident_id)
    query = (mine.where(REPORT.c.filed) if filed else mine).order_by(REPORT.c.version.desc()).limit(1)
    row = conn.execute(query).mappings().first()
    return IncidentReportRow(**row) if row else None


def add_report(conn: Connection, row: Row) -> IncidentReportRow:
    """Append a report as it was saved."""
    conn.execute(insert(REPORT), row)
    return IncidentReportRow(**row)


def _ungrouped(query: Select[Any], since: datetime) -> Select[Any]:
    somewhere = exists().where(MEMBER.c.claim_id == CLAIM.c.id)
    return query.where(CLAIM.c.received_at > since, _COUNTS, ~somewhere)
