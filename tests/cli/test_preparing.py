"""Getting a database ready: once, by many at a time, and never with a schema or with keys that are not its own."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest
from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.pool import NullPool

from desk import wiring
from desk.store import metadata
from tests.cli.conftest import Shell


def engine(shell: Shell) -> Engine:
    """A plain engine, to look at rows with nobody's help."""
    return create_engine(shell.database, poolclass=NullPool)


def count(shell: Shell, table: str) -> int:
    """How many rows a table holds."""
    with engine(shell).connect() as conn:
        return conn.scalar(select(func.count()).select_from(metadata.tables[table])) or 0


def test_preparing_by_many_at_once_is_preparing_once(shell: Shell) -> None:
    settings = shell.settings
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: wiring.prepare(settings), range(4)))
    first = [count(shell, table) for table in ("installation", "calendar_year", "calendar_day")]
    wiring.prepare(settings)
    assert first[0] == 1
    assert first[1] > 10
    assert [count(shell, table) for table in ("installation", "calendar_year", "calendar_day")] == first


def test_keys_are_made_once_and_only_for_their_owner(shell: Shell) -> None:
    wiring.prepare(shell.settings)
    files = sorted((shell.data / "keys").iterdir())
    assert [file.name for file in files] == ["master.key", "pepper.key"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert shell.data.stat().st_mode & 0o777 == 0o700


def test_a_newer_schema_is_refused_in_one_line_by_every_command(shell: Shell) -> None:
    wiring.prepare(shell.settings)
    with engine(shell).begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for arguments in (
        ("db", "upgrade"),
        ("serve", "--port", "1"),
        ("verify",),
        ("work", "--once"),
        ("officers", "list", "--json"),
    ):
        ended = shell(*arguments)
        assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1), arguments
        assert "9999" in ended.err


def test_a_database_that_nobody_prepared_names_the_command(quick_shell: Shell) -> None:
    ended = quick_shell("officers", "list")
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "desk db upgrade" in ended.err
    assert not (quick_shell.data / "keys").exists()


def test_foreign_keys_are_noticed_before_anything_is_opened(shell: Shell) -> None:
    wiring.prepare(shell.settings)
    shutil.rmtree(shell.data / "keys")
    other = shell.settings.model_copy(update={"database_url": f"sqlite:///{shell.data}/other.db"})
    wiring.prepare(other)
    for arguments in (("db", "upgrade"), ("verify",), ("work", "--once")):
        ended = shell(*arguments)
        assert (ended.code, ended.err.count("\n")) == (1, 1), arguments
        assert "these keys do not belong to this database" in ended.err


def test_lost_keys_are_never_replaced_by_new_ones(shell: Shell) -> None:
    wiring.prepare(shell.settings)
    (shell.data / "keys" / "pepper.key").unlink()
    for arguments in (("db", "upgrade"), ("verify",)):
        ended = shell(*arguments)
        assert (ended.code, ended.err.count("\n")) == (1, 1), arguments
        assert "pepper.key missing" in ended.err
    assert not (shell.data / "keys" / "pepper.key").exists()


def test_a_year_published_elsewhere_reaches_the_shelf(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "SHELF_SECONDS", 0.01)
    wiring.prepare(shell.settings)
    table = metadata.tables["calendar_year"]

    async def inside() -> None:
        async with wiring.opened(shell.settings) as desk:
            before = desk.kit.shelf.calendar.version
            with engine(shell).begin() as conn:
                conn.execute(table.insert().values(year=2099, source="test"))
            with anyio.fail_after(10):
                while desk.kit.shelf.calendar.version == before:  # noqa: ASYNC110 - another process raises no event
                    await anyio.sleep(0.01)
            assert 2099 in desk.kit.shelf.calendar.years

    anyio.run(inside)


def test_version_names_app_schema_python_and_database(shell: Shell) -> None:
    told = shell("version", "--json").document
    assert sorted(told) == ["app", "database", "newest_schema", "python", "schema"]
    assert told["schema"] == told["newest_schema"]
    assert told["database"].split()[0] in shell.database
