"""The one table stage × audience: who acts next, by which clock, which acts, and the one sentence for it.

Decides no stage and counts no deadline: `domain.stage` and `domain.clocks` do. Acts are what the stage allows; whether
this reader holds the right is asked of `domain.policy`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from types import MappingProxyType

from desk.domain.claim import Language
from desk.domain.money import Money
from desk.domain.policy import Act
from desk.domain.stage import Stage
from desk.wording import figures
from desk.wording.catalogue import text, variant


class Audience(StrEnum):
    """Who reads the sentence."""

    VISITOR = "visitor"
    OFFICER = "officer"


class Who(StrEnum):
    """Who acts next."""

    VISITOR = "visitor"
    DESK = "desk"
    MEDIATOR = "mediator"
    RESPONDENT = "respondent"
    BANK = "bank"
    AGENCY = "agency"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `clocks` are the ids whose deadline the sentence may name: the first that runs counts.

    A row without clocks waits for somebody whom no clock of the desk binds. `acts` stand in the order they are offered.
    """

    next: Who
    clocks: tuple[str, ...]
    acts: tuple[Act, ...]
    key: str
    doors: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What the reader is told: the sentence, who acts next (a `Who` code), by when (UTC, None when no clock binds), the acts."""

    sentence: str
    next_who: str
    next_due_at: datetime | None
    acts: tuple[str, ...]


_CHANGE, _WITHDRAW, _REOPEN = Act.CHANGE_CONTACT, Act.WITHDRAW, Act.REOPEN
_ADD = Act.ADD_EVIDENCE
_FIRST = ("first_answer", "acceptance")
_RETURN = ("return_answer", "return_close")
_JUDGE = (Act.CONFIRM, Act.OVERRIDE, Act.ASSESS, Act.MESSAGE, _ADD, _CHANGE, _WITHDRAW)
_KEEP = (Act.MESSAGE, _ADD, _CHANGE)


def _visitor(stage: Stage, who: Who, clocks: tuple[str, ...], *acts: Act, doors: str | None = None) -> Row:
    return Row(who, clocks, acts, f"say.visitor.{stage}", doors)


def _officer(stage: Stage, who: Who, clocks: tuple[str, ...], *acts: Act) -> Row:
    return Row(who, clocks, acts, f"say.officer.{stage}")


_VISITOR = (
    _visitor(Stage.REGISTERED, Who.DESK, _FIRST, _ADD, _CHANGE, _WITHDRAW),
    _visitor(Stage.BEING_CHECKED, Who.DESK, _FIRST, _ADD, _CHANGE, _WITHDRAW),
    _visitor(Stage.WAITING_FOR_YOU, Who.VISITOR, (), Act.ANSWER, _ADD, _CHANGE, _WITHDRAW),
    _visitor(Stage.REFUND_AGREED, Who.DESK, ("fast_payment",), Act.OBJECT, _ADD, _CHANGE, _WITHDRAW),
    _visitor(Stage.REFUND_BEING_CONFIRMED, Who.BANK, ("fast_payment",), _ADD, _CHANGE),
    _visitor(Stage.REFUND_SENT, Who.VISITOR, (), Act.SAY_RECEIVED, _ADD, _CHANGE),
    _visitor(Stage.IN_MEDIATION, Who.MEDIATOR, ("mediation",), _ADD, _CHANGE, _WITHDRAW),
    _visitor(Stage.AGREEMENT_REACHED, Who.RESPONDENT, (), _ADD, _CHANGE),
    _visitor(Stage.RETURN_IN_PROGRESS, Who.DESK, _RETURN, _ADD, _CHANGE, _WITHDRAW),
    _visitor(Stage.CLOSED_REFUNDED, Who.NOBODY, (), _REOPEN),
    _visitor(Stage.CLOSED_PERFORMED, Who.NOBODY, (), _REOPEN),
    _visitor(Stage.CLOSED_TERMINATED, Who.NOBODY, (), _REOPEN, doors="say.doors.terminated"),
    _visitor(Stage.CLOSED_REFUSED, Who.NOBODY, (), _REOPEN, doors="say.doors.refused"),
    _visitor(Stage.CLOSED_TRANSFERRED, Who.AGENCY, (), _REOPEN, doors="say.doors.transferred"),
    _visitor(Stage.CLOSED_WITHDRAWN, Who.NOBODY, (), _REOPEN),
)
_OFFICER = (
    _officer(Stage.REGISTERED, Who.DESK, _FIRST, *_JUDGE),
    _officer(Stage.BEING_CHECKED, Who.DESK, _FIRST, *_JUDGE),
    _officer(Stage.WAITING_FOR_YOU, Who.VISITOR, (), Act.ANSWER, *_KEEP, _WITHDRAW),
    _officer(Stage.REFUND_AGREED, Who.DESK, ("fast_payment",), Act.OVERRIDE, *_KEEP, _WITHDRAW),
    _officer(Stage.REFUND_BEING_CONFIRMED, Who.BANK, ("fast_payment",), *_KEEP),
    _officer(Stage.REFUND_SENT, Who.VISITOR, (), *_KEEP),
    _officer(Stage.IN_MEDIATION, Who.MEDIATOR, ("mediation",), Act.OVERRIDE, *_KEEP, _WITHDRAW),
    _officer(Stage.AGREEMENT_REACHED, Who.RESPONDENT, (), *_KEEP),
    _officer(Stage.RETURN_IN_PROGRESS, Who.DESK, _RETURN, *_KEEP, _WITHDRAW),
    _officer(Stage.CLOSED_REFUNDED, Who.NOBODY, (), _REOPEN),
    _officer(Stage.CLOSED_PERFORMED, Who.NOBODY, (), _REOPEN),
    _officer(Stage.CLOSED_TERMINATED, Who.NOBODY, (), _REOPEN),
    _officer(Stage.CLOSED_REFUSED, Who.NOBODY, (), _REOPEN),
    _officer(Stage.CLOSED_TRANSFERRED, Who.AGENCY, (), _REOPEN),
    _officer(Stage.CLOSED_WITHDRAWN, Who.NOBODY, (), _REOPEN),
)


def _stage_of(row: Row) -> Stage:
    return Stage(row.key.rpartition(".")[2])


TABLE: Mapping[tuple[Stage, Audience], Row] = MappingProxyType(
    {
        **{(_stage_of(row), Audience.VISITOR): row for row in _VISITOR},
        **{(_stage_of(row), Audience.OFFICER): row for row in _OFFICER},
    }
)
"""Every (stage, audience) has exactly one row. Source: SPEC 6; visitor acts as in the lifecycle table of SPEC 4."""


def due_of(stage: Stage, running: Mapping[str, datetime]) -> datetime | None:
    """The deadline the sentence names: of the row's clocks the first that runs. `running` maps clock ids to `due_at`."""
    return next((running[clock] for clock in TABLE[stage, Audience.VISITOR].clocks if clock in running), None)


def say(
    stage: Stage,
    audience: Audience,
    language: str,
    *,
    due_at: datetime | None,
    zone: tzinfo,
    now: datetime,
    overdue: bool = False,
    amount: Money | None = None,
    site_phone: str | None = None,
    may_reopen: bool = False,
    reopen_until: datetime | None = None,
    payout_under_way: bool = False,
    said_received: bool = False,
    because: str | None = None,
) -> Said:
    """Tell one reader where a claim stands → who acts next → by when → what they can do.

    `due_at` is the deadline that `due_of` picks and is left out of the sentence where the row has no clock. `amount` is
    what was agreed. `may_reopen` and `reopen_until` are the objection window; `because` is a reason already in words.
    A payout under way takes away objection and override; withdrawing cancels one that is only reserved. Who has said that
    the money came is not asked again. Source: SPEC 4.
    """
    row = TABLE[stage, audience]
    due = due_at if row.clocks else None
    acts = _acts(row, may_reopen=may_reopen, payout_under_way=payout_under_way, said_received=said_received)
    ask = variant("say.ask", language, phone=site_phone)
    of = text("say.of", language, money=figures.money(amount, language)) if amount else ""
    sentence = [_where(row, language, due, zone, now, overdue=overdue, of=of, ask=ask), because]
    if row.doors:
        sentence.append(text(row.doors, language))
    until = figures.by(reopen_until, language, zone=zone, now=now) if reopen_until else None
    sentence.append(_can(audience, language, acts, until))
    between = "" if language == Language.ZH_CN else " "
    return Said(between.join(part for part in sentence if part), row.next.value, due, tuple(act.value for act in acts))


def _where(
    row: Row, language: str, due: datetime | None, zone: tzinfo, now: datetime, *, overdue: bool, of: str, ask: str
) -> str:
    if due is None:
        return text(f"{row.key}.open", language, of=of, ask=ask)
    if overdue:
        return text(f"{row.key}.overdue", language, of=of, ask=ask, at=figures.at(due, language, zone=zone, now=now))
    return text(f"{row.key}.due", language, of=of, ask=ask, by=figures.by(due, language, zone=zone, now=now))


def _acts(row: Row, *, may_reopen: bool, payout_under_way: bool, said_received: bool) -> tuple[Act, ...]:
    barred = {Act.OBJECT, Act.OVERRIDE} if payout_under_way else set()
    if said_received:
        barred.add(Act.SAY_RECEIVED)
    if not may_reopen:
        barred.add(_REOPEN)
    return tuple(act for act in row.acts if act not in barred)


def _can(audience: Audience, language: str, acts: tuple[Act, ...], until: str | None) -> str | None:
    """The last part of the sentence. An officer's next act stands in the sentence itself: only reopening is added.

    A file can be added all the while: that is offered beside the sentence, which must stay short.
    """
    if _REOPEN in acts:
        return variant(f"say.{audience}.reopen", language, until=until)
    spoken = [act for act in acts if act is not _ADD]
    if audience is Audience.OFFICER or not spoken:
        return None
    return text("say.can", language, acts=figures.either([text(f"say.act.{act}", language) for act in spoken], language))
