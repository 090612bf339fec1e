"""Recoveries as JSON: what is sent about one, and what is answered. Decides nothing."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from desk.domain.claim import Basis
from desk.domain.errors import BadInput
from desk.domain.money import Money
from desk.domain.recovery import MOST_INSTALMENTS, AgeBand, DecisionKind, How, RecoveryState
from desk.reads.pages import LARGEST_PAGE, Page
from desk.reads.recovery import Aged, Decision, RecoveryFile, RecoveryView
from desk.web.api.fund import money_out
from desk.web.api.shapes import Day, In, MoneyIn, MoneyOut, Out, Prose, RowId, WhoOut


class DemandIn(In):
    """Until when the respondent is asked to pay, a day at the site."""

    pay_by: Day


class AcceptIn(In):
    """How the respondent accepted."""

    note: Prose | None = None


class ContestIn(In):
    """What the respondent says against it."""

    words: Prose


class ReviewIn(In):
    """How a contest ends: upheld by one person; reduced by an amount, or void, by two."""

    outcome: Literal["upheld", "reduced", "void"]
    reason: Prose
    amount: MoneyIn | None = Field(default=None, description="only where it is reduced: by how much")

    def reduction(self) -> Money | None:
        """By how much it is reduced. Raises BadInput for an amount that is none, or where none belongs."""
        if self.amount is not None and self.outcome != "reduced":
            raise BadInput("/amount", "not_allowed_here")
        return self.amount.money("/amount") if self.amount else None


class InstalmentIn(In):
    """So much until the end of a day at the site."""

    due_on: Day
    amount: MoneyIn


class InstalmentsIn(In):
    """A plan that pays exactly what is open."""

    instalments: list[InstalmentIn] = Field(min_length=1, max_length=MOST_INSTALMENTS)

    def plan(self) -> list[tuple[date, Money]]:
        """The plan as the action takes it. Raises BadInput for an amount that is none."""
        return [(one.due_on, one.amount.money(f"/instalments/{place}/amount")) for place, one in enumerate(self.instalments)]


class PaymentIn(In):
    """What the respondent paid."""

    amount: MoneyIn
    how: How
    note: Prose | None = None


class UseDepositIn(In):
    """How much of the deposit is taken."""

    amount: MoneyIn


class WriteOffIn(In):
    """Why the rest is given up."""

    reason: Prose


class ApproveIn(In):
    """The decision that was looked at."""

    decision: RowId


class RefuseIn(ApproveIn):
    """And why not."""

    reason: Prose


class RecoveriesQuery(In):
    """Which recoveries, how many, and from where on."""

    open: bool | None = Field(default=None, description="true: something is still owed; false: ended")
    state: RecoveryState | None = None
    respondent: RowId | None = None
    age: AgeBand | None = None
    limit: int = Field(default=50, ge=1, le=LARGEST_PAGE)
    cursor: Annotated[str, Field(max_length=200)] | None = None


class DecisionOut(Out):
    """What waits for a second person."""

    id: str
    kind: DecisionKind
    amount: MoneyOut
    reason: str
    proposed_by: str
    proposed_at: datetime

    @classmethod
    def of(cls, decision: Decision, currency: str) -> "DecisionOut":
        """The shape of it."""
        return cls(
            id=str(decision.id), kind=decision.kind, amount=money_out(decision.amount_minor, currency), reason=decision.reason,
            proposed_by=decision.proposed_by, proposed_at=decision.at,
        )  # fmt: skip


class RecoveryOut(Out):
    """What a respondent owes for one payout, whose id it has. The four parts add up to `amount`.

    `respondent` is null where nobody was named. `age_days` counts from the day the payout settled.
    """

    id: str
    reference: str
    respondent: WhoOut | None
    state: RecoveryState
    basis: Basis | None
    amount: MoneyOut
    open: MoneyOut
    recovered: MoneyOut
    written_off: MoneyOut
    returned: MoneyOut
    opened_at: datetime
    age_days: int
    age: AgeBand
    demanded_at: datetime | None
    lapses_at: datetime
    ended_at: datetime | None
    decision: DecisionOut | None

    @classmethod
    def of(cls, view: RecoveryView) -> "RecoveryOut":
        """The shape of a recovery, times at the site's own offset."""
        row, currency = view.row, view.row.currency
        who = WhoOut(id=str(row.respondent_id), name=view.respondent) if view.respondent is not None else None
        times = {name: at.astimezone(view.zone) if (at := getattr(row, name)) else None for name in _TIMES}
        return cls(
            id=str(row.payout_id), reference=view.reference, respondent=who, state=RecoveryState(row.state),
            basis=Basis(row.basis) if row.basis else None, amount=money_out(row.amount_minor, currency),
            open=money_out(view.open_minor, currency), recovered=money_out(row.recovered_minor, currency),
            written_off=money_out(row.written_off_minor, currency), returned=money_out(row.returned_minor, currency),
            age_days=view.days, age=view.band, decision=DecisionOut.of(view.decision, currency) if view.decision else None,
            **times,
        )  # fmt: skip


_TIMES = ("opened_at", "demanded_at", "lapses_at", "ended_at")


class DemandOut(Out):
    """A letter, by its number."""

    number: int
    open: MoneyOut
    pay_by: date
    by: str
    at: datetime


class InstalmentOut(Out):
    """So much until the end of a day at the site."""

    due_on: date
    amount: MoneyOut


class ToldOut(Out):
    """One thing that happened; `by` is an officer's name, null for the desk itself."""

    at: datetime
    what: str
    by: str | None
    amount: MoneyOut | None
    words: str | None


class RecoveryFileOut(RecoveryOut):
    """A recovery with its letters, the plan that counts, how much of it is overdue, and what happened, oldest first."""

    demands: list[DemandOut]
    instalments: list[InstalmentOut]
    behind: MoneyOut
    history: list[ToldOut]

    @classmethod
    def of_file(cls, file: RecoveryFile) -> "RecoveryFileOut":
        """The shape of it."""
        currency = file.view.row.currency
        told = [
            ToldOut(at=one.at, what=one.what, by=one.by, amount=MoneyOut.of(one.amount_minor, currency), words=one.words)
            for one in file.history
        ]
        demands = [
            DemandOut(number=one.number, open=money_out(one.open_minor, currency), pay_by=one.pay_by, by=one.by, at=one.at)
            for one in file.demands
        ]
        plan = [InstalmentOut(due_on=one.due_on, amount=money_out(one.minor, currency)) for one in file.plan]
        return cls(
            **dict(RecoveryOut.of(file.view)), demands=demands, instalments=plan, behind=money_out(file.behind_minor, currency),
            history=told,
        )  # fmt: skip


class AgedOut(Out):
    """What is open of an age."""

    age: AgeBand
    count: int
    open: MoneyOut


class RecoveriesOut(Out):
    """A page of recoveries, the most overdue first, and what is open at the site by age."""

    recoveries: list[RecoveryOut]
    ageing: list[AgedOut]
    next: str | None = Field(description="cursor of the next page")

    @classmethod
    def of(cls, page: Page[RecoveryView], aged: list[Aged]) -> "RecoveriesOut":
        """The shape of it."""
        lines = [AgedOut(age=one.band, count=one.count, open=money_out(one.open_minor, one.currency)) for one in aged]
        return cls(recoveries=[RecoveryOut.of(view) for view in page.lines], ageing=lines, next=page.next)
