"""Hand-offs as staff, a partner and a visitor see them. Names nobody who complained.

No rule names a time for them: how long each waits is shown, and nothing is called late.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, select

from desk.domain.claim import State
from desk.domain.errors import NotFound
from desk.domain.handoff import HELD, OFFERED_FROM, OPEN, HandoffState, PartnerKind, Post
from desk.domain.policy import Act, Kind, Viewer, require
from desk.domain.triage import HandOff
from desk.reads.pages import LARGEST_PAGE, Page, after, page_of, sites_of
from desk.reads.seen import claim_seen
from desk.store import handoffs
from desk.store.tables import ClaimRow, HandoffRow, PartnerRow, metadata

HANDOFF, PARTNER, CLAIM, SITE, OFFICER, HANDED_IN = (
    metadata.tables[name] for name in ("handoff", "partner", "claim", "site", "officer", "handed_in")
)
_OFFERED = (HANDOFF.c.offered_at, HANDOFF.c.id)
_OPEN = [state.value for state in OPEN]


@dataclass(frozen=True, slots=True)
class HandoffView:
    """A hand-off, with its times at the site's own offset; `offered_by` is an officer's name, `claim_state` the claim's."""

    row: HandoffRow
    reference: str
    category: str
    site: str
    partner: PartnerRow
    offered_at: datetime
    offered_by: str
    taken_at: datetime | None
    working_at: datetime | None
    ended_at: datetime | None
    claim_state: State

    @property
    def over(self) -> bool:
        """Whether it is an offer of a claim that ended meanwhile: nobody is told of it, and it can only come back."""
        return self.row.state == HandoffState.OFFERED and self.claim_state not in OFFERED_FROM

    @property
    def lost(self) -> bool:
        """Whether the partner's system could not be told of an offer: somebody must phone, or have it told again."""
        return self.row.state == HandoffState.OFFERED and self.row.post == Post.GIVEN_UP and not self.over

    @property
    def by_phone(self) -> bool:
        """Whether staff must tell the partner themselves."""
        return self.row.state == HandoffState.OFFERED and self.row.post in (Post.PHONE, Post.GIVEN_UP) and not self.over


@dataclass(frozen=True, slots=True)
class Source:
    """Which partner handed a claim in, and under which number of theirs."""

    partner: PartnerRow
    number: str


@dataclass(frozen=True, slots=True)
class HandoffsOfClaim:
    """What the page of a claim shows: its hand-offs, the newest first; whom it can be offered to now; where it came from.

    `due` are kinds of partners that the rule wants told and nobody was offered it yet.
    """

    lines: Sequence[HandoffView]
    partners: Sequence[PartnerRow]
    source: Source | None
    due: Sequence[PartnerKind]


def handoffs_page(
    conn: Connection, viewer: Viewer, slug: str | None, limit: int, cursor: str | None, *, open_only: bool = False
) -> Page[HandoffView]:  # fmt: skip
    """Hand-offs of a site or of all the viewer's: those that are open, the longest offered first; or all, the newest first.

    Raises NotFound for a foreign site, Forbidden, BadInput for a cursor that is none.
    """
    query = _handoffs().where(HANDOFF.c.site_id.in_(sites_of(conn, viewer, slug, Act.READ_HANDOFFS)))
    if open_only:
        query = query.where(HANDOFF.c.state.in_(_OPEN))
    if cursor:
        query = query.where(after(_OFFERED, cursor, descending=not open_only))
    ordered = query.order_by(*(column if open_only else column.desc() for column in _OFFERED)).limit(limit + 1)
    return page_of(conn, ordered, limit, _view, lambda row: [row.offered_at, row.id])


def handoffs_lost(conn: Connection, viewer: Viewer) -> list[HandoffView]:
    """Offers at the viewer's sites that a partner's system could not be told of, the longest offered first."""
    places = [site_id for site_id in viewer.sites if viewer.may(Act.READ_HANDOFFS, site_id)]
    lost = (HANDOFF.c.site_id.in_(places), HANDOFF.c.state == HandoffState.OFFERED.value, HANDOFF.c.post == Post.GIVEN_UP.value)
    goes_on = CLAIM.c.state.in_([state.value for state in OFFERED_FROM])
    return [_view(row) for row in conn.execute(_handoffs().where(*lost, goes_on).order_by(*_OFFERED).limit(LARGEST_PAGE))]


def handoff_view(conn: Connection, viewer: Viewer, handoff_id: int) -> HandoffView:
    """One hand-off, for staff of its site or for its own partner. Raises NotFound for anybody else's, Forbidden."""
    row = conn.execute(_handoffs().where(HANDOFF.c.id == handoff_id)).first()
    if row is None or (viewer.kind is Kind.PARTNER and row.partner_id != viewer.id):
        raise NotFound
    require(viewer, Act.HAND_OFF if viewer.kind is Kind.PARTNER else Act.READ_HANDOFFS, row.site_id)
    return _view(row)


def handoffs_of(conn: Connection, claim: ClaimRow, wanted: Sequence[HandOff]) -> HandoffsOfClaim:
    """The hand-offs of a claim that was read already; `wanted` is whom the rule wants told."""
    lines = [_view(row) for row in conn.execute(_handoffs().where(HANDOFF.c.claim_id == claim.id).order_by(HANDOFF.c.id.desc()))]
    now = {line.partner.id: HandoffState(line.row.state) for line in lines if HandoffState(line.row.state) in OPEN}
    free: list[PartnerRow] = []
    if claim.state in OFFERED_FROM and not HELD & set(now.values()):
        mine = select(PARTNER).where(PARTNER.c.site_id == claim.site_id, PARTNER.c.disabled_at.is_(None)).order_by(PARTNER.c.name)
        free = [PartnerRow(**row) for row in conn.execute(mine).mappings() if row["id"] not in now]
    told = {line.partner.kind for line in lines if line.row.state != HandoffState.RETURNED}
    due = [PartnerKind(each.value) for each in wanted if each.value not in told]
    return HandoffsOfClaim(lines, free, _source(conn, claim.id), due)


def handed_to(conn: Connection, viewer: Viewer, reference: str) -> tuple[PartnerKind, HandoffState] | None:
    """Who has the viewer's own claim, or was asked to take it, and how far that is; None where nobody has or was.

    Raises NotFound for anybody else's claim. Whoever has it comes before whoever was asked, and a finished one is told too.
    """
    claim = claim_seen(conn, viewer, reference)
    rows = [row for row in handoffs.of_claim(conn, claim.id) if row.state != HandoffState.RETURNED]
    order = [HandoffState.OFFERED, HandoffState.DONE, HandoffState.TAKEN, HandoffState.WORKING]
    last = max(rows, key=lambda row: (order.index(HandoffState(row.state)), row.id), default=None)
    if last is None:
        return None
    kind = conn.execute(select(PARTNER.c.kind).where(PARTNER.c.id == last.partner_id)).scalar_one()
    return PartnerKind(kind), HandoffState(last.state)


def _handoffs() -> Select[Any]:
    return (
        select(HANDOFF, CLAIM.c.reference, CLAIM.c.category, SITE.c.slug, SITE.c.time_zone, OFFICER.c.name.label("officer"))
        .add_columns(CLAIM.c.state.label("claim_state"))
        .add_columns(*(column.label(f"partner_{column.name}") for column in PARTNER.c if column.name != "id"))
        .join(CLAIM, CLAIM.c.id == HANDOFF.c.claim_id)
        .join(PARTNER, PARTNER.c.id == HANDOFF.c.partner_id)
        .join(SITE, SITE.c.id == HANDOFF.c.site_id)
        .join(OFFICER, OFFICER.c.id == HANDOFF.c.offered_by)
    )


def _view(found: Any) -> HandoffView:  # noqa: ANN401 - a row of `_handoffs`
    row = HandoffRow(**{column.name: getattr(found, column.name) for column in HANDOFF.c})
    partner = PartnerRow(**{column.name: getattr(found, f"partner_{column.name}") for column in PARTNER.c})
    zone = ZoneInfo(found.time_zone)
    later = (row.taken_at, row.working_at, row.ended_at)
    taken, working, ended = (moment.astimezone(zone) if moment else None for moment in later)
    return HandoffView(
        row, found.reference, found.category, found.slug, partner, row.offered_at.astimezone(zone), found.officer, taken, working,
        ended, State(found.claim_state),
    )  # fmt: skip


def _source(conn: Connection, claim_id: int) -> Source | None:
    query = select(PARTNER, HANDED_IN.c.number).join(HANDED_IN, HANDED_IN.c.partner_id == PARTNER.c.id)
    row = conn.execute(query.where(HANDED_IN.c.claim_id == claim_id)).mappings().first()
    return Source(PartnerRow(**{column.name: row[column.name] for column in PARTNER.c}), row["number"]) if row else None
