"""The `desk` processes of a demo: their environment, one run to its end, others until told to stop. Opens no database."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

READY_SECONDS, STOP_SECONDS = 60.0, 12.0
LOG_LINES = 10
_NOWHERE = ("192.0.2.1", 9)
"""An address of no machine: asking the way to it sends nothing. Source: RFC 5737."""


class DemoTrouble(Exception):  # noqa: N818 - named for the condition (DESIGN 5)
    """The demo cannot go on; the message is for the person who started it."""


@dataclass(frozen=True, slots=True)
class Child:
    """One `desk` process that stays, and where it writes its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raises DemoTrouble with the end of its log when it has ended by itself."""
        if (code := self.process.poll()) is not None:
            said = "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:])
            message = f"`desk {self.name}` ended with {code}:\n{said}"
            raise DemoTrouble(message)

    def wait_ready(self, address: str) -> None:
        """Return when it answers there. Raises DemoTrouble when it ends, or never does."""
        deadline = time.monotonic() + READY_SECONDS
        with httpx.Client(timeout=2, trust_env=False) as client:
            while time.monotonic() < deadline:
                self.check()
                with suppress(httpx.TransportError):
                    if client.get(address).status_code == httpx.codes.OK:
                        return
                time.sleep(0.05)
        message = f"`desk {self.name}` does not answer"
        raise DemoTrouble(message)


def environment(folder: Path, public_url: str, gateway_url: str) -> dict[str, str]:
    """This shell's environment without its own desk settings, and with those of the demo."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DESK_")}
    ours = {
        "ENV": "demo", "DATA_DIR": str(folder), "CLOCK_FILE": str(folder / "clock"), "PUBLIC_URL": public_url,
        "GATEWAY_URL": gateway_url, "GATEWAY_SECRET": secrets.token_hex(16), "GATEWAY_TIMEOUT": "5",
        "WATCH_SECONDS": "1",
    }  # fmt: skip
    return {**kept, **{f"DESK_{name}": value for name, value in ours.items()}}


def refuse_taken(host: str, port: int) -> None:
    """Raise DemoTrouble when somebody listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as taken:
            message = f"port {port} is taken: choose another, as in `desk demo --port {port ^ 1}`"
            raise DemoTrouble(message) from taken


def free_port() -> int:
    """A port of this machine alone that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def own_address() -> str:
    """Under which address other machines of the network find this one; its own alone where there is no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking, suppress(OSError):
        asking.connect(_NOWHERE)
        found: str = asking.getsockname()[0]
        return found
    return "127.0.0.1"


def result_of(*arguments: str, env: dict[str, str], may_fail: bool = False) -> str:
    """Run one `desk` command and return what it printed; its stderr goes to the terminal. Raises DemoTrouble if it fails."""
    # A session of its own, so that Ctrl-C ends the demo and not half of the seed.
    done = subprocess.run(  # noqa: S603 - ourselves
        _command(*arguments), env=env, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, check=False,
        start_new_session=True,
    )  # fmt: skip
    if done.returncode and not may_fail:
        message = f"`desk {' '.join(arguments)}` ended with {done.returncode}"
        raise DemoTrouble(message)
    return done.stdout


@contextmanager
def running(folder: Path, env: dict[str, str], arguments: Sequence[str]) -> Iterator[Child]:
    """A `desk` command that stays, ended after the block; in a process group of its own, so that Ctrl-C reaches it through us.

    Where we are killed it ends by itself, for it is tied to a pipe that only we hold.
    """
    log = folder / f"{arguments[0]}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            _command(*arguments, "--tied"), env=env, stdin=subprocess.PIPE, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield Child(arguments[0], process, log)
    finally:
        _end(process)


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "desk", *arguments]


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask, wait, and leave nothing behind."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
