"""Getting back from respondents what the fund paid for them: demands, their answers, instalments, payments, the deposit.

What takes two persons stands in `recovery_decisions`.
"""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from desk.actions.recovery_moves import Recovering, hold_recovery, lapses_at, move
from desk.actions.steps import officer_id
from desk.domain.errors import BadInput, DepositInsufficient, FundInsufficient, RespondentUnnamed
from desk.domain.money import Money
from desk.domain.policy import Act, Viewer
from desk.domain.recovery import How, Instalment, RecoveryState, RecoveryStep, check_plan, recovery_move
from desk.ports import Work
from desk.store import recovery as recoveries


def demand(work: Work, viewer: Viewer, payout_id: int, pay_by: date) -> Recovering:
    """Ask the respondent in writing for what is open, until the end of a day at the site; the limitation starts anew.

    One that has ended does not: a demand interrupts only what still runs, and the letter asks for what nobody can sue for.
    Raises RespondentUnnamed where nobody was named, BadInput for a day that is not ahead. Source: SPEC 5.7; LAW R5.
    """
    recovering = hold_recovery(work, viewer, Act.RECOVER, payout_id)
    recovery_move(recovering.state, RecoveryStep.DEMAND)
    if recovering.respondent is None:
        raise RespondentUnnamed
    if pay_by <= today(work, recovering):
        raise BadInput("/pay_by", "in_past")
    number = recoveries.demands(work.conn, payout_id) + 1
    row = {
        "id": work.kit.lots.number(), "payout_id": payout_id, "number": number, "open_minor": recovering.parts.open,
        "pay_by_on": pay_by, "demanded_by": officer_id(viewer), "demanded_at": work.now,
    }  # fmt: skip
    recoveries.add_demand(work.conn, row)
    said = {"number": number, "open_minor": recovering.parts.open, "pay_by": pay_by.isoformat()}
    has_ended = work.now > recovering.row.lapses_at
    lapses = recovering.row.lapses_at if has_ended else lapses_at(work, recovering.held)
    return move(work, recovering, RecoveryStep.DEMAND, said=said, demanded_at=work.now, lapses_at=lapses)


def accept(work: Work, viewer: Viewer, payout_id: int, note: str | None = None) -> Recovering:
    """Write down that the respondent accepts to owe what is demanded. Raises WrongMoment before a demand."""
    return move(work, hold_recovery(work, viewer, Act.RECOVER, payout_id), RecoveryStep.ACCEPT, words=note)


def contest(work: Work, viewer: Viewer, payout_id: int, words: str) -> Recovering:
    """Write down what the respondent says against a demand; until it is reviewed nothing more is asked."""
    return move(work, hold_recovery(work, viewer, Act.RECOVER, payout_id), RecoveryStep.CONTEST, words=words)


def uphold(work: Work, viewer: Viewer, payout_id: int, reason: str) -> Recovering:
    """End the review of a contest: what was demanded is owed. Less, or nothing, is a decision of two persons."""
    return move(work, hold_recovery(work, viewer, Act.RECOVER, payout_id), RecoveryStep.UPHOLD, words=reason)


def plan_instalments(work: Work, viewer: Viewer, payout_id: int, plan: Sequence[tuple[date, Money]]) -> Recovering:
    """Agree that what is open is paid in parts, each by the end of its day at the site; a new plan replaces the one before.

    Raises BadInput unless the parts pay exactly what is open on later and later days, WrongMoment before it was accepted.
    """
    recovering = hold_recovery(work, viewer, Act.RECOVER, payout_id)
    recovery_move(recovering.state, RecoveryStep.PLAN)
    for place, (_, money) in enumerate(plan):
        check_currency(recovering, money, f"/instalments/{place}/amount/currency")
    parts = [Instalment(due_on, money.minor) for due_on, money in plan]
    check_plan(parts, recovering.parts.open, today(work, recovering))
    number = recoveries.add_plan(work, payout_id, parts)
    return move(work, recovering, RecoveryStep.PLAN, said={"plan": number, "instalments": len(parts)})


def record_payment(
    work: Work, viewer: Viewer, payout_id: int, amount: Money, how: How, note: str | None = None
) -> Recovering:  # fmt: skip
    """Take what the respondent paid, whole or in part; after a write-off it counts against what was written off.

    Raises AmountAboveOpen for more than that, WrongMoment where nothing is owed any more. Source: SPEC 5.2.
    """
    recovering = hold_recovery(work, viewer, Act.RECOVER, payout_id)
    check_currency(recovering, amount)
    step = RecoveryStep.PAY_LATE if recovering.state is RecoveryState.WRITTEN_OFF else RecoveryStep.PAY
    return move(work, recovering, step, amount.minor, {"how": how.value}, words=note)


def use_deposit(work: Work, viewer: Viewer, payout_id: int, amount: Money) -> Recovering:
    """Take what is demanded, whole or in part, from the respondent's deposit.

    Raises DepositInsufficient for more than it holds, AmountAboveOpen for more than is open, WrongMoment before a demand and
    while it is contested. Source: SPEC 5.2, "deposit used for a recovery".
    """
    recovering = hold_recovery(work, viewer, Act.RECOVER, payout_id)
    check_currency(recovering, amount)
    try:
        return move(work, recovering, RecoveryStep.USE_DEPOSIT, amount.minor)
    except FundInsufficient as short:
        raise DepositInsufficient from short


def check_currency(recovering: Recovering, amount: Money, pointer: str = "/amount/currency") -> None:
    """Raise BadInput for an amount in another currency than the recovery's."""
    if amount.currency != recovering.row.currency:
        raise BadInput(pointer, "wrong_currency", currency=recovering.row.currency)


def today(work: Work, recovering: Recovering) -> date:
    """The day at the site."""
    return work.now.astimezone(ZoneInfo(recovering.held.site.time_zone)).date()
