"""The shipped `desk serve` as a process: started, waited for, ended politely or with kill -9. Makes no schema and no seed."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import httpx

from tests.cradle import Born, Cradle

READY_SECONDS, STOP_SECONDS = 60.0, 20.0
CRADLE: list[Cradle] = []
"""Where this run's processes come from; empty for whoever measures."""

Process = subprocess.Popen[bytes] | Born


def environment(data: Path, database: str | None = None, **settings: str) -> dict[str, str]:
    """This process's environment with only these `DESK_*` settings: `public_url=…` is `DESK_PUBLIC_URL`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DESK_")}
    named = {f"DESK_{name.upper()}": value for name, value in settings.items()}
    return {**kept, "DESK_DATA_DIR": str(data), **({"DESK_DATABASE_URL": database} if database else {}), **named}


def run(*arguments: str, env: dict[str, str], timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """One `desk` command to its end, whatever its exit code. Raises TimeoutExpired, and then it has ended too."""
    with TemporaryFile("w+b") as out, TemporaryFile("w+b") as err:
        process = start(arguments, env, out, err)
        try:
            code = process.wait(timeout)
        except BaseException:
            process.kill()
            process.wait()
            raise
        told = [_text(file) for file in (out, err)]
    return subprocess.CompletedProcess([*arguments], code, *told)


def start(
    arguments: Sequence[str], env: dict[str, str], out: IO[bytes], err: IO[bytes], *, afresh: bool = False
) -> Process:  # fmt: skip
    """Start `desk` in a session of its own: borne by this run's cradle; `afresh`, or where nobody opened one, the long way."""
    if CRADLE and not afresh:
        return CRADLE[0].bear(arguments, env, out.fileno(), err.fileno())
    return subprocess.Popen(
        command(*arguments), env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
    )  # fmt: skip


def command(*arguments: str) -> list[str]:
    """The `desk` command of this virtual environment."""
    return [sys.executable, "-m", "desk", *arguments]


NO_BROWSER = "no chromium on PATH (apt-get install chromium-headless-shell)"


def browser_program() -> str | None:
    """The path of Debian's browser, if it is here: best the one that has no windows, which takes half the time for a page."""
    return next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser"))), None)


def free_port() -> int:
    """A port of loopback that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Served:
    """A running `desk` process in a process group of its own, so that its worker dies with it."""

    process: Process
    url: str
    log: Path

    @property
    def output(self) -> str:
        """Everything it printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        """Return when `/readyz` says 200; raises TimeoutError or, if it died, RuntimeError with the end of its log."""
        deadline = time.monotonic() + seconds
        with httpx.Client(timeout=2, trust_env=False) as client:
            while time.monotonic() < deadline:
                if self.process.poll() is not None:
                    msg = f"desk ended with {self.process.returncode}:\n{self.output[-4_000:]}"
                    raise RuntimeError(msg)
                if _says_yes(client, f"{self.url}/readyz"):
                    return
                time.sleep(0.05)
        msg = f"not ready after {seconds} s:\n{self.output[-4_000:]}"
        raise TimeoutError(msg)

    def kill(self) -> None:
        """End it with kill -9, worker included."""
        self._signal_all(signal.SIGKILL)
        self.process.wait(STOP_SECONDS)

    def terminate(self, seconds: float = STOP_SECONDS) -> int:
        """Ask politely (SIGTERM to the main process) and return its exit code; raises TimeoutExpired if it will not end."""
        self.process.terminate()
        return self.process.wait(seconds)

    def close(self) -> None:
        """End whatever is left of it."""
        if self.process.poll() is None:
            try:
                self.terminate(5)
            except subprocess.TimeoutExpired:
                self.kill()
        self._signal_all(signal.SIGKILL)

    def _signal_all(self, number: int) -> None:
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return


@contextmanager
def serving(data: Path, database: str | None = None, *options: str, port: int | None = None, **settings: str) -> Iterator[Served]:
    """`desk serve` on a free port (or on `port`, to come back at the same address), ready, and ended after the block."""
    address = port or free_port()
    arguments = ("serve", "--host", "127.0.0.1", "--port", str(address), *options)
    with started(data, *arguments, url=f"http://127.0.0.1:{address}", env=environment(data, database, **settings)) as served:
        served.wait_ready()
        yield served


@contextmanager
def started(data: Path, *arguments: str, url: str, env: dict[str, str], afresh: bool = False) -> Iterator[Served]:
    """Any `desk` command that stays (serve, work, demo), its output in `data`, ended after the block.

    `afresh` for whoever looks for processes by what was typed: one that was borne bears its cradle's name.
    """
    data.mkdir(parents=True, exist_ok=True)
    log = data / f"{arguments[0]}-{time.monotonic_ns()}.log"
    with log.open("wb") as out:
        process = start(arguments, env, out, out, afresh=afresh)
    served = Served(process, url, log)
    try:
        yield served
    finally:
        served.close()


def _says_yes(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")
