"""`make bench`: how fast the desk is, as ratios to what the database and the server can do at all, measured in one run.

Seconds alone say little: this machine may be busy, and the next one is another. Ends with 1 when an answer was wrong or
lost; for a figure below its floor only with `--strict`, for a bench is no test.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests import postgres
from tests.bench import growth, machine, rounds, sweep
from tests.bench.figures import Report
from tests.bench.load import HINT, has_wrk

ENGINES = ("sqlite", "postgresql")
FEW, FEW_CLOCKS = 10_000, 1_000


def main() -> int:
    """Run the bench and return the exit code."""
    asked = _arguments()
    effort = rounds.Effort(1, 1) if asked.quick else rounds.Effort(asked.rounds, asked.seconds)
    about = machine.line()
    _say(asked, about)
    if not has_wrk():
        print(HINT, file=sys.stderr)
    reports = []
    for engine in asked.engine or ENGINES:
        for report in _chosen(engine, effort, asked):
            reports.append(report)
            _say(asked, f"\n{report.told()}")
    if asked.json:
        print(json.dumps({"machine": about, "reports": [report.document() for report in reports]}, ensure_ascii=False, indent=2))
    sound, passed = all(report.sound for report in reports), all(report.passed for report in reports)
    return 0 if sound and (passed or not asked.strict) else 1


def _chosen(engine: str, effort: rounds.Effort, asked: argparse.Namespace) -> Iterator[Report]:
    if asked.clocks:
        return _swept(engine, effort, asked.clocks)
    return _grown(engine, effort, asked.growth) if asked.growth else _run(engine, effort)


def _run(engine: str, effort: rounds.Effort) -> Iterator[Report]:
    with tempfile.TemporaryDirectory(prefix="desk-bench-") as folder:
        if engine == "sqlite":
            yield rounds.on_sqlite(Path(folder), effort)
            return
        with postgres.running(os.environ.get("DESK_TEST_PG_URL"), durable=True) as server:
            yield rounds.on_postgres(Path(folder) / "one", effort, server)
            yield rounds.on_postgres_twice(Path(folder) / "two", effort, server)


def _grown(engine: str, effort: rounds.Effort, many: int) -> Iterator[Report]:
    with tempfile.TemporaryDirectory(prefix="desk-bench-") as folder:
        if engine == "sqlite":
            yield growth.on_sqlite(Path(folder), FEW, many, effort.rounds, effort.seconds)
            return
        with postgres.running(os.environ.get("DESK_TEST_PG_URL"), durable=True) as server:
            yield growth.on_postgres(Path(folder), server, FEW, many, effort.rounds, effort.seconds)


def _swept(engine: str, effort: rounds.Effort, many: int) -> Iterator[Report]:
    with tempfile.TemporaryDirectory(prefix="desk-bench-") as folder:
        if engine == "sqlite":
            yield sweep.on_sqlite(Path(folder), FEW_CLOCKS, many, effort.rounds)
            return
        with postgres.running(os.environ.get("DESK_TEST_PG_URL"), durable=True) as server:
            yield sweep.on_postgres(Path(folder), server, FEW_CLOCKS, many, effort.rounds)


def _say(asked: argparse.Namespace, text: str) -> None:
    if not asked.json:
        print(text, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds to take the median of (3)")
    parser.add_argument("--seconds", type=int, default=3, help="seconds that each side of a round is loaded (3)")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="one engine only; may be given twice")
    parser.add_argument(
        "--growth", type=int, nargs="?", const=1_000_000, default=0, metavar="CLAIMS",
        help=f"instead: the same requests with so many claims (1 000 000) and with {FEW}; takes ten minutes and 10 GB",
    )  # fmt: skip
    parser.add_argument(
        "--clocks", type=int, nargs="?", const=100_000, default=0, metavar="CLOCKS",
        help=f"instead: what the worker takes for a due clock among so many that run (100 000) and among {FEW_CLOCKS}",
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="one round of one second: does it run at all?")
    parser.add_argument("--strict", action="store_true", help="end with 1 below a floor")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
