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
from desk.domain.fund import AVAILABLE, RECOVERED_IN_ERROR, EntryKind, Payer, Source
from desk.domain.money import Money
from desk.domain.policy import Act, Role, Viewer, require
from desk.ports import Row, Work
from desk.store import events, officers, sites
from desk.store import fund as books
from desk.store.fund import Booked
from desk.store.tables import SiteRow, WithdrawalRow


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
    """A withdrawal as it stands, with the names of who asked for it and who agreed or refused."""

    row: WithdrawalRow
    site: SiteRow
    proposed_by: str
    approved_by: str | None = None
    refused_by: str | None = None


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


def propose_withdrawal(work: Work, viewer: Viewer, slug: str, amount: Money, payer: Source, note: str) -> Withdrawing:
    """Ask for money to be given back to a source; it moves when a second person agrees.

    Raises FundInsufficient for more than is available now, and than was recovered in error where that is given back.
    Source: SPEC 5.2.
    """
    site = _hold(work, viewer, Act.WITHDRAW_FUND, slug, amount)
    if books.balances(work.conn, site.id, site.currency).get(AVAILABLE, 0) < amount.minor:
        raise FundInsufficient
    _refuse_above_recovered(work, site, payer, amount.minor)
    row: Row = {
        "id": work.kit.lots.number(), "site_id": site.id, "amount_minor": amount.minor, "currency": amount.currency,
        "payer": payer.value, "note": note, "proposed_by": officer_id(viewer), "proposed_at": work.now,
        "approved_by": None, "approved_at": None, "refused_by": None, "refused_at": None,
    }  # fmt: skip
    books.add_withdrawal(work.conn, row)
    said = {"withdrawal": str(row["id"]), "amount_minor": amount.minor, "payer": payer.value}
    _record(work, viewer, site, EventKind.WITHDRAWAL_PROPOSED, said)
    return Withdrawing(WithdrawalRow(**row), site, viewer.name)


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
    _refuse_above_recovered(work, site, row.payer, row.amount_minor)
    lines = fund.postings(EntryKind.WITHDRAWAL, row.amount_minor, payer=row.payer)
    entry_id = books.post(work, site, EntryKind.WITHDRAWAL, lines, Booked(officer_id=viewer.id, note=row.note))
    approved = books.end_withdrawal(work, row, approved_by=officer_id(viewer), approved_at=work.now)
    said = {"withdrawal": str(row.id), "entry": str(entry_id), "amount_minor": row.amount_minor, "payer": row.payer}
    _record(work, viewer, site, EventKind.WITHDRAWAL_APPROVED, said)
    look_at(work, site)
    return Withdrawing(approved, site, officers.name_of(work.conn, row.proposed_by), viewer.name)


def refuse_withdrawal(work: Work, viewer: Viewer, slug: str, withdrawal_id: int, reason: str) -> Withdrawing:
    """Refuse as the second person, or take one's own proposal back; nothing moves. Raises NotFound, WrongMoment, Forbidden."""
    site = _hold(work, viewer, Act.APPROVE_WITHDRAWAL, slug)
    row = _waiting(work, site, withdrawal_id)
    if row.proposed_by != viewer.id:
        refuse_unless_second(work, viewer, site)
    refused = books.end_withdrawal(work, row, refused_by=officer_id(viewer), refused_at=work.now)
    said = {"withdrawal": str(row.id), "amount_minor": row.amount_minor, "payer": row.payer, "reason": reason}
    _record(work, viewer, site, EventKind.WITHDRAWAL_REFUSED, said)
    return Withdrawing(refused, site, officers.name_of(work.conn, row.proposed_by), refused_by=viewer.name)


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


def _refuse_above_recovered(work: Work, site: SiteRow, payer: str, minor: int) -> None:
    """Raise FundInsufficient for more than stands recovered in error; what payers put in is known to themselves."""
    if payer == Source.RECOVERED_IN_ERROR and minor > books.balances(work.conn, site.id, site.currency).get(
        RECOVERED_IN_ERROR, 0
    ):
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


def _record_top_up(work: Work, viewer: Viewer, site: SiteRow, entry_id: int, amount: Money, payer: Payer) -> None:
    said = {"entry": str(entry_id), "amount_minor": amount.minor, "payer": payer.value}
    _record(work, viewer, site, EventKind.FUND_TOPPED_UP, said)


def _record(work: Work, viewer: Viewer, site: SiteRow, kind: EventKind, said: dict[str, Any]) -> None:
    events.append(work.conn, work.kit.lots.number(), event_by(viewer, f"site:{site.id}", site.id, kind, work.now, said))
