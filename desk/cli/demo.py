"""`desk demo`: a living desk in a temporary folder."""

from typing import Annotated

import typer

from desk.cli.exits import Exit, Failure


def demo(port: Annotated[int, typer.Option(min=1, max=65_535, help="Where it listens on this machine.")] = 8000) -> None:
    """Start a desk in a temporary folder with two sites, their staff and the published cases; Ctrl-C ends and removes it.

    Example: desk demo --port 8000
    """
    from desk.demo.show import DemoTrouble, run_demo

    try:
        run_demo(port)
    except DemoTrouble as trouble:
        raise Failure(Exit.UNAVAILABLE, str(trouble)) from None
