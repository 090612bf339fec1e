"""`desk replay`: past verdicts asked again under another rule pack. Changes no claim."""

from typing import Annotated

import typer

from desk.cli import replay_documents, replay_tables, showing
from desk.cli.packs_diff import find_pack
from desk.cli.replaying import First, Last, Officer, OneSite, end, refuse_both, run_through, window_of
from desk.cli.showing import Csv, Json


def replay(
    pack: Annotated[str, typer.Option(help="The pack to ask under, such as cn-2010 or cn-2026+cn-henan.")],
    site: OneSite = None,
    first: First = None,
    last: Last = None,
    officer: Officer = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Ask the rule again about past claims, under another pack, and show each change and the money it moves.

    A claim counts by its last decision, or proposal of the rule, on the day it was made, and by the facts stored with it.
    Nothing is written.

    Example: desk replay --pack cn-2026+cn-henan --from 2026-10-01 --to 2026-10-07
    """
    refuse_both(as_json, as_csv)
    other, window = find_pack(pack), window_of(site, first, last)
    ran = run_through(window, officer, lambda _: other)
    if as_json:
        showing.document({"pack": other.version, **replay_documents.run_as_json(ran, window)})
    elif as_csv:
        replay_documents.change_lines(ran.replay)
    else:
        replay_tables.show_changes(ran)
    end(ran)
