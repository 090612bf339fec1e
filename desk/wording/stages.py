"""The one table stage × audience: who acts next, by which clock, which acts, and the one sentence for it.

Decides no stage and counts no deadline: `domain.stage` and `domain.clocks` do. Acts are what the stage allows; whether
this reader holds the right is asked of `domain.policy`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import StrEnum
from types import MappingProxyType

from desk.domain.claim import Language
from desk.domain.money import Money
from desk.domain.payout import Method
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


class Turn(StrEnum):
    """What else is known of a claim, and turns the sentence of its stage."""

    ANSWERED = "answered"
    CASH = "cash"
    TAKE = "take"
    SAID_RECEIVED = "said_received"
    GOODS_AWAITED = "goods_awaited"
    GOODS_BACK = "goods_back"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `clocks` are the ids whose deadline the sentence may name: the first that runs counts.

    A row without clocks waits for somebody whom no clock of the desk binds. `acts` stand in the order they are offered.
    `turns` are those that have a sentence of their own here, and who acts next then; `how` says how the money comes.
    """

    next: Who
    clocks: tuple[str, ...]
    acts: tuple[Act, ...]
    key: str
    doors: str | None = None
    turns: Mapping[Turn, Who] = field(default_factory=dict)
    how: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What the reader is told: the sentence, who acts next (a `Who` code), by when (UTC, None when no clock binds), the acts.

    `by_when` is the deadline in words: when the desk opens, where nobody is at the counter until then.
    """

    sentence: str
    next_who: str
    next_due_at: datetime | None
    acts: tuple[str, ...]
    by_when: str | None = None


_CHANGE, _WITHDRAW, _REOPEN = Act.CHANGE_CONTACT, Act.WITHDRAW, Act.REOPEN
_ADD, _RATE = Act.ADD_EVIDENCE, Act.RATE
_FIRST = ("first_answer", "acceptance")
_RETURN = ("return_answer", "return_close")
_JUDGE = (Act.CONFIRM, Act.OVERRIDE, Act.ASSESS, Act.MESSAGE, _ADD, _CHANGE, _WITHDRAW)
_KEEP = (Act.MESSAGE, _ADD, _CHANGE)


def _visitor(
    stage: Stage, who: Who, clocks: tuple[str, ...], *acts: Act,
    doors: str | None = None, turns: Mapping[Turn, Who] | None = None, how: str | None = None,
) -> Row:  # fmt: skip
    return Row(who, clocks, acts, f"say.visitor.{stage}", doors, MappingProxyType(turns or {}), how)


def _officer(
    stage: Stage, who: Who, clocks: tuple[str, ...], *acts: Act, turns: Mapping[Turn, Who] | None = None
) -> Row:  # fmt: skip
    return Row(who, clocks, acts, f"say.officer.{stage}", turns=MappingProxyType(turns or {}))


_BACK = {Turn.ANSWERED: Who.DESK}
_GIVEN = {Turn.CASH: Who.VISITOR, Turn.TAKE: Who.VISITOR, Turn.SAID_RECEIVED: Who.DESK}
_GOODS = {Turn.GOODS_AWAITED: Who.VISITOR, Turn.GOODS_BACK: Who.DESK}
_VISITOR = (
    _visitor(Stage.REGISTERED, Who.DESK, _FIRST, _ADD, _CHANGE, _WITHDRAW, turns=_BACK),
    _visitor(Stage.BEING_CHECKED, Who.DESK, _FIRST, _ADD, _CHANGE, _WITHDRAW, turns=_BACK),
    _visitor(Stage.WAITING_FOR_YOU, Who.VISITOR, (), Act.ANSWER, _ADD, _CHANGE, _WITHDRAW),
    _visitor(Stage.REFUND_AGREED, Who.DESK, ("fast_payment",), Act.OBJECT, _ADD, _CHANGE, _WITHDRAW, how="say.how"),
    _visitor(Stage.REFUND_BEING_CONFIRMED, Who.BANK, ("fast_payment",), _ADD, _CHANGE),
    _visitor(Stage.REFUND_SENT, Who.VISITOR, (), Act.SAY_RECEIVED, _ADD, _CHANGE, turns=_GIVEN),
    _visitor(Stage.IN_MEDIATION, Who.MEDIATOR, ("mediation",), _ADD, _CHANGE, _WITHDRAW),
    _visitor(Stage.AGREEMENT_REACHED, Who.RESPONDENT, (), _ADD, _CHANGE),
    _visitor(Stage.RETURN_IN_PROGRESS, Who.DESK, _RETURN, _ADD, _CHANGE, _WITHDRAW, turns=_GOODS),
    _visitor(Stage.CLOSED_REFUNDED, Who.NOBODY, (), _REOPEN, _RATE),
    _visitor(Stage.CLOSED_PERFORMED, Who.NOBODY, (), _REOPEN, _RATE),
    _visitor(Stage.CLOSED_TERMINATED, Who.NOBODY, (), _REOPEN, _RATE, doors="say.doors.terminated"),
    _visitor(Stage.CLOSED_REFUSED, Who.NOBODY, (), _REOPEN, _RATE, doors="say.doors.refused"),
    _visitor(Stage.CLOSED_TRANSFERRED, Who.AGENCY, (), _REOPEN, _RATE, doors="say.doors.transferred"),
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
    _officer(Stage.RETURN_IN_PROGRESS, Who.DESK, _RETURN, *_KEEP, _WITHDRAW, turns=_GOODS),
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
    opens_at: datetime | None = None,
    amount: Money | None = None,
    site_phone: str | None = None,
    may_reopen: bool = False,
    reopen_until: datetime | None = None,
    may_rate: bool = False,
    payout_under_way: bool = False,
    method: Method | None = None,
    turn: Turn | None = None,
    because: str | None = None,
    on_paper: bool = False,
) -> Said:
    """Tell one reader where a claim stands → who acts next → by when → what they can do.

    `due_at` is the deadline that `due_of` picks and is left out of the sentence where the row has no clock. `opens_at` is
    when the counter opens, where nobody is there until after the deadline: the desk can act then, whatever the clock says.
    `amount` is what was agreed, `method` how a payout is to bring it. `may_reopen` and `reopen_until` are the objection
    window, `may_rate` whether the visitor is asked how it went; `because` is a reason already in words. What is `on_paper`
    names each day by its date.
    A payout under way takes away objection and override; withdrawing cancels one that is only reserved. Who has said that
    the money came is not asked again. Source: SPEC 4.
    """
    row = TABLE[stage, audience]

    def told(how: Callable[..., str], moment: datetime) -> str:
        return how(moment, language, zone=zone, now=now, near=not on_paper)

    due, turned = (due_at if row.clocks else None), (turn if turn in row.turns else None)
    key = f"{row.key}.{turned}" if turned else row.key
    how, by_when = _deadline(due, opens_at if row.next is Who.DESK else None, overdue=overdue, told=told)
    barred = {act for act, may in ((_REOPEN, may_reopen), (_RATE, may_rate)) if not may}
    acts = _acts(row, barred, payout_under_way=payout_under_way, said_received=turn is Turn.SAID_RECEIVED)
    of = text("say.of", language, money=figures.money(amount, language)) if amount else ""
    ask = variant("say.ask", language, phone=site_phone)
    sentence = [text(f"{key}.{how}", language, of=of, ask=ask, by=by_when, at=by_when), because]
    if row.how:
        sentence.append(variant(row.how, language, **({method.value: True} if method else {})))
    if row.doors:
        sentence.append(text(row.doors, language))
    sentence.append(_can(audience, language, acts, told(figures.by, reopen_until) if reopen_until else None))
    between = "" if language == Language.ZH_CN else " "
    who = row.turns[turned] if turned else row.next
    return Said(
        between.join(part for part in sentence if part), who.value, due, tuple(act.value for act in acts), by_when or None
    )  # fmt: skip


def _deadline(due: datetime | None, opens_at: datetime | None, *, overdue: bool, told: Callable[..., str]) -> tuple[str, str]:
    """Which of the row's sentences is true, and the deadline in words."""
    if due is None:
        return "open", ""
    if opens_at:
        return "due", told(figures.once_open, opens_at)
    return ("overdue", told(figures.at, due)) if overdue else ("due", told(figures.by, due))


def _acts(row: Row, barred: set[Act], *, payout_under_way: bool, said_received: bool) -> tuple[Act, ...]:
    if payout_under_way:
        barred |= {Act.OBJECT, Act.OVERRIDE}
    if said_received:
        barred |= {Act.SAY_RECEIVED}
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
