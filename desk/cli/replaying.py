"""A run through past verdicts from the shell, shared by `desk replay` and `desk simulate`: its options, and the run itself.

Writes nothing to the database.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from desk.cli import session
from desk.cli.exits import Exit, Failure
from desk.cli.progress import bar

if TYPE_CHECKING:
    from desk.domain.pack import RulePack
    from desk.domain.replaying import PastVerdict, Replay
    from desk.ports import Desk
    from desk.reads.past_verdicts import Window

OneSite = Annotated[str | None, typer.Option("--site", help="Only this site's; default: every site of the desk.")]
First = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day, at the site.")]
Last = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day, itself included.")]
Officer = Annotated[str | None, typer.Option("--as", help="Only the sites where this officer may verify.")]


@dataclass(slots=True)
class Ran:
    """What a run came to: the replay, how many claims no verdict is stored for, and whose stored facts cannot be read."""

    replay: "Replay"
    undecided: int = 0
    unreadable: list[str] = field(default_factory=list)


def window_of(site: str | None, first: datetime | None, last: datetime | None) -> "Window":
    """The window that the options name. Fails with 2 where it ends before it begins."""
    from desk.reads.past_verdicts import Window

    if first and last and last < first:
        raise Failure(Exit.USAGE, "--to is before --from")
    return Window(site, first.date() if first else None, last.date() if last else None)


def refuse_both(as_json: bool, as_csv: bool) -> None:
    """Fails with 2: one stdout holds one document."""
    if as_json and as_csv:
        raise Failure(Exit.USAGE, "choose one of --json and --csv")


def run_through(window: "Window", officer: str | None, pack_for: "Callable[[PastVerdict], RulePack]") -> Ran:
    """Ask the rule again about every verdict of the window, each under the pack that `pack_for` names.

    Fails with 3 for an unknown site or officer.
    """

    async def job(desk: "Desk") -> Ran:
        from desk.domain.replaying import Replay
        from desk.reads.past_verdicts import claims_to_pass, past_verdicts

        viewer = await session.acting_as(desk, officer) if officer else session.operator()
        total = await desk.read(claims_to_pass, viewer, window)
        ran, last = Ran(Replay()), None
        with bar("claims", total) as advance:
            while True:
                page = await desk.read(past_verdicts, viewer, window, last)
                for past in page.verdicts:
                    ran.replay.judge(past, pack_for(past))
                for paid in page.paid:
                    ran.replay.pay(paid.currency, paid.on, paid.minor)
                ran.undecided += page.undecided
                ran.unreadable += page.unreadable
                advance(page.passed)
                if page.last is None:
                    return ran
                last = page.last

    return session.with_desk(job, absent=f"there is no site {window.site} to look at: `desk sites list` shows them")


def end(ran: Ran) -> None:
    """Say what could not be read, and end with 1 then: the sums lack it."""
    from desk.cli import showing

    if ran.unreadable:
        showing.say(f"{len(ran.unreadable)} claims were left out, their stored facts cannot be read: `desk verify` names them")
        raise typer.Exit(Exit.FAILED)
