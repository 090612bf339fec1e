"""What became of a site's promises: counts and times, day by day as CSV, what was missed, and why."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from desk.actions.promises import Explained, explain_miss
from desk.domain.pack import Unit
from desk.domain.policy import Viewer
from desk.domain.tally import RESOLUTION
from desk.ports import Desk
from desk.reads.pages import LARGEST_PAGE, Page
from desk.reads.promises import Miss, Promise, Report, Span, Times, miss_of, misses_page, report, report_by_day
from desk.web.api.claims import link_next
from desk.web.api.fund import Site
from desk.web.api.shapes import Day, In, Out, Prose
from desk.web.csv import csv_line
from desk.web.deps import Officer, OptionalKey, ReaderLanguage, TheDesk, row_id
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step
from desk.wording.catalogue import text

router = APIRouter(prefix="/api/v1", tags=["reports"])

Kind = Annotated[str, Field(max_length=32, pattern="^[a-z_]+$")]
First = Annotated[Day | None, Field(alias="from", description="the first day at the site; 30 days before the last if left out")]
Last = Annotated[Day | None, Field(description="the last day, itself included; today if left out")]


class DaysQuery(In):
    """Which days, by when the promise was made."""

    first: First = None
    to: Last = None


class MissedQuery(In):
    """Which misses, how many, and from where on."""

    first: First = None
    to: Last = None
    promise: Kind | None = None
    limit: int = Field(default=50, ge=1, le=LARGEST_PAGE)
    cursor: Annotated[str, Field(max_length=200)] | None = None


class TimesOut(Out):
    """How long it took, in seconds: half of `count` took at most `median`, nine in ten at most `p90`; null without any."""

    count: int
    median: int | None
    p90: int | None

    @classmethod
    def of(cls, times: Times) -> "TimesOut":
        """The shape of times."""
        return cls(count=times.count, median=times.median, p90=times.p90)


class PromiseOut(Out):
    """A promise with its figure, and what became of those made on these days: `made` = kept + missed + running + void.

    `share_kept` is kept of kept and missed, null without any. `took` runs to the promise's end; `received` is there for
    `fast_payment` alone, whose `took` is the time until the money was sent. `counted` tells how the time runs: `open_hours` only
    while the site is open and without pauses, `without_pauses`, or `elapsed`.
    """

    id: str
    definition: str
    length: int
    unit: Unit
    source: str
    confirmed: bool
    counted: Literal["open_hours", "without_pauses", "elapsed"]
    made: int
    kept: int
    missed: int
    running: int
    void: int
    share_kept: float | None
    took: TimesOut
    received: TimesOut | None

    @classmethod
    def of(cls, one: Promise, language: str) -> "PromiseOut":
        """The shape of a promise."""
        rule = one.rule
        counted: Literal["open_hours", "without_pauses", "elapsed"] = one.counted  # type: ignore[assignment]
        return cls(
            id=rule.id, definition=text(f"promise.{rule.id}", language), length=rule.length, unit=rule.unit, source=rule.source,
            confirmed=rule.confirmed, counted=counted, made=one.made, kept=one.kept, missed=one.missed, running=one.running,
            void=one.void, share_kept=None if one.share is None else round(one.share, 4), took=TimesOut.of(one.took),
            received=TimesOut.of(one.received) if one.received else None,
        )  # fmt: skip


class PromisesOut(Out):
    """A site's promises over some days at the site, both included. Times are exact to `resolution` of themselves, rounded up.

    `enough_days` is false while the site has made promises on fewer than five days: too few to compare.
    """

    site: str
    first: date = Field(serialization_alias="from")
    to: date
    resolution: float
    enough_days: bool
    promises: list[PromiseOut]

    @classmethod
    def of(cls, found: Report, language: str) -> "PromisesOut":
        """The shape of a report."""
        span = found.span
        return cls(
            site=span.site.slug, first=span.first, to=span.last, resolution=RESOLUTION, enough_days=found.enough,
            promises=[PromiseOut.of(one, language) for one in found.promises],
        )  # fmt: skip


class MissOut(Out):
    """A promise that was missed, of a claim or of an incident. `reason` is null while nobody said why."""

    id: str
    reference: str | None
    incident: str | None
    promise: str
    made_at: datetime
    due_at: datetime
    recorded_at: datetime
    reason: str | None
    explained_at: datetime | None

    @classmethod
    def of(cls, miss: Miss) -> "MissOut":
        """The shape of a miss."""
        return cls(
            id=str(miss.id), reference=miss.reference,
            incident=str(miss.incident) if miss.incident is not None else None,
            promise=miss.kind, made_at=miss.made_at, due_at=miss.due_at,
            recorded_at=miss.recorded_at, reason=miss.reason, explained_at=miss.explained_at,
        )  # fmt: skip


class MissedOut(Out):
    """A page of missed promises, the last one made first."""

    missed: list[MissOut]
    next: str | None = Field(description="cursor of the next page")


class ExplainIn(In):
    """Why it was missed."""

    reason: Prose


@router.get("/sites/{site}/promises", name="promises_report", responses=for_staff(), summary="What became of a site's promises")
async def get_promises(
    site: Site, desk: TheDesk, officer: Officer, language: ReaderLanguage, query: Annotated[DaysQuery, Query()]
) -> PromisesOut:  # fmt: skip
    """Every promise that runs on claims here, with its definition and figure; at most 366 days."""
    return PromisesOut.of(await desk.read(report, officer, site, query.first, query.to, desk.kit), language)


@router.get(
    "/sites/{site}/promises.csv", name="promises_csv", responses=for_staff() | {200: {"content": {"text/csv": {}}}},
    response_class=StreamingResponse, summary="What became of a site's promises, day by day as CSV",
)  # fmt: skip
async def get_promises_csv(
    site: Site, desk: TheDesk, officer: Officer, query: Annotated[DaysQuery, Query()]
) -> StreamingResponse:
    """One row a day and promise, the newest day first."""
    return await promises_csv(desk, officer, site, query.first, query.to)


@router.get("/sites/{site}/promises/missed", name="promises_missed", responses=for_staff(), summary="Promises that were missed")
async def list_missed(
    request: Request, response: Response, site: Site, desk: TheDesk, officer: Officer, query: Annotated[MissedQuery, Query()]
) -> MissedOut:  # fmt: skip
    """Of the promises made on these days, the last one made first, each with why it was missed as far as somebody said."""
    asked = (query.first, query.to, desk.kit, query.promise, query.limit, query.cursor)
    _, page = await desk.read(misses_page, officer, site, *asked)
    link_next(request, response, page)
    return MissedOut(missed=[MissOut.of(miss) for miss in page.lines], next=page.next)


@router.get(
    "/sites/{site}/promises/missed.csv", name="promises_missed_csv", responses=for_staff() | {200: {"content": {"text/csv": {}}}},
    response_class=StreamingResponse, summary="Promises that were missed as CSV",
)  # fmt: skip
async def get_missed_csv(site: Site, desk: TheDesk, officer: Officer, query: Annotated[DaysQuery, Query()]) -> StreamingResponse:
    """One row a miss, the last promise made first."""
    return await missed_csv(desk, officer, site, query.first, query.to)


@router.post(
    "/promises/missed/{miss_id}/reason", response_model=MissOut, name="promises_explain", responses=for_step(),
    summary="Say why a promise was missed",
)  # fmt: skip
async def post_reason(
    request: Request, miss_id: str, body: ExplainIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """A later word takes the place of an earlier one; the claim's chain keeps both."""
    return await answer_once(request, desk, officer, key, _explained, explain_miss, row_id(miss_id), body.reason)


async def promises_csv(desk: Desk, officer: Viewer, site: str, first: date | None, last: date | None) -> StreamingResponse:
    """The days as a file; the console hands it out too. Raises NotFound for a foreign site, Forbidden, BadInput."""
    whole = (await desk.read(report, officer, site, first, last, desk.kit)).span
    headers = {"Content-Disposition": f'attachment; filename="promises-{site}-{whole.first}-{whole.last}.csv"'}
    lines = promise_lines(desk, officer, whole)
    return StreamingResponse(lines, headers=headers, media_type="text/csv; charset=utf-8")


async def promise_lines(desk: Desk, officer: Viewer, whole: Span) -> AsyncIterator[str]:
    """The days of a span as rows, a month at a time, so that a long one holds up nobody."""
    yield csv_line(COLUMNS)
    last = whole.last
    while whole.first <= last:
        span, days = await desk.read(report_by_day, officer, whole.site.slug, whole.first, last, desk.kit)
        yield "".join(csv_line(_cells(span.site.slug, on, one)) for on, one in days)
        last = span.first - timedelta(days=1)


async def missed_csv(desk: Desk, officer: Viewer, site: str, first: date | None, last: date | None) -> StreamingResponse:
    """The misses as a file. Raises as `promises_csv` does."""
    span, page = await desk.read(misses_page, officer, site, first, last, desk.kit, None, LARGEST_PAGE, None)
    headers = {"Content-Disposition": f'attachment; filename="missed-{site}-{span.first}-{span.last}.csv"'}
    return StreamingResponse(
        _missed(desk, officer, site, (span.first, span.last), page), headers=headers, media_type="text/csv; charset=utf-8"
    )


COLUMNS = (
    "site", "day", "promise", "length", "unit", "confirmed", "made", "kept", "missed", "running", "void", "ended",
    "median_seconds", "p90_seconds", "received", "median_received_seconds", "p90_received_seconds",
)  # fmt: skip
MISSED_COLUMNS = ("miss", "reference", "promise", "made_at", "due_at", "recorded_at", "reason", "explained_at", "incident")


def _cells(slug: str, on: date, one: Promise) -> tuple[object, ...]:
    there = one.received
    received = (there.count, there.median, there.p90) if there else (None, None, None)
    rule, took = one.rule, (one.took.count, one.took.median, one.took.p90)
    figure = (rule.id, rule.length, rule.unit.value, "yes" if rule.confirmed else "no")
    return (slug, on.isoformat(), *figure, one.made, one.kept, one.missed, one.running, one.void, *took, *received)


async def _missed(
    desk: Desk, officer: Viewer, site: str, days: tuple[date, date], page: Page[Miss]
) -> AsyncIterator[str]:  # fmt: skip
    """A page at a time, so that no read is held open."""
    yield csv_line(MISSED_COLUMNS) + _rows(page)
    while page.next:
        _, page = await desk.read(misses_page, officer, site, *days, desk.kit, None, LARGEST_PAGE, page.next)
        yield _rows(page)


def _rows(page: Page[Miss]) -> str:
    return "".join(csv_line(missed_cells(miss)) for miss in page.lines)


def missed_cells(miss: Miss) -> tuple[object, ...]:
    """A miss as one row."""
    made, due, recorded, explained = (
        at.isoformat() if at else None for at in (miss.made_at, miss.due_at, miss.recorded_at, miss.explained_at)
    )
    return (miss.id, miss.reference, miss.kind, made, due, recorded, miss.reason, explained, miss.incident)


def _explained(done: Explained) -> MissOut:
    return MissOut.of(miss_of(done.row, done.reference, ZoneInfo(done.site.time_zone)))
