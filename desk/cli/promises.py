"""`desk promises`: what became of a site's promises, always in the name of an officer. Changes nothing."""

import sys
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from desk.cli import session, showing
from desk.cli.claims import As
from desk.cli.exits import language
from desk.cli.showing import Csv, Json

if TYPE_CHECKING:
    from desk.ports import Desk
    from desk.reads.pages import Page
    from desk.reads.promises import Miss, Report

group = typer.Typer(help="What became of a site's promises: show, missed.")
Site = Annotated[str, typer.Option(help="The site's slug.")]
First = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day; 30 days if left out.")]
Last = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day, included; today if left out.")]
ABSENT = "there is no site {site} for this officer: `desk sites list` shows them"


@group.command("show")
def show(site: Site, officer: As, first: First = None, last: Last = None, as_json: Json = False, as_csv: Csv = False) -> None:
    """Show every promise with what became of it, by when it was made; as CSV day by day.

    Example: desk promises show --site huangshan --as 王芳 --json
    """
    from desk.reads.promises import report
    from desk.web.api.promises import PromisesOut, promise_lines

    async def job(desk: "Desk") -> "Report | None":
        viewer = await session.acting_as(desk, officer)
        found = await desk.read(report, viewer, site, _day(first), _day(last), desk.kit)
        if not as_csv:
            return found
        async for lines in promise_lines(desk, viewer, found.span):
            sys.stdout.write(lines)
        return None

    found = session.with_desk(job, absent=ABSENT.format(site=site))
    if found is None:
        return
    shown = PromisesOut.of(found, language()).model_dump(mode="json", by_alias=True)
    if as_json:
        showing.document(shown)
        return
    rows = [
        (one["id"], f"{one['length']} {one['unit']}", *(one[name] for name in ("made", "kept", "missed", "running", "void")),
         _share(one["share_kept"]), one["took"]["median"], one["took"]["p90"])
        for one in shown["promises"]
    ]  # fmt: skip
    columns = ("promise", "within", "made", "kept", "missed", "running", "void", "share", "median s", "p90 s")
    showing.table(columns, rows)
    showing.say(f"promises made from {shown['from']} to {shown['to']}")


@group.command("missed")
def missed(
    site: Site, officer: As, first: First = None, last: Last = None,
    promise: Annotated[str | None, typer.Option(help="Only of this promise.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 50,
    cursor: Annotated[str | None, typer.Option(help="The `next` of the page before.")] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """List what was missed, the last promise made first, and why, a page at a time.

    Example: desk promises missed --site huangshan --as 王芳 --json
    """
    from desk.web.api.promises import MissedOut, MissOut

    async def job(desk: "Desk") -> "Page[Miss]":
        from desk.reads.promises import misses_page

        viewer = await session.acting_as(desk, officer)
        asked = (_day(first), _day(last), desk.kit, promise, limit, cursor)
        return (await desk.read(misses_page, viewer, site, *asked))[1]

    page = session.with_desk(job, absent=ABSENT.format(site=site))
    shown = MissedOut(missed=[MissOut.of(miss) for miss in page.lines], next=page.next).model_dump(mode="json")
    if as_json:
        showing.document(shown)
        return
    columns = ("id", "reference", "promise", "due_at", "reason")
    showing.table(columns, [[one[column] for column in columns] for one in shown["missed"]])
    if page.next:
        showing.say(f"more: --cursor {page.next}")


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _share(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}%"
