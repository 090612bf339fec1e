"""Closing a cashier's day: what waits to be counted, the close itself, and the closes so far as JSON and CSV."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field, StringConstraints

from desk.actions.day_close import Closed, close_day
from desk.domain.day_close import Count
from desk.domain.errors import BadInput
from desk.domain.money import minor_of, text_of
from desk.domain.payout import Method
from desk.domain.policy import Viewer
from desk.ports import Desk
from desk.reads.day_closes import CloseView, OpenTill, TillLine, close_view, closes_page, open_tills
from desk.reads.pages import LARGEST_PAGE
from desk.web.api.claims import link_next
from desk.web.api.fund import FundQuery, Site, money_out
from desk.web.api.shapes import In, MoneyIn, MoneyOut, Out, Prose, RowId
from desk.web.csv import csv_file
from desk.web.deps import Officer, RequiredKey, TheDesk, row_id
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step

router = APIRouter(prefix="/api/v1/sites/{site}/day-closes", tags=["fund"])

Seen = Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$"), Field(description="`seen` of the till that was counted")]


class CountedIn(MoneyIn):
    """An amount that may be nothing."""

    def count(self, pointer: str) -> Count:
        """The count as the domain keeps it. Raises BadInput at `pointer`."""
        try:
            return Count(minor_of(self.amount, self.currency), self.currency)
        except ValueError as unreadable:
            raise BadInput(f"{pointer}/amount", "bad_amount") from unreadable


class CloseIn(In):
    """What was counted of one method; a difference needs its reason. A manager names the cashier who has left, and says why."""

    method: Method
    counted: CountedIn
    seen: Seen
    reason: Prose | None = None
    cashier_id: Annotated[RowId | None, Field(description="whose till it is, where the caller is its manager")] = None


class CloseOut(Out):
    """A close. `since` and `until` are when its first and its last payout settled; `difference` is counted less expected.

    `closed_by` is the cashier, or the manager who counted for one who had left.
    """

    id: str
    cashier: str
    method: Method
    on: date
    since: datetime
    until: datetime
    payouts: int
    expected: MoneyOut
    counted: MoneyOut
    difference: MoneyOut
    reason: str | None
    closed_at: datetime
    closed_by: str

    @classmethod
    def of(cls, view: CloseView) -> "CloseOut":
        """The shape of a close."""
        sums = {name: money_out(getattr(view, name), view.currency) for name in ("expected", "counted", "difference")}
        return cls(
            id=str(view.id), cashier=view.cashier, method=Method(view.method), on=view.on, since=view.since, until=view.until,
            payouts=view.payouts, reason=view.reason, closed_at=view.closed_at, closed_by=view.closed_by, **sums,
        )  # fmt: skip


class ClosesOut(Out):
    """A page of closes, newest first."""

    closes: list[CloseOut]
    next: str | None = Field(description="cursor of the next page")


class TillLineOut(Out):
    """A payout: `at` is when it settled, of cash that is not signed for when it was handed over."""

    payout: str
    reference: str
    amount: MoneyOut
    at: datetime
    returned: bool


class TillOut(Out):
    """What one cashier sent in one way and nobody counted yet: at most 500 payouts, `more` follow in the next close.

    `unsigned` is cash still to be signed for; it is not part of what is expected. Where the cashier has `left`, a manager closes.
    """

    cashier: str
    cashier_id: str
    left: bool
    method: Method
    expected: MoneyOut
    seen: str
    payouts: list[TillLineOut]
    more: int
    unsigned: list[TillLineOut]

    @classmethod
    def of(cls, till: OpenTill) -> "TillOut":
        """The shape of a till."""

        def shown(line: TillLine) -> TillLineOut:
            amount = money_out(line.amount, till.currency)
            return TillLineOut(
                payout=str(line.payout_id), reference=line.reference, amount=amount, at=line.at, returned=line.returned
            )

        return cls(
            cashier=till.cashier, cashier_id=str(till.cashier_id), left=till.left, method=Method(till.method),
            expected=money_out(till.expected, till.currency), seen=till.seen,
            payouts=[shown(line) for line in till.lines], more=till.more, unsigned=[shown(line) for line in till.unsigned],
        )  # fmt: skip


class TillsOut(Out):
    """What waits to be counted, by cashier and method."""

    tills: list[TillOut]


@router.get("", name="day_closes_list", responses=for_staff(), summary="Closes of a site's cashiers")
async def list_closes(
    request: Request, response: Response, site: Site, desk: TheDesk, officer: Officer, query: Annotated[FundQuery, Query()]
) -> ClosesOut:  # fmt: skip
    """Newest first; a cashier sees their own, the manager and the auditor everybody's."""
    page = await desk.read(closes_page, officer, site, query.limit, query.cursor)
    link_next(request, response, page)
    return ClosesOut(closes=[CloseOut.of(view) for view in page.lines], next=page.next)


@router.get("/open", name="day_closes_open", responses=for_staff(), summary="What waits to be counted")
async def get_open(site: Site, desk: TheDesk, officer: Officer) -> TillsOut:
    """By cashier and method: whoever stands here has not closed since. A cashier sees their own."""
    return TillsOut(tills=[TillOut.of(till) for till in await desk.read(open_tills, officer, site)])


@router.post(
    "", status_code=201, response_model=CloseOut, name="day_closes_add",
    responses=for_step("nothing_to_close", "count_changed", "cashier_at_work", "idempotency_key_missing"),
    summary="Close the day",
)  # fmt: skip
async def post_close(
    request: Request, site: Site, body: CloseIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """By the cashier who sent the money, one method at a time, as often a day as they like; by a manager once they have left."""
    cashier = row_id(body.cashier_id) if body.cashier_id else None
    told = (site, body.method, body.counted.count("/counted"), body.reason, body.seen, cashier)
    return await answer_once(request, desk, officer, key, _closed, close_day, *told, status=201)


@router.get(
    ".csv", name="day_closes_csv", responses=for_staff() | {200: {"content": {"text/csv": {}}}},
    response_class=StreamingResponse, summary="Closes as CSV",
)  # fmt: skip
async def get_closes_csv(site: Site, desk: TheDesk, officer: Officer) -> StreamingResponse:
    """One row a close, newest first, every close that the caller may see."""
    return await csv_answer(desk, officer, site)


async def csv_answer(desk: Desk, officer: Viewer, site: str) -> StreamingResponse:
    """The closes as a file; the console hands it out too. Raises NotFound for a foreign site, Forbidden."""
    return await csv_file(
        f"day-closes-{site}", COLUMNS, _cells,
        lambda cursor: desk.read(closes_page, officer, site, LARGEST_PAGE, cursor),
    )  # fmt: skip


COLUMNS = (
    "close", "on", "cashier", "method", "payouts", "expected", "counted", "short", "over", "currency", "reason", "since", "until",
    "closed_at", "closed_by",
)  # fmt: skip


def _cells(view: CloseView) -> tuple[object, ...]:
    # Two columns, for a spreadsheet is handed no figure with a sign: it could be a formula.
    off = (max(0, -view.difference), max(0, view.difference))
    sums = (text_of(minor, view.currency) for minor in (view.expected, view.counted, *off))
    times = (moment.isoformat() for moment in (view.since, view.until, view.closed_at))
    return (view.id, view.on, view.cashier, view.method, view.payouts, *sums, view.currency, view.reason, *times, view.closed_by)


def _closed(done: Closed) -> CloseOut:
    return CloseOut.of(close_view(done.row, done.site, done.cashier, done.closed_by, done.payouts))
