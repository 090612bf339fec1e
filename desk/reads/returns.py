"""Returns as staff and visitors see them, and the register of pledges. Proposes as the rule does and decides nothing."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, select

from desk.domain.claim import State
from desk.domain.policy import Act, Viewer
from desk.domain.returns import (
    EXCLUSIONS,
    WINDOW,
    Pledge,
    Proposal,
    ReturnFacts,
    ReturnOutcome,
    ReturnPhase,
    covering,
    last_day,
    phase,
    propose,
)
from desk.domain.triage import Reason
from desk.ports import Kit
from desk.reads.pages import Page, after, page_of, sites_of
from desk.reads.seen import claim_seen
from desk.store import claims, returns, sites
from desk.store.tables import ClaimRow, GoodsReturnRow, PledgeRow, SiteRow, metadata
from desk.wording.stages import Turn

PLEDGE, RESPONDENT, OFFICER = (metadata.tables[name] for name in ("pledge", "respondent", "officer"))
_BY_PHASE = {ReturnPhase.GOODS_AWAITED: Turn.GOODS_AWAITED, ReturnPhase.GOODS_BACK: Turn.GOODS_BACK}


@dataclass(frozen=True, slots=True)
class ReturnView:
    """A claim's newest return. `phase` is None once it ended; `pledge` is the one it rests on, or would rest on now."""

    row: GoodsReturnRow
    claim: ClaimRow
    zone: ZoneInfo
    proposal: Proposal
    pledge: Pledge | None

    @property
    def phase(self) -> ReturnPhase | None:
        """How far it has come."""
        return None if self.row.closed_at else phase(self.row.answer, goods_back=self.row.goods_back_at is not None)


@dataclass(frozen=True, slots=True)
class Goods:
    """Returning goods as the visitor sees it: the pledge on which they may ask now, until which day where it is known.

    `view` is what they asked for, while it is under way and after it was refused; `because` why it was. `asks` is what of the
    purchase nobody told the desk yet.
    """

    pledge: Pledge | None
    until: date | None
    view: ReturnView | None
    because: Reason | None
    asks: tuple[str, ...]

    @property
    def excepted(self) -> tuple[str, ...]:
        """What the pledge excepts, in the order of the reasons."""
        return tuple(code.value for code in EXCLUSIONS if self.pledge and code in self.pledge.exclusions)


@dataclass(frozen=True, slots=True)
class PledgeView:
    """A pledge in the register. `respondent` is None for the site's own."""

    row: PledgeRow
    respondent: str | None
    added_by: str
    withdrawn_by: str | None


@dataclass(frozen=True, slots=True)
class Register:
    """What a form for a pledge needs: the site, and the days that the pack in force gives."""

    site: SiteRow
    days: int


def return_view(conn: Connection, viewer: Viewer, reference: str, kit: Kit) -> ReturnView | None:
    """The newest return of a claim, None where none was asked for. Raises NotFound as `claim_seen` does."""
    return view_of(conn, claim_seen(conn, viewer, reference), kit)


def view_of(conn: Connection, claim: ClaimRow, kit: Kit) -> ReturnView | None:
    """The same for a claim that was found already."""
    row = returns.latest(conn, claim.id)
    if row is None:
        return None
    zone = ZoneInfo(sites.get(conn, claim.site_id).time_zone)
    facts = returns.facts_of(conn, claim, row, zone)
    pledge = returns.pledge_relied_on(conn, row, facts, claim.site_id)
    return ReturnView(row, claim, zone, propose(facts, pledge, kit.packs.by_version(claim.pack)), pledge)


def return_offered(conn: Connection, viewer: Viewer, reference: str, kit: Kit) -> Pledge | None:
    """The pledge that a return of a received claim would rest on, None without one. Raises NotFound as `claim_seen` does."""
    claim = claim_seen(conn, viewer, reference)
    facts = _facts_before(conn, claim, kit)
    return covering(returns.pledges_for(conn, claim.site_id, facts.respondent), facts)


def goods_of(conn: Connection, viewer: Viewer, reference: str, kit: Kit) -> Goods:
    """What the visitor's page says of goods: that they may go back, how far that has come, or why not. Raises NotFound.

    It is offered while the claim is received, a pledge covers the purchase, and its days are not known to be over.
    """
    claim = claim_seen(conn, viewer, reference)
    view, received = view_of(conn, claim, kit), State(claim.state) is State.RECEIVED
    pledge = return_offered(conn, viewer, reference, kit) if received else None
    facts, until = _facts_before(conn, claim, kit), None
    if pledge and facts.purchased_on:
        until = last_day(pledge, facts.purchased_on)
        pledge = pledge if facts.requested_on <= until else None
    under_way = view if view and (view.phase or (received and view.row.outcome == ReturnOutcome.REFUSED)) else None
    unknown = (("purchased_on", facts.purchased_on is None), ("invoice_no", not facts.has_invoice))
    asks = tuple(name for name, missing in unknown if missing)
    return Goods(pledge, until, under_way, _refused_because(under_way), asks)


def _facts_before(conn: Connection, claim: ClaimRow, kit: Kit) -> ReturnFacts:
    """What is known of a purchase before a return is asked for, as if it were asked for today."""
    merchant = claims.respondent_of(conn, claim)
    today = kit.clock.now().astimezone(ZoneInfo(sites.get(conn, claim.site_id).time_zone)).date()
    return ReturnFacts(
        today, claim.purchased_on, has_invoice=claim.order_no is not None, respondent=merchant.id if merchant else None,
        licensed=merchant is not None and merchant.in_reach,
    )  # fmt: skip


def _refused_because(view: ReturnView | None) -> Reason | None:
    """Why a return was refused: with the days where the rule had compared them."""
    if view is None or view.row.reason is None:
        return None
    said = next((reason for reason in view.proposal.reasons if reason.code == view.row.reason), None)
    return said or Reason(view.row.reason, "")


def turn_of(conn: Connection, claim: ClaimRow) -> Turn | None:
    """What turns the sentence of a return under way: its goods are awaited, or back."""
    if State(claim.state) is not State.RETURNING:
        return None
    row = returns.latest(conn, claim.id)
    return _BY_PHASE.get(phase(row.answer, goods_back=row.goods_back_at is not None)) if row else None


def pledges_page(
    conn: Connection, viewer: Viewer, slug: str, limit: int, cursor: str | None, act: Act = Act.READ_PLEDGES
) -> Page[PledgeView]:  # fmt: skip
    """The register of a site, the newest first, withdrawn ones too. Raises NotFound for a foreign site, Forbidden."""
    (site_id,) = sites_of(conn, viewer, slug, act)
    query = _pledges().where(PLEDGE.c.site_id == site_id).order_by(PLEDGE.c.id.desc())
    if cursor:
        query = query.where(after((PLEDGE.c.id,), cursor, descending=True))
    return page_of(conn, query.limit(limit + 1), limit, _pledge, lambda row: [row.id])


def register(conn: Connection, viewer: Viewer, slug: str, kit: Kit) -> Register:
    """What a form for a pledge needs. Raises NotFound for a foreign site, Forbidden."""
    (site_id,) = sites_of(conn, viewer, slug, Act.READ_PLEDGES)
    site = sites.get(conn, site_id)
    today = kit.clock.now().astimezone(ZoneInfo(site.time_zone)).date()
    return Register(site, kit.packs.for_claim(today, site.overlay).clocks[WINDOW].length)


def _pledges() -> Select[Any]:
    added, ended = OFFICER.alias("added"), OFFICER.alias("ended")
    return (
        select(PLEDGE, RESPONDENT.c.name, added.c.name.label("added_name"), ended.c.name.label("ended_name"))
        .join(added, added.c.id == PLEDGE.c.added_by)
        .outerjoin(ended, ended.c.id == PLEDGE.c.withdrawn_by)
        .outerjoin(RESPONDENT, RESPONDENT.c.id == PLEDGE.c.respondent_id)
    )


def _pledge(found: Any) -> PledgeView:  # noqa: ANN401 - a row of `_pledges`
    row = PledgeRow(**{column.name: getattr(found, column.name) for column in PLEDGE.c})
    return PledgeView(row, found.name, found.added_name, found.ended_name)
