"""How long a sentence is to its reader, and every text a visitor may be shown, filled with the longest figures."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from zoneinfo import ZoneInfo

from desk.domain.errors import DeskError
from desk.domain.money import Money
from desk.domain.payout import Method
from desk.domain.returns import ReturnReason
from desk.domain.stage import Stage
from desk.wording import history, reasons, refusals
from desk.wording.labels import MISSING
from desk.wording.stages import TABLE, Audience, Said, say

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 12, 30, 6, 23, tzinfo=UTC)
LONG_DUE = datetime(2027, 1, 13, 10, 45, tzinfo=UTC)  # another year, a Wednesday: the longest a date gets
MONEY = Money(500_000_000, "CNY")
PHONE = "+86 559 2586 1234"
_PARTS = re.compile(r"[一-鿿]|[^\s一-鿿，。；：、！？（）…]+")
_CLAUSE_ENDS = re.compile(r"[，。；：、！？（）…]")
_SENTENCE_ENDS = re.compile(r"[.:;!?](?:\s|$)")


def half_width_marks(chinese: str) -> list[str]:
    """Latin punctuation right beside a Chinese character, where a full-width mark belongs."""
    return re.findall(r"[一-鿿][,.;:!?()]|[,;!?()][一-鿿]", chinese)


def longest_clause(chinese: str) -> int:
    """The length of the longest clause: a Chinese character counts one, and so does a number or a Latin word."""
    return max(len(_PARTS.findall(clause)) for clause in _CLAUSE_ENDS.split(chinese))


def longest_sentence(english: str) -> int:
    """The words of the longest sentence; a colon or semicolon ends one as a full stop does."""
    return max(len(sentence.split()) for sentence in _SENTENCE_ENDS.split(english))


def statuses(language: str) -> Iterator[tuple[str, Said]]:
    """Every status sentence there is: stage, audience, with and without deadline, phone, sum and ways back, and its turns."""
    cases = product(Stage, Audience, ((None, False), (LONG_DUE, False), (NOW, True)), (None, MONEY), (None, PHONE), (False, True))
    for stage, audience, (due, overdue), amount, phone, flag in cases:
        until, row = LONG_DUE if flag and amount else None, TABLE[stage, audience]
        for turn, method in (*((turn, None) for turn in (None, *row.turns)), *((None, method) for method in Method if row.how)):
            said = say(
                stage, audience, language, due_at=due, zone=ZONE, now=NOW, overdue=overdue, amount=amount, site_phone=phone,
                may_reopen=flag, reopen_until=until, may_rate=not flag, payout_under_way=flag, turn=turn, method=method,
                opens_at=LONG_DUE if flag and not phone and audience is Audience.VISITOR else None,
            )  # fmt: skip
            yield row.key, said


def explanations(language: str) -> Iterator[str]:
    """Every reason, door, refusal, field problem and line of history."""
    for code in reasons.REASONS:
        yield reasons.reason_text(code, language)
        yield reasons.reason_text(code, language, figure="5000000.00 CNY", limit="5000.00 CNY")
        yield reasons.reason_text(code, language, figure="2027-01-13", limit="2026-10-14")
    for reason in ReturnReason:
        yield reasons.return_reason_text(reason, language)
        yield reasons.return_reason_text(reason, language, figure="2027-01-13", limit="2026-10-14")
    yield from (door.text for door in reasons.other_doors(language))
    yield reasons.still_missing(MISSING, language)
    yield from _refused(language)
    for kind, step in history.VISITOR_EVENTS:
        yield history.line(kind, step, language)
        yield history.line(kind, step, language, amount=MONEY)
        yield history.line(kind, step, language, said="…")


def refusal_codes() -> set[str]:
    """The code of every refusal of the house, grandchildren included, and of the edge."""
    return {kind.code for kind in _descendants()} | set(refusals.WEB_REFUSALS)


def _refused(language: str) -> Iterator[str]:
    for code in sorted(refusal_codes()):
        yield refusals.title(code, language)
        yield refusals.detail(code, language)
        yield refusals.detail(code, language, {"retry_after": 3600})
    for code, name in product(refusals.PROBLEMS, ("limit", "currency", "allowed")):
        yield refusals.problem(code, language)
        yield refusals.problem(code, language, {name: ["yes", "no", "unknown"] if name == "allowed" else 4000})


def _descendants() -> Iterator[type[DeskError]]:
    waiting = [DeskError]
    while waiting:
        kind = waiting.pop()
        yield kind
        waiting.extend(kind.__subclasses__())
