"""`make mutants`: mistakes put into the rules of money one at a time, and how many of them the tests notice.

Not mutmut: it changes functions only, and half of these rules are tables. Each mistake is made in a process of its own that was
forked after the libraries were loaded; what runs are the few quick tests named here.

    python -m tests.mutants             all of them
    python -m tests.mutants limits      the files whose path holds this word
"""

import importlib.machinery
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from tests.house.tree import ROOT
from tests.mutants.changes import Mutant, mutants

ONCE = ("tests/web/test_idempotency.py",)
TARGETS: Mapping[str, Sequence[str]] = {
    "desk/domain/fund.py": ("tests/domain/test_fund.py",),
    "desk/domain/payout.py": ("tests/domain/test_payout.py",),
    "desk/domain/limits.py": ("tests/domain/test_limits.py",),
    "desk/actions/once.py": ONCE,
    "desk/store/idempotency.py": ONCE,
}
ENOUGH, SECONDS = 0.9, 120
LOADED = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"


def noticed(path: str, tests: Sequence[str], mutant: Mutant | None) -> bool:
    """Whether the tests fail with this mistake; without one they must pass."""
    if child := os.fork():
        return os.waitpid(child, 0)[1] != 0
    code = 1
    try:
        signal.alarm(SECONDS)  # a mistake may go on for ever: that is noticed too
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        if mutant is not None:
            put_in(str(ROOT / path), mutant)
        code = pytest.main(
            ["-x", "-q", "-p", "no:cacheprovider", "-p", "anyio.pytest_plugin", "-W", LOADED, "-k", "not postgresql", *tests]
        )
    finally:
        os._exit(int(code))


def put_in(file: str, mutant: Mutant) -> None:
    """Let the import of a file give the mistaken module."""
    get_code = importlib.machinery.SourceFileLoader.get_code

    def mistaken(loader: importlib.machinery.SourceFileLoader, name: str) -> CodeType | None:
        return compile(mutant.tree, file, "exec") if loader.path == file else get_code(loader, name)

    loader: Any = importlib.machinery.SourceFileLoader
    loader.get_code = mistaken


def judged(path: str, tests: Sequence[str]) -> float:
    """Make every mistake in a file; prints those that nobody noticed, and returns the share that was noticed."""
    began, made = time.monotonic(), list(mutants((ROOT / path).read_text(encoding="utf-8")))
    if noticed(path, tests, None):
        sys.exit(f"{path}: its tests fail without any mistake: {' '.join(tests)}")
    survivors = [mutant for mutant in made if not noticed(path, tests, mutant)]
    for mutant in survivors:
        print(f"  {path}:{mutant.line} {mutant.what}", flush=True)
    score = 1 - len(survivors) / len(made)
    took = time.monotonic() - began
    print(f"{path}: {len(made) - len(survivors)} of {len(made)} noticed, {score:.1%}, in {took:.0f} s", flush=True)
    return score


def main(words: Sequence[str]) -> int:
    """Judge the files; 1 where one of them falls short."""
    chosen = {path: tests for path, tests in TARGETS.items() if not words or any(word in path for word in words)}
    scores = [judged(path, tests) for path, tests in chosen.items()]
    return int(min(scores, default=0) < ENOUGH)


def load() -> None:
    """What every test needs and no mistake is made in, so that it is loaded once."""
    for name in ("alembic", "fastapi", "httpx", "hypothesis", "psycopg", "pydantic", "sqlalchemy", "sqlmodel", "structlog"):
        __import__(name)
    assert not [name for name in sys.modules if name.startswith("desk.")]


if __name__ == "__main__":
    os.chdir(Path(ROOT))
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # finding all of them takes longer than the tests
    load()
    sys.exit(main(sys.argv[1:]))
