"""The way of one claim through the demo's day, act by act, from its lodging to the money. Plans only: nobody is called."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from types import MappingProxyType
from typing import Any

from desk.demo.cast import ASK, CLEAR, DOCKET, FAST, Filed
from desk.domain.money import Money
from desk.wording.catalogue import text

MINUTE = 60
CLOSING = 18 * 3600
SOLO_MINOR, MOST_CASH_MINOR = 20_000, 50_000
PAID_WITHIN = 8 * MINUTE
"""How far the clock runs on at most after a send before the gateway has answered, however fast the day goes."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that somebody does, in seconds since midnight: what (a name in `acts.WAYS`), by whom, to which claim.

    `line` is what the terminal tells of it, `refused` the refusal that is meant to come.
    """

    at: int
    what: str
    by: str = ""
    claim: int = 0
    told: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    line: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """A claim with those who see to it: the clerk, the cashier who proposes, and the second officer."""

    filed: Filed
    clerk: str
    cashier: str
    second: str

    @classmethod
    def of(cls, filed: Filed) -> "Way":
        """By turns, so that no cashier comes near the day's limit and every second officer is one."""
        cashier, other = ("cashier", "cashier2") if filed.number % 2 else ("cashier2", "cashier")
        return cls(
            filed, "intake" if filed.number % 3 else "intake2", cashier, other if filed.number % 3 else "manager"
        )  # fmt: skip

    def act(self, at: int, what: str, by: str = "", **told: Any) -> Act:  # noqa: ANN401 - what a request says
        """An act on this claim."""
        line, refused = told.pop("line", ""), told.pop("refused", "")
        return Act(at, what, by, self.filed.number, told, line, refused)

    def lodged(self, line: str = "") -> Act:
        """The visitor comes."""
        by = "" if self.filed.channel == "poster" else self.clerk
        return self.act(self.filed.at, "lodge", by, body=self.filed.lodging(), line=line)

    def looked_at(self, at: int, rng: Random) -> tuple[list[Act], int]:
        """An officer looks into the matter, writes to some, and confirms what the rule says; the acts, and when it is done."""
        matter, acts = self.filed.matter, []
        if rng.random() < 0.4:  # noqa: PLR2004 - two in five
            acts.append(self.act(at, "write", self.clerk, text=self._words("hello"), question=False))
        asks = matter.route == ASK
        if asks:
            acts.append(self.act(at + MINUTE, "write", self.clerk, text=self._words("question"), question=True))
        acts.append(self.act(at + 2 * MINUTE, "assess", self.clerk, findings=matter.findings))
        done = at + (3 + rng.randrange(3)) * MINUTE
        line = "docketed" if matter.route == DOCKET else ""
        acts.append(self.act(done, "confirm", self.clerk, route=matter.route, line=line))
        return acts, done

    def answered(self, asked_at: int, rng: Random) -> tuple[list[Act], int]:
        """The visitor answers, and the officer finds everything clear."""
        answer_at = asked_at + rng.randrange(6, 20) * MINUTE
        done = answer_at + rng.randrange(3, 8) * MINUTE
        return [
            self.act(answer_at, "answer", text=self._words("answer"), line="answered"),
            self.act(done - MINUTE, "assess", self.clerk, findings=self.filed.matter.whole or CLEAR),
            self.act(done, "confirm", self.clerk, route=FAST),
        ], done

    def proposed(self, at: int, method: str, **expected: str) -> Act:
        """The cashier has the money reserved."""
        payee = {} if method == "cash" else {"payee": {"account": f"wx-demo-{self.filed.number:03d}", "name": self.filed.name}}
        return self.act(at, "propose", self.cashier, body={"method": method, **payee}, amount=self.filed.matter.asked, **expected)

    def paid(self, confirmed_at: int, rng: Random, method: str) -> list[Act]:
        """From the proposal to the money, a second officer between where the sum asks for one; nothing if the day ends before."""
        at = confirmed_at + rng.randrange(2, 6) * MINUTE
        acts = [self.proposed(at, method)]
        if (self.filed.matter.asked or 0) >= SOLO_MINOR:
            at += rng.randrange(2, 5) * MINUTE
            acts.append(self.act(at, "approve", self.second))
        at += rng.randrange(1, 3) * MINUTE
        acts.append(self.act(at, "send", self.cashier, method=method))
        if method != "cash":
            acts.append(self.act(at + PAID_WITHIN, "see_paid", self.cashier, line="paid", amount=self.filed.matter.asked))
        else:
            acts += [self.act(at + MINUTE, "say_received")] if self.filed.number % 2 else []
            acts.append(self.act(at + 2 * MINUTE, "sign_for", self.cashier, line="cash", amount=self.filed.matter.asked))
        return acts if acts[-1].at < CLOSING else []

    def _words(self, key: str) -> str:
        """What is written in this matter, in its visitor's language."""
        return text(f"demo.word.{key}", self.filed.language, merchant=self.filed.matter.respondent[0])


def amount_of(act: Act) -> int:
    """The money that a proposal reserves, in minor units; of any other act nothing."""
    return int(act.told.get("amount") or 0) if act.what == "propose" and not act.refused else 0


def yuan(minor: int) -> dict[str, str]:
    """Money as the API takes it."""
    return {"amount": Money(minor, "CNY").text, "currency": "CNY"}
