"""What an officer's roles were told of deadlines that come near or are past. Tells nobody anew."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, false, func, or_, select

from desk.domain.policy import Act, Viewer
from desk.reads.pages import Page, after, page_of, sites_of
from desk.store.tables import metadata

REMINDER, CLAIM, SITE = (metadata.tables[name] for name in ("clock_reminder", "claim", "site"))
_PARTS = (
    REMINDER.c.claim_id,
    REMINDER.c.incident_id,
    REMINDER.c.site_id,
    REMINDER.c.kind,
    REMINDER.c.due_at,
    REMINDER.c.minutes,
    REMINDER.c.told_at,
)


@dataclass(frozen=True, slots=True)
class ReminderLine:
    """A deadline that somebody of the viewer's roles must keep. Times are at the site's own offset.

    `minutes` is how far after the deadline it was told, below zero before it. `reference` is its claim's, None where it is of an
    `incident`.
    """

    reference: str | None
    incident: int | None
    site: str
    clock: str
    due_at: datetime
    minutes: int
    told_at: datetime


def reminders_page(conn: Connection, viewer: Viewer, site: str | None, limit: int, cursor: str | None) -> Page[ReminderLine]:
    """What the viewer's roles were told and is still so, the nearest deadline first; told to two roles it stands once.

    Raises Forbidden, NotFound for a foreign site, BadInput for a cursor that is none.
    """
    sites = sites_of(conn, viewer, site, Act.READ_REMINDERS)
    told = (
        select(*_PARTS, func.min(REMINDER.c.id).label("id"))
        .where(REMINDER.c.ended_at.is_(None), or_(false(), *(_told_to(viewer, site_id) for site_id in sites)))
        .group_by(*_PARTS)
        .subquery()
    )
    order = (told.c.due_at, told.c.id)
    query = (
        select(told, CLAIM.c.reference, SITE.c.slug, SITE.c.time_zone)
        .outerjoin(CLAIM, CLAIM.c.id == told.c.claim_id)
        .join(SITE, SITE.c.id == told.c.site_id)
        .order_by(*order)
        .limit(limit + 1)
    )
    if cursor is not None:
        query = query.where(after(order, cursor))
    return page_of(conn, query, limit, _line, lambda row: [row.due_at, row.id])


def _told_to(viewer: Viewer, site_id: int) -> Any:  # noqa: ANN401 - a condition
    roles = [role.value for role in viewer.roles_at(site_id)]
    return (REMINDER.c.site_id == site_id) & REMINDER.c.role.in_(roles)


def _line(row: Any) -> ReminderLine:  # noqa: ANN401 - a row of the query
    zone = ZoneInfo(row.time_zone)
    return ReminderLine(
        row.reference, row.incident_id, row.slug, row.kind, row.due_at.astimezone(zone), row.minutes, row.told_at.astimezone(zone)
    )  # fmt: skip
