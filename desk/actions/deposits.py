"""Respondents' deposits (保证金): paid in, and paid back. Used for a recovery they are by `recovery`. Source: SPEC 5.2."""

from dataclasses import dataclass

from desk.actions.steps import event_by
from desk.domain import fund
from desk.domain.audit import EventKind
from desk.domain.errors import BadInput, DepositInsufficient, FundInsufficient, NotFound
from desk.domain.fund import DEPOSIT, EntryKind
from desk.domain.money import Money
from desk.domain.policy import Act, Viewer, require
from desk.ports import Work
from desk.store import events, sites
from desk.store import fund as books
from desk.store import recovery as recoveries
from desk.store.fund import Booked
from desk.store.tables import RespondentRow, SiteRow

_TOLD = {EntryKind.DEPOSIT_PAID_IN: EventKind.DEPOSIT_PAID_IN, EntryKind.DEPOSIT_PAID_BACK: EventKind.DEPOSIT_PAID_BACK}


@dataclass(frozen=True, slots=True)
class Deposited:
    """An entry about a deposit, and what the deposit holds after it, in minor units."""

    entry_id: int
    site: SiteRow
    respondent: RespondentRow
    amount: Money
    holds: int


def pay_deposit_in(
    work: Work, viewer: Viewer, slug: str, respondent_id: int, amount: Money, note: str | None = None
) -> Deposited:  # fmt: skip
    """Take a respondent's deposit. Raises NotFound for a foreign site or respondent, BadInput for another currency."""
    return _move(work, viewer, slug, respondent_id, EntryKind.DEPOSIT_PAID_IN, amount, note)


def pay_deposit_back(
    work: Work, viewer: Viewer, slug: str, respondent_id: int, amount: Money, note: str | None = None
) -> Deposited:  # fmt: skip
    """Give a deposit back, whole or in part. Raises as above, and DepositInsufficient for more than it holds."""
    try:
        return _move(work, viewer, slug, respondent_id, EntryKind.DEPOSIT_PAID_BACK, amount, note)
    except FundInsufficient as short:
        raise DepositInsufficient from short


def _move(
    work: Work, viewer: Viewer, slug: str, respondent_id: int, kind: EntryKind, amount: Money, note: str | None
) -> Deposited:  # fmt: skip
    site = sites.lock(work.conn, slug)
    if site is None:
        raise NotFound
    require(viewer, Act.RECOVER, site.id)
    respondent = recoveries.respondent(work.conn, site.id, respondent_id)
    if respondent is None:
        raise NotFound
    if amount.currency != site.currency:
        raise BadInput("/amount/currency", "wrong_currency", currency=site.currency)
    lines = fund.postings(kind, amount.minor, respondent=respondent.id)
    entry_id = books.post(work, site, kind, lines, Booked(officer_id=viewer.id, note=note))
    said = {"entry": str(entry_id), "respondent": str(respondent.id), "amount_minor": amount.minor}
    told = event_by(viewer, f"site:{site.id}", site.id, _TOLD[kind], work.now, said)
    events.append(work.conn, work.kit.lots.number(), told)
    holds = books.balances(work.conn, site.id, site.currency).get(f"{DEPOSIT}:{respondent.id}", 0)
    return Deposited(entry_id, site, respondent, amount, holds)
