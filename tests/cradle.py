"""A process that has loaded the desk and bears the tests' `desk` processes: each is what `python -m desk` runs, loaded already.

Loading takes three seconds of processor, and a gate starts hundreds. A born process has its own session, environment, files and
signals; only what was read from disk it shares. One that starts `desk` processes itself has a cradle of its own, in its own
group. Whoever measures, the tour, and tests that look for a process by its name start it the long way.
"""

import contextlib
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
from typing import IO, Any

from tests.once import paint_once

ROOT = Path(__file__).resolve().parents[1]
LOADED = (
    "desk.cli.commands", "desk.wiring", "desk.web.app", "desk.web.server", "desk.store.migrations", "desk.actions.seed",
    "desk.outside.gateways.sandbox", "alembic.command", "uvicorn", "uvicorn.protocols.http.httptools_impl", "uvloop",
)  # fmt: skip
"""What most commands load; what is not here, a born process loads for itself."""

LONGEST, LONG = 1 << 20, 0.1
DESK = [sys.executable, "-m", "desk"]
BORNE_WITH = {"env", "stdin", "stdout", "stderr", "start_new_session"}
STARTERS = {"serve", "demo"}
OWN: list["Cradle"] = []
"""Where a born process lets its own be borne."""


@dataclass(frozen=True)
class Order:
    """What is to be born: the arguments of `desk`, its environment and folder, and stdin, stdout and stderr here."""

    arguments: list[str]
    env: dict[str, str]
    cwd: str
    session: bool
    files: list[int]


@dataclass
class Born:
    """A process of the cradle's, as far as `subprocess.Popen` is used here."""

    pid: int
    cradle: "Cradle"
    stdin: IO[bytes] | None = None
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
            with contextlib.suppress(ProcessLookupError):  # it has ended, and the cradle is about to say so
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

    def bear(
        self, arguments: Sequence[str], env: Mapping[str, str], out: int, err: int, *, tied: bool = False, session: bool = True
    ) -> Born:  # fmt: skip
        """Start `desk` with these arguments, its output in these files; its stdin is empty or, `tied`, a pipe."""
        read, write = os.pipe() if tied else (os.open(os.devnull, os.O_RDONLY), None)
        try:
            born = self._borne(arguments, env, [read, out, err], session=session)
        finally:
            os.close(read)
        born.stdin = os.fdopen(write, "wb") if write is not None else None
        return born

    def _borne(self, arguments: Sequence[str], env: Mapping[str, str], files: Sequence[int], *, session: bool) -> Born:
        told: dict[str, Any] = {"arguments": [*arguments], "env": dict(env), "cwd": str(Path.cwd()), "session": session}
        order = json.dumps(told).encode()
        with self._turn:
            line = self._opened()
            socket.send_fds(line, [b"%08d" % len(order)], files)
            line.sendall(order)
            while True:
                for said in self._hear(None):
                    if "born" in said:
                        return Born(said["born"], self)

    def ended(self, pid: int, timeout: float | None) -> int | None:
        """How a process ended; None where it lives longer than that."""
        until = None if timeout is None else time.monotonic() + timeout
        while pid not in self._ends:
            left = LONG if until is None else max(0.0, until - time.monotonic())
            with self._turn:
                if pid not in self._ends:
                    self._hear(min(left, LONG))
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
        self._line.settimeout(timeout if timeout is None else max(timeout, 0.0001))
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
        for each in said:
            if "born" in each:
                self._ends.pop(each["born"], None)  # the kernel gives a number again
            else:
                self._ends[each["pid"]] = each["code"]
        return said


def _bear_for_ever(line: socket.socket) -> Order:
    """Fork whenever an order comes and tell of every end; returns in each child, with its order."""
    woken, waker = socket.socketpair()
    for end in (woken, waker):
        end.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
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
                    signal.signal(signal.SIGINT, signal.default_int_handler)
                    return order
                else:
                    line.sendall(json.dumps({"born": child}).encode() + b"\n")


def _born(order: Order) -> int:
    """Fork; 0 in the child, which is in a session of its own before its parent knows of it."""
    begun, begin = os.pipe()
    if (child := os.fork()) == 0:
        if order.session:
            os.setsid()
        os.write(begin, b"!")
    os.close(begin)
    if child:
        os.read(begun, 1)
        for file in order.files:
            os.close(file)
    os.close(begun)
    return child


def _order(line: socket.socket) -> Order:
    length, files, _, _ = socket.recv_fds(line, 8, 3)
    if not length:
        sys.exit(0)
    told = b""
    while len(told) < int(length):
        told += line.recv(int(length) - len(told)) or sys.exit()
    return Order(**json.loads(told), files=files)


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
    for number, file in enumerate(order.files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(order.env)
    time.tzset()
    os.chdir(order.cwd)
    sys.argv = ["desk", *order.arguments]
    if order.arguments[0] in STARTERS:
        _have_a_cradle()
    runpy.run_module("desk", run_name="__main__", alter_sys=True)


class Popen(subprocess.Popen[Any]):
    """What a born process starts its own by: a `desk` that stays is borne too, anything else starts as ever."""

    def __new__(cls, args: Sequence[str], **given: Any) -> Any:  # noqa: ANN401 - as `subprocess` takes and gives it
        """A born process for `desk` alone."""
        if [*args[:3]] != DESK or not given.keys() <= BORNE_WITH:
            return super().__new__(cls)
        out, err = (given.get(name) for name in ("stdout", "stderr"))
        if isinstance(out, int) or isinstance(err, int):
            return super().__new__(cls)
        files = [number if file is None else file.fileno() for number, file in ((1, out), (2, err))]
        session, env = given.get("start_new_session", False), given.get("env") or os.environ
        return OWN[0].bear(args[3:], env, *files, tied=given.get("stdin") == subprocess.PIPE, session=session)


def _have_a_cradle() -> None:
    """Fork once more: the child bears what this process will start, in its group; each of those returns here, lives and ends."""
    own, theirs = socket.socketpair()
    if os.fork() == 0:
        own.close()
        _become(_bear_for_ever(theirs))
        sys.exit()
    theirs.close()
    OWN[:] = [Cradle(own)]
    subprocess.Popen = Popen  # type: ignore[misc,assignment] # in this process, which the tests bore


def _load() -> None:
    for name in LOADED:
        import_module(name)
    paint_once()
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    _load()
    _become(_bear_for_ever(socket.socket(fileno=int(sys.argv[1]))))
