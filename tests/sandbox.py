"""The shipped `desk gateway-sandbox` as a second process: told how to behave, counted, killed, started again. Judges nothing."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.processes import Served, environment, free_port, started

SECRET = "whsec_c2FuZGJveCBzZWNyZXQgb2YgdGhlIHRlc3RzIQ=="


@dataclass
class Sandbox:
    """The gateway of a test, at one address and with one ledger, however often it is started."""

    folder: Path
    events_url: str | None
    url: str = field(default_factory=lambda: f"http://127.0.0.1:{free_port()}")
    _ends: ExitStack = field(default_factory=ExitStack)
    _served: Served | None = None

    @property
    def settings(self) -> dict[str, str]:
        """What a desk that uses it is told, as `tests.processes.environment` takes it."""
        return {"gateway_url": self.url, "gateway_secret": SECRET, "gateway_timeout": "2"}

    def start(self) -> None:
        """Start it, and return when it listens."""
        arguments = ["--port", self.url.rpartition(":")[2], "--ledger", str(self.folder / "ledger.db")]
        if self.events_url:
            arguments += ["--events-url", self.events_url]
        env = environment(self.folder, gateway_secret=SECRET)
        self._served = self._ends.enter_context(started(self.folder, "gateway-sandbox", *arguments, url=self.url, env=env))
        self._served.wait_ready()

    def kill(self) -> None:
        """End it with kill -9; from now on its address refuses."""
        assert self._served
        self._served.kill()

    def freeze(self) -> None:
        """Stop it where it stands: it may still be connected to, and hears nothing until it is killed."""
        assert self._served
        os.kill(self._served.process.pid, signal.SIGSTOP)

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        assert self._served
        return self._served.terminate()

    def close(self) -> None:
        """End whatever is left of it."""
        self._ends.close()

    def behave(self, mode: str = "normal", **more: object) -> None:
        """From now on like this: `times`, `seconds`, `on` and `events` as `desk/outside/gateways/sandbox_modes.py` tells them."""
        self._ask("PUT", "mode", {"mode": mode, **more})

    def payments(self, key: str | None = None) -> list[dict[str, Any]]:
        """What it paid or refused, under one key or under all."""
        return [each for each in self._ask("GET", "ledger")["payments"] if key in (None, each["key"])]

    def asked(self, key: str) -> int:
        """How often it was asked to pay under a key, whether or not it did."""
        return int(self._ask("GET", "ledger")["asked"].get(key, 0))

    def collect(self, key: str) -> None:
        """The visitor takes the money that awaits them."""
        self._ask("POST", f"collect/{key}")

    def lapse(self, key: str) -> None:
        """The visitor lets the money go back."""
        self._ask("POST", f"lapse/{key}")

    def _ask(self, method: str, what: str, body: object = None) -> Any:  # noqa: ANN401 - whatever it answers
        answer = httpx.request(method, f"{self.url}/_sandbox/{what}", json=body, trust_env=False)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def sandbox(folder: Path, events_url: str | None = None) -> Iterator[Sandbox]:
    """A gateway that listens, ended after the block."""
    playing = Sandbox(folder, events_url)
    try:
        playing.start()
        yield playing
    finally:
        playing.close()
