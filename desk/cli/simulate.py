"""`desk simulate`: past verdicts asked again with some figures changed, and what the fund would have paid. Changes no claim."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from desk.cli import exits, replay_documents, replay_tables, showing
from desk.cli.exits import Exit, Failure
from desk.cli.replaying import First, Last, Officer, OneSite, end, refuse_both, run_through, window_of
from desk.cli.showing import Csv, Json

if TYPE_CHECKING:
    from desk.domain.pack import RulePack
    from desk.domain.replaying import PastVerdict

NEAR = 3


def simulate(
    what_if: Annotated[list[str], typer.Option("--what-if", help="A figure and its value, as fast_limit=300.00; several times.")],
    site: OneSite = None,
    first: First = None,
    last: Last = None,
    officer: Officer = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Show what the fund would have paid each day, had a figure been another: fast_limit, late_filing, late_filing_refuses.

    Each claim is judged under the pack it was pinned to, with that figure changed; all else is as for `desk replay`. These are
    words of the rule, not what officers would have confirmed. Nothing is written.

    Example: desk simulate --what-if fast_limit=300.00 --from 2026-10-01 --to 2026-10-07
    """
    from desk.wording.catalogue import text

    refuse_both(as_json, as_csv)
    window, wishes = window_of(site, first, last), _wishes(what_if)
    packs, note = _imagined(wishes), text("simulate.note", exits.language())

    def pack_for(past: "PastVerdict") -> "RulePack":
        if past.pack not in packs:
            raise Failure(
                Exit.FAILED, f"{past.reference} is pinned to a pack that this desk does not have: `desk verify` tells more"
            )
        return packs[past.pack]

    ran = run_through(window, officer, pack_for)
    if as_json:
        told = {"what_if": wishes, "note": note, **replay_documents.run_as_json(ran, window)}
        showing.document({**told, "currencies": replay_documents.days_as_json(ran.replay)})
    elif as_csv:
        replay_documents.day_lines(ran.replay)
        showing.say(note)
    else:
        replay_tables.show_changes(ran)
        replay_tables.show_days(ran.replay)
        showing.result(f"\n{note}")
    end(ran)


def _wishes(texts: Sequence[str]) -> dict[str, str]:
    """The figures by name. Fails with 2, naming what is near, for a name that no pack has or that decides nothing."""
    from desk.domain.what_if import DECIDES
    from desk.wording.catalogue import text

    wishes, spoken = dict[str, str](), exits.language()
    for name, given, value in (each.partition("=") for each in texts):
        if not given or name in wishes:
            raise Failure(Exit.USAGE, text("simulate.once", spoken))
        if name not in DECIDES:
            raise Failure(Exit.USAGE, _not_a_figure(name, spoken))
        wishes[name] = value
    return wishes


def _not_a_figure(name: str, spoken: str) -> str:
    from difflib import get_close_matches

    from desk.domain.pack import COUNT_IDS, LIMIT_IDS, OVERLAY_CLOCK_IDS
    from desk.domain.what_if import DECIDES
    from desk.wording.catalogue import text
    from desk.wording.figures import either

    deciding = either(list(DECIDES), spoken)
    known = LIMIT_IDS | OVERLAY_CLOCK_IDS | COUNT_IDS
    if name in known:
        return text("simulate.decides_nothing", spoken, name=name, deciding=deciding)
    if near := get_close_matches(name, DECIDES, n=NEAR) or get_close_matches(name, sorted(known), n=NEAR):
        return text("simulate.no_such_near", spoken, near=either(near, spoken))
    return text("simulate.no_such", spoken, deciding=deciding)


def _imagined(wishes: dict[str, str]) -> dict[str, "RulePack"]:
    """Every pack with these figures, by the version it has without them."""
    from desk.domain.what_if import imagined
    from desk.wiring import load_packs

    return {version: imagined(pack, wishes) for version, pack in load_packs().versions.items()}
