"""Processes that must not outlive whoever started them, even where that was killed and could not end them."""

import os
import signal
import threading
from typing import Annotated

import typer

Tied = Annotated[bool, typer.Option("--tied", hidden=True, help="End when standard input closes.")]


def end_with_starter() -> None:
    """Have SIGTERM sent to this process once standard input closes: the other end of that pipe is held by its starter alone."""
    threading.Thread(target=_end_when_closed, name="desk-tied", daemon=True).start()


def _end_when_closed() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
