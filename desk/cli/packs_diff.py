"""`desk packs diff` and how a pack is found by its name."""

from typing import TYPE_CHECKING, Annotated

import typer

from desk.cli import exits, showing
from desk.cli.exits import Exit, Failure
from desk.cli.showing import Json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desk.domain.pack import RulePack
    from desk.domain.pack_changes import PackChange, Value


def find_pack(version: str) -> "RulePack":
    """The pack of this version, with its overlay where it names one. Fails with 3 for one that is not shipped."""
    from desk.wiring import load_packs

    packs = load_packs().versions
    if version not in packs:
        raise Failure(Exit.NOT_FOUND, f"there is no pack {version}: `desk packs list` shows them")
    return packs[version]


def diff_packs(
    before: Annotated[str, typer.Argument(help="Such as cn-2010.")],
    after: Annotated[str, typer.Argument(help="Such as cn-2026, or cn-2026+cn-henan.")],
    as_json: Json = False,
) -> None:
    """Show every figure in which two packs differ: limits, clocks, counts, dates in force, sources.

    Example: desk packs diff cn-2010 cn-2026
    """
    from desk.domain.pack_changes import pack_changes

    one, other = find_pack(before), find_pack(after)
    changes = pack_changes(one, other)
    if as_json:
        showing.document({"before": one.version, "after": other.version, "changes": [_as_json(change) for change in changes]})
    else:
        _tell(one, other, changes)


def _tell(one: "RulePack", other: "RulePack", changes: "Sequence[PackChange]") -> None:
    from desk.wording.catalogue import text
    from desk.wording.pack_figures import FIELDS, KINDS, field_text, name_of

    spoken = exits.language()
    if not changes:
        showing.result(text("pack.same", spoken, before=one.version, after=other.version))
        return
    columns = ("id", *(text(key, spoken) for key in ("pack.figure", "pack.change", "pack.field")), one.version, other.version)
    rows = [
        (
            change.id, name_of(change, spoken), text(KINDS[change.kind], spoken), text(FIELDS[each.field], spoken),
            field_text(each.field, each.before, spoken), field_text(each.field, each.after, spoken),
        )
        for change in changes
        for each in change.fields
    ]  # fmt: skip
    showing.table(columns, rows)


def _as_json(change: "PackChange") -> dict[str, object]:
    fields = [{"field": each.field, "before": _plain(each.before), "after": _plain(each.after)} for each in change.fields]
    return {"sort": change.sort.value, "id": change.id, "change": change.kind.value, "fields": fields}


def _plain(value: "Value") -> object:
    from desk.domain.ladder import ladder_to_json
    from desk.domain.money import Money

    if isinstance(value, tuple):
        return ladder_to_json(value)
    return {"amount": value.text, "currency": value.currency} if isinstance(value, Money) else value
