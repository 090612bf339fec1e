"""Reads the rule packs and pins claims to them. Judges nothing and knows no figure.

A bad pack file is refused when it is loaded, in one line that names file, key and reason.
"""

import importlib.resources
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources.abc import Traversable
from itertools import pairwise
from types import MappingProxyType
from typing import Final, NoReturn, TypeVar

from desk.domain.alerts import FIGURES, AlertRule, Level, Task
from desk.domain.ladder import rung_of
from desk.domain.money import Money
from desk.domain.pack import (
    CLOCK_IDS,
    COUNT_IDS,
    LIMIT_IDS,
    ClockRule,
    Limit,
    Overlay,
    RulePack,
    Source,
    Unit,
    overlaid,
    pack_in_force,
)
from desk.domain.policy import Role

_Made = TypeVar("_Made")
_Asked = TypeVar("_Asked")
_KINDS: Final = {int: "a whole number", str: "text", bool: "true or false", date: "a date", list: "a list", dict: "a table"}


class PackError(ValueError):
    """A pack file that cannot be used; the message is one line."""

    def __init__(self, file: str, key: str, reason: str) -> None:
        super().__init__(f"{file}: {key}: {' '.join(reason.split())}")
        self.file, self.key, self.reason = file, key, reason


@dataclass(frozen=True, slots=True)
class Packs:
    """Every pack of a folder. `national` is in order of effect; `overlays` and all combinations are found by version."""

    national: tuple[RulePack, ...]
    overlays: Mapping[str, Overlay]
    versions: Mapping[str, RulePack]

    def for_claim(self, received_on: date, overlay: str | None) -> RulePack:
        """The pack in force when the claim was received, with the site's overlay while that is in force.

        `received_on` is a date at the site; before the first pack the earliest one. Raises KeyError for an unknown overlay.
        """
        pack = pack_in_force(self.national, received_on)
        if overlay is None or not self.overlays[overlay].is_in_force(received_on):
            return pack
        return self.versions[f"{pack.version}+{overlay}"]

    def by_version(self, version: str) -> RulePack:
        """The pack a claim was pinned to, such as "cn-2026" or "cn-2026+cn-shandong". Raises KeyError for an unknown one."""
        return self.versions[version]


def load_packs(folder: Traversable | None = None) -> Packs:
    """Read every `*.toml` of the folder, by default the packs shipped with the desk.

    Raises PackError for a bad file, overlapping or missing dates, or an overlay that does not fit a national pack.
    """
    return _shipped() if folder is None else _packs_in(folder)


@cache
def _shipped() -> Packs:
    """Read once a process: what is shipped does not change under it."""
    return _packs_in(importlib.resources.files("desk.packs"))


def _packs_in(folder: Traversable) -> Packs:
    files = folder.iterdir()
    tables = [_read(file) for file in sorted(files, key=lambda file: file.name) if file.name.endswith(".toml")]
    national = [_national(table) for table in tables if table.kind == "national"]
    overlays = [_overlay(table) for table in tables if table.kind == "overlay"]
    ordered = _in_order(national)
    combined = [_combined(pack, overlay) for pack in ordered for overlay in overlays]
    versions = {pack.version: pack for pack in (*ordered, *combined)}
    return Packs(ordered, MappingProxyType({one.version: one for one in overlays}), MappingProxyType(versions))


class _Table:
    """One table of a pack file: hands out each key once, checked, and refuses what is left over."""

    def __init__(self, file: str, path: str, values: dict[str, object], kind: str = "") -> None:
        self.file, self.path, self.kind = file, path, kind
        self._left = dict(values)

    def key(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def refuse(self, name: str, reason: str) -> NoReturn:
        _refuse(self.file, self.key(name) if name else self.path or "version", reason)

    def take(self, name: str, kind: type[_Asked]) -> _Asked:
        """The value of a key that must be there; exactly of its type, so that `true` is no number."""
        if name not in self._left:
            self.refuse(name, "is missing")
        value = self._left.pop(name)
        if not isinstance(value, kind) or type(value) is not kind:
            self.refuse(name, f"must be {_KINDS[kind]}")
        return value

    def find(self, name: str, kind: type[_Asked], otherwise: _Asked) -> _Asked:
        return self.take(name, kind) if name in self._left else otherwise

    def date(self, name: str) -> date | None:
        return self.take(name, date) if name in self._left else None

    def texts(self, name: str) -> frozenset[str]:
        values = self.take(name, list)
        if not all(isinstance(value, str) for value in values):
            self.refuse(name, "must be a list of texts")
        return frozenset(values)

    def tables(self, name: str) -> dict[str, "_Table"]:
        values = self.find(name, dict, {})
        for inner, value in values.items():
            if not isinstance(value, dict):
                self.refuse(f"{name}.{inner}", "must be a table")
        return {inner: _Table(self.file, self.key(f"{name}.{inner}"), value) for inner, value in values.items()}

    def make(self, build: Callable[[], _Made]) -> _Made:
        """Build the object once every key is used; the domain's own refusal becomes one of this file."""
        for name in self._left:
            self.refuse(name, "is no such key")
        try:
            return build()
        except ValueError as problem:
            self.refuse("", str(problem))


def _read(file: Traversable) -> _Table:
    try:
        values = tomllib.loads(file.read_bytes().decode("utf-8"))
    except ValueError as problem:  # not TOML, or not UTF-8
        raise PackError(file.name, "file", str(problem)) from problem
    table = _Table(file.name, "", values)
    table.kind = table.take("kind", str)
    if table.kind not in {"national", "overlay"}:
        table.refuse("kind", 'must be "national" or "overlay"')
    return table


def _national(table: _Table) -> RulePack:
    version, title = _version(table), _title(table)
    begins, ends = table.date("in_force_from"), table.date("in_force_until")
    refuses = table.take("late_filing_refuses", bool)
    parts = {name: table.tables(name) for name in ("limits", "clocks", "counts", "alerts")}
    for name, known in (("limits", LIMIT_IDS), ("clocks", CLOCK_IDS), ("counts", COUNT_IDS), ("alerts", frozenset(Level))):
        for missing in sorted(known - parts[name].keys()):
            table.refuse(f"{name}.{missing}", "is missing")
    limits = {name: _limit(name, part) for name, part in parts["limits"].items()}
    clocks = {name: _clock(name, part) for name, part in parts["clocks"].items()}
    counts = {name: _count(part) for name, part in parts["counts"].items()}
    numbers = {name: number for name, (number, _) in counts.items()}
    sources = {name: source for name, (_, source) in counts.items()}
    alerts = {rule.level: rule for rule in (_alert(name, part) for name, part in parts["alerts"].items())}
    return table.make(lambda: RulePack(version, title, begins, ends, limits, clocks, numbers, refuses, sources, alerts))


def _overlay(table: _Table) -> Overlay:
    version, title = _version(table), _title(table)
    begins, ends = table.date("in_force_from"), table.date("in_force_until")
    parts = {name: table.tables(name) for name in ("limits", "clocks")}
    # The flag is read first, because a figure refuses the keys it does not know.
    replaces = {
        name for part in parts.values() for name, figure in part.items() if figure.find("replaces", bool, otherwise=False)
    }
    limits = {name: _limit(name, part) for name, part in parts["limits"].items()}
    clocks = {name: _clock(name, part) for name, part in parts["clocks"].items()}
    return table.make(lambda: Overlay(version, title, begins, ends, limits, clocks, frozenset(replaces)))


def _version(table: _Table) -> str:
    version = table.take("version", str)
    if f"{version}.toml" != table.file:
        table.refuse("version", "must be the name of the file")
    return version


def _title(table: _Table) -> dict[str, str]:
    title = table.take("title", dict)
    for language, text in title.items():
        if not isinstance(text, str):
            table.refuse(f"title.{language}", "must be text")
    return title


def _limit(name: str, table: _Table) -> Limit:
    text, currency = table.take("amount", str), table.take("currency", str)
    source, confirmed = table.take("source", str), table.take("confirmed", bool)
    return table.make(lambda: Limit(name, Money.parse(text, currency), source, confirmed))


def _clock(name: str, table: _Table) -> ClockRule:
    length, unit = table.take("length", int), table.take("unit", str)
    starts, stops, pauses = table.take("starts", str), table.take("stops", str), table.texts("pauses")
    source, confirmed = table.take("source", str), table.take("confirmed", bool)
    extendable, ladder = table.find("extendable", int, 0), table.find("ladder", list, [])
    if unit not in set(Unit):
        table.refuse("unit", f"must be one of {', '.join(Unit)}")
    if not all(isinstance(rung, dict) for rung in ladder):
        table.refuse("ladder", "must be a list of tables")
    return table.make(
        lambda: ClockRule(
            name,
            length,
            Unit(unit),
            starts,
            stops,
            pauses,
            source,
            confirmed,
            extendable,
            tuple(rung_of(rung) for rung in ladder),
        )
    )


def _count(table: _Table) -> tuple[int, Source]:
    number, source = table.take("number", int), table.take("source", str)
    confirmed = table.take("confirmed", bool)
    if not source.strip():
        table.refuse("source", "is empty")
    return table.make(lambda: (number, Source(source, confirmed)))


def _alert(name: str, table: _Table) -> AlertRule:
    if name not in set(Level):
        table.refuse("", "is no alert level")
    figures = {figure: table.take(figure, int) for figure in sorted(FIGURES[Level(name)])}
    tells, task, minutes = table.texts("tells"), table.take("task", str), table.take("minutes", int)
    source, confirmed = table.take("source", str), table.take("confirmed", bool)
    return table.make(
        lambda: AlertRule(Level(name), figures, frozenset(Role(role) for role in tells), Task(task), minutes, source, confirmed)
    )


def _in_order(packs: list[RulePack]) -> tuple[RulePack, ...]:
    """National packs by date; each begins the day after the one before it ends."""
    if not packs:
        _refuse("*.toml", "kind", "there is no national pack in the folder")
    ordered = sorted(packs, key=lambda pack: pack.in_force_from or date.min)
    for before, after in pairwise(ordered):
        ends, begins = before.in_force_until, after.in_force_from
        if ends is None or begins is None or begins != ends + timedelta(days=1):
            _refuse(f"{after.version}.toml", "in_force_from", f"must be the day after {before.version} ends")
    return tuple(ordered)


def _combined(pack: RulePack, overlay: Overlay) -> RulePack:
    try:
        return overlaid(pack, overlay)
    except ValueError as problem:
        _refuse(f"{overlay.version}.toml", "limits", str(problem))


def _refuse(file: str, key: str, reason: str) -> NoReturn:
    raise PackError(file, key, reason)
