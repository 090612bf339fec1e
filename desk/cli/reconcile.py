"""`desk reconcile`: the gateway's statements fetched, and matched one to one with what the desk settled."""

from typing import TYPE_CHECKING

import typer

from desk.cli import session, showing
from desk.cli.exits import Exit, Failure
from desk.cli.showing import Json

if TYPE_CHECKING:
    from desk.ports import Desk, Gateway
    from desk.reads.verify import Finding

MATCHED = "I11"


def reconcile(as_json: Json = False) -> None:
    """Fetch the gateway's statement of each day that is over, and match it with the payouts; exit code 1 where they differ.

    Days that were fetched before are not asked for again; run it once a day after midnight UTC.

    Example: desk reconcile --json
    """
    import asyncio

    from desk import wiring

    settings = session.settings_of_shell()

    async def inside() -> "tuple[int, Finding]":
        async with wiring.opened(settings) as desk, wiring.gateway(settings) as gateway:
            if gateway is None:
                raise Failure(Exit.FAILED, "this desk has no gateway to reconcile with: set DESK_GATEWAY_URL")
            return await _matched(desk, gateway)

    days, found = asyncio.run(inside())
    if as_json:
        showing.document({"days": days, "ok": found.ok, "detail": found.detail})
    else:
        showing.say(f"fetched {days} days; {'all payments match' if found.ok else 'payments differ'}: {found.detail}")
    if not found.ok:
        raise typer.Exit(Exit.FAILED)


async def _matched(desk: "Desk", gateway: "Gateway") -> "tuple[int, Finding]":
    from desk.actions.statements import days_to_fetch, keep_statement
    from desk.reads.verify import verify

    waiting = await desk.read(days_to_fetch, desk.kit)
    for day in waiting:
        try:
            lines = await gateway.statement(day)
        except OSError as trouble:
            raise Failure(Exit.UNAVAILABLE, f"the statement of {day} cannot be had ({trouble}): try again") from None
        await desk.write(keep_statement, day, lines)
    report = await desk.read(verify, desk.kit)
    return len(waiting), next(finding for finding in report.invariants if finding.id == MATCHED)
