"""What a cashier and a second officer have before them: refunds to pay, one payout with its hands, what waits for approval."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from desk.domain.claim import State
from desk.domain.mask import masked_payee
from desk.domain.money import Money
from desk.domain.payout import Hands, PayoutState, is_second
from desk.domain.policy import Act, Viewer, require
from desk.ports import Kit, SealedPerson
from desk.reads.fund import WithdrawalView, open_withdrawals
from desk.reads.pages import sites_of
from desk.reads.payouts import NoticeLine, PayoutView, open_notices, payout_view, payouts_of_claim, payouts_page
from desk.store import claims, payouts
from desk.store.columns import FOREVER
from desk.store.tables import ClaimRow, PayoutRow, metadata

CLAIM, SITE, RESPONDENT, OFFICER, PERSON = (
    metadata.tables[name] for name in ("claim", "site", "respondent", "officer", "person")
)  # fmt: skip
MOST = 100


@dataclass(frozen=True, slots=True)
class ToPay:
    """A refund that is agreed and not closed. `due_at` is at the site's own offset; `payout` is its newest, if there is one."""

    reference: str
    site: str
    decided: Money
    respondent: str | None
    due_at: datetime | None
    payout: PayoutRow | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A payout with whoever had it in hand, by name, its masked payee, and whether the viewer may be its second officer."""

    view: PayoutView
    claim: ClaimRow
    proposed_by: str
    approved_by: str | None
    sent_by: str | None
    resolve_by: str | None
    payee: dict[str, str | None]
    may_second: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a second officer: payouts, and withdrawals each with its site's slug and whether it is one's own."""

    payouts: Sequence[Sheet]
    withdrawals: Sequence[tuple[str, WithdrawalView, bool]]


def to_pay(conn: Connection, viewer: Viewer) -> list[ToPay]:
    """Agreed refunds at the viewer's sites, nearest deadline first, at most 100. Raises Forbidden for who handles no money."""
    mine = sites_of(conn, viewer, None, Act.READ_PAYOUT)
    query = (
        select(
            CLAIM.c.id, CLAIM.c.reference, CLAIM.c.decided_minor, CLAIM.c.currency, CLAIM.c.due_at, SITE.c.slug,
            SITE.c.time_zone, RESPONDENT.c.name,
        )
        .join(SITE, SITE.c.id == CLAIM.c.site_id)
        .outerjoin(RESPONDENT, RESPONDENT.c.id == CLAIM.c.respondent_id)
        .where(CLAIM.c.site_id.in_(mine), CLAIM.c.state == State.FAST_REFUND.value)
        .order_by(CLAIM.c.due_at, CLAIM.c.id)
        .limit(MOST)
    )  # fmt: skip
    return [
        ToPay(
            row.reference, row.slug, Money(row.decided_minor, row.currency), row.name,
            None if row.due_at == FOREVER else row.due_at.astimezone(ZoneInfo(row.time_zone)), payouts.latest(conn, row.id),
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


def waiting(conn: Connection, viewer: Viewer, kit: Kit) -> Waiting:
    """What waits for a second officer at the viewer's sites, oldest first. Raises Forbidden for who may approve nothing."""
    require_any(conn, viewer, Act.APPROVE_PAYOUT)
    page = payouts_page(conn, viewer, None, PayoutState.AWAITING_APPROVAL, MOST, None)
    found: list[tuple[str, WithdrawalView, bool]] = []
    for slug in slugs_of(conn, viewer, Act.APPROVE_WITHDRAWAL):
        lines = open_withdrawals(conn, viewer, slug, MOST, None).lines
        found += [(slug, line, line.proposed_by == viewer.name) for line in lines]
    return Waiting([_sheet(conn, viewer, view, kit) for view in page.lines], found)


def notices(conn: Connection, viewer: Viewer) -> list[tuple[str, NoticeLine]]:
    """Open notices of the viewer's sites, each with its site's slug. Raises Forbidden for who is told none."""
    require_any(conn, viewer, Act.READ_NOTICES)
    return [(slug, line) for slug in slugs_of(conn, viewer, Act.READ_NOTICES) for line in open_notices(conn, viewer, slug)]


def slugs_of(conn: Connection, viewer: Viewer, act: Act) -> list[str]:
    """The viewer's sites where they hold this right, by slug."""
    allowed = [site_id for site_id in viewer.sites if viewer.may(act, site_id)]
    return list(conn.execute(select(SITE.c.slug).where(SITE.c.id.in_(allowed)).order_by(SITE.c.slug)).scalars())


def require_any(conn: Connection, viewer: Viewer, act: Act) -> None:
    """Raise Forbidden for a viewer who holds this right nowhere."""
    sites_of(conn, viewer, None, act)


def _sheet(conn: Connection, viewer: Viewer, view: PayoutView, kit: Kit) -> Sheet:
    payout = view.payout
    claim = claims.get(conn, view.reference, viewer.sites, lock=False)
    ids = {payout.proposed_by, payout.approved_by, payout.sent_by, payout.resolve_by} - {None}
    names: dict[int | None, str] = {
        row.id: row.name for row in conn.execute(select(OFFICER.c.id, OFFICER.c.name).where(OFFICER.c.id.in_(ids)))
    }
    hands = Hands(claim.lodged_by, payouts.confirmers(conn, claim.id), payout.proposed_by)
    second = viewer.id is not None and viewer.may(Act.APPROVE_PAYOUT, payout.site_id) and is_second(hands, viewer.id)
    return Sheet(
        view, claim, names[payout.proposed_by], names.get(payout.approved_by), names.get(payout.sent_by),
        names.get(payout.resolve_by), _payee(conn, payout, kit), second,
    )  # fmt: skip


def _payee(conn: Connection, payout: PayoutRow, kit: Kit) -> dict[str, str | None]:
    """Whom the money goes to, masked; nothing for cash without a name, and once the person is erased."""
    row = conn.execute(select(PERSON).where(PERSON.c.claim_id == payout.claim_id)).one()
    if row.wrapped_key is None or payout.payee_sealed is None or payout.payee_commitment is None:
        return {"account": None, "name": None}
    sealed = SealedPerson(row.wrapped_key, row.key_id, payout.payee_sealed, payout.payee_commitment)
    return masked_payee(kit.sealer.open(payout.claim_id, sealed))
