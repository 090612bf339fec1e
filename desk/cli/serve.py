"""`desk serve`: the web, and the worker beside it."""

from typing import TYPE_CHECKING, Annotated

import typer

from desk.cli.exits import Exit, Failure
from desk.cli.tied import Tied, end_with_starter

if TYPE_CHECKING:
    import socket

    import uvicorn

APPLICATION = "desk.wiring:app"
DID_NOT_START = "the desk did not start: its log says why"


def serve(
    host: Annotated[str, typer.Option(help="Where to listen; 0.0.0.0 for every network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535)] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Web processes.")] = 1,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Start no `desk work` beside the web.")] = False,
    tied: Tied = False,
) -> None:
    """Serve the web. Brings the schema up to date first; SIGTERM or Ctrl-C answers what is under way, then ends.

    Example: desk serve --port 8000
    """
    import contextlib
    import os

    from desk import wiring
    from desk.cli.supervisor import Supervisor
    from desk.web.metrics import share_between_workers

    settings = wiring.load_settings()
    wiring.start_logs()
    wiring.prepare(settings)
    if "DESK_PUBLIC_URL" not in os.environ:
        os.environ["DESK_PUBLIC_URL"] = _address(host, port)
    if workers > 1:
        share_between_workers(settings.data_dir / "metrics")
    with contextlib.closing(listen(host, port)) as listening:
        supervisor = None if no_worker else Supervisor()
        if tied:
            end_with_starter()
        if supervisor:
            supervisor.start()
        try:
            _run(listening, workers)
        finally:
            if supervisor:
                supervisor.stop()


def _run(listening: "socket.socket", workers: int) -> None:
    """Answer requests until told to stop; returns after the last answer."""
    import uvicorn
    from uvicorn.config import STARTUP_FAILURE
    from uvicorn.supervisors import Multiprocess

    from desk.web.server import SERVER

    config = uvicorn.Config(APPLICATION, factory=True, loop="uvloop", workers=workers, **SERVER)
    if workers > 1:
        several = Multiprocess(config, sockets=[listening])
        several.run()
        if any(process.exitcode == STARTUP_FAILURE for process in several.processes):
            raise Failure(Exit.FAILED, DID_NOT_START)
        return
    run_one(config, listening)


def run_one(config: "uvicorn.Config", listening: "socket.socket") -> None:
    """Serve in this process until told to stop; returns after the last answer."""
    import signal

    import uvicorn

    server = uvicorn.Server(config)
    # Holds until uvicorn listens for signals itself, and when it raises the one it got once more after the last answer.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: setattr(server, "should_exit", True))
    server.run(sockets=[listening])
    if not server.started:
        raise Failure(Exit.FAILED, DID_NOT_START)


def listen(host: str, port: int) -> "socket.socket":
    """The socket, bound before anything is started, so that a port that is taken is told in one line."""
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as taken:
        listening.close()
        raise Failure(Exit.UNAVAILABLE, f"cannot listen on {host} port {port}: {taken.strerror or taken}: try --port") from None
    listening.set_inheritable(True)
    return listening


def _address(host: str, port: int) -> str:
    """Where visitors find a desk that was told no public address."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - compared, not bound
    return f"http://{shown}:{port}"
