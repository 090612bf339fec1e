"""What every test may ask for: a fresh database on either engine, and the walls around a test run.

Holds no builder of claims and no cast; those are in `tests/builders.py` and `tests/cast.py`.
"""

import gc
import os
import shutil
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
import structlog

from tests import postgres, processes
from tests.cradle import Cradle
from tests.once import build_commands_once, compile_once, once, paint_once, trust_once

if TYPE_CHECKING:
    from tests.gate.places import Place

# A developer's own settings must not reach the tests, nor the processes that they start.
ASKED = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("DESK_")}
DEEP = ASKED.get("DESK_TEST_DEEP") == "1"
"""Everything in every combination, as `make deep` has it: hours. The gate has minutes, and takes a sample."""
LACKING = pytest.StashKey[dict[str, str]]()
GATE = Path(__file__).parent / "gate"
LATER_ON_POSTGRES = {"web", "worker"}
DEAR = {
    "browser/test_counter", "cli/test_import", "cli/test_jobs", "outside/test_alipay", "outside/test_couriers",
    "outside/test_http_gateway", "outside/test_wechat", "store/test_commit_before_answer", "verify/test_breakages",
    "verify/test_money", "web/test_contradictions", "web/test_evidence_doors", "web/test_message_races", "web/test_money_doors",
    "web/test_page_rights", "web/test_recovery", "web/test_slow_senders", "worker/test_alerts", "worker/test_another_gateway",
    "worker/test_digests", "worker/test_handoffs", "worker/test_incidents",
}  # fmt: skip
"""A third of `make test` before they waited for the gate, in one file of ten: few changes can break only these."""
OF_PAGES = {"test_console_claim", "test_console_queue", "test_console_told", "test_pages_reviewed"}
LONG = {"worker", "demo", "tour", "gate", "browser"}
_numbers = count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Close the sockets, keep files in memory, compile a statement once; a polite kill stops the servers as Ctrl-C does."""
    config.stash[LACKING] = {}
    if folder := postgres.in_memory():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.addaudithook(_only_loopback)
    gc.disable()
    compile_once()
    trust_once()
    build_commands_once()
    processes.CRADLE.append(Cradle())
    _tell_failures_plainly()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The gate's folder is not even read by whoever wants nothing slow: describing the fuzz takes longer than most files."""
    return True if collection_path == GATE and config.option.markexpr == "not slow" else None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse two tests of one name, of which xdist would run one and say nothing.

    What was read stays for good; looking through it for garbage while it was being read took a third of that time.
    """
    named = Counter(item.nodeid for item in session.items)
    if twice := [name for name, times in named.items() if times > 1]:
        msg = f"{len(twice)} names of tests are used twice: {', '.join(twice[:3])}"
        raise pytest.UsageError(msg)
    paint_once()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what waits for processes and browsers: a file of one long test that begins last keeps only one worker busy.

    Of the tests of pages, routes and workers only the steps run on PostgreSQL before each landing, all the others in the gate;
    so do the walks through one old migration, which nobody edits any more, and what is `DEAR`.
    """
    if not DEEP:
        further = {item for item in items if _only_in_depth(item)}
        config.hook.pytest_deselected(items=[*further])
        items[:] = [item for item in items if item not in further]
    for item in items:
        here = f"{item.path.parent.name}/{item.path.stem}"
        later = (
            _on_postgresql(item) and item.path.parent.name in LATER_ON_POSTGRES and not item.path.stem.startswith("test_steps")
        )
        if later or here in DEAR or item.path.stem.endswith(("_migration", "_upgrade")):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.path.parent.name not in LONG)


def _on_postgresql(item: pytest.Item) -> bool:
    return "[postgresql" in item.name


def _only_in_depth(item: pytest.Item) -> bool:
    """Further breakages on the second engine, as engines differ in statements alone; and pages, which read what the API does."""
    further_breakage = item.path.stem == "test_breakages" and len([*item.iter_markers("slow")]) > 1
    return further_breakage or (item.path.stem in OF_PAGES and _on_postgresql(item))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say loudly which half was not tested."""
    for what, why in config.stash[LACKING].items():
        terminalreporter.section(f"NOT TESTED: {what}", red=True, bold=True)
        terminalreporter.line(f"{why}. DESK_REQUIRE_{what}=1 makes this a failure.")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The loop that uvicorn's tests and ours share."""
    return "asyncio"


@pytest.fixture(scope="session")
def pg_server(pytestconfig: pytest.Config) -> Iterator[postgres.PgServer]:
    """A PostgreSQL for the whole run, in a hurry: its fsync is off unless `DESK_TEST_PG_URL` names one of yours."""
    try:
        with postgres.running(ASKED.get("DESK_TEST_PG_URL")) as server:
            yield server
    except postgres.NoPostgresError as error:
        _lacking(pytestconfig, "PG", str(error))


@pytest.fixture(scope="session")
def chromium(pytestconfig: pytest.Config) -> str:
    """The path of Debian's browser."""
    return processes.browser_program() or _lacking(pytestconfig, "BROWSER", processes.NO_BROWSER)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy; nothing writes to it."""
    from desk.store.migrations import upgrade

    def make(folder: Path) -> None:
        upgrade(f"sqlite:///{folder}/desk.db")
        with closing(sqlite3.connect(folder / "desk.db")) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    return once(tmp_path_factory, "template", make) / "desk.db"


@pytest.fixture(scope="session")
def postgresql_template(pg_server: postgres.PgServer) -> Iterator[str]:
    """The name of a migrated database to copy; nobody stays connected to it."""
    from desk.store.migrations import upgrade

    name = f"desk_template_{os.getpid()}"
    upgrade(pg_server.create_database(name))
    yield name
    pg_server.drop_database(name)


@pytest.fixture(scope="session")
def seeded_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> "Place":
    """A seeded desk to copy, nobody serves it: fifteen passwords take a while to hash."""
    from tests.gate.places import kept, seeded_in

    return kept(once(tmp_path_factory, "seeded", seeded_in))


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a freshly migrated SQLite file."""
    return f"sqlite:///{shutil.copyfile(sqlite_template, tmp_path / 'desk.db')}"


@pytest.fixture
def postgresql_database(pg_server: postgres.PgServer, postgresql_template: str) -> Iterator[str]:
    """The address of a freshly migrated PostgreSQL database, dropped afterwards."""
    name = f"desk_{os.getpid()}_{next(_numbers)}"
    yield pg_server.create_database(name, template=postgresql_template)
    pg_server.drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """The address of a freshly migrated database: the test runs once on each engine."""
    address: str = request.getfixturevalue(f"{request.param}_database")
    return address


@pytest.fixture(params=["sqlite", postgres.LATER])
def database_later(request: pytest.FixtureRequest) -> str:
    """The same, but on PostgreSQL in the gate only: for what follows from tables and rules alone."""
    address: str = request.getfixturevalue(f"{request.param}_database")
    return address


def _lacking(config: pytest.Config, what: str, why: str) -> NoReturn:
    if ASKED.get(f"DESK_REQUIRE_{what}") == "1":
        pytest.fail(why, pytrace=False)
    config.stash[LACKING][what] = why
    pytest.skip(why)


def _tell_failures_plainly() -> None:
    """What is logged of a failure, without the coloured panels of every local: one of them took six seconds to draw."""
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, plain])


def _only_loopback(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook: refuse to look up or to call anything but this machine."""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if host not in (None, "", "localhost", b"localhost") and not _is_loopback(host):
        msg = f"a test called {host!r}; only this machine may be called"
        raise PermissionError(msg)


def _is_loopback(host: object) -> bool:
    try:
        return ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False
