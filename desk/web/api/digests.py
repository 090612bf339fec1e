"""Digests of sites: what was known when each was due, in figures and in one sentence, page by page and as a file."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from desk.domain.alerts import Level
from desk.domain.digest import Need, Told
from desk.domain.money import text_of
from desk.domain.notification import NotificationState
from desk.domain.policy import Viewer
from desk.ports import Desk
from desk.reads.digests import DigestView, digests_page
from desk.reads.pages import LARGEST_PAGE
from desk.web.api.claims import link_next
from desk.web.api.fund import Site, money_out
from desk.web.api.shapes import Code, In, MoneyOut, Out
from desk.web.csv import csv_file
from desk.web.deps import Officer, ReaderLanguage, TheDesk
from desk.web.openapi import for_staff
from desk.wording.digests import needs_lines, sentence

router = APIRouter(prefix="/api/v1", tags=["digests"])


class NeedOut(Out):
    """What waits for somebody, and how much of it; 1000 stands for that many or more."""

    code: Need
    number: int
    text: str


class AlertCountOut(Out):
    """How many alerts stand at a level, the site's own among them."""

    level: Level
    number: int


class DigestFiguresOut(Out):
    """What was counted of the day `on`. `lodged_before` is the same weekday a week earlier, null where the desk was not there.

    `paid` is what refunds of that day came to; half of them had arrived `median_seconds` after the lodging, null without any.
    `missed` are promises. `docket` and `available` are as they stood when the digest was made; at the pace of the last
    `pace_days` days the fund lasts `lasts_days` whole days, null where nothing leaves it.
    """

    on: date
    lodged: int
    lodged_before: int | None
    refunded: int
    paid: MoneyOut
    median_seconds: int | None
    missed: int
    docket: int
    available: MoneyOut
    lasts_days: int | None
    pace_days: int


class DigestLetterOut(Out):
    """An officer whom it was sent to, null for the operator's hook, and what became of it; `why` is a code."""

    officer: str | None
    channel: Literal["mail", "hook"]
    state: NotificationState
    why: str | None


class DigestOut(Out):
    """A digest as it was kept. `told`: those on the roster of that day, or the managers where nobody was.

    `quiet`: nothing happened and nothing waited, so it went to nobody. `own` is the level of the site itself, null below blue.
    """

    id: str | None
    site: str
    due_at: datetime
    made_at: datetime
    told: Told | None
    quiet: bool
    sentence: str
    figures: DigestFiguresOut
    needs: list[NeedOut]
    alerts: list[AlertCountOut]
    own: Level | None
    letters: list[DigestLetterOut]

    @classmethod
    def of(cls, view: DigestView, language: str) -> "DigestOut":
        """The shape of a digest."""
        known, lines = view.figures, dict(needs_lines(view.figures, language))
        return cls(
            id=str(view.id) if view.id is not None else None, site=view.site.slug, due_at=view.due_at, made_at=view.made_at,
            told=Told(view.told) if view.told else None, quiet=view.quiet,
            sentence=sentence(known, view.due_at.date(), language), figures=_figures(view),
            needs=[NeedOut(code=need, number=number, text=lines[need.value]) for need, number in known.needs],
            alerts=[AlertCountOut(level=Level(level), number=number) for level, number in known.alerts],
            own=Level(known.own) if known.own else None,
            letters=[_letter(each.to, each.channel, each.state, each.why) for each in view.letters],
        )  # fmt: skip


class DigestsOut(Out):
    """A page of digests, the newest first."""

    digests: list[DigestOut]
    next: str | None = Field(description="cursor of the next page")


class DigestsQuery(In):
    """Of which site, how many, and from where on."""

    site: Code | None = None
    limit: int = Field(default=50, ge=1, le=LARGEST_PAGE)
    cursor: Annotated[str, Field(max_length=200)] | None = None


@router.get("/digests", name="digests_list", responses=for_staff(), summary="Digests of sites")
async def list_digests(
    request: Request, response: Response, desk: TheDesk, officer: Officer, language: ReaderLanguage,
    query: Annotated[DigestsQuery, Query()],
) -> DigestsOut:  # fmt: skip
    """Each as it was kept when it was due; the newest first."""
    page = await desk.read(digests_page, officer, query.site, query.limit, query.cursor)
    link_next(request, response, page)
    return DigestsOut(digests=[DigestOut.of(view, language) for view in page.lines], next=page.next)


@router.get(
    "/sites/{site}/digests.csv", name="digests_csv", responses=for_staff() | {200: {"content": {"text/csv": {}}}},
    response_class=StreamingResponse, summary="The digests of a site as CSV",
)  # fmt: skip
async def get_digests_csv(site: Site, desk: TheDesk, officer: Officer) -> StreamingResponse:
    """One row a digest, the newest first, the whole history."""
    return await digests_csv(desk, officer, site)


COLUMNS = (
    "id", "due_at", "made_at", "told", "quiet", "on", "lodged", "lodged_before", "refunded", "paid", "currency",
    "median_seconds", "missed", "docket", "available", "lasts_days", "pace_days", "needs", "alerts", "own",
)  # fmt: skip


async def digests_csv(desk: Desk, officer: Viewer, site: str) -> StreamingResponse:
    """The digests of a site as a file; the console hands it out too. Raises NotFound for a foreign site, Forbidden."""
    return await csv_file(
        f"digests-{site}", COLUMNS, _cells, lambda cursor: desk.read(digests_page, officer, site, LARGEST_PAGE, cursor)
    )


def _figures(view: DigestView) -> DigestFiguresOut:
    known = view.figures
    counted, fund = known.counted, known.fund
    return DigestFiguresOut(
        on=known.on, lodged=counted.lodged, lodged_before=counted.lodged_before, refunded=counted.refunded,
        paid=money_out(counted.paid, fund.currency), median_seconds=counted.median, missed=counted.missed, docket=known.docket,
        available=money_out(fund.available, fund.currency), lasts_days=fund.lasts, pace_days=fund.pace_days,
    )  # fmt: skip


def _letter(officer: str | None, channel: str, state: str, why: str | None) -> DigestLetterOut:
    way: Literal["mail", "hook"] = "mail" if channel == "mail" else "hook"
    return DigestLetterOut(officer=officer, channel=way, state=NotificationState(state), why=why)


def _cells(view: DigestView) -> tuple[object, ...]:
    known = view.figures
    counted, fund = known.counted, known.fund
    return (
        view.id, view.due_at.isoformat(), view.made_at.isoformat(), view.told, "yes" if view.quiet else "no", known.on,
        counted.lodged, counted.lodged_before, counted.refunded, text_of(counted.paid, fund.currency), fund.currency,
        counted.median, counted.missed, known.docket, text_of(fund.available, fund.currency), fund.lasts, fund.pace_days,
        " ".join(f"{need.value}:{number}" for need, number in known.needs),
        " ".join(f"{level}:{number}" for level, number in known.alerts), known.own,
    )  # fmt: skip
