"""Settlement plans as staff and members see them: offers, votes, and what became of each row of a batch. Decides nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, exists, select

from desk.domain.claim import OPEN_STATES
from desk.domain.incident import LineState, MemberState, Vote, may_join, undoes_a_yes
from desk.domain.money import Money
from desk.domain.policy import Act, Viewer, require
from desk.ports import Kit
from desk.store import claims, events, incidents, settlements, sites
from desk.store.payouts import STANDS, stands_in
from desk.store.tables import SettlementRow, SiteRow, metadata

PLAN, LINE, CLAIM, PAYOUT, INCIDENT, ITEM, MEMBER = (
    metadata.tables[name]
    for name in ("settlement", "settlement_line", "claim", "payout", "incident", "claim_item", "incident_member")
)

_OTHER = PAYOUT.alias("other")
_STANDING = exists().where(_OTHER.c.claim_id == LINE.c.claim_id, stands_in(_OTHER))
_UNPAID = (LINE.c.vote == Vote.YES.value) & (
    (LINE.c.state == LineState.WAITING.value) | (~_STANDING & CLAIM.c.state.in_(sorted(state.value for state in OPEN_STATES)))
)
"""Agreed and without payout: not tried yet, or again where the claim is open and has no other."""


@dataclass(frozen=True, slots=True)
class OfferLine:
    """What one member is offered. `payout_state` is that of its payout, None without one; `why` the refusal's code.

    `paying` is false for a payout that came to nothing; `unpaid` says that the member agreed and can still be paid by this row.
    """

    id: int
    reference: str
    claim_state: str
    amount: Money
    vote: Vote | None
    state: LineState
    why: str | None
    payout_id: int | None
    payout_state: str | None
    paying: bool
    unpaid: bool


@dataclass(frozen=True, slots=True)
class SettlementView:
    """A plan with its rows; times at the site's own offset. `votes_closed`: all are given, or the time is over."""

    row: SettlementRow
    site: SiteRow
    number: str | None
    votes_until: datetime
    votes_closed: bool
    lines: Sequence[OfferLine]

    @property
    def votes(self) -> Counter[str]:
        """How many said yes, no and nothing."""
        return Counter(line.vote.value if line.vote else "silent" for line in self.lines)

    @property
    def agreed(self) -> Sequence[OfferLine]:
        """The rows whose member said yes: those are paid."""
        return [line for line in self.lines if line.vote is Vote.YES]

    @property
    def total(self) -> Money | None:
        """What all who said yes get together, None without any."""
        return Money(sum(line.amount.minor for line in self.agreed), self.site.currency) if self.agreed else None

    @property
    def left(self) -> int:
        """How many rows of those who said yes wait for their payout, also again after a refusal that may pass."""
        return sum(line.unpaid for line in self.agreed)

    @property
    def paid(self) -> int:
        """How many rows of those who said yes have their payout."""
        return sum(line.paying for line in self.agreed)


@dataclass(frozen=True, slots=True)
class Together:
    """What a member's own page says: others complain of the same, how many, and what they are offered on what terms.

    `offer` is None without a plan; `may_vote` while votes are taken; `may_join`, `may_leave` as far as it has come.
    """

    state: MemberState
    claims: int
    people: int
    representative: bool
    may_join: bool
    may_leave: bool
    settlement_id: int | None
    offer: Money | None
    vote: Vote | None
    votes_until: datetime | None
    may_vote: bool
    note: str | None

    @property
    def would_lose(self) -> bool:
        """Whether going on alone gives up an offer that can still be accepted, or was."""
        return self.offer is not None and self.may_leave and (self.may_vote or self.vote is Vote.YES)


def settlement_view(conn: Connection, viewer: Viewer, settlement_id: int, kit: Kit) -> SettlementView:
    """A plan. Raises NotFound for a foreign one, Forbidden."""
    row = settlements.get(conn, settlement_id)
    incident = incidents.get(conn, row.incident_id)
    require(viewer, Act.READ_SETTLEMENTS, incident.site_id)
    site = sites.get(conn, incident.site_id)
    found = _lines(conn, settlement_id)
    number = f"{incident.year}-{incident.number}" if incident.number else None
    zone, now = ZoneInfo(site.time_zone), kit.clock.now()
    closed = row.votes_until < now or all(line.vote is not None for line in found)
    return SettlementView(row, site, number, row.votes_until.astimezone(zone), closed, found)


def newest_settlement(conn: Connection, viewer: Viewer, incident_id: int, kit: Kit) -> SettlementView | None:
    """The newest plan of a collective claim that was not withdrawn, None without one."""
    plan = settlements.newest(conn, incident_id)
    return settlement_view(conn, viewer, plan.id, kit) if plan else None


def settlements_to_pay(conn: Connection, viewer: Viewer, kit: Kit) -> list[SettlementView]:
    """Plans at the viewer's sites whose votes are closed and of which a row waits for its payout, the oldest first."""
    places = [site_id for site_id in viewer.sites if viewer.may(Act.READ_SETTLEMENTS, site_id)]
    waits = exists().where(LINE.c.settlement_id == PLAN.c.id, CLAIM.c.id == LINE.c.claim_id, _UNPAID)
    query = (
        select(PLAN.c.id)
        .join(INCIDENT, INCIDENT.c.id == PLAN.c.incident_id)
        .where(INCIDENT.c.site_id.in_(places), PLAN.c.withdrawn_at.is_(None), waits)
        .order_by(PLAN.c.made_at, PLAN.c.id)
    )
    views = [settlement_view(conn, viewer, number, kit) for number in conn.execute(query).scalars().all()]
    return [view for view in views if view.votes_closed and view.left]


def together_of(conn: Connection, viewer: Viewer, reference: str, kit: Kit) -> Together | None:
    """Where a visitor's claim stands among those of its cause; None where it is in none. Raises NotFound for another's claim."""
    claim = claims.get(conn, reference, None, lock=False)
    require(viewer, Act.TAKE_PART, claim.site_id, claim.id)
    member = incidents.member_of(conn, claim.id)
    if member is None:
        return None
    row, state = incidents.get(conn, member.incident_id), MemberState(member.state)
    number, people, _ = incidents.people_of(conn, [row.id]).get(row.id, (0, 0, None))
    offers = settlements.offers(conn, claim.id)
    line = offers[0] if offers else None
    plan = settlements.get(conn, line.settlement_id) if line else None
    joined = state is MemberState.JOINED
    offer = Money(line.amount_minor, claim.currency) if line and joined else None
    until = plan.votes_until.astimezone(ZoneInfo(sites.get(conn, row.site_id).time_zone)) if plan else None
    return Together(
        state, number, people, member.representative, may_join=may_join(state, row.closed_at, claim.state),
        may_leave=joined and not any(settlements.is_paying(conn, each) for each in offers),
        settlement_id=line.settlement_id if line else None, offer=offer,
        vote=Vote(line.vote) if line and line.vote else None, votes_until=until,
        may_vote=bool(joined and plan and plan.submitted_at is None and plan.votes_until >= kit.clock.now()),
        note=plan.note if plan and joined else None,
    )  # fmt: skip


def open_to_offers(conn: Connection, incident_id: int) -> set[str]:
    """The references of the members whom another plan may offer an amount."""
    paid = settlements.paid_claims(conn, incident_id)
    mine = (
        select(CLAIM.c.reference)
        .join(MEMBER, MEMBER.c.claim_id == CLAIM.c.id)
        .where(MEMBER.c.incident_id == incident_id, MEMBER.c.state == MemberState.JOINED.value, CLAIM.c.id.not_in(paid))
    )
    return set(conn.execute(mine).scalars())


def asked_by(conn: Connection, references: Sequence[str]) -> dict[str, Money]:
    """What each of these claims asks for in money, for the form of a plan."""
    query = (
        select(CLAIM.c.reference, CLAIM.c.currency, ITEM.c.asked_minor)
        .join(ITEM, ITEM.c.claim_id == CLAIM.c.id)
        .where(CLAIM.c.reference.in_(references), ITEM.c.asked_minor.is_not(None), ITEM.c.kind.in_(["refund", "damage", "other"]))
    )
    found: dict[str, Money] = {}
    for row in conn.execute(query):
        before = found[row.reference].minor if row.reference in found else 0
        found[row.reference] = Money(before + row.asked_minor, row.currency)
    return found


def _lines(conn: Connection, settlement_id: int) -> list[OfferLine]:
    query = (
        select(
            LINE,
            CLAIM.c.reference,
            CLAIM.c.state.label("claim_state"),
            CLAIM.c.currency,
            PAYOUT.c.state.label("payout_state"),
            STANDS.label("paying"),
            _UNPAID.label("unpaid"),
        )
        .join(CLAIM, CLAIM.c.id == LINE.c.claim_id)
        .outerjoin(PAYOUT, PAYOUT.c.id == LINE.c.payout_id)
        .where(LINE.c.settlement_id == settlement_id)
        .order_by(LINE.c.id)
    )
    return [
        OfferLine(
            row.id, row.reference, row.claim_state, Money(row.amount_minor, row.currency), Vote(row.vote) if row.vote else None,
            LineState(row.state), row.why, row.payout_id, row.payout_state, paying=bool(row.paying),
            unpaid=bool(row.unpaid) and _can_be_paid(conn, row),
        )
        for row in conn.execute(query).all()
    ]  # fmt: skip


def _can_be_paid(conn: Connection, row: Any) -> bool:  # noqa: ANN401 - a row of `_lines`
    """Whether a row that was refused can still get its payout: its yes holds, and no newer plan offers its claim anything."""
    if row.state != LineState.REFUSED:
        return True
    newest = settlements.offered(conn, row.claim_id)
    if newest is None or newest.id != row.id:
        return False
    steps = events.steps_since_vote(conn, f"claim:{row.claim_id}", row.settlement_id)
    return not any(undoes_a_yes(*step) for step in steps)
