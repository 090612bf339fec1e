"""The world outside the desk in the money model: a gateway that keeps its own count of what it paid. Knows no desk.

It honours keys as it was declared to, for 24 hours and not a moment longer: a key it has forgotten it pays once more. What
reaches it does so while the call lasts; answers get lost on their way back.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from desk.domain.payout import Heard
from desk.ports import Word

MEMORY = timedelta(hours=24)
CALLS = (
    "settled", "settled, answer lost", "awaiting_visitor", "awaiting_visitor, answer lost", "failed", "failed, answer lost",
    "lost on the way", "never_left",
)  # fmt: skip
"""How a call may go."""

ANSWERS = ("true", "true", "no answer", "blind")
"""How a question may be answered."""


@dataclass
class Kept:
    """What the gateway did with a key, when it met it first, and whether the visitor was to come for it."""

    since: datetime
    outcome: Heard
    awaited: bool


@dataclass
class World:
    """The gateway's ledger, and the cash that visitors took home."""

    honours_keys: bool
    kept: dict[str, Kept] = field(default_factory=dict)
    paid: Counter[str] = field(default_factory=Counter)

    def call(self, key: str, how: str, now: datetime) -> Word:
        """Ask it to pay; returns what the desk hears."""
        wanted, _, lost = how.partition(", ")
        if wanted == Heard.NEVER_LEFT:
            return Word(Heard.NEVER_LEFT, None, "refused")
        if wanted == "lost on the way":
            return Word(Heard.UNCLEAR, None, "timeout")
        outcome = self._pay(key, Heard(wanted), now)
        return Word(Heard.UNCLEAR, None, "timeout") if lost else Word(outcome, f"gw-{key}", "")

    def find(self, key: str, how: str, now: datetime) -> Word:
        """What it says of a key; it has never seen what it has forgotten, nor what it does not find just now."""
        if how == "no answer":
            return Word(Heard.UNCLEAR, None, "timeout")
        if self._remembers(key, now) and how != "blind":
            return Word(self.kept[key].outcome, f"gw-{key}", "")
        return Word(Heard.NEVER_SEEN, None, "")

    def collect(self, key: str, *, taken: bool) -> None:
        """The visitor takes what awaits them, or lets it go back."""
        self.kept[key].outcome = Heard.SETTLED if taken else Heard.FAILED
        self.paid[key] += taken

    def awaits(self, key: str) -> bool:
        """Whether the visitor may still take it."""
        return key in self.kept and self.kept[key].outcome is Heard.AWAITING_VISITOR

    def _pay(self, key: str, wanted: Heard, now: datetime) -> Heard:
        if self.honours_keys and self._remembers(key, now):
            return self.kept[key].outcome
        self.kept[key] = Kept(now, wanted, wanted is Heard.AWAITING_VISITOR)
        self.paid[key] += wanted is Heard.SETTLED
        return wanted

    def _remembers(self, key: str, now: datetime) -> bool:
        return key in self.kept and now - self.kept[key].since < MEMORY
