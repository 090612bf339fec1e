"""What respondents owe as staff see it: the list by age, one recovery with its history, ageing totals. Moves nothing."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Select, func, select

from desk.domain.errors import NotFound
from desk.domain.policy import Act, Viewer, require
from desk.domain.recovery import BANDS, AgeBand, DecisionKind, Instalment, RecoveryState, age_band, behind
from desk.reads.pages import Page, after, page_of, sites_of
from desk.store import recovery as recoveries
from desk.store import sites
from desk.store.tables import RecoveryRow, SiteRow, metadata

RECOVERY, DEMAND, INSTALMENT, DECISION, CLAIM, RESPONDENT, OFFICER, SITE, EVENT = (
    metadata.tables[name]
    for name in (
        "recovery", "recovery_demand", "recovery_instalment", "recovery_decision", "claim", "respondent", "officer", "site",
        "event",
    )
)  # fmt: skip
_OPEN_MINOR = RECOVERY.c.amount_minor - RECOVERY.c.recovered_minor - RECOVERY.c.written_off_minor - RECOVERY.c.returned_minor
_IS_OPEN = RECOVERY.c.ended_at.is_(None)


@dataclass(frozen=True, slots=True)
class Decision:
    """What waits for a second person. `at` is at the site's own offset."""

    id: int
    kind: DecisionKind
    amount_minor: int
    reason: str
    proposed_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RecoveryView:
    """A recovery in one line. `days` are whole calendar days at the site since its payout settled."""

    row: RecoveryRow
    reference: str
    site: str
    zone: ZoneInfo
    respondent: str | None
    days: int
    decision: Decision | None

    @property
    def open_minor(self) -> int:
        """What is still asked for."""
        return recoveries.parts_of(self.row).open

    @property
    def band(self) -> AgeBand:
        """How old it is."""
        return age_band(self.days)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which recoveries to show: of one site, open or ended ones, in a state, of a respondent, of an age. None: any."""

    site: str
    open: bool | None = None
    state: RecoveryState | None = None
    respondent: int | None = None
    age: AgeBand | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """A letter: what was open then, and until when it was to be paid."""

    number: int
    open_minor: int
    pay_by: date
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that happened to a recovery: the step, or the kind of event; `by` None for the desk itself."""

    at: datetime
    what: str
    by: str | None
    amount_minor: int | None
    words: str | None
    said: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RecoveryFile:
    """A recovery with its letters, the plan that counts, how much of it is overdue, and what happened, oldest first."""

    view: RecoveryView
    demands: Sequence[Demand]
    plan: Sequence[Instalment]
    behind_minor: int
    history: Sequence[Told]


@dataclass(frozen=True, slots=True)
class Aged:
    """How many recoveries of an age are open, and how much of them."""

    band: AgeBand
    count: int
    open_minor: int
    currency: str


def recoveries_page(
    conn: Connection, viewer: Viewer, filters: Filters, now: datetime, limit: int, cursor: str | None, act: Act = Act.READ_FUND
) -> Page[RecoveryView]:  # fmt: skip
    """The recoveries that fit, the most overdue first. Raises NotFound for a foreign site, Forbidden."""
    site = _site(conn, viewer, filters.site, act)
    query = _lines().where(RECOVERY.c.site_id == site.id, *_fitting(filters, site, now))
    order = (RECOVERY.c.opened_at, RECOVERY.c.payout_id)
    query = query.order_by(*order).limit(limit + 1)
    if cursor:
        query = query.where(after(order, cursor))
    return page_of(conn, query, limit, lambda row: _view(row, now), lambda row: [row.opened_at, row.payout_id])


def recovery_file(conn: Connection, viewer: Viewer, payout_id: int, now: datetime) -> RecoveryFile:
    """One recovery with all that happened to it. Raises NotFound for a foreign one, Forbidden."""
    row = conn.execute(_lines().where(RECOVERY.c.payout_id == payout_id)).first()
    if row is None or row.site_id not in viewer.sites:
        raise NotFound
    require(viewer, Act.READ_FUND, row.site_id)
    view = _view(row, now)
    plan = _plan(conn, payout_id)
    late = behind(plan, view.open_minor, now.astimezone(view.zone).date()) if view.row.state == RecoveryState.INSTALMENTS else 0
    return RecoveryFile(view, _demands(conn, view), plan, late, _history(conn, view))


def ageing(conn: Connection, viewer: Viewer, slug: str, now: datetime) -> list[Aged]:
    """What is open by age, the youngest band first; a band without any stands there too. Raises NotFound, Forbidden."""
    site = _site(conn, viewer, slug, Act.READ_FUND)
    summed = select(func.count().label("number"), func.coalesce(func.sum(_OPEN_MINOR), 0).label("minor"))
    found = []
    for band in AgeBand:
        mine = summed.where(RECOVERY.c.site_id == site.id, _IS_OPEN, *_of_age(band, site, now))
        row = conn.execute(mine).one()
        found.append(Aged(band, row.number, int(row.minor), site.currency))
    return found


def waiting_decisions(conn: Connection, viewer: Viewer, now: datetime, most: int) -> list[RecoveryView]:
    """What waits for a second person at the viewer's sites, oldest first."""
    mine = [site_id for site_id in viewer.sites if viewer.may(Act.APPROVE_RECOVERY, site_id)]
    query = _lines().where(RECOVERY.c.site_id.in_(mine), DECISION.c.id.is_not(None), _IS_OPEN)
    return [_view(row, now) for row in conn.execute(query.order_by(DECISION.c.id).limit(most))]


def recovery_after(
    row: RecoveryRow, reference: str, site: SiteRow, respondent: str | None, waiting: recoveries.Waiting | None, now: datetime
) -> RecoveryView:  # fmt: skip
    """A recovery as it stands after a step, from what the action holds."""
    zone = ZoneInfo(site.time_zone)
    decision = None
    if waiting:
        told = waiting.row
        at = told.proposed_at.astimezone(zone)
        decision = Decision(told.id, DecisionKind(told.kind), told.amount_minor, told.reason, waiting.proposed_by, at)
    return RecoveryView(row, reference, site.slug, zone, respondent, _days(row.opened_at, now, zone), decision)


def _site(conn: Connection, viewer: Viewer, slug: str, act: Act) -> SiteRow:
    (site_id,) = sites_of(conn, viewer, slug, act)
    return sites.get(conn, site_id)


def _lines() -> Select[Any]:
    told = [DECISION.c[name].label(f"decision_{name}") for name in ("id", "kind", "amount_minor", "reason", "proposed_at")]
    return (
        select(
            RECOVERY, CLAIM.c.reference, SITE.c.slug, SITE.c.time_zone, RESPONDENT.c.name.label("respondent"),
            OFFICER.c.name.label("proposer"), *told,
        )
        .join(CLAIM, CLAIM.c.id == RECOVERY.c.claim_id)
        .join(SITE, SITE.c.id == RECOVERY.c.site_id)
        .outerjoin(RESPONDENT, RESPONDENT.c.id == RECOVERY.c.respondent_id)
        .outerjoin(DECISION, (DECISION.c.payout_id == RECOVERY.c.payout_id) & recoveries.WAITS)
        .outerjoin(OFFICER, OFFICER.c.id == DECISION.c.proposed_by)
    )  # fmt: skip


def _view(found: Any, now: datetime) -> RecoveryView:  # noqa: ANN401 - a row of `_lines`
    zone = ZoneInfo(found.time_zone)
    row = RecoveryRow(**{column.name: getattr(found, column.name) for column in RECOVERY.c})
    decision = None
    if found.decision_id is not None:
        at = found.decision_proposed_at.astimezone(zone)
        kind = DecisionKind(found.decision_kind)
        decision = Decision(found.decision_id, kind, found.decision_amount_minor, found.decision_reason, found.proposer, at)
    days = _days(row.opened_at, now, zone)
    return RecoveryView(row, found.reference, found.slug, zone, found.respondent, days, decision)


def _days(since: datetime, now: datetime, zone: ZoneInfo) -> int:
    return (now.astimezone(zone).date() - since.astimezone(zone).date()).days


def _fitting(filters: Filters, site: SiteRow, now: datetime) -> list[ColumnElement[bool]]:
    fit: list[ColumnElement[bool]] = []
    if filters.open is not None:
        fit.append(_IS_OPEN if filters.open else ~_IS_OPEN)
    if filters.state is not None:
        fit.append(RECOVERY.c.state == filters.state.value)
    if filters.respondent is not None:
        fit.append(RECOVERY.c.respondent_id == filters.respondent)
    return [*fit, *(_of_age(filters.age, site, now) if filters.age else ())]


def _of_age(band: AgeBand, site: SiteRow, now: datetime) -> list[ColumnElement[bool]]:
    """That so many calendar days at the site have passed since the payout settled."""
    zone, (first, last) = ZoneInfo(site.time_zone), BANDS[band]
    today = now.astimezone(zone).date()
    until = datetime.combine(today - timedelta(days=first - 1), time(), zone)
    fit: list[ColumnElement[bool]] = [RECOVERY.c.opened_at < until]
    if last is not None:
        fit.append(RECOVERY.c.opened_at >= datetime.combine(today - timedelta(days=last), time(), zone))
    return fit


def _plan(conn: Connection, payout_id: int) -> list[Instalment]:
    last = select(func.max(INSTALMENT.c.plan)).where(INSTALMENT.c.payout_id == payout_id).scalar_subquery()
    mine = (INSTALMENT.c.payout_id == payout_id) & (INSTALMENT.c.plan == last)
    rows = conn.execute(select(INSTALMENT).where(mine).order_by(INSTALMENT.c.position))
    return [Instalment(row.due_on, row.amount_minor) for row in rows]


def _demands(conn: Connection, view: RecoveryView) -> list[Demand]:
    query = select(DEMAND, OFFICER.c.name).join(OFFICER, OFFICER.c.id == DEMAND.c.demanded_by)
    rows = conn.execute(query.where(DEMAND.c.payout_id == view.row.payout_id).order_by(DEMAND.c.number))
    return [Demand(row.number, row.open_minor, row.pay_by_on, row.name, row.demanded_at.astimezone(view.zone)) for row in rows]


def _history(conn: Connection, view: RecoveryView) -> list[Told]:
    mine = (EVENT.c.subject == f"claim:{view.row.claim_id}") & EVENT.c.kind.like("recovery\\_%", escape="\\")
    events = [(event, json.loads(event.data)) for event in conn.execute(select(EVENT).where(mine).order_by(EVENT.c.seq))]
    about = [(event, said) for event, said in events if said["recovery"] == str(view.row.payout_id)]
    names = _names(conn, {event.actor for event, _ in about})
    return [
        Told(
            event.at.astimezone(view.zone), said.get("step", event.kind), names.get(event.actor), said.get("amount_minor"),
            event.reason, said,
        )
        for event, said in about
    ]  # fmt: skip


def _names(conn: Connection, actors: set[str]) -> dict[str, str]:
    ids = [int(actor.removeprefix("officer:")) for actor in actors if actor.startswith("officer:")]
    rows = conn.execute(select(OFFICER.c.id, OFFICER.c.name).where(OFFICER.c.id.in_(ids)))
    return {f"officer:{row.id}": row.name for row in rows}
