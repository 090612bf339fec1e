"""A site's fund: how it stands, top-ups, withdrawals by two persons, and its entries as JSON and CSV."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from desk.actions.fund import ToppedUp, Withdrawing, approve_withdrawal, propose_withdrawal, refuse_withdrawal, top_up
from desk.domain.fund import Payer, Source
from desk.domain.money import text_of
from desk.domain.policy import Act, Viewer
from desk.ports import Desk
from desk.reads.fund import (
    EntryLine,
    EntryView,
    FundView,
    WithdrawalView,
    entries_page,
    fund_view,
    open_withdrawals,
    withdrawal_view,
)
from desk.reads.pages import LARGEST_PAGE, Page
from desk.web.api.claims import link_next
from desk.web.api.shapes import In, MoneyIn, MoneyOut, Out, Prose, RowId, WhoOut
from desk.web.csv import csv_line
from desk.web.deps import Officer, RequiredKey, TheDesk, row_id
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step

router = APIRouter(prefix="/api/v1/sites/{site}/fund", tags=["fund"])

# Whatever could not be a slug, NUL too, answers as a site that is not there; PostgreSQL would choke on it.
Site = Annotated[str, Path(pattern="^[a-z0-9-]{1,40}$", examples=["huangshan"])]


class FundOut(Out):
    """What stands where. `paid` is net of what banks returned; `recovered` came back from respondents."""

    available: MoneyOut
    reserved: MoneyOut
    in_transit: MoneyOut
    paid: MoneyOut
    receivable: MoneyOut
    recovered: MoneyOut
    written_off: MoneyOut

    @classmethod
    def of(cls, view: FundView) -> "FundOut":
        """The shape of a fund."""
        return cls(**{name: money_out(getattr(view, name), view.currency) for name in cls.model_fields})


class TopUpIn(In):
    """Money that somebody puts into the fund."""

    amount: MoneyIn
    source: Payer
    note: Prose | None = None


class ToppedUpOut(Out):
    """The entry, and what is available after it."""

    entry: str
    amount: MoneyOut
    source: Payer
    available: MoneyOut

    @classmethod
    def of(cls, done: ToppedUp) -> "ToppedUpOut":
        """The shape of a top-up."""
        amount, available = (money_out(minor, done.site.currency) for minor in (done.amount.minor, done.available))
        return cls(entry=str(done.entry_id), amount=amount, source=done.payer, available=available)


class WithdrawalIn(In):
    """Money that shall go back to a source, and why. What was recovered in error goes to the merchant who had paid it."""

    amount: MoneyIn
    source: Source
    note: Prose
    respondent_id: Annotated[RowId | None, Field(description="the merchant, for recovered_in_error and nothing else")] = None


class RefuseIn(In):
    """Why not."""

    reason: Prose


class WithdrawalOut(Out):
    """A withdrawal; the money has moved when `approved_at` is there, and never will once `refused_at` is."""

    id: str
    amount: MoneyOut
    source: Source
    note: str
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    refused_by: str | None
    refused_at: datetime | None
    respondent: WhoOut | None

    @classmethod
    def of(cls, view: WithdrawalView) -> "WithdrawalOut":
        """The shape of a withdrawal."""
        who = WhoOut(id=str(view.respondent_id), name=view.respondent) if view.respondent is not None else None
        return cls(
            id=str(view.id), amount=money_out(view.amount_minor, view.currency), source=Source(view.payer), note=view.note,
            proposed_by=view.proposed_by, proposed_at=view.proposed_at, approved_by=view.approved_by,
            approved_at=view.approved_at, refused_by=view.refused_by, refused_at=view.refused_at, respondent=who,
        )  # fmt: skip


class WithdrawalsOut(Out):
    """A page of withdrawals that wait for a second person, oldest first."""

    withdrawals: list[WithdrawalOut]
    next: str | None = Field(description="cursor of the next page")


class LineOut(Out):
    """So much from the credit account to the debit account."""

    debit: str
    credit: str
    amount: MoneyOut


class EntryOut(Out):
    """One event in the books. `by` is an officer's name, null for the desk itself."""

    id: str
    at: datetime
    kind: str
    reference: str | None
    by: str | None
    note: str | None
    lines: list[LineOut]

    @classmethod
    def of(cls, entry: EntryView) -> "EntryOut":
        """The shape of an entry."""
        lines = [
            LineOut(debit=line.debit, credit=line.credit, amount=money_out(line.amount_minor, entry.currency))
            for line in entry.lines
        ]
        return cls(
            id=str(entry.id), at=entry.at, kind=entry.kind, reference=entry.reference, by=entry.by, note=entry.note, lines=lines
        )


class EntriesOut(Out):
    """A page of entries, newest first."""

    entries: list[EntryOut]
    next: str | None = Field(description="cursor of the next page")


class FundQuery(In):
    """How many, and from where on."""

    limit: int = Field(default=50, ge=1, le=LARGEST_PAGE)
    cursor: Annotated[str, Field(max_length=200)] | None = None


@router.get("", name="fund_get", responses=for_staff(), summary="How the fund stands")
async def get_fund(site: Site, desk: TheDesk, officer: Officer) -> FundOut:
    """Available, reserved, in transit, paid, receivable, recovered, written off."""
    return FundOut.of(await desk.read(fund_view, officer, site))


@router.post(
    "/top-ups", status_code=201, response_model=ToppedUpOut, name="fund_top_up", responses=for_step("idempotency_key_missing"),
    summary="Put money into the fund",
)  # fmt: skip
async def post_top_up(
    request: Request, site: Site, body: TopUpIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """By a manager; the source is named."""
    told = (site, body.amount.money("/amount"), body.source, body.note)
    return await answer_once(request, desk, officer, key, ToppedUpOut.of, top_up, *told, status=201)


@router.post(
    "/withdrawals", status_code=201, response_model=WithdrawalOut, name="fund_withdraw",
    responses=for_step("fund_insufficient", "idempotency_key_missing"), summary="Ask for money to be taken out",
)  # fmt: skip
async def post_withdrawal(
    request: Request, site: Site, body: WithdrawalIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """By a manager. Nothing moves until a second person agrees."""
    merchant = row_id(body.respondent_id) if body.respondent_id else None
    told = (site, body.amount.money("/amount"), body.source, body.note, merchant)
    return await answer_once(request, desk, officer, key, _withdrawing, propose_withdrawal, *told, status=201)


@router.get("/withdrawals", name="fund_withdrawals", responses=for_staff(), summary="Withdrawals that wait")
async def list_withdrawals(
    request: Request, response: Response, site: Site, desk: TheDesk, officer: Officer, query: Annotated[FundQuery, Query()]
) -> WithdrawalsOut:  # fmt: skip
    """Those that nobody has agreed to yet, oldest first."""
    page = await desk.read(open_withdrawals, officer, site, query.limit, query.cursor)
    link_next(request, response, page)
    return WithdrawalsOut(withdrawals=[WithdrawalOut.of(view) for view in page.lines], next=page.next)


@router.post(
    "/withdrawals/{withdrawal_id}/approve", response_model=WithdrawalOut, name="fund_withdrawals_approve",
    responses=for_step("second_officer_needed", "fund_insufficient", "idempotency_key_missing"), summary="Agree to a withdrawal",
)  # fmt: skip
async def post_approve_withdrawal(
    request: Request, site: Site, withdrawal_id: str, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """By another manager, or by any cashier where the site has only one manager."""
    return await answer_once(request, desk, officer, key, _withdrawing, approve_withdrawal, site, row_id(withdrawal_id))


@router.post(
    "/withdrawals/{withdrawal_id}/refuse", response_model=WithdrawalOut, name="fund_withdrawals_refuse",
    responses=for_step("idempotency_key_missing"), summary="Refuse a withdrawal",
)  # fmt: skip
async def post_refuse_withdrawal(
    request: Request, site: Site, withdrawal_id: str, body: RefuseIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """By a second person, or by who proposed it, who so takes it back."""
    told = (site, row_id(withdrawal_id), body.reason)
    return await answer_once(request, desk, officer, key, _withdrawing, refuse_withdrawal, *told)


@router.get("/entries", name="fund_entries", responses=for_staff(), summary="The fund's entries")
async def list_entries(
    request: Request, response: Response, site: Site, desk: TheDesk, officer: Officer, query: Annotated[FundQuery, Query()]
) -> EntriesOut:  # fmt: skip
    """Each with its lines, newest first."""
    page = await desk.read(entries_page, officer, site, query.limit, query.cursor)
    link_next(request, response, page)
    return EntriesOut(entries=[EntryOut.of(entry) for entry in page.lines], next=page.next)


@router.get(
    "/entries.csv", name="fund_entries_csv", responses=for_staff() | {200: {"content": {"text/csv": {}}}},
    response_class=StreamingResponse, summary="The fund's entries as CSV",
)  # fmt: skip
async def get_entries_csv(site: Site, desk: TheDesk, officer: Officer) -> StreamingResponse:
    """One row a line of an entry, newest first, every entry there is."""
    return await csv_answer(desk, officer, site)


async def csv_answer(desk: Desk, officer: Viewer, site: str) -> StreamingResponse:
    """The entries as a file; the console hands it out too. Raises NotFound for a foreign site, Forbidden."""
    first = await desk.read(entries_page, officer, site, LARGEST_PAGE, None, Act.EXPORT_FUND)
    headers = {"Content-Disposition": f'attachment; filename="fund-{site}.csv"'}
    return StreamingResponse(_csv(desk, officer, site, first), headers=headers, media_type="text/csv; charset=utf-8")


COLUMNS = ("entry", "at", "kind", "debit", "credit", "amount", "currency", "reference", "by", "note")


async def _csv(desk: Desk, officer: Viewer, site: str, page: Page[EntryView]) -> AsyncIterator[str]:
    """A page at a time, so that a long ledger is never in memory whole and no read is held open."""
    yield csv_line(COLUMNS) + _rows(page)
    while page.next:
        page = await desk.read(entries_page, officer, site, LARGEST_PAGE, page.next, Act.EXPORT_FUND)
        yield _rows(page)


def _rows(page: Page[EntryView]) -> str:
    return "".join(csv_line(_cells(entry, line)) for entry in page.lines for line in entry.lines)


def _cells(entry: EntryView, line: EntryLine) -> tuple[object, ...]:
    amount = text_of(line.amount_minor, entry.currency)
    about = (entry.reference, entry.by, entry.note)
    return (entry.id, entry.at.isoformat(), entry.kind, line.debit, line.credit, amount, entry.currency, *about)


def _withdrawing(done: Withdrawing) -> WithdrawalOut:
    names = (done.proposed_by, done.approved_by, done.refused_by, done.respondent)
    return WithdrawalOut.of(withdrawal_view(done.row, done.site, *names))


def money_out(minor: int, currency: str) -> MoneyOut:
    """Minor units as the API writes money."""
    return MoneyOut(amount=text_of(minor, currency), currency=currency)
