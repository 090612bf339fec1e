"""What two packs differ in: nothing with itself, the same read backwards, and the shipped packs to the last field."""

from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from desk.domain.money import Money
from desk.domain.pack import RulePack, Source
from desk.domain.pack_changes import FieldChange, Kind, PackChange, Sort, pack_changes
from desk.packs.loader import load_packs

PACKS = load_packs().versions
OLD, NEW = PACKS["cn-2010"], PACKS["cn-2026"]


def found(before: RulePack, after: RulePack) -> dict[tuple[str, str], tuple[FieldChange, ...]]:
    return {(change.sort, change.id): change.fields for change in pack_changes(before, after)}


@pytest.mark.parametrize("version", PACKS)
def test_a_pack_does_not_differ_from_itself(version: str) -> None:
    assert pack_changes(PACKS[version], replace(PACKS[version], version="another-name")) == ()


def test_backwards_every_change_is_turned_round() -> None:
    for one, other in product(PACKS.values(), repeat=2):
        turned = {Kind.ADDED: Kind.REMOVED, Kind.REMOVED: Kind.ADDED, Kind.CHANGED: Kind.CHANGED}
        there, back = pack_changes(one, other), pack_changes(other, one)
        assert [
            PackChange(c.sort, c.id, turned[c.kind], tuple(FieldChange(f.field, f.after, f.before) for f in c.fields))
            for c in there
        ] == list(back)


def test_the_order_of_2026_changed_these_figures_and_no_other() -> None:
    changes = found(OLD, NEW)
    assert list(changes) == [
        ("pack", "pack"), ("clock", "acceptance"), ("clock", "late_filing"), ("clock", "mediation"),
        ("clock", "respondent_answer"),
    ]  # fmt: skip
    assert changes["pack", "pack"] == (
        FieldChange("in_force_from", date(2010, 7, 1), date(2026, 3, 15)),
        FieldChange("in_force_until", date(2026, 3, 14), None),
        FieldChange("late_filing_refuses", before=True, after=False),
    )
    assert changes["clock", "acceptance"] == (
        FieldChange("length", 5, 2),
        FieldChange("source", "Order 32 Art. 15", "Order 14 (in force 2026-03-15)"),
    )
    assert changes["clock", "respondent_answer"][:2] == (FieldChange("length", 10, 5), FieldChange("unit", "day", "working_day"))
    assert changes["clock", "late_filing"][0] == FieldChange("confirmed", before=True, after=False)
    assert [change.field for change in changes["clock", "mediation"]] == ["source"]


def test_an_overlay_adds_its_own_clock_with_all_its_fields() -> None:
    changes = pack_changes(NEW, PACKS["cn-2026+cn-henan"])
    assert [(change.id, change.kind) for change in changes] == [("mediation", Kind.CHANGED), ("pass_on", Kind.ADDED)]
    assert changes[1].fields[:5] == (
        FieldChange("length", None, 3),
        FieldChange("unit", None, "day"),
        FieldChange("starts", None, "lodged"),
        FieldChange("stops", None, "handed_off"),
        FieldChange("pauses", None, frozenset()),
    )


def test_limits_and_counts_are_compared_too() -> None:
    limits = {**NEW.limits, "fast_limit": replace(NEW.limits["fast_limit"], amount=Money(30_000, "CNY"))}
    counts, sources = {"collective_window": 5}, {"collective_window": Source("a new policy", confirmed=True)}
    changes = pack_changes(NEW, replace(NEW, limits=limits, counts=counts, sources=sources))
    assert changes[0] == PackChange(
        Sort.LIMIT, "fast_limit", Kind.CHANGED, (FieldChange("amount", Money(500_000, "CNY"), Money(30_000, "CNY")),)
    )
    assert [(change.field, change.after) for change in changes[1].fields] == [
        ("number", 5), ("confirmed", True), ("source", "a new policy")
    ]  # fmt: skip
    assert pack_changes(NEW, replace(NEW, counts={}, sources={}))[0].kind is Kind.REMOVED
