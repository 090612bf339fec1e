"""Merchants' money: deposits paid in and back, and the statement of one merchant as JSON and CSV."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from desk.actions.deposits import Deposited, pay_deposit_back, pay_deposit_in
from desk.domain.fund import EntryKind
from desk.domain.money import text_of
from desk.domain.policy import Act, Viewer
from desk.ports import Desk
from desk.reads.pages import LARGEST_PAGE, Page
from desk.reads.respondents import Period, Stand, Statement, StatementLine, merchant_statement
from desk.web.api.claims import link_next
from desk.web.api.fund import Site, money_out
from desk.web.api.shapes import Day, In, MoneyIn, MoneyOut, Out, Prose, WhoOut
from desk.web.csv import csv_line
from desk.web.deps import Officer, RequiredKey, TheDesk, row_id
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step

router = APIRouter(prefix="/api/v1/sites/{site}/respondents/{respondent_id}", tags=["recovery"])


async def _respondent_id(respondent_id: Annotated[str, Path(description="As recoveries name it.")]) -> int:
    return row_id(respondent_id)


RespondentId = Annotated[int, Depends(_respondent_id)]


class DepositIn(In):
    """What a merchant pays in, or is paid back."""

    amount: MoneyIn
    note: Prose | None = None


class DepositedOut(Out):
    """The entry, and what the deposit holds after it."""

    entry: str
    respondent: WhoOut
    amount: MoneyOut
    holds: MoneyOut

    @classmethod
    def of(cls, done: Deposited) -> "DepositedOut":
        """The shape of it."""
        who = WhoOut(id=str(done.respondent.id), name=done.respondent.name)
        amount, holds = (money_out(minor, done.site.currency) for minor in (done.amount.minor, done.holds))
        return cls(entry=str(done.entry_id), respondent=who, amount=amount, holds=holds)


class PeriodQuery(In):
    """Days at the site, both included."""

    since: Annotated[Day | None, Field(alias="from", description="the first day; a year before the last unless said")] = None
    until: Annotated[Day | None, Field(alias="to", description="the last day; today unless said")] = None


class StatementQuery(PeriodQuery):
    """The same, and which page of the lines."""

    limit: int = Field(default=LARGEST_PAGE, ge=1, le=LARGEST_PAGE)
    cursor: Annotated[str, Field(max_length=200)] | None = None

    def period(self) -> Period:
        """As the read takes it."""
        return Period(self.since, self.until, self.limit, self.cursor)


class StandOut(Out):
    """What a merchant owes, has deposited, and is to be given back of what they paid for refunds that came back."""

    owed: MoneyOut
    deposit: MoneyOut
    in_error: MoneyOut


class StatementLineOut(StandOut):
    """One entry, and what stands after it."""

    entry: str
    at: datetime
    kind: EntryKind
    reference: str | None
    amount: MoneyOut
    by: str | None
    note: str | None

    @classmethod
    def of(cls, line: StatementLine, currency: str) -> "StatementLineOut":
        """The shape of a line."""
        return cls(
            entry=str(line.entry_id), at=line.at, kind=line.kind, reference=line.reference, by=line.by, note=line.note,
            amount=money_out(line.amount_minor, currency), **_sums(line.after, currency),
        )  # fmt: skip


class StatementOut(StandOut):
    """A page of a merchant's lines in a period, oldest first.

    `opening` stands before the first line of the page; `owed`, `deposit` and `in_error` are what stands now.
    """

    respondent: WhoOut
    since: date = Field(serialization_alias="from")
    until: date = Field(serialization_alias="to")
    opening: StandOut
    lines: list[StatementLineOut]
    next: str | None = Field(description="cursor of the next page")

    @classmethod
    def of(cls, told: Statement) -> "StatementOut":
        """The shape of it."""
        currency = told.site.currency
        return cls(
            respondent=WhoOut(id=str(told.respondent_id), name=told.name), since=told.since, until=told.until, next=told.next,
            opening=StandOut(**_sums(told.opening, currency)), **_sums(told.now, currency),
            lines=[StatementLineOut.of(line, currency) for line in told.lines],
        )  # fmt: skip


def _sums(stands: Stand, currency: str) -> dict[str, MoneyOut]:
    return {name: money_out(getattr(stands, f"{name}_minor"), currency) for name in ("owed", "deposit", "in_error")}


@router.post(
    "/deposits", status_code=201, response_model=DepositedOut, name="deposits_pay_in",
    responses=for_step("idempotency_key_missing"), summary="A merchant pays a deposit",
)  # fmt: skip
async def post_deposit(
    request: Request, site: Site, respondent_id: RespondentId, body: DepositIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """By a manager. It stays the merchant's own until it is used for a recovery."""
    told = (site, respondent_id, body.amount.money("/amount"), body.note)
    return await answer_once(request, desk, officer, key, DepositedOut.of, pay_deposit_in, *told, status=201)


@router.post(
    "/deposits/pay-back", response_model=DepositedOut, name="deposits_pay_back",
    responses=for_step("deposit_insufficient", "idempotency_key_missing"), summary="A deposit is paid back",
)  # fmt: skip
async def post_pay_back(
    request: Request, site: Site, respondent_id: RespondentId, body: DepositIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """By a manager, whole or in part."""
    told = (site, respondent_id, body.amount.money("/amount"), body.note)
    return await answer_once(request, desk, officer, key, DepositedOut.of, pay_deposit_back, *told)


@router.get("/statement", name="statements_get", responses=for_staff(), summary="The statement of a merchant")
async def get_statement(
    request: Request, response: Response, site: Site, respondent_id: RespondentId, desk: TheDesk, officer: Officer,
    query: Annotated[StatementQuery, Query()],
) -> StatementOut:  # fmt: skip
    """What settled, came back, was written off and given back, and the deposit, oldest first; of the last year unless said."""
    told = await desk.read(merchant_statement, officer, site, respondent_id, query.period(), desk.kit.clock.now())
    link_next(request, response, Page(told.lines, told.next))
    return StatementOut.of(told)


@router.get(
    "/statement.csv", name="statements_csv", responses=for_staff() | {200: {"content": {"text/csv": {}}}},
    response_class=StreamingResponse, summary="The statement of a merchant as CSV",
)  # fmt: skip
async def get_statement_csv(
    site: Site, respondent_id: RespondentId, desk: TheDesk, officer: Officer, query: Annotated[PeriodQuery, Query()]
) -> StreamingResponse:  # fmt: skip
    """One row a line of the period, oldest first, after a row `opening`."""
    return await statement_csv(desk, officer, site, respondent_id, Period(query.since, query.until))


COLUMNS = ("entry", "at", "kind", "reference", "amount", "owed", "deposit", "in_error", "currency", "by", "note")


async def statement_csv(desk: Desk, officer: Viewer, site: str, respondent_id: int, asked: Period) -> StreamingResponse:
    """The statement as a file; the console hands it out too. Raises NotFound for a foreign site or merchant, Forbidden."""
    first = await desk.read(merchant_statement, officer, site, respondent_id, asked, desk.kit.clock.now(), Act.EXPORT_FUND)
    headers = {"Content-Disposition": f'attachment; filename="statement-{site}-{respondent_id}.csv"'}
    return StreamingResponse(_csv(desk, officer, first), headers=headers, media_type="text/csv; charset=utf-8")


async def _csv(desk: Desk, officer: Viewer, told: Statement) -> AsyncIterator[str]:
    """A page at a time, so that no read is held open; each page opens with what the one before ended with."""
    opening = ("", told.since, "opening", "", "", *_texts(told.opening, told.site.currency), told.site.currency, "", "")
    yield csv_line(COLUMNS) + csv_line(opening) + _rows(told)
    while told.next:
        asked, now = Period(told.since, told.until, cursor=told.next), desk.kit.clock.now()
        told = await desk.read(merchant_statement, officer, told.site.slug, told.respondent_id, asked, now, Act.EXPORT_FUND)
        yield _rows(told)


def _rows(told: Statement) -> str:
    return "".join(csv_line(_cells(line, told.site.currency)) for line in told.lines)


def _cells(line: StatementLine, currency: str) -> tuple[object, ...]:
    sums = (text_of(line.amount_minor, currency), *_texts(line.after, currency))
    return (line.entry_id, line.at.isoformat(), line.kind, line.reference, *sums, currency, line.by, line.note)


def _texts(stands: Stand, currency: str) -> tuple[str, ...]:
    return tuple(text_of(minor, currency) for minor in (stands.owed_minor, stands.deposit_minor, stands.in_error_minor))
