"""Money into a site's fund and out of it again: topped up by one manager, taken out by two persons.

Payouts move money too, but by `payouts`; recoveries by `recovery`.
"""

from dataclasses import dataclass
from typing import Any

from desk.actions.fund_watch import look_at
from desk.actions.steps import event_by, officer_id
from desk.domain import fund
from desk.domain.audit import EventKind
from desk.domain.errors import BadInput, Forbidden, FundInsufficient, NotFound, SecondOfficerNeeded, WrongMoment
from desk.domain.fund import AVAILABLE, EntryKind, Payer, Source
from desk.domain.money import Money
from desk.domain.policy import Act, Role, Viewer, require
from desk.domain.recovery import still_to_give_back
from desk.ports import Row, Work
from desk.store import events, officers, sites
from desk.store import fund as books
from desk.store import recovery as recoveries
from desk.store.fund import Booked
from desk.store.tables import RespondentRow, SiteRow, WithdrawalRow


@dataclass(frozen=True, slots=True)
class ToppedUp:
    """An entry that brought money in, and what the site has available after it, in minor units."""

    entry_id: int
    site: SiteRow
    amount: Money
    payer: Payer
    available: int


@dataclass(frozen=True, slots=True)
class Withdrawing:
    """A withdrawal as it stands, with the names of who asked for it, who agreed or refused, and the merchant it goes to."""

    row: WithdrawalRow
    site: SiteRow
    proposed_by: str
    approved_by: str | None = None
    refused_by: str | None = None
    respondent: str | None = None


def top_up(work: Work, viewer: Viewer, slug: str, amount: Money, payer: Payer, note: str | None) -> ToppedUp:
    """Put money into a site's fund. Raises NotFound for a foreign site, BadInput for another currency. Source: SPEC 5.2."""
    site = _hold(work, viewer, Act.TOP_UP, slug, amount)
    entry_id = put_in(work, site, amount, payer, Booked(officer_id=viewer.id, note=note))
    _record_top_up(work, viewer, site, entry_id, amount, payer)
    look_at(work, site)
    available = books.balances(work.conn, site.id, site.currency)[AVAILABLE]
    return ToppedUp(entry_id, site, amount, payer, available)


def start_fund(work: Work, viewer: Viewer, site: SiteRow, amount: Money) -> None:
    """What the fund of a new site begins with, from the site itself. The caller has passed the door."""
    entry_id = put_in(work, site, amount, Payer.SITE, Booked(note="seed"))
    _record_top_up(work, viewer, site, entry_id, amount, Payer.SITE)


def put_in(work: Work, site: SiteRow, amount: Money, payer: Payer, about: Booked) -> int:
    """Post a top-up; the entry's id."""
    return books.post(work, site, EntryKind.TOP_UP, fund.postings(EntryKind.TOP_UP, amount.minor, payer=payer.value), about)


def propose_withdrawal(
    work: Work, viewer: Viewer, slug: str, amount: Money, payer: Source, note: str, respondent_id: int | None = None
) -> Withdrawing:  # fmt: skip
    """Ask for money to be given back to a source; it moves when a second person agrees.

    What was recovered in error names the merchant who had paid it. Raises FundInsufficient for more than is available now, and
    than that merchant had paid; BadInput for a merchant who is missing, of another site, or named for another source.
    Source: SPEC 5.2.
    """
    site = _hold(work, viewer, Act.WITHDRAW_FUND, slug, amount)
    if books.balances(work.conn, site.id, site.currency).get(AVAILABLE, 0) < amount.minor:
        raise FundInsufficient
    merchant = _merchant(work, site, payer, respondent_id)
    _refuse_above_recovered(work, site, merchant, amount.minor)
    row: Row = {
        "id": work.kit.lots.number(), "site_id": site.id, "amount_minor": amount.minor, "currency": amount.currency,
        "payer": payer.value, "note": note, "proposed_by": officer_id(viewer), "proposed_at": work.now,
        "approved_by": None, "approved_at": None, "refused_by": None, "refused_at": None, "entry_id": None,
        "respondent_id": merchant.id if merchant else None,
    }  # fmt: skip
    books.add_withdrawal(work.conn, row)
    kept = WithdrawalRow(**row)
    _record(work, viewer, site, EventKind.WITHDRAWAL_PROPOSED, _told(kept))
    return Withdrawing(kept, site, viewer.name, respondent=merchant.name if merchant else None)


def approve_withdrawal(work: Work, viewer: Viewer, slug: str, withdrawal_id: int) -> Withdrawing:
    """Agree as the second person, and move the money: another manager, or any cashier where the site has only one.

    Raises SecondOfficerNeeded for whoever proposed it, WrongMoment once it is done or refused, FundInsufficient where the money
    has gone meanwhile, Forbidden for a cashier of a site that has not exactly one manager. Source: SPEC 5.5, "Two persons".
    """
    site = _hold(work, viewer, Act.APPROVE_WITHDRAWAL, slug)
    row = _waiting(work, site, withdrawal_id)
    if row.proposed_by == viewer.id:
        raise SecondOfficerNeeded
    refuse_unless_second(work, viewer, site)
    merchant = recoveries.respondent(work.conn, site.id, row.respondent_id)
    _refuse_above_recovered(work, site, merchant, row.amount_minor)
    lines = fund.postings(EntryKind.WITHDRAWAL, row.amount_minor, payer=row.payer)
    entry_id = books.post(work, site, EntryKind.WITHDRAWAL, lines, Booked(officer_id=viewer.id, note=row.note))
    approved = books.end_withdrawal(work, row, approved_by=officer_id(viewer), approved_at=work.now, entry_id=entry_id)
    _record(work, viewer, site, EventKind.WITHDRAWAL_APPROVED, _told(row) | {"entry": str(entry_id)})
    look_at(work, site)
    proposer = officers.name_of(work.conn, row.proposed_by)
    return Withdrawing(approved, site, proposer, viewer.name, respondent=merchant.name if merchant else None)


def refuse_withdrawal(work: Work, viewer: Viewer, slug: str, withdrawal_id: int, reason: str) -> Withdrawing:
    """Refuse as the second person, or take one's own proposal back; nothing moves. Raises NotFound, WrongMoment, Forbidden."""
    site = _hold(work, viewer, Act.APPROVE_WITHDRAWAL, slug)
    row = _waiting(work, site, withdrawal_id)
    if row.proposed_by != viewer.id:
        refuse_unless_second(work, viewer, site)
    refused = books.end_withdrawal(work, row, refused_by=officer_id(viewer), refused_at=work.now)
    _record(work, viewer, site, EventKind.WITHDRAWAL_REFUSED, _told(row) | {"reason": reason})
    merchant, proposer = (
        recoveries.respondent(work.conn, site.id, row.respondent_id),
        officers.name_of(work.conn, row.proposed_by),
    )
    return Withdrawing(refused, site, proposer, refused_by=viewer.name, respondent=merchant.name if merchant else None)


def refuse_unless_second(work: Work, viewer: Viewer, site: SiteRow) -> None:
    """Raise Forbidden unless a manager asks, or a cashier where there is exactly one manager.

    By the roles of this moment, not those the token came with. That it is another person is for the caller to see to.
    """
    roles = officers.roles_at(work.conn, officer_id(viewer), site.id)
    stands_in = Role.CASHIER in roles and officers.count_at(work.conn, site.id, Role.MANAGER) == 1
    if Role.MANAGER not in roles and not stands_in:
        raise Forbidden


def _waiting(work: Work, site: SiteRow, withdrawal_id: int) -> WithdrawalRow:
    """A withdrawal of the site that nobody has agreed to or refused. Raises NotFound, WrongMoment."""
    row = books.withdrawal(work.conn, withdrawal_id)
    if row is None or row.site_id != site.id:
        raise NotFound
    if row.approved_at is not None or row.refused_at is not None:
        raise WrongMoment
    return row


def _merchant(work: Work, site: SiteRow, payer: Source, respondent_id: int | None) -> RespondentRow | None:
    """To whom money goes back that was recovered in error; nobody for any other source. Raises BadInput."""
    in_error = payer is Source.RECOVERED_IN_ERROR
    if in_error is (respondent_id is None):
        raise BadInput("/respondent_id", "missing" if in_error else "not_allowed_here")
    found = recoveries.respondent(work.conn, site.id, respondent_id)
    if in_error and found is None:
        raise BadInput("/respondent_id", "not_at_this_site")
    return found


def _refuse_above_recovered(work: Work, site: SiteRow, merchant: RespondentRow | None, minor: int) -> None:
    """Raise FundInsufficient for more than a merchant had paid in error; what payers put in is known to themselves."""
    if merchant is None:
        return
    paid = recoveries.in_error(work.conn, site.id, site.currency)
    if minor > still_to_give_back(paid, books.given_back(work.conn, site.id, site.currency), merchant.id):
        raise FundInsufficient


def _hold(work: Work, viewer: Viewer, act: Act, slug: str, amount: Money | None = None) -> SiteRow:
    """The site, locked for its chain. A foreign one answers as an absent one."""
    site = sites.lock(work.conn, slug)
    if site is None:
        raise NotFound
    require(viewer, act, site.id)
    if amount is not None and amount.currency != site.currency:
        raise BadInput("/amount/currency", "wrong_currency", currency=site.currency)
    return site


def _told(row: WithdrawalRow) -> dict[str, Any]:
    """What the chain tells of a withdrawal at each of its steps."""
    said = {"withdrawal": str(row.id), "amount_minor": row.amount_minor, "payer": row.payer}
    return said if row.respondent_id is None else said | {"respondent": str(row.respondent_id)}


def _record_top_up(work: Work, viewer: Viewer, site: SiteRow, entry_id: int, amount: Money, payer: Payer) -> None:
    said = {"entry": str(entry_id), "amount_minor": amount.minor, "payer": payer.value}
    _record(work, viewer, site, EventKind.FUND_TOPPED_UP, said)


def _record(work: Work, viewer: Viewer, site: SiteRow, kind: EventKind, said: dict[str, Any]) -> None:
    events.append(work.conn, work.kit.lots.number(), event_by(viewer, f"site:{site.id}", site.id, kind, work.now, said))
