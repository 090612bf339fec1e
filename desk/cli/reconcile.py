"""`desk reconcile`: the gateway's statements fetched, and matched one to one with what the desk settled."""

from typing import TYPE_CHECKING

import typer

from desk.cli import session, showing
from desk.cli.exits import Exit, Failure
from desk.cli.showing import Json

if TYPE_CHECKING:
    from desk.ports import Desk, Gateway
    from desk.reads.breaks import BreakView

    Open = list[tuple[str | None, BreakView]]


def reconcile(as_json: Json = False) -> None:
    """Fetch the gateway's statement of each day that is over, and match it with the payouts; exit code 1 while they differ.

    The worker does the same each day after midnight UTC. What differs stops the refunds of its site until a manager resolves it
    on the site's page; days that were fetched before are not asked for again.

    Example: desk reconcile --json
    """
    import asyncio

    from desk import wiring

    settings = session.settings_of_shell()

    async def inside() -> "tuple[int, Open, dict[str, list[str]]]":
        async with wiring.opened(settings) as desk, wiring.gateway(settings) as gateway:
            if gateway is None:
                raise Failure(Exit.FAILED, "this desk has no gateway to reconcile with: set DESK_GATEWAY_URL")
            if desk.kit.gateway is not None and desk.kit.gateway.statement_after is None:
                said = "a statement is not available from this gateway: compare its own bills with the payouts by hand"
                raise Failure(Exit.FAILED, said)
            return await _matched(desk, gateway)

    days, found, elsewhere = asyncio.run(inside())
    if as_json:
        breaks = [_told(slug, each) for slug, each in found]
        showing.document({"days": days, "ok": not found, "breaks": breaks, "unasked": elsewhere})
    else:
        fetched = f"fetched {days} days" if days else "no day has ended since the last statement"
        showing.say(f"{fetched}; {f'{len(found)} breaks are open' if found else 'all payments of its statements match'}")
        if found:
            columns = ("id", "site", "kind", "key", "booked", "told", "days", "claim")
            showing.table(columns, [[each[column] for column in columns] for each in (_told(*one) for one in found)])
        for gateway, references in elsewhere.items():
            showing.say(f"paid through {gateway}, asked no longer, and on no statement kept: {', '.join(references)}")
    if found:
        raise typer.Exit(Exit.FAILED)


async def _matched(desk: "Desk", gateway: "Gateway") -> "tuple[int, Open, dict[str, list[str]]]":
    from desk.actions.breaks import match_statements
    from desk.actions.statements import days_to_fetch, keep_statement
    from desk.cli.progress import bar
    from desk.reads.breaks import open_breaks, unasked

    waiting = await desk.read(days_to_fetch, desk.kit)
    with bar("statements", len(waiting)) as advance:
        for day in waiting:
            try:
                lines = await gateway.statement(day)
            except OSError as trouble:
                raise Failure(Exit.UNAVAILABLE, f"the statement of {day} cannot be had ({trouble}): try again") from None
            await desk.write(keep_statement, day, lines)
            advance(1)
    if not waiting:
        await desk.write(match_statements)
    found = await desk.read(open_breaks, session.operator(), desk.kit)
    return len(waiting), found, await desk.read(unasked, session.operator(), None, desk.kit)


def _told(slug: str | None, view: "BreakView") -> dict[str, object]:
    """A break as JSON; amounts as decimal text before their currency's code, null where that side is absent."""
    from desk.domain.money import text_of

    row = view.row
    booked, told = (
        f"{text_of(minor, currency)} {currency}" if minor is not None and currency else None
        for minor, currency in ((row.booked_minor, row.booked_currency), (row.told_minor, row.told_currency))
    )
    return {
        "id": str(row.id), "site": slug, "kind": row.kind, "key": row.key, "gateway_id": row.gateway_id, "booked": booked,
        "told": told, "found_at": view.found_at.isoformat(), "days": view.days, "claim": view.reference,
    }  # fmt: skip
