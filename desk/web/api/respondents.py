"""Merchants' money: deposits paid in and back, and the statement of one merchant as JSON and CSV."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from desk.actions.deposits import Deposited, pay_deposit_back, pay_deposit_in
from desk.domain.fund import EntryKind
from desk.domain.money import text_of
from desk.domain.policy import Act, Viewer
from desk.ports import Desk
from desk.reads.respondents import Statement, StatementLine, merchant_statement
from desk.web.api.fund import Site, money_out
from desk.web.api.recovery_shapes import WhoOut
from desk.web.api.shapes import In, MoneyIn, MoneyOut, Out, Prose
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


class StatementLineOut(Out):
    """One entry, and what is owed and held after it."""

    entry: str
    at: datetime
    kind: EntryKind
    reference: str | None
    amount: MoneyOut
    owed: MoneyOut
    deposit: MoneyOut
    by: str | None
    note: str | None

    @classmethod
    def of(cls, line: StatementLine, currency: str) -> "StatementLineOut":
        """The shape of a line."""
        sums = {name: money_out(getattr(line, f"{name}_minor"), currency) for name in ("amount", "owed", "deposit")}
        return cls(
            entry=str(line.entry_id), at=line.at, kind=line.kind, reference=line.reference, by=line.by, note=line.note, **sums
        )


class StatementOut(Out):
    """Every line of a merchant, oldest first, and what is owed and held now."""

    respondent: WhoOut
    owed: MoneyOut
    deposit: MoneyOut
    lines: list[StatementLineOut]

    @classmethod
    def of(cls, told: Statement) -> "StatementOut":
        """The shape of it."""
        currency = told.site.currency
        return cls(
            respondent=WhoOut(id=str(told.respondent_id), name=told.name), owed=money_out(told.owed_minor, currency),
            deposit=money_out(told.deposit_minor, currency), lines=[StatementLineOut.of(line, currency) for line in told.lines],
        )  # fmt: skip


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
async def get_statement(site: Site, respondent_id: RespondentId, desk: TheDesk, officer: Officer) -> StatementOut:
    """What settled, came back, was written off, and the deposit, oldest first."""
    return StatementOut.of(await desk.read(merchant_statement, officer, site, respondent_id))


@router.get(
    "/statement.csv", name="statements_csv", responses=for_staff() | {200: {"content": {"text/csv": {}}}},
    response_class=Response, summary="The statement of a merchant as CSV",
)  # fmt: skip
async def get_statement_csv(site: Site, respondent_id: RespondentId, desk: TheDesk, officer: Officer) -> Response:
    """One row a line."""
    return await statement_csv(desk, officer, site, respondent_id)


COLUMNS = ("entry", "at", "kind", "reference", "amount", "owed", "deposit", "currency", "by", "note")


async def statement_csv(desk: Desk, officer: Viewer, site: str, respondent_id: int) -> Response:
    """The statement as a file; the console hands it out too. Raises NotFound for a foreign site or merchant, Forbidden."""
    told = await desk.read(merchant_statement, officer, site, respondent_id, Act.EXPORT_FUND)
    rows = csv_line(COLUMNS) + "".join(csv_line(_cells(line, told.site.currency)) for line in told.lines)
    headers = {"Content-Disposition": f'attachment; filename="statement-{site}-{respondent_id}.csv"'}
    return Response(rows, headers=headers, media_type="text/csv; charset=utf-8")


def _cells(line: StatementLine, currency: str) -> tuple[object, ...]:
    sums = (text_of(minor, currency) for minor in (line.amount_minor, line.owed_minor, line.deposit_minor))
    return (line.entry_id, line.at.isoformat(), line.kind, line.reference, *sums, currency, line.by, line.note)
