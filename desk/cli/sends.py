"""`desk sends`: the stop switch. While refunds are stopped none leaves, and none is lost."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from desk.cli import session, showing
from desk.cli.exits import Exit
from desk.cli.showing import Json

if TYPE_CHECKING:
    from desk.ports import Desk
    from desk.reads.sends import Stopped

group = typer.Typer(help="The stop switch: let no refund leave, and let them leave again.")
Site = Annotated[str | None, typer.Option(help="Only this site's refunds; without it those of every site.")]


@group.command("stop")
def stop(
    reason: Annotated[str, typer.Option(help="Why; staff read it on their pages.")], site: Site = None, as_json: Json = False
) -> None:
    """Let no refund leave from now on, in cash or through the gateway. What is on its way already is seen to as always.

    Example: desk sends stop --reason "The gateway answers with wrong amounts"
    """
    from desk.actions.sends import stop_sends

    _say(_each(site, stop_sends, reason), "stopped: no refund leaves", as_json)


@group.command("resume")
def resume(site: Site = None, as_json: Json = False) -> None:
    """Let refunds leave again; what had not left is back at the till, where the cashier sends it anew.

    A site with an open break stays stopped; without `--site` all others resume, and the exit code is 1.

    Example: desk sends resume --site huangshan
    """
    from desk.actions.sends import resume_sends

    kept: list[str] = []
    slugs = _each(site, resume_sends, kept=kept)
    if as_json:
        showing.document({"sites": slugs, "kept": kept})
    else:
        if slugs or not kept:
            _say(slugs, "refunds leave again", as_json)
        for slug in kept:
            showing.say(f"{slug}: still stopped: the gateway's statement does not match: resolve every open break first")
    if kept:
        raise typer.Exit(Exit.FAILED)


@group.command("list")
def list_stops(as_json: Json = False) -> None:
    """List the sites whose refunds are stopped, since when, by whom and why.

    Example: desk sends list --json
    """

    async def job(desk: "Desk") -> "list[tuple[str, Stopped]]":
        from desk.reads.sends import stops

        return await desk.read(stops, session.operator())

    found = session.with_desk(job)
    if as_json:
        showing.document(
            [
                {"site": slug, "at": each.at.isoformat(), "by": each.by, "reason": each.reason, "cause": each.cause}
                for slug, each in found
            ]
        )
    elif found:
        rows = [(slug, f"{each.at:%Y-%m-%d %H:%M}", *_why(each)) for slug, each in found]
        showing.table(("site", "stopped", "by", "why"), rows)
    else:
        showing.say("refunds leave at every site")


def _why(stop: "Stopped") -> tuple[str, str]:
    if stop.cause == "break":
        return "the desk", f"the gateway's statement differs ({stop.reason}): see `desk reconcile`"
    return stop.by or "the operator", stop.reason


def _each(site: str | None, action: "Callable[..., Any]", *told: str, kept: list[str] | None = None) -> list[str]:
    """Act on the one site or on every one; the slugs of those that did. Fails with 3 for an unknown site.

    Of every one, those that an open break holds are passed over and added to `kept`.
    """

    async def job(desk: "Desk") -> list[str]:
        from desk.domain.errors import BreaksOpen
        from desk.reads.sites import site_list

        operator, done = session.operator(), list[str]()
        for slug in [site] if site else [each.slug for each in await desk.read(site_list, operator)]:
            try:
                await desk.write(action, operator, slug, *told)
            except BreaksOpen:
                if site or kept is None:
                    raise
                kept.append(slug)
            else:
                done.append(slug)
        return done

    return session.with_desk(job, absent=f"there is no site {site}: `desk sites list` shows them")


def _say(slugs: list[str], what: str, as_json: bool) -> None:
    if as_json:
        showing.document({"sites": slugs})
    else:
        showing.say("\n".join(f"{slug}: {what}" for slug in slugs) or "there is no site yet")
