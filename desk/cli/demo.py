"""`desk demo`: a living desk in a temporary folder."""

from typing import Annotated

import typer


def demo(port: Annotated[int, typer.Option(min=1, max=65_535, help="Where it listens on this machine.")] = 8000) -> None:
    """Start a desk in a temporary folder with two sites, their staff and the published cases; Ctrl-C ends and removes it.

    Example: desk demo --port 8000
    """
    from desk.demo.show import run_demo

    run_demo(port)
