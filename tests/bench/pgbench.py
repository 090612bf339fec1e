"""The yardstick on PostgreSQL: pgbench, prepared, writing the very rows of one lodging in one transaction each time."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from sqlalchemy import make_url

from desk.outside.lots import SystemLots
from tests.bench.rows import Added, Cell, Fresh, Id
from tests.postgres import PgServer

CLIENTS, THREADS = 16, 2
_IDS_EACH, _MOST_CLIENTS = 32, 64
_RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_DONE = re.compile(r"actually processed: (\d+)")
SPARE_SECONDS = 30


def program(server: PgServer) -> str | None:
    """pgbench: beside the server's own programs, or on PATH; None where there is none."""
    beside = server.programs / "pgbench" if server.programs else None
    return str(beside) if beside and beside.exists() else shutil.which("pgbench")


def script(rows: Sequence[Added]) -> str:
    """One transaction, one INSERT a table. Ids rise with time, as the desk's own do: random ones would cost more."""
    places = 1 + max(cell.place for table in rows for row in table.rows for cell in row if isinstance(cell, Id))
    assert places <= _IDS_EACH
    numbers = [f"\\set id{place} :base + (:n * {_MOST_CLIENTS} + :client_id) * {_IDS_EACH} + {place}" for place in range(places)]
    lots = count()
    inserts = [_insert(table, lots) for table in rows]
    drawn = [f"\\set r{place} random(1, 9000000000000000000)" for place in range(next(lots))]
    return "\n".join(["\\set n :n + 1", *numbers, *drawn, "BEGIN;", *inserts, "COMMIT;", ""])


def run(pgbench: str, url: str, script_at: Path, *amount: str, clients: int = CLIENTS) -> tuple[float, int]:
    """Transactions a second and their number. `amount` says how long: `-T`, seconds, or `-t`, transactions a client."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    base = f"base={SystemLots().number()}"
    fixed = ["-n", "-M", "prepared", "-c", str(clients), "-j", str(min(THREADS, clients)), "-D", base, "-D", "n=0"]
    command = [pgbench, *fixed, *amount, "-f", str(script_at), address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=float(amount[1]) + SPARE_SECONDS, check=False)
    rate, number = _RATE.search(done.stdout), _DONE.search(done.stdout)
    if done.returncode or rate is None or number is None:
        msg = f"pgbench ended with {done.returncode}: {done.stderr[-2_000:]}"
        raise RuntimeError(msg)
    return float(rate[1]), int(number[1])


def _insert(table: Added, lots: Iterator[int]) -> str:
    columns = ", ".join(f'"{name}"' for name in table.columns)
    values = ", ".join(f"({', '.join(_sql(cell, lots) for cell in row)})" for row in table.rows)
    return f'INSERT INTO "{table.table}" ({columns}) VALUES {values};'


def _sql(cell: Cell, lots: Iterator[int]) -> str:
    """A cell as an expression over pgbench's variables."""
    if isinstance(cell, Id):
        return f"{_quoted(cell.before)} || :id{cell.place}::text" if cell.before else f":id{cell.place}"
    if isinstance(cell, Fresh):
        digest = f"sha256(:r{next(lots)}::text::bytea)"
        whole = digest if cell.binary else f"translate(encode({digest}, 'base64'), '+/', 'ab')"
        return f"substr({whole}, 1, {cell.length})"
    return "NULL" if cell.value is None else _quoted(str(cell.value))


def _quoted(text: str) -> str:
    r"""A literal without a colon in it, which pgbench would take for a variable: E'\x3a'."""
    inner = text.replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a").replace("\n", "\\n")
    return f"E'{inner}'"
