"""Rule packs: which one holds, what an overlay changes, and what a figure refuses."""

from dataclasses import replace
from datetime import date

import pytest

from desk.domain.money import Money
from desk.domain.pack import ClockRule, Limit, Overlay, RulePack, Source, Unit, is_stricter, overlaid, pack_in_force

TITLE = {"zh-CN": "规则", "en": "rules"}


def clock(name: str = "acceptance", length: int = 2, unit: str = "working_day", source: str = "national") -> ClockRule:
    return ClockRule(name, length, Unit(unit), "lodged", "decided", frozenset(), source, confirmed=False)


def limit(text: str, currency: str = "CNY") -> Limit:
    return Limit("fast_limit", Money.parse(text, currency), "site promise", confirmed=False)


def pack(version: str, begins: date | None, ends: date | None, *clocks: ClockRule) -> RulePack:
    return RulePack(version, TITLE, begins, ends, {"fast_limit": limit("5000.00")}, {one.id: one for one in clocks})


def overlay(*clocks: ClockRule, replaces: frozenset[str] = frozenset(), limits: tuple[Limit, ...] = ()) -> Overlay:
    figures = {one.id: one for one in clocks}
    return Overlay("cn-shandong", TITLE, None, None, {one.id: one for one in limits}, figures, replaces)


OLD = pack("cn-2010", date(2010, 7, 1), date(2026, 3, 14), clock(length=5))
NEW = pack("cn-2026", date(2026, 3, 15), None, clock())


@pytest.mark.parametrize(
    ("day", "version"),
    [
        (date(2009, 1, 1), "cn-2010"),
        (date(2010, 7, 1), "cn-2010"),
        (date(2026, 3, 14), "cn-2010"),
        (date(2026, 3, 15), "cn-2026"),
        (date(2040, 1, 1), "cn-2026"),
    ],
)
def test_a_claim_is_pinned_to_the_pack_in_force_when_it_was_received(day: date, version: str) -> None:
    assert pack_in_force([NEW, OLD], day).version == version


@pytest.mark.parametrize("packs", [[], [OLD]], ids=["no pack", "the last pack has ended"])
def test_no_pack_in_force_is_an_error(packs: list[RulePack]) -> None:
    with pytest.raises(ValueError, match="no pack"):
        pack_in_force(packs, date(2026, 3, 15))


@pytest.mark.parametrize(
    ("national", "provincial", "winner"),
    [
        ((5, "working_day"), (3, "working_day"), "provincial"),
        ((2, "working_day"), (3, "working_day"), "national"),
        ((2, "working_day"), (2, "working_day"), "national"),
        ((60, "day"), (45, "day"), "provincial"),
        ((5, "working_day"), (5, "day"), "provincial"),
        ((5, "working_day"), (7, "day"), "provincial"),
        ((5, "working_day"), (8, "day"), "national"),
        ((10, "day"), (5, "working_day"), "provincial"),
        ((7, "day"), (5, "working_day"), "national"),
        ((2, "hour"), (90, "minute"), "provincial"),
        ((2, "hour"), (120, "minute"), "national"),
        ((1, "day"), (24, "hour"), "provincial"),
        ((24, "hour"), (1, "day"), "national"),
        ((48, "hour"), (1, "working_day"), "national"),
        ((3, "year"), (1000, "day"), "provincial"),
    ],
)
def test_the_stricter_clock_runs(national: tuple[int, str], provincial: tuple[int, str], winner: str) -> None:
    below = pack("cn-2026", None, None, clock("acceptance", *national, "national"))
    result = overlaid(below, overlay(clock("acceptance", *provincial, "provincial")))
    assert result.clocks["acceptance"].source == winner
    assert result.version == "cn-2026+cn-shandong"


def test_two_clocks_are_never_each_stricter_than_the_other() -> None:
    rules = [clock(length=length, unit=unit) for length in (1, 2, 5, 24, 30) for unit in Unit]
    assert not any(is_stricter(left, right) and is_stricter(right, left) for left in rules for right in rules)


def test_an_overlay_that_replaces_wins_even_when_it_is_laxer() -> None:
    laxer = clock(length=9, source="provincial")
    assert overlaid(NEW, overlay(laxer, replaces=frozenset({"acceptance"}))).clocks["acceptance"] == laxer


def test_an_overlay_adds_its_own_clocks_and_leaves_the_rest() -> None:
    result = overlaid(NEW, overlay(clock("pass_on", 3)))
    assert result.clocks.keys() == {"acceptance", "pass_on"}
    assert result.limits == NEW.limits
    assert "pass_on" not in NEW.clocks


@pytest.mark.parametrize(("own", "stands"), [("4999.99", "4999.99"), ("5000.00", "5000.00"), ("8000.00", "5000.00")])
def test_of_two_limits_the_lower_stands(own: str, stands: str) -> None:
    assert overlaid(NEW, overlay(limits=(limit(own),))).limits["fast_limit"].amount.text == stands


def test_a_higher_limit_stands_where_it_replaces() -> None:
    higher = overlay(limits=(limit("8000.00"),), replaces=frozenset({"fast_limit"}))
    assert overlaid(NEW, higher).limits["fast_limit"].amount.text == "8000.00"


def test_limits_in_two_currencies_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="another currency"):
        overlaid(NEW, overlay(limits=(limit("700.00", "EUR"),)))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"id": "tea_break"}, "unknown clock"),
        ({"length": 0}, "length must be a whole number from 1 to 2600"),
        ({"length": True}, "length must be a whole number"),
        ({"length": 2601}, "length must be a whole number"),
        ({"starts": "Lodged!"}, "starts must be the code of an event"),
        ({"stops": ""}, "stops must be the code of an event"),
        ({"pauses": frozenset({"lunch"})}, "unknown reason"),
        ({"pauses": frozenset({"recusal"}), "unit": Unit.YEAR}, "does not pause"),
        ({"source": " "}, "source is empty"),
    ],
)
def test_a_clock_rule_checks_itself(change: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        replace(clock(), **change)  # type: ignore[arg-type] # the wrong types are what is tested


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"version": "CN 2026"}, "version"),
        ({"title": {"en": "rules"}}, "zh-CN and en"),
        ({"title": {"zh-CN": "规则", "en": " "}}, "title is empty"),
        ({"in_force_until": date(2026, 3, 14)}, "before in_force_from"),
        ({"counts": {"tea": 4}, "sources": {"tea": Source("x", confirmed=False)}}, "unknown count"),
        ({"counts": {"collective_window": 4}}, "each count has its source"),
        ({"counts": {"collective_window": 0}, "sources": {"collective_window": Source("x", confirmed=False)}}, "above zero"),
        ({"clocks": {"mediation": clock()}}, "holds the figure acceptance"),
    ],
)
def test_a_pack_checks_itself(change: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        replace(NEW, **change)  # type: ignore[arg-type] # the wrong values are what is tested


def test_a_limit_checks_itself() -> None:
    with pytest.raises(ValueError, match="unknown limit"):
        Limit("slow_limit", Money.parse("1.00", "CNY"), "x", confirmed=False)
    with pytest.raises(ValueError, match="source is empty"):
        replace(limit("1.00"), source="")


def test_an_overlay_replaces_only_what_it_sets() -> None:
    with pytest.raises(ValueError, match="replaces a figure"):
        overlay(replaces=frozenset({"mediation"}))


def test_a_pack_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        NEW.clocks["acceptance"] = clock(length=9)  # type: ignore[index] # refused at run time as well
