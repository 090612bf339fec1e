"""What a figure depends on beside our code: the machine, its load, its flush, the versions."""

import os
import platform
import sqlite3
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

from tests.bench.load import has_wrk

FLUSH_SECONDS = 0.3


def line() -> str:
    """One line about machine and versions; the load is that of this moment, so ask before the bench begins."""
    python = ".".join(map(str, sys.version_info[:3]))
    programs = [f"{name} {version(name)}" for name in ("uvicorn", "starlette", "sqlalchemy", "psycopg")]
    loader = "wrk" if has_wrk() else "own client"
    return ", ".join(
        [
            f"{os.cpu_count()} cores", f"load {os.getloadavg()[0]:.1f} at start", platform.platform(terse=True),
            f"Python {python}", f"SQLite {sqlite3.sqlite_version}", *programs, f"load by {loader}",
        ]
    )  # fmt: skip


def flush_us(folder: Path) -> float:
    """Microseconds that one append of 4 KiB and its fsync take on the disk of `folder`."""
    block, done = os.urandom(4096), 0
    file = os.open(folder / "flush", os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        began = perf_counter()
        while (spent := perf_counter() - began) < FLUSH_SECONDS:
            os.write(file, block)
            os.fsync(file)
            done += 1
    finally:
        os.close(file)
    return spent / done * 1e6


def file_system(folder: Path) -> str:
    """The kind of file system that a folder lies on, as df tells it."""
    done = subprocess.run(["df", "--output=fstype", str(folder)], capture_output=True, text=True, check=False)
    return done.stdout.split()[-1] if done.returncode == 0 else "unknown"
