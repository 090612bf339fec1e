"""A process that has loaded the desk and bears the tests' `desk` processes: each is what `python -m desk` runs, loaded already.

Loading takes three seconds of processor, and a gate starts hundreds. A born process has its own session, environment, files and
signals; only what was read from disk it shares. Whoever measures, and some tests of starting itself, start it the long way.
"""

import gc
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from threading import RLock
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
LOADED = (
    "desk.cli.commands", "desk.wiring", "desk.web.app", "desk.web.server", "desk.store.migrations", "desk.actions.seed",
    "desk.outside.gateways.sandbox", "alembic.command", "uvicorn", "uvicorn.protocols.http.httptools_impl", "uvloop",
)  # fmt: skip
"""What most commands load; what is not here, a born process loads for itself."""

LONGEST = 1 << 20


@dataclass(frozen=True)
class Order:
    """What is to be born: the arguments of `desk`, its environment and folder, and the numbers of its files here."""

    arguments: list[str]
    env: dict[str, str]
    cwd: str
    out: int
    err: int


@dataclass
class Born:
    """A process of the cradle's, as far as `subprocess.Popen` is used here."""

    pid: int
    cradle: "Cradle"
    returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, minus the signal that ended it, None while it lives."""
        if self.returncode is None:
            self.returncode = self.cradle.ended(self.pid, 0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises TimeoutExpired."""
        if self.returncode is None:
            self.returncode = self.cradle.ended(self.pid, timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(["desk"], timeout or 0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


@dataclass
class Cradle:
    """The parent's side: started with the first process that is wanted."""

    _line: socket.socket | None = None
    _ends: dict[int, int] = field(default_factory=dict)
    _heard: bytes = b""
    _turn: RLock = field(default_factory=RLock)
    _process: subprocess.Popen[bytes] | None = None

    def bear(self, arguments: Sequence[str], env: Mapping[str, str], out: IO[bytes], err: IO[bytes]) -> Born:
        """Start `desk` with these arguments in a session of its own, nothing to read, its output in these files."""
        order = json.dumps({"arguments": [*arguments], "env": dict(env), "cwd": str(Path.cwd())}).encode() + b"\n"
        with self._turn:
            line = self._opened()
            socket.send_fds(line, [b"%08d" % len(order)], [out.fileno(), err.fileno()])
            line.sendall(order)
            while True:
                for told in self._hear(None):
                    if "born" in told:
                        return Born(told["born"], self)

    def ended(self, pid: int, timeout: float | None) -> int | None:
        """How a process ended; None where it lives longer than that."""
        until = None if timeout is None else time.monotonic() + timeout
        while pid not in self._ends:
            left = None if until is None else max(0.0, until - time.monotonic())
            with self._turn:
                if pid not in self._ends:
                    self._hear(0.05 if left is None else min(left, 0.05))
            if until is not None and time.monotonic() >= until:
                break
        return self._ends.get(pid)

    def _opened(self) -> socket.socket:
        if self._line is None:
            self._line, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", __name__, str(theirs.fileno())], cwd=ROOT, stdin=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()], start_new_session=True,
                )  # fmt: skip
        return self._line

    def _hear(self, timeout: float | None) -> list[dict[str, int]]:
        """What the cradle says next; ends are kept."""
        assert self._line is not None
        self._line.settimeout(timeout or (None if timeout is None else 0.0001))
        try:
            more = self._line.recv(LONGEST)
        except TimeoutError:
            return []
        finally:
            self._line.settimeout(None)
        if not more:
            msg = "the cradle has ended"
            raise ConnectionError(msg)
        *whole, self._heard = (self._heard + more).split(b"\n")
        said: list[dict[str, int]] = [json.loads(each) for each in whole]
        self._ends |= {each["pid"]: each["code"] for each in said if "pid" in each}
        return said


def _bear_for_ever(line: socket.socket) -> Order:
    """Fork whenever an order comes and tell of every end; returns in each child, with its order."""
    woken, waker = socket.socketpair()
    for end in (woken, waker):
        end.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    with line, woken, waker, selectors.DefaultSelector() as either:
        either.register(line, selectors.EVENT_READ)
        either.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in either.select():
                if key.fileobj is woken:
                    woken.recv(4096)
                    _tell_ends(line)
                elif (child := _born(order := _order(line))) == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    return order
                else:
                    line.sendall(json.dumps({"born": child}).encode() + b"\n")


def _born(order: Order) -> int:
    """Fork; 0 in the child, which is in a session of its own before its parent knows of it."""
    begun, begin = os.pipe()
    if (child := os.fork()) == 0:
        os.setsid()
        os.write(begin, b"!")
    else:
        os.read(begun, 1)
        os.close(order.out)
        os.close(order.err)
    os.close(begun)
    os.close(begin)
    return child


def _order(line: socket.socket) -> Order:
    length, files, _, _ = socket.recv_fds(line, 8, 2)
    if not length:
        sys.exit(0)
    told = b""
    while len(told) < int(length):
        told += line.recv(int(length) - len(told))
    return Order(**json.loads(told), out=files[0], err=files[1])


def _tell_ends(line: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        line.sendall(json.dumps({"pid": pid, "code": os.waitstatus_to_exitcode(status)}).encode() + b"\n")


def _become(order: Order) -> None:
    """Be `python -m desk` from here on."""
    for number, file in ((1, order.out), (2, order.err)):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(order.env)
    time.tzset()
    os.chdir(order.cwd)
    sys.argv = ["desk", *order.arguments]
    runpy.run_module("desk", run_name="__main__", alter_sys=True)


def _load() -> None:
    for name in LOADED:
        import_module(name)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    _load()
    _become(_bear_for_ever(socket.socket(fileno=int(sys.argv[1]))))
