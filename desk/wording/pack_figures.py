"""The figures of rule packs in words: what each is called, what its fields hold. Compares nothing: `domain.pack_changes` does."""

from collections.abc import Mapping
from datetime import date

from desk.domain.ladder import Rung
from desk.domain.money import Money
from desk.domain.pack_changes import PackChange, Sort, Value
from desk.wording import figures
from desk.wording.catalogue import text
from desk.wording.labels import label

FIELDS: Mapping[str, str] = {
    "in_force_from": "pack.in_force_from", "in_force_until": "pack.in_force_until",
    "late_filing_refuses": "pack.late_filing_refuses", "amount": "pack.amount", "length": "pack.length", "unit": "pack.unit",
    "starts": "pack.starts", "stops": "pack.stops", "pauses": "pack.pauses", "number": "pack.number",
    "extendable": "pack.extendable", "ladder": "pack.ladder",
    "claims": "pack.alert.claims", "missed": "pack.alert.missed", "injury": "pack.alert.injury", "growth": "pack.alert.growth",
    "week_claims": "pack.alert.week_claims", "sites": "pack.alert.sites", "cause_claims": "pack.alert.cause_claims",
    "safety": "pack.alert.safety", "incident": "pack.alert.incident",
    "tells": "pack.alert.tells", "task": "pack.alert.task", "minutes": "pack.alert.minutes",
    "confirmed": "pack.confirmed", "source": "pack.source",
}  # fmt: skip
"""Every field that two packs can differ in."""

UNITS: Mapping[str, str] = {
    "minute": "pack.unit.minute", "hour": "pack.unit.hour", "day": "pack.unit.day", "working_day": "pack.unit.working_day",
    "year": "pack.unit.year",
}  # fmt: skip

KINDS: Mapping[str, str] = {"added": "pack.added", "removed": "pack.removed", "changed": "pack.changed"}


def name_of(change: PackChange, language: str) -> str:
    """What a figure is called; of the pack itself, that it is the pack."""
    if change.sort is Sort.PACK:
        return text("pack.itself", language)
    return label("alert" if change.sort is Sort.ALERT else "clock", change.id, language)


def field_text(field: str, value: Value, language: str) -> str:
    """What a field holds. Events are told by their codes, as packs write them; what is not there is a dash."""
    if value is None:
        return "–"
    if isinstance(value, frozenset):
        family = "role" if field == "tells" else "pause"
        return figures.all_of([label(family, each, language) for each in sorted(value)], language) or "–"
    if isinstance(value, tuple):
        return figures.all_of([_rung(rung, language) for rung in value], language) or "–"
    if isinstance(value, bool):
        return label("answer", "yes" if value else "no", language)
    return text(UNITS[str(value)], language) if field == "unit" else _plain(field, value, language)


def _plain(field: str, value: Money | date | int | str, language: str) -> str:
    if field == "task":
        return label("alert_task", str(value), language)
    if isinstance(value, Money):
        return figures.money(value, language)
    return value.isoformat() if isinstance(value, date) else str(value)


def _rung(rung: Rung, language: str) -> str:
    told = figures.all_of([label("role", role, language) for role in sorted(rung.tells)], language)
    return text("pack.rung", language, minutes=f"{rung.minutes:+d}", told=told)
