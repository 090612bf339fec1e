"""`desk serve` and its worker as processes: looked after, ended politely, gone with their parent. Slow things stay short."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.postgres import LATER
from tests.processes import Served, command, environment, free_port, run, serving, started

SECONDS = 15.0


def eventually(holds: Callable[[], bool], seconds: float = SECONDS) -> bool:
    """Whether it comes true soon."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return False


def logged(served: Served) -> list[dict[str, Any]]:
    """The whole lines of its log."""
    return [json.loads(line) for line in served.output.splitlines(keepends=True) if line.endswith("}\n")]


def workers_of(served: Served) -> list[int]:
    """The workers it started, by process id, the last one last."""
    return [line["worker"] for line in logged(served) if line["event"] == "worker_started"]


def ended(served: Served) -> int:
    """How many workers ended politely."""
    return sum(line["event"] == "worker_ended" for line in logged(served))


@pytest.fixture(params=["sqlite", LATER])
def database(request: pytest.FixtureRequest) -> str:
    """The address of a freshly migrated database: once on each engine, on PostgreSQL in the gate."""
    address: str = request.getfixturevalue(f"{request.param}_database")
    return address


@pytest.mark.slow
def test_serve_looks_after_its_worker_and_both_end_politely(tmp_path: Path, database: str) -> None:
    with serving(tmp_path / "data", database) as served:
        assert eventually(lambda: "round_done" in served.output)
        os.kill(workers_of(served)[0], signal.SIGKILL)
        assert eventually(lambda: len(workers_of(served)) == 2 and served.output.count("round_done") == 2)
        began = time.monotonic()
        assert served.terminate() == 0
        assert time.monotonic() - began < 10
        assert ended(served) == 1
        assert "worker_died" in served.output
        assert "Traceback" not in served.output


@pytest.mark.slow
def test_the_worker_goes_when_its_parent_was_killed(tmp_path: Path, sqlite_database: str) -> None:
    with serving(tmp_path / "data", sqlite_database) as served:
        assert eventually(lambda: "round_done" in served.output)
        os.kill(served.process.pid, signal.SIGKILL)
        served.process.wait(5)
        assert eventually(lambda: ended(served) == 1)


@pytest.mark.slow
def test_without_a_worker_there_is_none(tmp_path: Path, sqlite_database: str) -> None:
    with serving(tmp_path / "data", sqlite_database, "--no-worker") as served:
        assert workers_of(served) == []


@pytest.mark.slow
def test_a_newer_schema_is_refused_in_one_line(tmp_path: Path, sqlite_database: str) -> None:
    with closing(sqlite3.connect(sqlite_database.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    refused = run("serve", "--port", str(free_port()), env=environment(tmp_path / "data", sqlite_database))
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)
    assert "9999" in refused.stderr


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_on_its_own_ends_politely(tmp_path: Path, sqlite_database: str, number: signal.Signals) -> None:
    env = environment(tmp_path / "data", sqlite_database)
    assert run("db", "upgrade", env=env).returncode == 0
    with started(tmp_path / "data", "work", url="", env=env) as worker:
        assert eventually(lambda: "round_done" in worker.output)
        worker.process.send_signal(number)
        assert worker.process.wait(SECONDS) == 0
        assert "Traceback" not in worker.output


@pytest.mark.slow
def test_several_web_processes_share_one_desk_and_end_politely(tmp_path: Path, database: str) -> None:
    with serving(tmp_path / "data", database, "--workers", "2") as served:
        for _ in range(20):
            assert httpx.get(f"{served.url}/readyz").status_code == 200
        assert served.terminate() == 0
        assert "Traceback" not in served.output


@pytest.mark.slow
def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path, sqlite_database: str) -> None:
    with serving(tmp_path / "data", sqlite_database, "--no-worker") as served:
        port = served.url.rpartition(":")[2]
        second = run("serve", "--port", port, env=environment(tmp_path / "data", sqlite_database))
    assert (second.returncode, second.stdout) == (6, "")
    assert second.stderr.count("\n") == 1
    assert "try --port" in second.stderr


@pytest.mark.slow
def test_ctrl_c_in_a_terminal_reaches_the_whole_group_and_is_quiet(tmp_path: Path, sqlite_database: str) -> None:
    with serving(tmp_path / "data", sqlite_database) as served:
        assert eventually(lambda: "round_done" in served.output)
        os.killpg(served.process.pid, signal.SIGINT)
        assert served.process.wait(SECONDS) == 0
        assert "Traceback" not in served.output
        assert "worker_died" not in served.output


@pytest.mark.slow
def test_a_desk_that_was_told_nothing_prints_the_address_it_listens_on(tmp_path: Path) -> None:
    port = free_port()
    env = environment(tmp_path)
    seeded = run("seed", "--json", env=env)
    token = seeded.stdout.split('"token": "')[1].split('"')[0]
    with started(tmp_path, "serve", "--port", str(port), "--no-worker", url=f"http://127.0.0.1:{port}", env=env) as served:
        served.wait_ready()
        body: dict[str, Any] = {
            "site": "huangshan", "channel": "counter", "visitor": {"language": "en"}, "respondent": None, "category": "other",
            "facts": "A bill without a price list.", "items": [],
        }  # fmt: skip
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "first"}
        lodged = httpx.post(f"{served.url}/api/v1/claims", json=body, headers=headers)
        assert lodged.status_code == 201, lodged.text
        assert lodged.json()["status_url"].startswith(f"{served.url}/s/")


def test_the_commands_run_as_a_module_and_as_a_script() -> None:
    script = Path(command()[0]).with_name("desk")
    pages = [subprocess.run([*start, "--help"], capture_output=True, check=True).stdout for start in (command(), [str(script)])]
    assert pages[0] == pages[1] != b""
