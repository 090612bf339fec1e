"""Every failure is one line on stderr with its exit code; a bug keeps its traceback."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from desk import wiring
from desk.cli.exits import Exit, Failure, told
from desk.domain import errors
from desk.packs.cases import CaseError
from tests.cli.conftest import Shell
from tests.house.test_refusals import every_refusal
from tests.processes import environment, run

SECRET = "mysecret"


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (errors.NotFound(), Exit.NOT_FOUND),
        (errors.Forbidden(), Exit.FAILED),
        (errors.BadInput("/name", "missing"), Exit.USAGE),
        (errors.BadInput("/name", "taken"), Exit.CONFLICT),
        (errors.WrongMoment(), Exit.CONFLICT),
        (errors.StaleVersion(etag='"3"'), Exit.CONFLICT),
        (errors.Busy(), Exit.UNAVAILABLE),
        (errors.StorageFull(), Exit.UNAVAILABLE),
        (wiring.NotPrepared(), Exit.FAILED),
        (wiring.SchemaTooNew("0099"), Exit.FAILED),
        (wiring.KeyTrouble("chmod 600 it"), Exit.FAILED),
        (wiring.PackError("a.toml", "limits", "is missing"), Exit.FAILED),
        (wiring.SettingsTrouble("DESK_X"), Exit.USAGE),
        (CaseError("cases.jsonl: line 1: id: is missing"), Exit.USAGE),
        (OperationalError("SELECT 1", {}, sqlite3.OperationalError(SECRET)), Exit.UNAVAILABLE),
        (IntegrityError("INSERT", {"name": SECRET}, sqlite3.IntegrityError(SECRET)), Exit.CONFLICT),
        (PermissionError(13, "Permission denied", "/srv/desk"), Exit.UNAVAILABLE),
        (Failure(Exit.NEEDS_CONFIRMATION, "say --yes"), Exit.NEEDS_CONFIRMATION),
    ],
    ids=lambda given: type(given).__name__,
)
def test_a_failure_has_its_code_and_its_line(failure: Exception, code: Exit) -> None:
    ending = told(failure)
    assert ending
    assert (ending.code, ending.line.count("\n"), SECRET in ending.line) == (code, 0, False)
    assert ending.line


def test_every_refusal_can_be_told_in_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    for spoken, locale in (("en", "en_US.UTF-8"), ("zh", "zh_CN.UTF-8")):
        monkeypatch.setenv("LC_ALL", locale)
        lines = [told(kind("/name", "missing") if kind is errors.BadInput else kind()) for kind in every_refusal()]
        assert all(ending and ending.line for ending in lines), spoken
        assert {line.line.isascii() for line in lines if line} == {spoken == "en"}


def test_a_bug_keeps_its_traceback() -> None:
    assert told(KeyError("state")) is None


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("no-such-command",), 2),
        (("officers", "add", "王芳"), 2),
        (("claims", "import", "/no/file", "--site", "huangshan"), 2),
        (("packs", "show", "cn-1999"), 3),
        (("officers", "disable", "Nobody"), 3),
        (("officers", "add", "王芳", "--role", "intake", "--site", "nowhere"), 3),
        (("officers", "add", "王芳", "--role", "admin", "--site", "huangshan"), 2),
        (("officers", "add", "陈晓雯", "--role", "intake", "--site", "huangshan"), 4),
        (("claims", "list", "--as", "Nobody"), 3),
        (("claims", "list", "--as", "陈晓雯", "--site", "gulangyu"), 3),
        (("claims", "show", "0000000000", "--as", "陈晓雯"), 3),
        (("sites", "add", "huangshan", "--name", "山", "--name-en", "Hill", "--phone", "12345"), 4),
        (("sites", "add", "Huang Shan", "--name", "山", "--name-en", "Hill", "--phone", "12345"), 2),
        (("sites", "add", "new", "--name", "山", "--name-en", "Hill", "--phone", "12345", "--zone", "Mars/Base"), 2),
        (("sites", "add", "new", "--name", "山", "--name-en", "Hill", "--phone", "12345", "--hours", "never"), 2),
        (("sites", "add", "new", "--name", "山", "--name-en", "Hill", "--phone", "12345", "--overlay", "cn-moon"), 2),
        (("sites", "add", "new", "--name", "山", "--name-en", "Hill", "--phone", "12345", "--currency", "JPY"), 2),
        (("sends", "stop", "--reason", " "), 2),
        (("sends", "stop", "--reason", "wrong amounts", "--site", "nowhere"), 3),
        (("sends", "resume", "--site", "nowhere"), 3),
    ],
    ids=lambda given: " ".join(given[:3]) if isinstance(given, tuple) else None,
)
def test_a_command_that_fails_says_one_line_and_prints_nothing(quick_shell: Shell, arguments: tuple[str, ...], code: int) -> None:
    quick_shell.seed()
    ended = quick_shell(*arguments)
    assert (ended.code, ended.out) == (code, "")
    assert "Traceback" not in ended.err
    assert ended.err.strip()


def test_a_database_out_of_reach_is_told_in_one_line_without_its_password(tmp_path: Path) -> None:
    env = environment(tmp_path, "postgresql://desk:mysecret@127.0.0.1:1/desk")
    ended = run("verify", "--json", env=env)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (6, "", 1)
    assert SECRET not in ended.stderr


def test_a_misspelt_setting_stops_every_command(tmp_path: Path) -> None:
    ended = run("version", env={**environment(tmp_path), "DESK_DATBASE_URL": SECRET})
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert "did you mean DESK_DATABASE_URL?" in ended.stderr
    assert SECRET not in ended.stderr
