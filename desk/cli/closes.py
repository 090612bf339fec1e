"""`desk closes`: what was counted at the end of the cashiers' days. Closes nothing: who counts stands before the money."""

from typing import TYPE_CHECKING, Annotated

import typer

from desk.cli import session, showing
from desk.cli.showing import Csv, Json

if TYPE_CHECKING:
    from desk.ports import Desk
    from desk.reads.day_closes import CloseView

group = typer.Typer(help="What the cashiers counted at the end of their days.")
COLUMNS = ("site", "on", "cashier", "method", "payouts", "expected", "counted", "currency", "reason", "closed_at", "closed_by")


@group.command("list")
def list_closes(
    site: Annotated[str | None, typer.Option(help="Only this site's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 50,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """List the closes of the cashiers' days, newest first.

    Example: desk closes list --site huangshan --json
    """

    async def job(desk: "Desk") -> "list[tuple[str, CloseView]]":
        from desk.reads.day_closes import newest_closes

        return await desk.read(newest_closes, session.operator(), site, limit)

    rows = [_cells(*each) for each in session.with_desk(job, absent=f"there is no site {site}: `desk sites list` shows them")]
    if as_json:
        showing.document([dict(zip(COLUMNS, row, strict=True)) for row in rows])
    elif as_csv:
        showing.lines(COLUMNS, rows)
    elif rows:
        showing.table(COLUMNS, rows)
    else:
        showing.say("no day has been closed yet")


def _cells(slug: str, close: "CloseView") -> tuple[object, ...]:
    from desk.domain.money import text_of

    expected, counted = (text_of(minor, close.currency) for minor in (close.expected, close.counted))
    about = (close.currency, close.reason, close.closed_at.isoformat(timespec="seconds"), close.closed_by)
    return (slug, close.on.isoformat(), close.cashier, close.method, close.payouts, expected, counted, *about)
