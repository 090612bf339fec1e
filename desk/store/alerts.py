"""Alerts as rows: what is counted for them by short ways through indexes, levels that begin and end. Judges nothing.

No claim is counted that is older than two weeks, and none that is older than a day is read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, case, func, insert, select, update

from desk.domain.alerts import AlertRule
from desk.ports import Row, Work
from desk.store import promises
from desk.store.tables import AlertRow, metadata

ALERT, CLAIM, RESPONDENT, BREACH = (metadata.tables[name] for name in ("alert", "claim", "respondent", "clock_breach"))
LODGED = "auto_receipt"
"""The promise that each lodging makes and nothing else does: as many as were made on a day, so many claims were lodged."""
PIECE = 400
"""How many merchants one statement names."""


class Subject(NamedTuple):
    """What an alert is about: a merchant of a site, or without one the site itself."""

    site_id: int
    respondent_id: int | None = None


@dataclass(frozen=True, slots=True)
class Lately:
    """Claims of one category on one merchant since some time, and how many of them tell of an injury."""

    subject: Subject
    category: str
    claims: int
    injuries: int


def busy_merchants(conn: Connection, since: datetime) -> list[Subject]:
    """Merchants of any site with a claim since then: one look at the newest claim of each."""
    newest = select(func.max(CLAIM.c.received_at)).where(CLAIM.c.respondent_id == RESPONDENT.c.id).scalar_subquery()
    query = select(RESPONDENT.c.site_id, RESPONDENT.c.id).where(newest > since).order_by(RESPONDENT.c.id)
    return [Subject(*row) for row in conn.execute(query)]


def lately(conn: Connection, merchants: Sequence[Subject], since: datetime) -> list[Lately]:
    """What was lodged since then, by merchant and category; claims without a merchant by site."""
    columns = (CLAIM.c.site_id, CLAIM.c.respondent_id, CLAIM.c.category)
    counted = select(*columns, func.count(), func.sum(case((CLAIM.c.injury, 1), else_=0))).group_by(*columns)
    whom = [CLAIM.c.respondent_id.is_(None), *(CLAIM.c.respondent_id.in_(ids) for ids in _pieces(merchants))]
    return [
        Lately(Subject(site_id, respondent_id), category, int(claims), int(injuries))
        for each in whom
        for site_id, respondent_id, category, claims, injuries in conn.execute(
            counted.where(each, CLAIM.c.received_at > since)
        )
    ]  # fmt: skip


def weeks(conn: Connection, merchants: Sequence[Subject], before: datetime, since: datetime) -> dict[Subject, tuple[int, int]]:
    """How many claims there are on each merchant from `since` on, and how many between `before` and that."""
    newer = func.sum(case((CLAIM.c.received_at > since, 1), else_=0))
    # No other column, so that the index alone answers.
    counted = select(CLAIM.c.respondent_id, newer, func.count()).where(CLAIM.c.received_at > before)
    found: dict[int, tuple[int, int]] = {}
    for ids in _pieces(merchants):
        for row in conn.execute(counted.where(CLAIM.c.respondent_id.in_(ids)).group_by(CLAIM.c.respondent_id)):
            found[row[0]] = (int(row[1]), int(row[2]) - int(row[1]))
    return {each: found[each.respondent_id] for each in merchants if each.respondent_id in found}


def lodged_on(conn: Connection, site_id: int, first: date, last: date) -> int:
    """How many claims were lodged at a site on some of its days, both included."""
    return promises.made(conn, site_id, LODGED, first, last)


def missed_since(conn: Connection, site_id: int, since: datetime) -> int:
    """How many promises of a site were found missed since then."""
    mine = (BREACH.c.site_id == site_id) & (BREACH.c.recorded_at > since)
    return int(conn.execute(select(func.count()).select_from(BREACH).where(mine)).scalar_one())


def standing(conn: Connection, site_id: int | None = None) -> dict[Subject, AlertRow]:
    """The level at which each subject stands, at one site or at all."""
    query = select(ALERT).where(ALERT.c.until.is_(None))
    if site_id is not None:
        query = query.where(ALERT.c.site_id == site_id)
    rows = [AlertRow(**row) for row in conn.execute(query).mappings()]
    return {Subject(row.site_id, row.respondent_id): row for row in rows}


def find(conn: Connection, alert_id: int) -> AlertRow | None:
    """An alert by its id, None without one."""
    row = conn.execute(select(ALERT).where(ALERT.c.id == alert_id)).mappings().first()
    return AlertRow(**row) if row else None


def begin(work: Work, subject: Subject, rule: AlertRule, told: Mapping[str, Any]) -> AlertRow:
    """Let a subject stand at a level of its locked site from `since` on; the database allows one at a time."""
    row: Row = {
        "id": work.kit.lots.number(), "site_id": subject.site_id, "respondent_id": subject.respondent_id,
        "level": rule.level.value, "task": rule.task.value, "tells": sorted(role.value for role in rule.tells), "until": None,
        "due_at": rule.due_at(told["since"]) if told["rose"] else None, **told,
    }  # fmt: skip
    work.conn.execute(insert(ALERT), row)
    return AlertRow(**row)


def end(work: Work, alert: AlertRow, at: datetime) -> None:
    """End a level; nothing else of its row is ever changed."""
    work.conn.execute(update(ALERT).where(ALERT.c.id == alert.id, ALERT.c.until.is_(None)).values(until=at))


def _pieces(merchants: Sequence[Subject]) -> Iterable[list[int]]:
    ids = [each.respondent_id for each in merchants if each.respondent_id is not None]
    return [ids[at : at + PIECE] for at in range(0, len(ids), PIECE)]
