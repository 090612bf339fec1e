"""A desk on a database of its own, in this process or in one that dies: attempts made, a worker's round gone. Judges nothing."""

import asyncio
import contextlib
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NoReturn

import httpx
from sqlalchemy.exc import SQLAlchemyError
from structlog.testing import capture_logs

from desk.actions.checks import Checked
from desk.domain.errors import DeskError
from desk.domain.payout import Heard
from desk.ports import Desk, LeaseLost, PayOrder, StatementLine, Word
from desk.store.migrations import head
from desk.web.app import create_app
from desk.web.options import WebOptions
from desk.worker.jobs import Bench, Means
from tests.builders import open_house
from tests.cast import Cast
from tests.gate.deeds import DEEDS, Deed, On
from tests.gate.faulty import Watch, die, watching
from tests.house.tree import ROOT
from tests.web.front import PEER, Front

DONE, FAILED = "done", "failed"
TROUBLED = (500, 503, 507)
AT_ONCE = 3


def _nobody() -> NoReturn:
    raise AssertionError


APP = create_app(_nobody, WebOptions("https://desk.example", head(), "development"))
"""The application, made once a process; whichever desk stands behind it is put there."""


@dataclass(frozen=True)
class Scene:
    """A database at the moment before a deed, who works there, and what the deed needs."""

    name: str
    database: str
    cast: Cast
    on: On

    @property
    def deed(self) -> Deed:
        """What is to be attempted."""
        return DEEDS[self.name]


@asynccontextmanager
async def opened(scene: Scene, database: str) -> AsyncIterator[Front]:
    """The desk on a copy of the scene, behind the application of this process."""
    async with open_house(database, scene.deed.at, cast=scene.cast) as house:
        APP.state.desk = house.desk
        transport = httpx.ASGITransport(APP, raise_app_exceptions=False, client=(PEER, 40_000))
        with capture_logs():  # painting a failure's traceback takes longer than all the rest
            client = httpx.AsyncClient(transport=transport, base_url="https://desk.example")
            yield Front(house, APP, {PEER: client})


async def attempted(scene: Scene, front: Front) -> str:
    """Make the attempt; whether it was told that it is done."""
    try:
        answer = await scene.deed.do(front, scene.on)
    except (DeskError, SQLAlchemyError, LeaseLost):
        return FAILED
    assert answer is None or answer.is_success or answer.status_code in TROUBLED, answer.text
    return DONE if answer is None or answer.is_success else FAILED


@dataclass(frozen=True)
class Ledger:
    """A gateway that pays each key once and keeps its books in a file; `dies` ends the process before or after it paid."""

    file: Path
    dies: str = ""

    async def pay(self, order: PayOrder) -> Word:
        """Pay, unless this key was paid before."""
        if self.dies == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        if order.key not in self.paid():
            with self.file.open("a", encoding="utf-8") as book:
                book.write(f"{order.key}\n")
        if self.dies == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return Word(Heard.SETTLED, "gw-1")

    async def find(self, order: PayOrder) -> Word:
        """What became of a key."""
        return Word(Heard.SETTLED, "gw-1") if order.key in self.paid() else Word(Heard.NEVER_SEEN)

    async def statement(self, _day: date) -> list[StatementLine]:
        """Nobody asks for it here."""
        return []

    def paid(self) -> list[str]:
        """The keys that were paid, as often as they were."""
        return self.file.read_text(encoding="utf-8").split() if self.file.exists() else []


async def work_off(desk: Desk, gateway: Ledger) -> None:
    """Every job that is due, as a worker does it."""
    bench = Bench(Means(desk, gateway, lambda: Checked(0, ())))
    while await bench.take():
        await bench.finish(60)


@dataclass(frozen=True)
class Death:
    """Where a process dies: at a statement, after a COMMIT, or at the gateway."""

    at: int = 0
    after_commit: bool = False
    gateway: str = ""


@dataclass(frozen=True)
class Life:
    """What a process is born for: a deed on a copy of its scene, or a worker's round where there is a ledger; and its death."""

    scene: Scene
    database: str
    death: Death
    ledger: Path | None = None

    async def live(self) -> None:
        """Come to that death."""
        async with opened(self.scene, self.database) as front:
            with watching(front.house.desk, Watch(self.death.at, die, self.death.after_commit)):
                if self.ledger is None:
                    await attempted(self.scene, front)
                else:
                    await work_off(front.house.desk, Ledger(self.ledger, self.death.gateway))


class Nursery:
    """A process that has loaded the desk and has no threads, so that it can bear one process after the other in no time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )

    def live(self, lives: Sequence[Life]) -> list[int]:
        """Let all of them live, a few at a time; how each one ended, as `waitpid` told it: the number of a signal."""
        assert self._process.stdin
        assert self._process.stdout
        pickle.dump(list(lives), self._process.stdin)
        self._process.stdin.flush()
        ends: list[int] = pickle.load(self._process.stdout)  # noqa: S301 - our own child's
        return ends

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=10)


def _bear(life: Life) -> int:
    if child := os.fork():
        return child
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        asyncio.run(life.live())
    finally:
        os._exit(0)


def _bear_all(lives: Sequence[Life]) -> list[int]:
    waiting, ends = dict(enumerate(lives)), dict[int, int]()
    alive = dict[int, int]()
    while waiting or alive:
        while waiting and len(alive) < AT_ONCE:
            place = next(iter(waiting))
            alive[_bear(waiting.pop(place))] = place
        child, status = os.wait()
        ends[alive.pop(child)] = status
    return [ends[place] for place in range(len(lives))]


async def _warm() -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="https://desk.example") as client:
        await client.get("/openapi.json")


if __name__ == "__main__":
    asyncio.run(_warm())
    with contextlib.suppress(EOFError):
        while True:
            pickle.dump(_bear_all(pickle.load(sys.stdin.buffer)), sys.stdout.buffer)  # noqa: S301 - our own parent's
            sys.stdout.buffer.flush()
