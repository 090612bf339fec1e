"""Figures of a run: what was measured round by round, its medians, ratios and floors, and how they are printed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from tests.bench.load import Load


@dataclass
class Ratio:
    """Ours ÷ the yardstick's, both per second and measured in turn; the ratio is the median of the rounds' ratios."""

    name: str
    yardstick: str
    floor: float | None = None
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)

    @property
    def value(self) -> float:
        """The median ratio."""
        return median(ours / theirs for ours, theirs in zip(self.ours, self.theirs, strict=True))

    @property
    def passed(self) -> bool:
        """At or above the floor, or without one."""
        return self.floor is None or self.value >= self.floor

    def told(self) -> str:
        """One line."""
        floor = "" if self.floor is None else f"   floor {self.floor:.2f}   {'pass' if self.passed else 'BELOW'}"
        both = f"{median(self.ours):>8,.0f}/s ÷ {median(self.theirs):>8,.0f}/s {self.yardstick:<36}"
        return f"  {self.name:<22}{both}= {self.value:.2f}{floor}"

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "name": self.name, "yardstick": self.yardstick, "ours": self.ours, "theirs": self.theirs,
            "ratio": round(self.value, 3), "floor": self.floor, "passed": self.passed,
        }  # fmt: skip


@dataclass
class Waits:
    """How long answers took, and how many were wrong. `most_ms` bounds the median p99; errors and losses must be 0."""

    name: str
    most_ms: float | None = None
    loads: list[Load] = field(default_factory=list)
    lost: int = 0

    @property
    def errors(self) -> int:
        """Answers other than the one that was due, over all rounds."""
        return sum(load.errors for load in self.loads)

    @property
    def passed(self) -> bool:
        """Quick enough."""
        return self.most_ms is None or self._p99 < self.most_ms

    @property
    def sound(self) -> bool:
        """No error, and every lodging that was answered is stored."""
        return self.errors == 0 and self.lost == 0

    @property
    def _p99(self) -> float:
        return median(load.p99_ms for load in self.loads)

    def told(self) -> str:
        """One line."""
        rate, p50 = median(load.rate for load in self.loads), median(load.p50_ms for load in self.loads)
        bound = "" if self.most_ms is None else f"   p99 bound {self.most_ms:.0f} ms   {'pass' if self.passed else 'ABOVE'}"
        wrong = f"errors {self.errors}, lost {self.lost}{'' if self.sound else '   WRONG'}"
        return f"  {self.name:<22}{rate:>8,.0f}/s   p50 {p50:.1f} ms   p99 {self._p99:.1f} ms   {wrong}{bound}"

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "name": self.name, "rates": [load.rate for load in self.loads], "p50_ms": [load.p50_ms for load in self.loads],
            "p99_ms": [load.p99_ms for load in self.loads], "errors": self.errors, "lost": self.lost, "passed": self.passed,
        }  # fmt: skip


@dataclass
class Growth:
    """How much longer one request takes on many claims than on few; the ratio is the median of the rounds' ratios."""

    name: str
    most: float
    few: list[Load] = field(default_factory=list)
    many: list[Load] = field(default_factory=list)

    @property
    def value(self) -> float:
        """The median ratio of the medians."""
        return median(many.p50_ms / few.p50_ms for few, many in zip(self.few, self.many, strict=True))

    @property
    def passed(self) -> bool:
        """At or below the bound."""
        return self.value <= self.most

    @property
    def sound(self) -> bool:
        """No request was refused."""
        return not any(load.errors for load in (*self.few, *self.many))

    def told(self) -> str:
        """One line."""
        few, many = median(load.p50_ms for load in self.few), median(load.p50_ms for load in self.many)
        bound = f"   at most {self.most:.1f}   {'pass' if self.passed else 'ABOVE'}{'' if self.sound else '   WRONG'}"
        return f"  {self.name:<26}p50 {many:>7.3f} ms ÷ {few:>7.3f} ms = {self.value:.2f}{bound}"

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "name": self.name, "few_ms": [load.p50_ms for load in self.few], "many_ms": [load.p50_ms for load in self.many],
            "ratio": round(self.value, 3), "most": self.most, "passed": self.passed,
        }  # fmt: skip


@dataclass(frozen=True)
class Report:
    """One engine."""

    engine: str
    notes: Sequence[str]
    figures: Sequence[Ratio | Waits | Growth]

    @property
    def sound(self) -> bool:
        """Nothing was answered wrongly and nothing answered was lost."""
        return all(one.sound for one in self.figures if isinstance(one, Waits | Growth))

    @property
    def passed(self) -> bool:
        """Every floor and bound holds."""
        return all(one.passed for one in self.figures)

    def told(self) -> str:
        """The table of this engine."""
        return "\n".join([self.engine, *(f"  {note}" for note in self.notes), *(one.told() for one in self.figures)])

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {"engine": self.engine, "notes": list(self.notes), "figures": [one.document() for one in self.figures]}
