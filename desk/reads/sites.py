"""The sites of this desk, for whoever runs it. Shows nothing of their claims."""

from sqlalchemy import Connection

from desk.domain.policy import Act, Viewer, require
from desk.store import sites
from desk.store.tables import SiteRow


def site_list(conn: Connection, viewer: Viewer) -> list[SiteRow]:
    """Every site, by slug."""
    require(viewer, Act.MANAGE_SITES, 0)
    return sites.list_all(conn)
