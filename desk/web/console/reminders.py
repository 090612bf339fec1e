"""Deadlines that come near or are past, as the officer's roles were told. Keeps none of them: the claims' pages do."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from desk.domain.policy import Act
from desk.reads.board import sites_at_work
from desk.reads.reminders import reminders_page
from desk.web.console.forms import staff_page
from desk.web.console.session import SignedIn
from desk.web.deps import TheDesk

router = APIRouter(prefix="/desk/reminders", include_in_schema=False)

LINES = 50


@router.get("")
async def reminders(
    request: Request, desk: TheDesk, session: SignedIn, site: str = "", cursor: Annotated[str, Query(max_length=300)] = ""
) -> Response:  # fmt: skip
    """Reminders of one site or of all that the officer works at."""
    page = await desk.read(reminders_page, session.viewer, site or None, LINES, cursor or None)
    sites = await desk.read(sites_at_work, session.viewer, Act.READ_REMINDERS)
    return staff_page(
        request, session, "console/reminders.html", here="reminders", page=page, sites=sites, site=site,
        site_links=[("", _address("")), *((each.slug, _address(each.slug)) for each in sites)],
        next_address=_address(site, page.next) if page.next else None,
    )  # fmt: skip


def _address(site: str, cursor: str | None = None) -> str:
    told = {name: value for name, value in (("site", site), ("cursor", cursor)) if value}
    return f"/desk/reminders?{urlencode(told)}" if told else "/desk/reminders"
