"""`desk claims`: bring published cases in, list and show claims, always in the name of an officer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from desk.cli import exits, session, showing
from desk.cli.exits import Exit
from desk.cli.showing import Json
from desk.domain.claim import Route, State

if TYPE_CHECKING:
    from desk.ports import Desk
    from desk.reads.claims import ClaimView
    from desk.reads.pages import Page
    from desk.reads.queues import QueueLine

group = typer.Typer(help="Claims: bring published cases in, list, show.")
As = Annotated[str, typer.Option("--as", help="The officer in whose name the command acts.")]
_NO_SITE = "there is no site {} for this officer: `desk sites list` shows them"


@group.command("import")
def import_claims(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="One published case a line, as JSON.")],
    site: Annotated[str, typer.Option(help="The slug of the site that receives them.")],
    officer: Annotated[str | None, typer.Option("--as", help="Default: the site's first intake officer by name.")] = None,
    as_json: Json = False,
) -> None:
    """Lodge and assess published cases and compare the rule's verdict with their label; exit code 1 when one disagrees.

    A second import adds nothing. The claims stay received: the verdict is only proposed.

    Example: desk claims import cases.jsonl --site huangshan --as 陈晓雯 --json
    """
    from desk.cli.importing import import_cases

    result = session.with_desk(lambda desk: import_cases(desk, file, site, officer), absent=_NO_SITE.format(site))
    for each in result.disagree:
        showing.say(f"{each['id']}: expected {each['expected']}, got {each['got']} for {', '.join(map(str, each['reasons']))}")
    showing.say(f"{result.agree} of {result.claims} agree; {result.added} claims added in the name of {result.officer}")
    if as_json:
        showing.document({"claims": result.claims, "agree": result.agree, "disagree": result.disagree})
    if result.disagree:
        raise typer.Exit(Exit.FAILED)


@group.command("list")
def list_claims(
    officer: As,
    site: Annotated[str | None, typer.Option(help="Only this site's.")] = None,
    state: Annotated[State | None, typer.Option(help="Only in this state.")] = None,
    route: Annotated[Route | None, typer.Option(help="Only with this route.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 50,
    cursor: Annotated[str | None, typer.Option(help="The `next` of the page before.")] = None,
    as_json: Json = False,
) -> None:
    """List the claims that an officer may read, by deadline, a page at a time.

    Example: desk claims list --as 陈晓雯 --state received --json
    """
    from desk.reads.queues import Filters, claims_page
    from desk.web.api.claim_shapes import ClaimsOut

    async def job(desk: "Desk") -> "Page[QueueLine]":
        viewer = await session.acting_as(desk, officer)
        return await desk.read(claims_page, viewer, Filters(site, frozenset({state} if state else State), route), limit, cursor)

    shown = ClaimsOut.of(session.with_desk(job, absent=_NO_SITE.format(site))).model_dump(mode="json")
    if as_json:
        showing.document(shown)
        return
    columns = ("reference", "site", "state", "route", "category", "respondent", "due_at")
    showing.table(columns, [[line[column] for column in columns] for line in shown["claims"]])
    if shown["next"]:
        showing.say(f"more: --cursor {shown['next']}")


@group.command("show")
def show_claim(reference: str, officer: As, as_json: Json = False) -> None:
    """Show one claim as the officer may see it, contacts masked.

    Example: desk claims show 7Q4K92MDXT --as 陈晓雯 --json
    """
    from desk.domain.reference import read_reference
    from desk.reads.claims import claim_view
    from desk.web.api.claim_shapes import ClaimOut

    async def job(desk: "Desk") -> "ClaimView":
        viewer = await session.acting_as(desk, officer)
        return await desk.read(claim_view, viewer, read_reference(reference) or "", desk.kit)

    missing = f"{officer} sees no claim {reference}"
    shown = ClaimOut.of(session.with_desk(job, absent=missing)).model_dump(mode="json")
    if as_json:
        showing.document(shown)
    else:
        showing.table(("what", ""), [(name, value) for name, value in shown.items() if value not in (None, [], {})])


@group.command("clocks")
def show_clocks(reference: str, officer: As, as_json: Json = False) -> None:
    """Show each deadline of a claim and how it was counted, day by day.

    Example: desk claims clocks 7Q4K92MDXT --as 陈晓雯
    """
    from desk.domain.reference import read_reference
    from desk.reads.clocks import ClockWorking, clock_workings
    from desk.web.api.endings import WorkingOut
    from desk.wording.labels import label

    spoken = exits.language()

    async def job(desk: "Desk") -> list[ClockWorking]:
        viewer = await session.acting_as(desk, officer)
        return await desk.read(clock_workings, viewer, read_reference(reference) or "", spoken, desk.kit)

    found = session.with_desk(job, absent=f"{officer} sees no claim {reference}")
    if as_json:
        showing.document([WorkingOut.of(working).model_dump(mode="json") for working in found])
        return
    for working in found:
        late = " !" if working.late else ""
        showing.result(
            f"{label('clock', working.clock.kind, spoken)} · {working.due_at:%Y-%m-%d %H:%M:%S}{late} · {working.source}"
        )
        for line in working.lines:
            showing.result(f"  {line}")
