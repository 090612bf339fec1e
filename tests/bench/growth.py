"""What many claims cost: the same requests to a desk of few claims and to one of many, in turn, on one connection.

The claims are copies of one that was really lodged, with ids, references, keys and hashes of their own.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from desk.outside.lots import SystemLots
from desk.store.engines import plain_engine
from tests.bench import desks, raw_sqlite
from tests.bench.figures import Growth, Report
from tests.bench.load import drive
from tests.bench.rows import Added, Cell, Fresh, Id
from tests.postgres import PgServer

TOKENS, WARM_SECONDS, AT_ONCE, IDS_EACH = 2_000, 1, 5_000, 64
STATUS_MOST, QUEUE_MOST, LODGING_MOST = 1.5, 1.6, 1.2


def on_sqlite(folder: Path, few: int, many: int, rounds: int, seconds: int) -> Report:
    """The bench on two files."""
    with ExitStack() as stack:
        grown = [stack.enter_context(_sqlite(folder / str(count), count)) for count in (few, many)]
        return _report("SQLite", grown, few, many, rounds, seconds)


def on_postgres(folder: Path, server: PgServer, few: int, many: int, rounds: int, seconds: int) -> Report:
    """The bench in two databases of one server."""
    with ExitStack() as stack:
        grown = [stack.enter_context(copied_on_postgres(folder / str(count), server, count)) for count in (few, many)]
        return _report("PostgreSQL", grown, few, many, rounds, seconds)


def _report(engine: str, grown: list[desks.LoadedDesk], few: int, many: int, rounds: int, seconds: int) -> Report:
    """All rounds: each kind of request to both desks, one right after the other."""
    figures = [Growth("status", STATUS_MOST), Growth("queue, first page of 50", QUEUE_MOST), Growth("lodging", LODGING_MOST)]
    targets = []
    for desk in grown:
        tokens = desk.lodge(TOKENS)
        desk.read_all(tokens)
        targets.append((desk.status(tokens), desk.queue(), desk.lodging()))
        for target in targets[-1]:
            drive(target, connections=1, seconds=WARM_SECONDS)
    for _ in range(rounds):
        for figure, small, large in zip(figures, *targets, strict=True):
            figure.few.append(drive(small, connections=1, seconds=seconds))
            figure.many.append(drive(large, connections=1, seconds=seconds))
    return Report(f"{engine}, {many:,} claims ÷ {few:,}, one connection", [], figures)


@contextmanager
def _sqlite(folder: Path, count: int) -> Iterator[desks.LoadedDesk]:
    with desks.on_sqlite(folder) as desk:
        raw_sqlite.run(desk.place.file, desk.rows, batch=AT_ONCE, transactions=count // AT_ONCE)
        yield desk


@contextmanager
def copied_on_postgres(folder: Path, server: PgServer, count: int) -> Iterator[desks.LoadedDesk]:
    """A desk on a server with so many copies of a lodged claim."""
    with desks.on_postgres(folder, server, f"growth_{count}") as desk:
        engine, base = plain_engine(desk.place.database), SystemLots().number()
        for added in desk.rows:
            with engine.begin() as conn:
                for row in added.rows:
                    conn.exec_driver_sql(_copies(added, row, base, count))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("VACUUM ANALYZE")
        engine.dispose()
        yield desk


def _copies(added: Added, row: tuple[Cell, ...], base: int, count: int) -> str:
    """A statement that inserts `count` rows like this one."""
    columns = ", ".join(f'"{name}"' for name in added.columns)
    values = ", ".join(_value(cell, base) for cell in row)
    return f'INSERT INTO "{added.table}" ({columns}) SELECT {values} FROM generate_series(1, {count}) AS n'.replace("%", "%%")


def _value(cell: Cell, base: int) -> str:
    """A cell as an expression over `n`."""
    if isinstance(cell, Id):
        number = f"({base} + n::bigint * {IDS_EACH} + {cell.place})"
        return f"{_quoted(cell.before)} || {number}" if cell.before else number
    if isinstance(cell, Fresh):
        digest = "sha256((random()::text || n)::bytea)"
        whole = digest if cell.binary else f"translate(encode({digest}, 'base64'), '+/', 'ab')"
        return f"substr({whole}, 1, {cell.length})"
    return "NULL" if cell.value is None else _quoted(str(cell.value))


def _quoted(text: str) -> str:
    doubled = text.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
    return f"E'{doubled}'"
