"""What `desk verify` answers: one finding for each invariant it checked. Checks nothing itself.

A finding names claims by reference and rows by id, never a person.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

NAMED_AT_MOST = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """One invariant of RELIABILITY (b): whether it holds, on how much it was tried, and where it is broken."""

    id: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """Every invariant that was really checked, in the order of their numbers."""

    invariants: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether all of them hold."""
        return all(finding.ok for finding in self.invariants)

    def as_json(self) -> dict[str, Any]:
        """The shape of API.md: `{"ok": …, "invariants": [{"id", "ok", "detail"}]}`."""
        found = [{"id": finding.id, "ok": finding.ok, "detail": finding.detail} for finding in self.invariants]
        return {"ok": self.ok, "invariants": found}


@dataclass(slots=True)
class _Sheet:
    counts: dict[str, int] = field(default_factory=dict)
    named: list[str] = field(default_factory=list)
    faults: int = 0


class Tally:
    """Counts what was checked and what was found, by invariant; keeps only the first faults by name."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._sheets = {invariant: _Sheet() for invariant in sorted(set(ids))}

    def checked(self, invariant: str, unit: str, number: int) -> None:
        """Note that so many more were checked; several functions may count the same unit of one invariant only once."""
        counts = self._sheets[invariant].counts
        counts[unit] = counts.get(unit, 0) + number

    def faults(self, invariant: str, found: Iterable[str]) -> None:
        """Note what is broken."""
        sheet = self._sheets[invariant]
        for fault in found:
            sheet.faults += 1
            if len(sheet.named) < NAMED_AT_MOST:
                sheet.named.append(fault)

    def report(self) -> Report:
        """Close the books."""
        return Report(tuple(_finding(invariant, sheet) for invariant, sheet in self._sheets.items()))


def _finding(invariant: str, sheet: _Sheet) -> Finding:
    checked = ", ".join(f"{number} {unit}" for unit, number in sheet.counts.items()) or "nothing to check"
    if not sheet.faults:
        return Finding(invariant, ok=True, detail=checked)
    more = f"; and {sheet.faults - len(sheet.named)} more" if sheet.faults > len(sheet.named) else ""
    return Finding(invariant, ok=False, detail=f"{checked}; {sheet.faults} broken: {'; '.join(sheet.named)}{more}")
