"""Alerts of sites and merchants as staff see them, and the rectification notices served on merchants. Raises no level.

Shows places, merchants, promises and numbers of claims: never whose claims they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, func, select

from desk.domain.alerts import Level
from desk.domain.errors import NotFound
from desk.domain.policy import Act, Role, Viewer, require
from desk.ports import Kit
from desk.reads.pages import Page, after, page_of, sites_of
from desk.store import sites
from desk.store.tables import AlertRow, RectificationRow, SiteRow, metadata

ALERT, NOTICE, ANSWER, RESPONDENT, SITE, OFFICER = (
    metadata.tables[name] for name in ("alert", "rectification", "rectification_answer", "respondent", "site", "officer")
)
_NEWEST = (ALERT.c.since, ALERT.c.id)
_SERVED = (NOTICE.c.served_at, NOTICE.c.id)
_NEAREST = (NOTICE.c.due_at, NOTICE.c.id)


@dataclass(frozen=True, slots=True)
class AlertView:
    """A level of a site, or of the merchant `respondent`, with its times at the site's own offset.

    `overdue`: it stands, and its task was due before now. `notice` is the newest rectification notice that was served for it.
    `told`: it was told to the viewer's own role.
    """

    row: AlertRow
    site: str
    respondent: str | None
    since: datetime
    due_at: datetime | None
    until: datetime | None
    notice: int | None
    overdue: bool
    told: bool

    @property
    def asks_for_notice(self) -> bool:
        """Whether a rectification notice is still to be served for it."""
        stands = self.row.until is None and self.row.respondent_id is not None
        return stands and self.notice is None and Level(self.row.level).reaches(Level.ORANGE)


@dataclass(frozen=True, slots=True)
class AnswerView:
    """What a merchant answered, who entered it, and when."""

    id: int
    text: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class RectificationView:
    """A rectification notice with its answers, oldest first; times at the site's own offset.

    `overdue`: not confirmed in time, whether it was confirmed later or not.
    """

    row: RectificationRow
    site: SiteRow
    respondent: str
    level: str
    reasons: Sequence[Sequence[object]]
    served_at: datetime
    served_by: str
    due_at: datetime
    confirmed_at: datetime | None
    confirmed_by: str | None
    answers: Sequence[AnswerView]
    overdue: bool


def alerts_page(
    conn: Connection, viewer: Viewer, slug: str | None, limit: int, cursor: str | None, kit: Kit, *, standing: bool = False
) -> Page[AlertView]:  # fmt: skip
    """Alerts of a site, or of all the viewer's, the newest first; only those that stand now, or the history too.

    Raises NotFound for a foreign site, Forbidden, BadInput for a cursor that is none.
    """
    query = _alerts().where(ALERT.c.site_id.in_(sites_of(conn, viewer, slug, Act.READ_ALERTS)))
    if standing:
        query = query.where(ALERT.c.until.is_(None))
    if cursor:
        query = query.where(after(_NEWEST, cursor, descending=True))
    now = kit.clock.now()
    ordered = query.order_by(*(column.desc() for column in _NEWEST)).limit(limit + 1)
    return page_of(conn, ordered, limit, lambda row: _alert(row, viewer, now), lambda row: [row.since, row.id])


def alerts_standing(conn: Connection, viewer: Viewer) -> int:
    """How many alerts that the viewer's roles were told of stand now, at all their sites; none for who reads no alerts."""
    places = [site_id for site_id in viewer.sites if viewer.may(Act.READ_ALERTS, site_id)]
    mine = (ALERT.c.site_id.in_(places)) & ALERT.c.until.is_(None)
    return sum(_told(row, viewer) for row in conn.execute(select(ALERT.c.site_id, ALERT.c.tells).where(mine)))


def rectifications_page(
    conn: Connection, viewer: Viewer, slug: str | None, limit: int, cursor: str | None, kit: Kit, *, open_only: bool = False
) -> Page[RectificationView]:  # fmt: skip
    """Rectification notices: those that are open, the one due first at the top; or all, the newest first.

    Raises NotFound for a foreign site, Forbidden, BadInput for a cursor that is none.
    """
    order, now = (_NEAREST if open_only else _SERVED), kit.clock.now()
    query = _notices().where(NOTICE.c.site_id.in_(sites_of(conn, viewer, slug, Act.READ_ALERTS)))
    if open_only:
        query = query.where(NOTICE.c.confirmed_at.is_(None))
    if cursor:
        query = query.where(after(order, cursor, descending=not open_only))
    ordered = query.order_by(*(column if open_only else column.desc() for column in order)).limit(limit + 1)
    place = order[0].name
    return page_of(
        conn, ordered, limit, lambda row: _notice(conn, row, now), lambda row: [getattr(row, place), row.id]
    )  # fmt: skip


def rectification_view(conn: Connection, viewer: Viewer, rectification_id: int, kit: Kit) -> RectificationView:
    """One rectification notice. Raises NotFound for a foreign one, Forbidden."""
    row = conn.execute(_notices().where(NOTICE.c.id == rectification_id)).first()
    if row is None:
        raise NotFound
    require(viewer, Act.READ_ALERTS, row.site_id)
    return _notice(conn, row, kit.clock.now())


def _alerts() -> Select[Any]:
    newest = (
        select(func.max(NOTICE.c.id)).where(NOTICE.c.alert_id == ALERT.c.id).correlate(ALERT).scalar_subquery().label("notice")
    )
    return (
        select(ALERT, SITE.c.slug, SITE.c.time_zone, RESPONDENT.c.name, newest)
        .join(SITE, SITE.c.id == ALERT.c.site_id)
        .outerjoin(RESPONDENT, RESPONDENT.c.id == ALERT.c.respondent_id)
    )


def _alert(found: Any, viewer: Viewer, now: datetime) -> AlertView:  # noqa: ANN401 - a row of `_alerts`
    row = AlertRow(**{column.name: getattr(found, column.name) for column in ALERT.c})
    zone = ZoneInfo(found.time_zone)
    due_at = row.due_at.astimezone(zone) if row.due_at else None
    until = row.until.astimezone(zone) if row.until else None
    overdue = row.until is None and row.due_at is not None and row.due_at < now
    return AlertView(
        row, found.slug, found.name, row.since.astimezone(zone), due_at, until, found.notice, overdue, _told(row, viewer)
    )  # fmt: skip


def _told(row: Any, viewer: Viewer) -> bool:  # noqa: ANN401 - an alert's row, or its site and roles
    return bool(viewer.roles_at(row.site_id) & {Role(role) for role in row.tells})


def _notices() -> Select[Any]:
    served, confirmed = OFFICER.alias("served"), OFFICER.alias("confirmed")
    return (
        select(
            NOTICE, RESPONDENT.c.name, ALERT.c.level, ALERT.c.reasons, served.c.name.label("served_name"),
            confirmed.c.name.label("confirmed_name"),
        )
        .join(RESPONDENT, RESPONDENT.c.id == NOTICE.c.respondent_id)
        .join(ALERT, ALERT.c.id == NOTICE.c.alert_id)
        .join(served, served.c.id == NOTICE.c.served_by)
        .outerjoin(confirmed, confirmed.c.id == NOTICE.c.confirmed_by)
    )  # fmt: skip


def _notice(conn: Connection, found: Any, now: datetime) -> RectificationView:  # noqa: ANN401 - a row of `_notices`
    row = RectificationRow(**{column.name: getattr(found, column.name) for column in NOTICE.c})
    site = sites.get(conn, row.site_id)
    zone = ZoneInfo(site.time_zone)
    confirmed_at = row.confirmed_at.astimezone(zone) if row.confirmed_at else None
    return RectificationView(
        row, site, found.name, found.level, found.reasons, row.served_at.astimezone(zone), found.served_name,
        row.due_at.astimezone(zone),
        confirmed_at, found.confirmed_name, _answers(conn, row.id, zone), _late(row, now),
    )  # fmt: skip


def _late(row: RectificationRow, now: datetime) -> bool:
    """Whether a notice was not confirmed by the end of the second that its deadline names."""
    return (row.confirmed_at or now).replace(microsecond=0) > row.due_at


def _answers(conn: Connection, rectification_id: int, zone: ZoneInfo) -> list[AnswerView]:
    query = (
        select(ANSWER.c.id, ANSWER.c.text, ANSWER.c.written_at, OFFICER.c.name)
        .join(OFFICER, OFFICER.c.id == ANSWER.c.written_by)
        .where(ANSWER.c.rectification_id == rectification_id)
        .order_by(ANSWER.c.id)
    )
    return [AnswerView(row.id, row.text, row.written_at.astimezone(zone), row.name) for row in conn.execute(query)]
