"""Digests on a page: the newest of a site, how things stand right now, and the history; each to print."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from desk.domain.digest import Need
from desk.domain.errors import Forbidden
from desk.domain.policy import Act, Viewer
from desk.reads.board import sites_at_work
from desk.reads.digests import DigestView, digest_now, digest_place, digest_view, digests_page
from desk.web.api.digests import digests_csv
from desk.web.console.forms import staff_page
from desk.web.console.fund import Cursor, Slug
from desk.web.console.session import Session, SignedIn
from desk.web.deps import TheDesk, row_id
from desk.web.pages import reader_language
from desk.wording import digests as words

router = APIRouter(prefix="/desk/digests", include_in_schema=False)

LINES = 30
_NOTICES = ("/desk/notices", Act.READ_NOTICES)
_WHERE: Mapping[Need, tuple[str, Act]] = MappingProxyType(
    {
        Need.FUND_LOW: ("/desk/fund/{site}", Act.READ_FUND),
        Need.APPROVALS: ("/desk/approvals", Act.APPROVE_PAYOUT),
        Need.WITHDRAWALS: ("/desk/approvals", Act.APPROVE_WITHDRAWAL),
        Need.OVERDUE: ("/desk?view=overdue&site={site}", Act.READ_CLAIM),
        Need.RECTIFICATIONS: ("/desk/alerts/{site}", Act.READ_ALERTS),
        Need.HANDOFFS_LOST: ("/desk/handoffs/{site}", Act.READ_HANDOFFS),
        Need.INCIDENTS_OPEN: ("/desk/incidents", Act.READ_INCIDENTS),
        Need.GATEWAY_MESSAGES: ("/desk/gateway-messages/{site}", Act.READ_FUND),
    }
)
"""Where each need is seen to, and who may open that page; all others are notices of the manager."""


@router.get("")
async def own_digests(desk: TheDesk, session: SignedIn) -> Response:
    """The digests of the officer's first site. Raises Forbidden for who reads none."""
    sites = await desk.read(sites_at_work, session.viewer, Act.READ_DIGESTS)
    if not sites:
        raise Forbidden
    return RedirectResponse(f"/desk/digests/{sites[0].slug}", 303)


@router.get("/{site}")
async def digests(request: Request, site: Slug, desk: TheDesk, session: SignedIn, cursor: Cursor = "") -> Response:
    """The newest digest of a site whole, those before it by their sentence, and when the next one is due."""
    viewer, address = session.viewer, f"/desk/digests/{site}"
    place = await desk.read(digest_place, viewer, site, desk.kit)
    newest = await desk.read(digests_page, viewer, site, 1, None)
    past = await desk.read(digests_page, viewer, site, LINES, cursor or None)
    view, language = (newest.lines[0] if newest.lines else None), reader_language(request)
    earlier = [each for each in past.lines if view is None or each.id != view.id]
    return staff_page(
        request, session, "console/digests.html", here="digests", address=address, site=place.site, next_at=place.next_at,
        places=await desk.read(sites_at_work, viewer, Act.READ_DIGESTS), view=view,
        told=_told(view, viewer, language) if view else None,
        past=[(each, words.sentence(each.figures, each.due_at.date(), language)) for each in earlier],
        may_manage=viewer.may(Act.MANAGE_ROSTER, place.site.id),
        next_address=f"{address}?{urlencode({'cursor': past.next})}" if past.next else None,
    )  # fmt: skip


@router.get("/{site}/digests.csv")
async def digests_file(site: Slug, desk: TheDesk, session: SignedIn) -> Response:
    """The whole history as a file, as the API hands it out."""
    return await digests_csv(desk, session.viewer, site)


@router.get("/{site}/now")
async def now(request: Request, site: Slug, desk: TheDesk, session: SignedIn) -> Response:
    """What a digest would tell right now, whether anything happened or not; kept nowhere."""
    return _one(request, session, await desk.read(digest_now, session.viewer, site, desk.kit))


@router.get("/{site}/{digest_id}")
async def digest(request: Request, site: Slug, digest_id: str, desk: TheDesk, session: SignedIn) -> Response:
    """One digest of the history. Raises NotFound for another site's."""
    return _one(request, session, await desk.read(digest_view, session.viewer, site, row_id(digest_id)))


def _one(request: Request, session: Session, view: DigestView) -> Response:
    told = _told(view, session.viewer, reader_language(request))
    return staff_page(request, session, "console/digest.html", here="digests", site=view.site, view=view, told=told)


def _told(view: DigestView, viewer: Viewer, language: str) -> Mapping[str, Any]:
    """A digest in words: its sentence, needs with the address where each is seen to, figures and alerts."""
    known = view.figures
    needs = [(line, _address(Need(code), view, viewer)) for code, line in words.needs_lines(known, language)]
    alerts = f"/desk/alerts/{view.site.slug}" if viewer.may(Act.READ_ALERTS, view.site.id) else None
    return {
        "sentence": words.sentence(known, view.due_at.date(), language), "needs": needs, "alerts_address": alerts,
        "figures": words.figure_lines(known, language), "alerts": words.alerts_line(known, language),
    }  # fmt: skip


def _address(need: Need, view: DigestView, viewer: Viewer) -> str | None:
    address, act = _WHERE.get(need, _NOTICES)
    return address.format(site=view.site.slug) if viewer.may(act, view.site.id) else None
