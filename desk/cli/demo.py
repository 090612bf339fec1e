"""`desk demo`: a living desk in a temporary folder."""

from typing import Annotated, Literal

import typer

from desk.cli.exits import Exit, Failure, language


def demo(
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Where it listens on this machine.")] = 8000,
    speed: Annotated[float, typer.Option(min=1, max=3600, help="How many times faster than the day itself.")] = 60,
    seed: Annotated[int, typer.Option(help="Which day: the same seed gives the same day.")] = 1,
    lang: Annotated[Literal["zh", "en"] | None, typer.Option(help="What the terminal speaks; by default your locale.")] = None,
    lan: Annotated[
        bool, typer.Option("--lan", help="Open it to the whole network, for a phone: everybody there may take every seat.")
    ] = False,
) -> None:
    """Live through a simulated first day of Golden Week at a desk in a temporary folder; Ctrl-C ends and removes it.

    Visitors come with published cases, officers decide, small refunds are paid by a gateway that pays nobody. Nine
    hours take nine minutes, with --speed 600 one. The pages are live beside it, and four seats need no password.

    Example: desk demo --speed 60
    """
    from desk.demo.show import DemoTrouble, Show, run_demo

    spoken = {"zh": "zh-CN", "en": "en"}[lang] if lang else language()
    try:
        run_demo(Show(port, speed, seed, spoken, lan))
    except DemoTrouble as trouble:
        raise Failure(Exit.UNAVAILABLE, str(trouble)) from None
