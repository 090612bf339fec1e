"""The yardstick on PostgreSQL: pgbench, prepared, writing the very rows of one lodging or payment in as many transactions."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from sqlalchemy import make_url

from desk.outside.lots import SystemLots
from tests.bench.rows import Added, Cell, Changed, Fresh, Id, More, Written
from tests.postgres import PgServer

CLIENTS, THREADS = 16, 2
IDS_EACH, _MOST_CLIENTS = 64, 64
_RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_DONE = re.compile(r"actually processed: (\d+)")
SPARE_SECONDS = 30


def program(server: PgServer) -> str | None:
    """pgbench: beside the server's own programs, or on PATH; None where there is none."""
    beside = server.programs / "pgbench" if server.programs else None
    return str(beside) if beside and beside.exists() else shutil.which("pgbench")


def script(*transactions: Written) -> str:
    """One INSERT a table and one UPDATE a row. Ids rise with time, as the desk's own do: random ones would cost more."""
    places = 1 + max(cell.place for written in transactions for one in written for cell in _cells(one) if isinstance(cell, Id))
    assert places <= IDS_EACH
    numbers = [f"\\set id{place} :base + (:n * {_MOST_CLIENTS} + :client_id) * {IDS_EACH} + {place}" for place in range(places)]
    lots = count()
    statements = [
        line for written in transactions for line in ("BEGIN;", *(_statement(one, lots) for one in written), "COMMIT;")
    ]  # fmt: skip
    drawn = [f"\\set r{place} random(1, 9000000000000000000)" for place in range(next(lots))]
    return "\n".join(["\\set n :n + 1", *numbers, *drawn, *statements, ""])


def run(
    pgbench: str, url: str, script_at: Path, *amount: str, clients: int = CLIENTS, base: int | None = None
) -> tuple[float, int]:  # fmt: skip
    """Runs of the script a second and their number. `amount` says how long: `-T`, seconds, or `-t`, runs a client.

    Two scripts run with the same `base` and the same number of runs write about the same ids.
    """
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    begin = f"base={SystemLots().number() if base is None else base}"
    fixed = ["-n", "-M", "prepared", "-c", str(clients), "-j", str(min(THREADS, clients)), "-D", begin, "-D", "n=0"]
    command = [pgbench, *fixed, *amount, "-f", str(script_at), address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=float(amount[1]) + SPARE_SECONDS, check=False)
    rate, number = _RATE.search(done.stdout), _DONE.search(done.stdout)
    if done.returncode or rate is None or number is None:
        msg = f"pgbench ended with {done.returncode}: {done.stderr[-2_000:]}"
        raise RuntimeError(msg)
    return float(rate[1]), int(number[1])


def pay(
    pgbench: str, url: str, folder: Path, before: Written, steps: Sequence[Written], number: int, clients: int = CLIENTS
) -> tuple[float, int]:  # fmt: skip
    """Payments a second and their number: each is brought `before` the first step, then all through all, a transaction a step."""
    ready, paying, base = folder / "ready.sql", folder / "paying.sql", SystemLots().number()
    ready.write_text(script(before), encoding="utf-8")
    paying.write_text(script(*steps), encoding="utf-8")
    runs = "-t", str(number // clients)
    run(pgbench, url, ready, *runs, clients=clients, base=base)
    return run(pgbench, url, paying, *runs, clients=clients, base=base)


def _cells(one: Added | Changed) -> Iterator[Cell | More]:
    if isinstance(one, Added):
        yield from (cell for row in one.rows for cell in row)
    else:
        yield from (one.row, *one.values)


def _statement(one: Added | Changed, lots: Iterator[int]) -> str:
    if isinstance(one, Added):
        columns = ", ".join(f'"{name}"' for name in one.columns)
        values = ", ".join(f"({', '.join(_sql(cell, lots) for cell in row)})" for row in one.rows)
        return f'INSERT INTO "{one.table}" ({columns}) VALUES {values};'
    values = ", ".join(f'"{name}" = {_new(name, cell, lots)}' for name, cell in zip(one.columns, one.values, strict=True))
    return f'UPDATE "{one.table}" SET {values} WHERE "id" = {_sql(one.row, lots)};'


def _new(column: str, cell: Cell | More, lots: Iterator[int]) -> str:
    return f'"{column}" + {cell.by}' if isinstance(cell, More) else _sql(cell, lots)


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
