"""The `desk` processes of a demo: their environment, running one to its end, serving until told to stop. Opens no database."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

READY_SECONDS, STOP_SECONDS = 60.0, 12.0
LOG_LINES = 10


class DemoTrouble(Exception):  # noqa: N818 - named for the condition (DESIGN 5)
    """The demo cannot go on; the message is for the person who started it."""


def environment(folder: Path, port: int) -> dict[str, str]:
    """This shell's environment without its own desk settings, and with those of the demo."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DESK_")}
    return {**kept, "DESK_DATA_DIR": str(folder), "DESK_PUBLIC_URL": f"http://127.0.0.1:{port}"}


def refuse_taken(port: int) -> None:
    """Raise DemoTrouble when somebody listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as taken:
            message = f"port {port} is taken: choose another, as in `desk demo --port {port ^ 1}`"
            raise DemoTrouble(message) from taken


def result_of(*arguments: str, env: dict[str, str]) -> str:
    """Run one `desk` command and return what it printed; its stderr goes to the terminal. Raises DemoTrouble if it fails."""
    done = subprocess.run(_command(*arguments), env=env, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, check=False)  # noqa: S603 - ourselves
    if done.returncode:
        message = f"`desk {' '.join(arguments)}` ended with {done.returncode}"
        raise DemoTrouble(message)
    return done.stdout


@contextmanager
def serving(port: int, folder: Path, env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """`desk serve`, ready, in a process group of its own so that Ctrl-C reaches it only through us; ended after the block."""
    log = folder / "serve.log"
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            _command("serve", "--port", str(port)),
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        _wait_ready(process, f"http://127.0.0.1:{port}/readyz", log)
        yield process
    finally:
        _end(process)


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "desk", *arguments]


def _wait_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    with httpx.Client(timeout=2, trust_env=False) as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if client.get(url).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
    said = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:])
    message = f"the desk did not come up:\n{said}"
    raise DemoTrouble(message)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask, wait, and leave nothing behind."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
