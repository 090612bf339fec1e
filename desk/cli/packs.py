"""`desk packs`: the rule packs shipped with the desk, each figure with its source."""

from typing import TYPE_CHECKING, Annotated

import typer

from desk.cli import exits, showing
from desk.cli.packs_diff import diff_packs, find_pack
from desk.cli.showing import Json

if TYPE_CHECKING:
    from desk.domain.pack import RulePack

group = typer.Typer(help="The rule packs: every limit and clock with its source.")
group.command("diff")(diff_packs)
UNCONFIRMED = "unconfirmed"


@group.command("list")
def list_packs(as_json: Json = False) -> None:
    """List the packs, the national ones in order of effect, then what they are with each overlay.

    Example: desk packs list --json
    """
    from desk.wiring import load_packs

    packs = list(load_packs().versions.values())
    if as_json:
        showing.document([_head(pack) for pack in packs])
        return
    spoken = exits.language()
    rows = [(pack.version, pack.title[spoken], pack.in_force_from, pack.in_force_until, _unconfirmed(pack)) for pack in packs]
    showing.table(("version", "title", "from", "until", "unconfirmed figures"), rows)


@group.command("show")
def show_pack(
    version: Annotated[str, typer.Argument(help="Such as cn-2026 or cn-2026+cn-shandong.")], as_json: Json = False
) -> None:
    """Show every figure of a pack with its source; figures that no one has confirmed are marked.

    Example: desk packs show cn-2026
    """
    pack = find_pack(version)
    if as_json:
        showing.document({**_head(pack), "figures": _figures(pack)})
        return
    showing.say(f"{pack.version}: {pack.title[exits.language()]}")
    rows = [
        (each["id"], each["figure"], each["unit"], "" if each["confirmed"] else UNCONFIRMED, each["source"])
        for each in _figures(pack)
    ]
    showing.table(("id", "figure", "unit", "", "source"), rows)


def _head(pack: "RulePack") -> dict[str, object]:
    return {
        "version": pack.version,
        "title": dict(pack.title),
        "in_force_from": pack.in_force_from,
        "in_force_until": pack.in_force_until,
        "late_filing_refuses": pack.late_filing_refuses,
    }


def _figures(pack: "RulePack") -> list[dict[str, object]]:
    """Limits, clocks, counts and alert thresholds, each as id, figure, unit, source and whether somebody confirmed it."""
    from desk.domain.ladder import ladder_to_json

    limits: list[dict[str, object]] = [
        {
            "id": name,
            "figure": limit.amount.text,
            "unit": limit.amount.currency,
            "source": limit.source,
            "confirmed": limit.confirmed,
        }
        for name, limit in pack.limits.items()
    ]
    clocks: list[dict[str, object]] = [
        {
            "id": name, "figure": clock.length, "unit": clock.unit.value, "starts": clock.starts, "stops": clock.stops,
            "pauses": sorted(clock.pauses), "extendable": clock.extendable, "ladder": ladder_to_json(clock.ladder),
            "source": clock.source, "confirmed": clock.confirmed,
        }
        for name, clock in pack.clocks.items()
    ]  # fmt: skip
    counts: list[dict[str, object]] = [
        {
            "id": name,
            "figure": number,
            "unit": "claims" if name == "collective_window" else "people",
            "source": pack.sources[name].text,
            "confirmed": pack.sources[name].confirmed,
        }
        for name, number in pack.counts.items()
    ]
    alerts: list[dict[str, object]] = [
        {
            "id": f"alert.{level.value}.{name}", "figure": figure, "unit": "percent" if name == "growth" else "number",
            "tells": sorted(rule.tells), "task": rule.task.value, "minutes": rule.minutes, "source": rule.source,
            "confirmed": rule.confirmed,
        }
        for level, rule in pack.alerts.items()
        for name, figure in rule.figures.items()
    ]  # fmt: skip
    return [*limits, *clocks, *counts, *alerts]


def _unconfirmed(pack: "RulePack") -> int:
    return sum(not each["confirmed"] for each in _figures(pack))
