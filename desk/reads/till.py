"""What a cashier and a second officer have before them: refunds to pay, one payout with its hands, what waits for approval."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from desk.domain.claim import PAYABLE
from desk.domain.mask import masked_payee
from desk.domain.money import Money
from desk.domain.payout import UNDER_WAY, Hands, PayoutState, is_second
from desk.domain.policy import Act, Viewer, require
from desk.ports import Kit, SealedPerson
from desk.reads.board import Workplace, sites_at_work
from desk.reads.fund import WithdrawalView, fund_view, open_withdrawals
from desk.reads.pages import sites_of
from desk.reads.payouts import NoticeLine, PayoutView, open_notices, payout_view, payouts_of_claim, payouts_page, said_returned
from desk.reads.recovery import RecoveryView, waiting_decisions
from desk.store import bank_returns, claims, payouts, sites
from desk.store.columns import FOREVER
from desk.store.tables import ClaimRow, PayoutRow, metadata

CLAIM, SITE, RESPONDENT, OFFICER, PERSON = (
    metadata.tables[name] for name in ("claim", "site", "respondent", "officer", "person")
)  # fmt: skip
MOST = 100


@dataclass(frozen=True, slots=True)
class Sheet:
    """A payout with whoever had it in hand, by name, its masked payee, and whether the viewer may be its second officer.

    `mine` tells why not: `lodged`, `confirmed`, `proposed`, whatever the viewer did themselves.
    """

    view: PayoutView
    claim: ClaimRow
    proposed_by: str
    approved_by: str | None
    sent_by: str | None
    resolve_by: str | None
    return_said_by: str | None
    payee: dict[str, str | None]
    may_second: bool
    mine: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToPay:
    """A refund that is agreed and not closed. `due_at` is at the site's own offset; `open` is the payout under way.

    `open` is None before a payout is proposed, and again once it failed or was cancelled.
    """

    reference: str
    decided: Money
    respondent: str | None
    due_at: datetime | None
    open: Sheet | None
    state: str
    site_id: int


@dataclass(frozen=True, slots=True)
class Matter:
    """A payout that waits, with what its second officer has to know: the merchant, who decided, the sum that asks for two."""

    sheet: Sheet
    respondent: str | None
    decided_by: tuple[str, ...]
    solo_limit: Money


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a second officer: payouts, withdrawals, each with its site and whether it is one's own, and write-offs.

    `returns` are refunds that one officer says the bank sent back, each with that officer's name.
    """

    payouts: Sequence[Matter]
    withdrawals: Sequence[tuple[Workplace, WithdrawalView, bool]]
    recoveries: Sequence[RecoveryView]
    returns: Sequence[tuple[PayoutView, str]]


def to_pay(conn: Connection, viewer: Viewer, kit: Kit) -> list[ToPay]:
    """Agreed refunds at the viewer's sites, also for goods taken back, nearest deadline first, at most 100.

    Raises Forbidden for who handles no money.
    """
    mine = sites_of(conn, viewer, None, Act.READ_PAYOUT)
    query = (
        select(
            CLAIM.c.id, CLAIM.c.state, CLAIM.c.site_id, CLAIM.c.reference, CLAIM.c.decided_minor, CLAIM.c.currency,
            CLAIM.c.due_at, SITE.c.time_zone, RESPONDENT.c.name,
        )
        .join(SITE, SITE.c.id == CLAIM.c.site_id)
        .outerjoin(RESPONDENT, RESPONDENT.c.id == CLAIM.c.respondent_id)
        .where(CLAIM.c.site_id.in_(mine), CLAIM.c.state.in_(sorted(PAYABLE)), CLAIM.c.decided_minor.is_not(None))
        .order_by(CLAIM.c.due_at, CLAIM.c.id)
        .limit(MOST)
    )  # fmt: skip
    return [
        ToPay(
            row.reference, Money(row.decided_minor, row.currency), row.name,
            None if row.due_at == FOREVER else row.due_at.astimezone(ZoneInfo(row.time_zone)),
            _under_way(conn, viewer, row.id, row.reference, ZoneInfo(row.time_zone), kit), row.state, row.site_id,
        )
        for row in conn.execute(query)
    ]  # fmt: skip


def sheet(conn: Connection, viewer: Viewer, payout_id: int, kit: Kit) -> Sheet:
    """One payout. Raises NotFound and Forbidden as `payout_view` does."""
    return _sheet(conn, viewer, payout_view(conn, viewer, payout_id), kit)


def refund(conn: Connection, viewer: Viewer, reference: str, kit: Kit) -> tuple[ClaimRow, list[Sheet]]:
    """A claim whose refund is carried out, and its payouts, oldest first. Raises NotFound, Forbidden."""
    claim = claims.get(conn, reference, viewer.sites, lock=False)
    require(viewer, Act.READ_PAYOUT, claim.site_id, claim.id)
    return claim, [_sheet(conn, viewer, view, kit) for view in payouts_of_claim(conn, viewer, reference)]


def fund_of_claim(conn: Connection, viewer: Viewer, reference: str) -> Money:
    """What the fund has for a claim's refund at this moment. Raises NotFound, Forbidden."""
    claim = claims.get(conn, reference, viewer.sites, lock=False)
    view = fund_view(conn, viewer, sites.get(conn, claim.site_id).slug)
    return Money(view.available, view.currency)


def waiting(conn: Connection, viewer: Viewer, kit: Kit) -> Waiting:
    """What waits for a second officer at the viewer's sites, oldest first. Raises Forbidden for who may approve nothing."""
    require_any(conn, viewer, Act.APPROVE_PAYOUT)
    page = payouts_page(conn, viewer, None, PayoutState.AWAITING_APPROVAL, MOST, None)
    found: list[tuple[Workplace, WithdrawalView, bool]] = []
    for site in sites_at_work(conn, viewer, Act.APPROVE_WITHDRAWAL):
        lines = open_withdrawals(conn, viewer, site.slug, MOST, None).lines
        found += [(site, line, line.proposed_by == viewer.name) for line in lines]
    matters = [_matter(conn, _sheet(conn, viewer, view, kit), kit) for view in page.lines]
    return Waiting(matters, found, waiting_decisions(conn, viewer, kit.clock.now(), MOST), said_returned(conn, viewer, MOST))


def notices(conn: Connection, viewer: Viewer) -> list[tuple[Workplace, NoticeLine]]:
    """Open notices of the viewer's sites, each with its site. Raises Forbidden for who is told none."""
    require_any(conn, viewer, Act.READ_NOTICES)
    return [
        (site, line) for site in sites_at_work(conn, viewer, Act.READ_NOTICES) for line in open_notices(conn, viewer, site.slug)
    ]


def require_any(conn: Connection, viewer: Viewer, act: Act) -> None:
    """Raise Forbidden for a viewer who holds this right nowhere."""
    sites_of(conn, viewer, None, act)


def _under_way(
    conn: Connection, viewer: Viewer, claim_id: int, reference: str, zone: ZoneInfo, kit: Kit
) -> Sheet | None:  # fmt: skip
    payout = payouts.latest(conn, claim_id)
    if payout is None or payout.state not in UNDER_WAY:
        return None
    return _sheet(conn, viewer, PayoutView(payout, reference, zone), kit)


def _matter(conn: Connection, sheet: Sheet, kit: Kit) -> Matter:
    claim = sheet.claim
    respondent, limit = claims.respondent_of(conn, claim), kit.packs.by_version(claim.pack).limits["solo_limit"].amount
    deciders = select(OFFICER.c.name).where(OFFICER.c.id.in_(payouts.confirmers(conn, claim.id))).order_by(OFFICER.c.name)
    return Matter(sheet, respondent.name if respondent else None, tuple(conn.execute(deciders).scalars()), limit)


def _sheet(conn: Connection, viewer: Viewer, view: PayoutView, kit: Kit) -> Sheet:
    payout = view.payout
    claim = claims.get(conn, view.reference, viewer.sites, lock=False)
    said = bank_returns.find(conn, payout.id)
    said_by = said.said_by if said else None
    ids = {payout.proposed_by, payout.approved_by, payout.sent_by, payout.resolve_by, said_by} - {None}
    names: dict[int | None, str] = {
        row.id: row.name for row in conn.execute(select(OFFICER.c.id, OFFICER.c.name).where(OFFICER.c.id.in_(ids)))
    }
    hands = Hands(claim.lodged_by, payouts.confirmers(conn, claim.id), payout.proposed_by)
    second = viewer.id is not None and viewer.may(Act.APPROVE_PAYOUT, payout.site_id) and is_second(hands, viewer.id)
    return Sheet(
        view, claim, names[payout.proposed_by], names.get(payout.approved_by), names.get(payout.sent_by),
        names.get(payout.resolve_by), names.get(said_by), _payee(conn, payout, kit), second, _own_hands(hands, viewer),
    )  # fmt: skip


def _own_hands(hands: Hands, viewer: Viewer) -> tuple[str, ...]:
    told = (
        ("lodged", viewer.id == hands.lodged_by), ("confirmed", viewer.id in hands.confirmed_by),
        ("proposed", viewer.id == hands.proposed_by),
    )  # fmt: skip
    return tuple(what for what, own in told if own)


def _payee(conn: Connection, payout: PayoutRow, kit: Kit) -> dict[str, str | None]:
    """Whom the money goes to, masked; nothing for cash without a name, and once the person is erased."""
    row = conn.execute(select(PERSON).where(PERSON.c.claim_id == payout.claim_id)).one()
    if row.wrapped_key is None or payout.payee_sealed is None or payout.payee_commitment is None:
        return {"account": None, "name": None}
    sealed = SealedPerson(row.wrapped_key, row.key_id, payout.payee_sealed, payout.payee_commitment)
    return masked_payee(kit.sealer.open(payout.claim_id, sealed))
