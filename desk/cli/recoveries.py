"""`desk recoveries`: what respondents owe for refunds that were paid, always in the name of an officer. Changes nothing."""

from typing import TYPE_CHECKING, Annotated

import typer

from desk.cli import session, showing
from desk.cli.claims import As
from desk.cli.showing import Json
from desk.domain.recovery import AgeBand, RecoveryState

if TYPE_CHECKING:
    from desk.ports import Desk
    from desk.reads.pages import Page
    from desk.reads.recovery import Aged, RecoveryFile, RecoveryView

group = typer.Typer(help="What respondents owe for refunds that were paid: list, show.")


@group.command("list")
def list_recoveries(
    site: Annotated[str, typer.Option(help="The site's slug.")],
    officer: As,
    everything: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    state: Annotated[RecoveryState | None, typer.Option(help="Only in this state.")] = None,
    age: Annotated[AgeBand | None, typer.Option(help="Only of this age, in days.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 50,
    cursor: Annotated[str | None, typer.Option(help="The `next` of the page before.")] = None,
    as_json: Json = False,
) -> None:
    """List what is owed, the most overdue first, and what is open by age, a page at a time.

    Example: desk recoveries list --site huangshan --as 王芳 --json
    """
    from desk.reads.recovery import Filters, ageing, recoveries_page
    from desk.web.api.recovery_shapes import RecoveriesOut

    async def job(desk: "Desk") -> "tuple[Page[RecoveryView], list[Aged]]":
        viewer, now = await session.acting_as(desk, officer), desk.kit.clock.now()
        filters = Filters(site, None if everything or state else True, state, None, age)
        return (
            await desk.read(recoveries_page, viewer, filters, now, limit, cursor),
            await desk.read(ageing, viewer, site, now),
        )

    absent = f"there is no site {site} for this officer: `desk sites list` shows them"
    shown = RecoveriesOut.of(*session.with_desk(job, absent=absent)).model_dump(mode="json")
    if as_json:
        showing.document(shown)
        return
    rows = [
        (one["id"], one["reference"], one["respondent"]["name"] if one["respondent"] else "", one["state"], _sum(one["open"]),
         one["age_days"], one["lapses_at"][:10])
        for one in shown["recoveries"]
    ]  # fmt: skip
    showing.table(("recovery", "reference", "respondent", "state", "open", "days", "lapses"), rows)
    showing.say(", ".join(f"{one['age']}: {_sum(one['open'])} ({one['count']})" for one in shown["ageing"]))
    if shown["next"]:
        showing.say(f"more: --cursor {shown['next']}")


@group.command("show")
def show_recovery(recovery: int, officer: As, as_json: Json = False) -> None:
    """Show one recovery with its letters, instalments and history; its number is the payout's.

    Example: desk recoveries show 4611686018427387 --as 王芳 --json
    """
    from desk.reads.recovery import recovery_file
    from desk.web.api.recovery_shapes import RecoveryFileOut

    async def job(desk: "Desk") -> "RecoveryFile":
        viewer = await session.acting_as(desk, officer)
        return await desk.read(recovery_file, viewer, recovery, desk.kit.clock.now())

    file = session.with_desk(job, absent=f"{officer} sees no recovery {recovery}")
    shown = RecoveryFileOut.of_file(file).model_dump(mode="json")
    if as_json:
        showing.document(shown)
    else:
        showing.table(("what", ""), [(name, value) for name, value in shown.items() if value not in (None, [], {})])


def _sum(money: dict[str, str]) -> str:
    return f"{money['amount']} {money['currency']}"
