"""Messages of the gateway that need a person, as a site's staff see them. Shows of each only what its columns hold."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, literal, select

from desk.domain.payout import ANSWER, Doubt
from desk.domain.policy import Act, Viewer
from desk.reads.board import Workplace, sites_at_work
from desk.reads.pages import Page, after, page_of, sites_of
from desk.store.columns import FOREVER
from desk.store.gateway_messages import IN_DOUBT, MESSAGE, WAITING, concerns
from desk.store.tables import GatewayEventRow, metadata

PAYOUT, CLAIM, SITE, OFFICER = (metadata.tables[name] for name in ("payout", "claim", "site", "officer"))
_DISMISSED = func.coalesce(MESSAGE.c.dismissed_at, literal(FOREVER, MESSAGE.c.dismissed_at.type))
_ORDER = (_DISMISSED, MESSAGE.c.number)


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message; times are at the site's own offset. `booked` is what its payout has, in minor units, and its currency.

    `reference` and `booked` are None where no payout of ours has the key, `dismissed_by` is an officer's name.
    """

    row: GatewayEventRow
    reference: str | None
    booked: tuple[int, str] | None
    received_at: datetime
    dismissed_at: datetime | None
    dismissed_by: str | None

    @property
    def why(self) -> Doubt:
        """What a person has to look at."""
        return Doubt(self.row.why or "")

    @property
    def answered(self) -> bool:
        """Whether it was the answer to a call of ours, and no message."""
        return self.row.id.startswith(ANSWER)


def messages_page(
    conn: Connection, viewer: Viewer, slug: str, limit: int, cursor: str | None, act: Act = Act.READ_FUND
) -> Page[MessageView]:  # fmt: skip
    """The messages that concern a site and need or needed a person: those nobody looked at first, then the newest.

    Raises NotFound for a foreign site, Forbidden, BadInput for a cursor that is none.
    """
    (site_id,) = sites_of(conn, viewer, slug, act)
    query = (
        select(MESSAGE, CLAIM.c.reference, PAYOUT.c.amount_minor.label("minor"), PAYOUT.c.currency.label("of"), OFFICER.c.name)
        .outerjoin(PAYOUT, PAYOUT.c.id == MESSAGE.c.payout_id)
        .outerjoin(CLAIM, CLAIM.c.id == PAYOUT.c.claim_id)
        .outerjoin(OFFICER, OFFICER.c.id == MESSAGE.c.dismissed_by)
        .where(IN_DOUBT, concerns(site_id))
        .order_by(*(column.desc() for column in _ORDER))
        .limit(limit + 1)
    )
    if cursor:
        query = query.where(after(_ORDER, cursor, descending=True))
    zone = ZoneInfo(conn.execute(select(SITE.c.time_zone).where(SITE.c.id == site_id)).scalar_one())
    return page_of(conn, query, limit, lambda row: _view(row, zone), lambda row: [row.dismissed_at or FOREVER, row.number])


def messages_waiting(conn: Connection, viewer: Viewer, slug: str) -> int:
    """How many messages that concern a site nobody has looked at. Raises NotFound for a foreign site, Forbidden."""
    (site_id,) = sites_of(conn, viewer, slug, Act.READ_FUND)
    return _waiting(conn, site_id)


def sites_with_messages(conn: Connection, viewer: Viewer) -> list[tuple[Workplace, int]]:
    """The viewer's sites that somebody is told of messages of, by slug, and how many wait at each; not those without any."""
    counted = ((site, _waiting(conn, site.id)) for site in sites_at_work(conn, viewer, Act.READ_NOTICES))
    return [(site, count) for site, count in counted if count]


def view_of(
    row: GatewayEventRow, reference: str | None, booked: tuple[int, str] | None, by: str | None, zone: ZoneInfo
) -> MessageView:  # fmt: skip
    """A message's row as staff see it."""
    dismissed_at = row.dismissed_at.astimezone(zone) if row.dismissed_at else None
    return MessageView(row, reference, booked, row.received_at.astimezone(zone), dismissed_at, by)


def _waiting(conn: Connection, site_id: int) -> int:
    return int(conn.execute(select(func.count()).where(WAITING, concerns(site_id))).scalar_one())


def _view(row: Any, zone: ZoneInfo) -> MessageView:  # noqa: ANN401 - a row of the query above
    told = GatewayEventRow(**{column.name: getattr(row, column.name) for column in MESSAGE.c})
    return view_of(told, row.reference, (row.minor, row.of) if row.reference else None, row.name, zone)
