"""Load from another process, and what came of it: wrk where it is installed, else a client of our own, which is slower."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.bench.asked import Target

SCRIPT = Path(__file__).with_name("load.lua")
HINT = "wrk is not installed and our own client takes more of the processor away from the desk: apt-get install wrk"
SPARE_SECONDS = 30


@dataclass(frozen=True)
class Load:
    """What one round brought. `errors` are answers that refuse, connections that failed and answers that never came."""

    answered: int
    errors: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return (self.answered - self.errors) / self.seconds


def has_wrk() -> bool:
    """Whether wrk is on PATH."""
    return shutil.which("wrk") is not None


def drive(target: Target, *, connections: int, seconds: int) -> Load:
    """Keep `connections` requests under way for so many seconds."""
    environment = {**os.environ, "BENCH_REQUEST": str(target.request)}
    if target.tokens:
        environment["BENCH_TOKENS"] = str(target.tokens)
    counts = [str(connections), str(seconds)]
    program = (
        ["wrk", "-t", "1", "-c", counts[0], "-d", f"{counts[1]}s", "--timeout", "10s", "-s", str(SCRIPT), target.url]
        if has_wrk()
        else [sys.executable, "-m", "tests.bench.client", target.host, str(target.port), *counts]
    )
    done = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=seconds + SPARE_SECONDS, check=True)
    return Load(**json.loads(done.stdout.splitlines()[-1]))
