"""What became of promises, on pages: over some days, day by day, and what was missed with the form that says why."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from desk.actions.promises import explain_miss
from desk.domain.errors import BadInput, Forbidden, NotFound
from desk.domain.policy import Act
from desk.domain.promises import REPORTED
from desk.domain.tally import RESOLUTION
from desk.ports import Desk
from desk.reads.board import sites_at_work
from desk.reads.promises import Span, misses_page, report, report_by_day
from desk.web.api.promises import missed_csv, promises_csv
from desk.web.api.shapes import EARLIEST, LATEST
from desk.web.console.done import led_on
from desk.web.console.forms import KEY, acted, staff_page, typed_in
from desk.web.console.fund import Cursor, Slug
from desk.web.console.session import Session, SignedIn
from desk.web.deps import TheDesk, row_id
from desk.web.refused import Failed

router = APIRouter(prefix="/desk/promises", include_in_schema=False)

LINES = 50
First = Annotated[str, Query(alias="from", max_length=10)]
Word = Annotated[str, Query(max_length=40)]
Days = tuple[date | None, date | None]


@router.get("")
async def promises(
    request: Request, desk: TheDesk, session: SignedIn, site: Word = "", first: First = "", to: Word = ""
) -> Response:  # fmt: skip
    """What became of a site's promises over some days, the last thirty where none are chosen."""
    places = await desk.read(sites_at_work, session.viewer, Act.READ_PROMISES)
    if not places:
        raise Forbidden
    here = next((each for each in places if each.slug == site), None) if site else places[0]
    if here is None:
        raise NotFound
    found, failed = await _over_days(request, desk, session, report, here.slug, first, to)
    return staff_page(
        request, session, "console/promises.html", failed.status if failed else 200, here="promises", found=found, failed=failed,
        places=places, site=here, days=_asked(found.span), percent=round(100 * RESOLUTION), address=_address(request),
    )  # fmt: skip


@router.get("/{site}/days")
async def promise_days(
    request: Request, site: Slug, desk: TheDesk, session: SignedIn, promise: Word = "", first: First = "", to: Word = ""
) -> Response:  # fmt: skip
    """The same day by day, of one promise or of all."""
    kind = promise if promise in REPORTED else None
    (span, lines), failed = await _over_days(request, desk, session, report_by_day, site, first, to, kind)
    return staff_page(
        request, session, "console/promise_days.html", failed.status if failed else 200, here="promises", span=span, lines=lines,
        kind=kind, kinds=REPORTED, failed=failed, days=_asked(span), address=_address(request),
        next_address=f"/desk/promises/{site}/days?{urlencode(_before(span, first, kind))}" if _goes_on(span, first) else None,
    )  # fmt: skip


@router.get("/{site}/missed")
async def missed(
    request: Request, site: Slug, desk: TheDesk, session: SignedIn, promise: Word = "", first: First = "", to: Word = "",
    cursor: Cursor = "",
) -> Response:  # fmt: skip
    """What was missed, with a form for whoever may say why."""
    return await _missed(request, desk, session, site, promise, (first, to), cursor)


@router.get("/{site}/promises.csv")
async def promises_file(site: Slug, desk: TheDesk, session: SignedIn, first: First = "", to: Word = "") -> Response:
    """The days as a file, as the API hands it out."""
    return await promises_csv(desk, session.viewer, site, _day(first), _day(to))


@router.get("/{site}/missed.csv")
async def missed_file(site: Slug, desk: TheDesk, session: SignedIn, first: First = "", to: Word = "") -> Response:
    """The misses as a file, as the API hands it out."""
    return await missed_csv(desk, session.viewer, site, _day(first), _day(to))


@router.post("/{site}/missed/{miss_id}")
async def post_reason(request: Request, site: Slug, miss_id: str, desk: TheDesk, session: SignedIn) -> Response:
    """Say why a promise was missed; refused, the page again with what was typed."""
    typed, number = await typed_in(request, session), row_id(miss_id)
    days = (typed.get("from", "")[:10], typed.get("to", "")[:10])
    try:
        await acted(request, session, typed[KEY], explain_miss, number, typed.get("reason", "").strip())
    except BadInput as refusal:
        failed = Failed.of(request, str(number), refusal, typed)
        return await _missed(request, desk, session, site, typed.get("promise", ""), days, "", failed)
    asked = {"from": days[0], "to": days[1], "promise": typed.get("promise", "")}
    back = urlencode({name: value for name, value in asked.items() if value})
    return led_on(request, f"/desk/promises/{site}/missed?{back}" if back else f"/desk/promises/{site}/missed", "explain")


async def _missed(
    request: Request, desk: Desk, session: Session, site: str, promise: str, days: tuple[str, str], cursor: str,
    failed: Failed | None = None,
) -> Response:  # fmt: skip
    kind, viewer = promise if promise in REPORTED else None, session.viewer
    told = (kind, LINES, cursor or None)
    (span, page), wrong = await _over_days(request, desk, session, misses_page, site, *days, *told)
    failed, asked = failed or wrong, _asked(span) | ({"promise": kind} if kind else {})
    address = f"/desk/promises/{site}/missed"
    return staff_page(
        request, session, "console/missed.html", failed.status if failed else 200, here="promises", span=span, page=page,
        kind=kind, kinds=REPORTED, failed=failed, days=_asked(span), may_explain=viewer.may(Act.EXPLAIN_MISS, span.site.id),
        may_read=viewer.may(Act.READ_PROMISES, span.site.id), address=f"{address}?{urlencode(asked)}",
        next_address=f"{address}?{urlencode({**asked, 'cursor': page.next})}" if page.next else None,
    )  # fmt: skip


async def _over_days(
    request: Request, desk: Desk, session: Session, read: Callable[..., Any], site: str, first: str, to: str, *more: Any  # noqa: ANN401
) -> tuple[Any, Failed | None]:  # fmt: skip
    """Read over the days that were chosen; where they cannot be, over the usual ones, and what is wrong with them."""
    try:
        return await desk.read(read, session.viewer, site, _day(first), _day(to), desk.kit, *more), None
    except BadInput as refusal:
        if "cursor" in refusal.field:
            raise
        failed = Failed.of(request, "days", refusal, {"from": first, "to": to})
        return await desk.read(read, session.viewer, site, None, None, desk.kit, *more), failed


def _day(typed: str) -> date | None:
    """A day as the browser's own field sends it. Raises BadInput."""
    if not typed:
        return None
    try:
        found = date.fromisoformat(typed)
    except ValueError as unreadable:
        raise BadInput("?from", "bad_date") from unreadable
    if not EARLIEST <= found <= LATEST:
        raise BadInput("?from", "bad_date")
    return found


def _goes_on(span: Span, first: str) -> bool:
    """Whether earlier days were asked for than are shown."""
    return bool(first) and first < span.first.isoformat()


def _before(span: Span, first: str, kind: str | None) -> dict[str, str]:
    """The days before those that are shown, as they were asked for."""
    before = (span.first - timedelta(days=1)).isoformat()
    return {"from": first, "to": before} | ({"promise": kind} if kind else {})


def _asked(span: Span) -> dict[str, str]:
    return {"from": span.first.isoformat(), "to": span.last.isoformat()}


def _address(request: Request) -> str:
    """Where the page is read again in another language."""
    kept = urlencode([(name, value) for name, value in request.query_params.multi_items() if name != "lang"])
    return f"{request.url.path}?{kept}" if kept else request.url.path
