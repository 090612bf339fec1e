"""The sites of this desk: all of them for whoever runs it, one for whoever stands before its poster. Shows no claims."""

from sqlalchemy import Connection

from desk.domain.errors import NotFound
from desk.domain.policy import Act, Viewer, require
from desk.store import sites
from desk.store.tables import SiteRow

__all__ = ["SiteRow", "site_list", "site_of_poster"]


def site_list(conn: Connection, viewer: Viewer) -> list[SiteRow]:
    """Every site, by slug."""
    require(viewer, Act.MANAGE_SITES, 0)
    return sites.list_all(conn)


def site_of_poster(conn: Connection, viewer: Viewer, slug: str) -> SiteRow:
    """The site whose poster was scanned. Raises NotFound for one that is not there."""
    site = sites.find(conn, slug)
    if site is None:
        raise NotFound
    require(viewer, Act.LODGE, site.id)
    return site
