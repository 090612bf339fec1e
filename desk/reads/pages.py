"""Keyset pages: flat however long the list is. Holds no list."""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, literal, select, tuple_

from desk.domain.errors import BadInput, Forbidden, NotFound
from desk.domain.policy import Act, Viewer, require
from desk.store.tables import metadata

SITE = metadata.tables["site"]
LARGEST_PAGE = 100

Line = TypeVar("Line")


@dataclass(frozen=True, slots=True)
class Page(Generic[Line]):
    """Lines in order, and the cursor of the page after them, None at the end."""

    lines: Sequence[Line]
    next: str | None


def sites_of(conn: Connection, viewer: Viewer, slug: str | None, act: Act) -> list[int]:
    """The sites to look at: the one named, or all of the viewer's where they hold the right.

    Raises Forbidden where they hold it nowhere, NotFound for a foreign or absent site.
    """
    if slug is None:
        allowed = [site_id for site_id in viewer.sites if viewer.may(act, site_id)]
        if not allowed:
            raise Forbidden
        return allowed
    site_id = conn.execute(select(SITE.c.id).where(SITE.c.slug == slug, SITE.c.id.in_(viewer.sites))).scalar()
    if site_id is None:
        raise NotFound
    require(viewer, act, site_id)
    return [site_id]


def after(order: Sequence[ColumnElement[Any]], cursor: str, *, descending: bool = False) -> ColumnElement[bool]:
    """What comes after the cursor in this order. Raises BadInput for a cursor that is none."""
    told = zip(_read_cursor(cursor, len(order)), order, strict=True)
    place = tuple_(*(literal(value, column.type) for value, column in told))
    return tuple_(*order) < place if descending else tuple_(*order) > place


def page_of(
    conn: Connection, query: Select[Any], limit: int, line: Callable[[Any], Line], place: Callable[[Any], list[Any]]
) -> Page[Line]:  # fmt: skip
    """The page of a query that asks for one line more than it shows; `place` is where a row stands in the order."""
    rows = conn.execute(query).all()
    more = len(rows) > limit
    return Page([line(row) for row in rows[:limit]], _write_cursor(place(rows[limit - 1])) if more else None)


def _write_cursor(place: Iterable[Any]) -> str:
    text = "|".join(part.isoformat() if isinstance(part, datetime) else str(part) for part in place)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str, parts: int) -> list[Any]:
    """Raises BadInput for anything that `_write_cursor` would not have written."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        *moments, row_id = text.split("|")
        place: list[Any] = [*(_aware(moment) for moment in moments), int(row_id) % 2**63]
    except (ValueError, OverflowError, binascii.Error) as damaged:
        raise BadInput("?cursor", "bad_cursor") from damaged
    if len(place) != parts:
        raise BadInput("?cursor", "bad_cursor")
    return place


def _aware(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
