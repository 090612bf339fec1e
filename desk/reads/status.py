"""What a visitor sees of their claim: one sentence, who acts next, amounts, history, acts. Names no officer and no merchant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, case, select

from desk.domain import clocks as clock_rules
from desk.domain import follow_up
from desk.domain.audit import EventKind
from desk.domain.claim import OPEN_STATES, Outcome, State
from desk.domain.clocks import Clock, ClockState
from desk.domain.follow_up import Kind
from desk.domain.lifecycle import LIFECYCLE, Step
from desk.domain.money import Money, text_of
from desk.domain.opening import next_span, windows_at
from desk.domain.pack import Unit
from desk.domain.payout import UNDER_WAY, Method, PayoutState
from desk.domain.policy import Act, Viewer
from desk.domain.stage import Stage, public_state, stage
from desk.ports import Kit
from desk.reads.returns import turn_of
from desk.reads.seen import claim_seen
from desk.store import claims, clocks, follow_ups, payouts, sites
from desk.store.tables import ClaimRow, PayoutRow, SiteRow, metadata
from desk.wording import history, reasons, stages
from desk.wording.stages import Audience, Said, Turn

EVENT = metadata.tables["event"]
MESSAGE = metadata.tables["message"]
VERDICT = metadata.tables["verdict"]
WHAT = case((EVENT.c.kind == EventKind.PAYOUT_MOVED.value, EVENT.c.to_state), else_=EVENT.c.step).label("what")
"""Tells events of a kind apart: a claim's by its step, a payout's by where it went."""

_EXPLAINED = frozenset({State.AWAITING_INFORMATION, State.REFUSED, State.TRANSFERRED})


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One thing that happened, in the visitor's language."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Take:
    """What a visitor's app needs to take the money that waits for them: the merchant, its own app there, and the package."""

    app: str
    merchant: str
    app_id: str
    package: str


@dataclass(frozen=True, slots=True)
class StatusView:
    """A claim as its visitor sees it, true until `valid_until` unless the claim changes. Times are at the site's offset.

    `by_when` is the deadline in words; `opens_at` is given where nobody is at the counter before it and the deadline.
    """

    reference: str
    state: str
    stage: Stage
    sentence: str
    next_who: str
    next_due_at: datetime | None
    overdue: bool
    asked: Money | None
    agreed: Money | None
    sent_at: datetime | None
    received_at: datetime | None
    history: tuple[HistoryLine, ...]
    acts: tuple[str, ...]
    valid_until: datetime
    version: int
    site: SiteRow
    by_when: str | None
    opens_at: datetime | None
    method: Method | None
    answered: bool
    take: Take | None


@dataclass(frozen=True, slots=True)
class _Due:
    """The deadline that the sentence names. `turns_at` is when the counter next opens or closes, if that matters."""

    at: datetime | None = None
    late: bool = False
    opens_at: datetime | None = None
    turns_at: datetime | None = None


def status_view(
    conn: Connection, viewer: Viewer, reference: str, language: str, kit: Kit, *, on_paper: bool = False
) -> StatusView:  # fmt: skip
    """The status of the viewer's own claim in a language. Raises NotFound for anybody else's.

    `on_paper` its sentence names every day by its date, for it is read again on another day.
    """
    claim = claim_seen(conn, viewer, reference)
    site = sites.get(conn, claim.site_id)
    return _view(conn, claim, site, language, kit, on_paper=on_paper)


def _view(conn: Connection, claim: ClaimRow, site: SiteRow, language: str, kit: Kit, *, on_paper: bool) -> StatusView:
    now, zone = kit.clock.now(), ZoneInfo(site.time_zone)
    payout, messages = _latest_payout(conn, claim), _messages(conn, claim)
    at_stage, answered = stage_of(claim, payout), _answered(claim, messages)
    due = _deadline(conn, claim, site, at_stage, now)
    said = _said(
        claim, site, at_stage, language, kit, goods=turn_of(conn, claim), due=due, because=_because(conn, claim, language),
        payout=payout, answered=answered, followed=_followed(conn, claim), on_paper=on_paper,
    )  # fmt: skip
    asked = sum(item.asked_minor or 0 for item in claims.items_of(conn, claim.id))
    return StatusView(
        reference=claim.reference, state=public_state(at_stage).value, stage=at_stage, sentence=said.sentence,
        next_who=said.next_who, next_due_at=said.next_due_at.astimezone(zone) if said.next_due_at else None,
        overdue=due.late and due.opens_at is None,
        asked=Money(asked, claim.currency) if asked else None, agreed=_agreed(claim),
        sent_at=_sent_at(payout, zone), received_at=_received_at(payout, zone),
        history=_history(conn, claim, zone, language, messages), acts=_acts(claim, said),
        valid_until=_valid_until(now, zone, due.at, due.turns_at, objection_ends_at(claim, site, kit)),
        version=claim.version, site=site, by_when=said.by_when, opens_at=due.opens_at,
        method=_method(payout), answered=answered, take=_take(payout, kit),
    )  # fmt: skip


def stage_of(claim: ClaimRow, payout: PayoutRow | None) -> Stage:
    """The stage of a claim's row and of its newest payout."""
    outcome = Outcome(claim.outcome) if claim.outcome else None
    paying = PayoutState(payout.state) if payout else None
    return stage(State(claim.state), outcome, paying, claim.assessed, State(claim.ended_as) if claim.ended_as else None)


def _latest_payout(conn: Connection, claim: ClaimRow) -> PayoutRow | None:
    """The newest payout; only a claim that was agreed to be refunded can have one."""
    return payouts.latest(conn, claim.id) if claim.decided_minor else None


def _sent_at(payout: PayoutRow | None, zone: ZoneInfo) -> datetime | None:
    return payout.sent_at.astimezone(zone) if payout and payout.sent_at and not _came_to_nothing(payout) else None


def _received_at(payout: PayoutRow | None, zone: ZoneInfo) -> datetime | None:
    return payout.settled_at.astimezone(zone) if payout and payout.settled_at and not payout.returned_at else None


def _came_to_nothing(payout: PayoutRow) -> bool:
    return PayoutState(payout.state) in (PayoutState.FAILED, PayoutState.CANCELLED) or payout.returned_at is not None


def _deadline(conn: Connection, claim: ClaimRow, site: SiteRow, at_stage: Stage, now: datetime) -> _Due:
    running = {clock.kind: clock for clock in clocks.of_claim(conn, claim.id).values() if clock.state is ClockState.RUNNING}
    due_at = stages.due_of(at_stage, {kind: clock.due_at for kind, clock in running.items()})
    named = next((clock for clock in running.values() if clock.due_at == due_at), None)
    if named is None:
        return _Due()
    return _Due(named.due_at, clock_rules.is_late(named, now), *_counter(site, named, now))


def _counter(site: SiteRow, named: Clock, now: datetime) -> tuple[datetime | None, datetime | None]:
    """When the counter opens, if it stays closed from now until after the deadline; and when that may be another.

    Clocks in days are met on a day and not at an hour. A deadline that passed while the counter was open is missed.
    """
    windows = windows_at(site.hours, "open")
    if not windows or named.unit not in (Unit.MINUTE, Unit.HOUR):
        return None, None
    opens, closes = next_span(min(now, named.due_at), windows, ZoneInfo(site.time_zone))
    return (opens, opens) if opens > max(now, named.due_at) else (None, closes)


def _said(
    claim: ClaimRow, site: SiteRow, at_stage: Stage, language: str, kit: Kit,
    *, goods: Turn | None, due: _Due, because: str | None, payout: PayoutRow | None, answered: bool, followed: Sequence[Kind],
    on_paper: bool,
) -> Said:  # fmt: skip
    now, until = kit.clock.now(), objection_ends_at(claim, site, kit)
    may_reopen = until is not None and now.replace(microsecond=0) <= until
    may_rate = until is not None and follow_up.may_rate(State(claim.state), followed, now, until)
    return stages.say(
        at_stage, Audience.VISITOR, language, due_at=due.at, zone=ZoneInfo(site.time_zone), now=now, overdue=due.late,
        opens_at=due.opens_at, amount=_agreed(claim), site_phone=site.phone, may_reopen=may_reopen,
        reopen_until=until if may_reopen else None, may_rate=may_rate, because=because,
        payout_under_way=payout is not None and PayoutState(payout.state) in UNDER_WAY, method=_method(payout),
        turn=_turn(payout, goods if at_stage is Stage.RETURN_IN_PROGRESS else None, answered=answered,
                   takes=_take(payout, kit) is not None), on_paper=on_paper,
    )  # fmt: skip


def _turn(payout: PayoutRow | None, goods: Turn | None, *, answered: bool, takes: bool) -> Turn | None:
    """What turns the sentence of a stage, the later first: a stage has no sentence for what no longer matters there."""
    if payout is None or goods:
        return goods or (Turn.ANSWERED if answered else None)
    if payout.said_received_at is not None:
        return Turn.SAID_RECEIVED
    if takes:
        return Turn.TAKE
    return Turn.CASH if payout.method == Method.CASH else None


def _method(payout: PayoutRow | None) -> Method | None:
    """How the money is to come, unless that came to nothing: the next payout may be another."""
    return Method(payout.method) if payout and not _came_to_nothing(payout) else None


def _take(payout: PayoutRow | None, kit: Kit) -> Take | None:
    """With what the visitor takes the money, as long as it waits at the gateway that the desk has: no other opens the package."""
    if payout and payout.take and (terms := kit.gateway) and terms.taken_in and payout.gateway == terms.name:
        return Take(terms.taken_in.app, terms.taken_in.merchant, terms.taken_in.app_id, payout.take)
    return None


def _answered(claim: ClaimRow, messages: Sequence[Any]) -> bool:
    """Whether the visitor's answer is the last thing that was said, and no step was taken since."""
    return bool(messages) and messages[-1].kind == "answer" and messages[-1].written_at >= claim.moved_at


def _messages(conn: Connection, claim: ClaimRow) -> Sequence[Any]:
    """What was written between the desk and the visitor, the oldest first."""
    columns = (MESSAGE.c.kind, MESSAGE.c.written_at, MESSAGE.c.text)
    return conn.execute(select(*columns).where(MESSAGE.c.claim_id == claim.id).order_by(MESSAGE.c.written_at)).all()


def _because(conn: Connection, claim: ClaimRow, language: str) -> str | None:
    """What is still missing, or why the desk does not take the claim, as the last decision says. Source: SPEC 4 and 4.2."""
    if State(claim.state) not in _EXPLAINED:
        return None
    newest = select(VERDICT).where(VERDICT.c.claim_id == claim.id, VERDICT.c.made != "proposed").order_by(VERDICT.c.seq.desc())
    decided = conn.execute(newest.limit(1)).one()
    if decided.made == "overridden":
        return reasons.because([decided.reason], language)
    if State(claim.state) is State.AWAITING_INFORMATION:
        return reasons.still_missing(decided.missing, language)
    told = [reasons.reason_text(each["code"], language, figure=each["figure"], limit=each["limit"]) for each in decided.reasons]
    return reasons.because(told, language)


def objection_ends_at(claim: ClaimRow, site: SiteRow, kit: Kit) -> datetime | None:
    """Until when the visitor may have an ended claim reopened; None while it is open or once it is archived."""
    if (State(claim.state), Step.REOPEN) not in LIFECYCLE:
        return None
    pack = kit.packs.by_version(claim.pack)
    windows = windows_at(site.hours, "clocks")
    rule, zone = pack.clocks["objection_window"], ZoneInfo(site.time_zone)
    return clock_rules.start(rule, claim.moved_at, pack.version, zone, kit.shelf.calendar, windows).due_at


def _followed(conn: Connection, claim: ClaimRow) -> Sequence[Kind]:
    """What followed the end of a claim; nothing is looked for while it is open."""
    return follow_ups.kinds_of(follow_ups.of_end(conn, claim)) if State(claim.state) in follow_up.RATED else ()


def _agreed(claim: ClaimRow) -> Money | None:
    return Money(claim.decided_minor, claim.currency) if claim.decided_minor else None


def _acts(claim: ClaimRow, said: Said) -> tuple[str, ...]:
    """What the stage allows, and answering wherever a question is open."""
    if claim.open_questions and State(claim.state) in OPEN_STATES and Act.ANSWER not in said.acts:
        return (Act.ANSWER.value, *said.acts)
    return said.acts


def _history(
    conn: Connection, claim: ClaimRow, zone: ZoneInfo, language: str, messages: Sequence[Any]
) -> tuple[HistoryLine, ...]:  # fmt: skip
    """What happened, newest first; a line about a message carries its words."""
    words = {row.written_at: row.text for row in messages}
    shown = conn.execute(
        select(EVENT.c.at, EVENT.c.kind, WHAT).where(EVENT.c.subject == f"claim:{claim.id}").order_by(EVENT.c.seq.desc())
    )
    return tuple(
        HistoryLine(row.at.astimezone(zone), history.line(row.kind, row.what, language, said=words.get(row.at)))
        for newer, row in pairwise((None, *shown))
        if (row.kind, row.what) in history.VISITOR_EVENTS and not _in_one_breath(row, newer)
    )


def _in_one_breath(row: Any, newer: Any) -> bool:  # noqa: ANN401 - rows of the query above
    """Cash is sent and handed over at one instant: the visitor is told the second only."""
    return row.what == PayoutState.SENDING and newer is not None and newer.at == row.at


def _valid_until(now: datetime, zone: ZoneInfo, *turns: datetime | None) -> datetime:
    """The words hold until the local day ends ("today" becomes "yesterday") or a deadline passes, whichever is first."""
    tomorrow = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), zone)
    return min([tomorrow, *(turn + timedelta(seconds=1) for turn in turns if turn and turn >= now)])


def amount_text(money: Money | None) -> dict[str, str] | None:
    """Money as the API writes it."""
    return {"amount": text_of(money.minor, money.currency), "currency": money.currency} if money else None
