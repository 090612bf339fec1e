"""`desk verify`: every promise the records must keep, checked now."""

from typing import TYPE_CHECKING

import typer

from desk.cli import session, showing
from desk.cli.exits import Exit
from desk.cli.showing import Json

if TYPE_CHECKING:
    from desk.ports import Desk
    from desk.reads.verify import Report


def verify(as_json: Json = False) -> None:
    """Check every invariant on the rows as they are stored; exit code 1 when one does not hold.

    Example: desk verify --json
    """
    report = session.with_desk(_checked)
    if as_json:
        showing.document(report.as_json())
    else:
        rows = [(finding.id, "holds" if finding.ok else "BROKEN", finding.detail) for finding in report.invariants]
        showing.table(("invariant", "", "detail"), rows)
    if not report.ok:
        raise typer.Exit(Exit.FAILED)


async def _checked(desk: "Desk") -> "Report":
    from desk.reads.verify import verify as check

    return await desk.read(check, desk.kit)
