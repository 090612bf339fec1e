"""The demo from its first line to its last: seed, serve, the day at its pace, what it came to, and nothing left behind."""

import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from desk.demo.acts import Counter, Refused, Unanswered, tokens_of
from desk.demo.board import SAID, Board, cells_of, money, qr_blocks, say
from desk.demo.cast import Filed
from desk.demo.clock import Pace
from desk.demo.counters import Tally, minor_of
from desk.demo.day import OPENING, plan
from desk.demo.processes import (
    Child,
    DemoTrouble,
    environment,
    free_port,
    own_address,
    refuse_taken,
    result_of,
    running,
)
from desk.demo.steps import CLOSING, MINUTE, Act
from desk.wording.catalogue import text

__all__ = ["DemoTrouble", "Show", "run_demo"]

LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104 - where `--lan` asks for it
POSTER = "/q/huangshan/north-gate"
_WATCH_SECONDS, _PATIENCE = 0.5, 30.0


@dataclass(frozen=True, slots=True)
class Show:
    """What was asked for at the command line."""

    port: int = 8000
    speed: float = 60
    seed: int = 1
    language: str = "en"
    lan: bool = False

    @property
    def host(self) -> str:
        """Where the desk listens."""
        return EVERYWHERE if self.lan else LOOPBACK

    def text(self, key: str, **params: object) -> str:
        """A text of the demo in its language."""
        return text(key, self.language, **params)


def run_demo(show: Show) -> None:
    """Show a desk until Ctrl-C, then remove every trace of it. Raises DemoTrouble when it cannot be shown."""
    refuse_taken(show.host, show.port)
    with _until_interrupted(show), _folder() as folder, ExitStack() as ends:
        pace = Pace(folder / "clock", show.speed)
        pace.put(OPENING - 30 * MINUTE)
        gateway = f"http://{LOOPBACK}:{free_port()}"
        url = f"http://{own_address() if show.lan else LOOPBACK}:{show.port}"
        env = environment(folder, url, gateway)
        say(show.text("demo.preparing"))
        children = [ends.enter_context(running(folder, env, _sandbox(show, folder, gateway)))]
        officers = json.loads(result_of("seed", "--json", env=env))["officers"]
        serve = ("serve", "--no-worker", "--host", show.host, "--port", str(show.port))
        children += [ends.enter_context(running(folder, env, each)) for each in (serve, ("work",))]
        for child, address in zip(children, (gateway, f"http://{LOOPBACK}:{show.port}"), strict=False):
            child.wait_ready(f"{address}/readyz")
        say(_welcome(show, url, officers))
        clients = [ends.enter_context(_client(address)) for address in (f"http://{LOOPBACK}:{show.port}", gateway)]
        counter = Counter(clients[0], clients[1], tokens_of(officers))
        tally = Tally(counter)
        with _heard(show, children):
            _live_the_day(show, pace, counter, tally, children)
            say(_evening(show, pace, tally, env))
        _watch(children)


def _live_the_day(show: Show, pace: Pace, counter: Counter, tally: Tally, children: Sequence[Child]) -> None:
    """Every act of the day at its time; a machine that is slow makes the day late and skips nothing."""
    day = plan(show.seed)
    board = Board(show.language, lambda: (now := pace.now(), tally.now(now)))

    def passes(until: int) -> None:
        for _ in pace.until(until):
            board.refresh()
            _check(children)
        board.refresh()

    with board.drawn():
        for number, act in enumerate(day.acts):
            if act.at < OPENING:
                pace.put(act.at)
            else:
                if not pace.is_running():
                    pace.begin(OPENING - MINUTE)
                passes(act.at)
            if told := _done(counter, act, number):
                board.tell(act.at, told, **_params(show, counter, day.claims, act))
        passes(CLOSING)


@contextmanager
def _heard(show: Show, children: Sequence[Child]) -> Iterator[None]:
    """A desk that answers no more is told in a line: which process died, or what was asked in vain. Raises DemoTrouble."""
    try:
        yield
    except (Unanswered, Refused) as silence:
        _check(children)
        raise DemoTrouble(show.text("demo.silent", path=silence)) from None


def _done(counter: Counter, act: Act, number: int) -> str:
    """Do an act; returns the line to tell of it. Whoever sits in a seat may have been faster: then the day goes on without."""
    try:
        counter.do(act, number)
    except Refused as refusal:
        return act.line if refusal.code == act.refused else "faster"
    return act.line


def _params(show: Show, counter: Counter, claims: Sequence[Filed], act: Act) -> dict[str, object]:
    """What a line may name: the claim, whom it is against, and a sum."""
    amount = act.told.get("amount") or 0
    minor = minor_of(amount) if isinstance(amount, Mapping) else int(amount)
    slip = counter.slips.get(act.claim, {})
    known = {name: slip.get(name, "") for name in ("reference", "access_code", "status_url")}
    merchant = claims[act.claim - 1].matter.respondent[0] if act.claim else ""
    return {**known, "amount": money(minor, show.language), "merchant": merchant}


def _evening(show: Show, pace: Pace, tally: Tally, env: Mapping[str, str]) -> str:
    """What the day came to, and the word of `desk verify` about it."""
    found = tally.now(pace.now())
    cells = {**cells_of(found, show.language), "missed": str(tally.missed())}
    rows = {show.text(f"demo.board.{name}"): cells[name] for name in SAID if name != "overdue"}
    minutes = tally.minutes_to_money()
    rows[show.text("demo.evening.minutes")] = "–" if minutes is None else str(minutes)
    report = json.loads(result_of("verify", "--json", env=dict(env), may_fail=True))
    broken = sorted({each["id"] for each in report["invariants"] if not each["ok"]})
    verified = show.text("demo.evening.broken", ids=", ".join(broken)) if broken else show.text(
        "demo.evening.verified", count=len(report["invariants"])
    )  # fmt: skip
    lines = [f"  {_padded(head)} {cell}" for head, cell in rows.items()]
    return "\n".join(["", show.text("demo.evening"), *lines, f"  desk verify: {verified}", "", show.text("demo.evening.goes_on")])


def _welcome(show: Show, url: str, officers: Sequence[Mapping[str, Any]]) -> str:
    """What the person at the terminal needs: addresses, seats, how to end it."""
    clerk = next(each for each in officers if each["role"] == "intake")
    lines = [
        "", show.text("demo.open", url=f"{url}/desk/sign-in"), show.text("demo.poster_at", url=f"{url}{POSTER}"),
        show.text("demo.seats_at"),
        show.text("demo.api", url=f"{url}/openapi.json", token=clerk["token"]),
    ]  # fmt: skip
    if show.lan:
        lines += ["", show.text("demo.lan"), qr_blocks(f"{url}{POSTER}")]
    return "\n".join([*lines, "", show.text("demo.day", speed=f"{show.speed:g}", seed=show.seed), ""])


def _sandbox(show: Show, folder: Path, gateway: str) -> Sequence[str]:
    """The gateway's command: its own books, and the desk's address for what it has to say."""
    events = f"http://{LOOPBACK}:{show.port}/api/v1/gateway/events"
    port = gateway.rpartition(":")[2]
    return ("gateway-sandbox", "--port", port, "--ledger", str(folder / "gateway.db"), "--events-url", events)


def _client(address: str) -> httpx.Client:
    return httpx.Client(base_url=address, timeout=_PATIENCE, trust_env=False)


def _check(children: Sequence[Child]) -> None:
    for child in children:
        child.check()


def _watch(children: Sequence[Child]) -> None:
    while True:
        _check(children)
        time.sleep(_WATCH_SECONDS)


def _padded(head: str) -> str:
    """A heading as wide as the others; a Chinese letter is two columns wide."""
    width = sum(2 if ord(letter) > 0x2E7F else 1 for letter in head)  # noqa: PLR2004 - where the wide letters begin
    return head + " " * max(1, 28 - width)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="desk-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _until_interrupted(show: Show) -> Iterator[None]:
    """Ctrl-C, a polite kill and a closed terminal end the block without a word; a second one does not disturb the tidying up."""
    for number in _ENDING:
        signal.signal(number, _interrupt)
    try:
        yield
    except KeyboardInterrupt:
        say(show.text("demo.ended"))


_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _interrupt(*_: object) -> None:
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    sys.stdout.write("\n")
    raise KeyboardInterrupt
