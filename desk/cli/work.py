"""`desk work`: the worker on its own, or as the child that `desk serve` looks after."""

from typing import TYPE_CHECKING, Annotated

import typer

from desk.cli import showing
from desk.cli.tied import Tied, end_with_starter

if TYPE_CHECKING:
    from desk.settings import Settings


def work(
    once: Annotated[bool, typer.Option("--once", help="Do what is due now and end.")] = False,
    tied: Tied = False,
) -> None:
    """Run the worker: it sends payouts, asks for what is unknown, writes down missed promises, checks, and keeps house.

    Several may run at a time. SIGTERM or Ctrl-C ends it between two pieces of work; with --once it does what is due and ends.

    Example: desk work --once
    """
    import asyncio

    from desk import wiring

    settings = wiring.load_settings()
    wiring.start_logs(quiet=once)
    if once:
        done = asyncio.run(wiring.work_once(settings))
        showing.say(f"dropped {done.tags} tags and {done.answers} answers, counted {done.recounted} claims anew")
    else:
        asyncio.run(_until_told(settings, tied=tied))


async def _until_told(settings: "Settings", *, tied: bool) -> None:
    import asyncio
    import signal

    from desk import wiring

    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    # Ctrl-C reaches a whole terminal group: a tied worker leaves the word to its starter, which ends it after the last answer.
    loop.add_signal_handler(signal.SIGINT, (lambda: None) if tied else stopping.set)
    if tied:
        end_with_starter()
    await wiring.work(settings, stopping)
