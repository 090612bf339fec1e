"""Help: one screen, quick, with examples, and every command listed and shown by example."""

import subprocess
import time

import pytest
import typer

from desk.cli.commands import FRONT, app
from tests.cli.conftest import Shell
from tests.processes import command

SCREEN_LINES, SCREEN_COLUMNS = 30, 80


def commands(group: typer.Typer = app, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command by its path."""
    own = [(*path, one.name or one.callback.__name__) for one in group.registered_commands if one.callback]
    nested = [
        each
        for one in group.registered_groups
        if one.typer_instance
        for each in commands(one.typer_instance, (*path, str(one.name)))
    ]
    return [*own, *nested]  # fmt: skip


def test_the_front_page_fits_a_screen_and_lists_every_command(quick_shell: Shell) -> None:
    page = quick_shell("--help")
    lines = page.out.splitlines()
    assert (page.code, page.err) == (0, "")
    assert len(lines) <= SCREEN_LINES
    assert max(map(len, lines)) <= SCREEN_COLUMNS
    listed = {line.split()[0] for line in lines if line.startswith("  ") and not line.startswith("   ")}
    assert {path[0] for path in commands()} == listed
    assert FRONT.count("desk demo") + FRONT.count("desk officers add") + FRONT.count("desk claims list") == 3


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_every_command_shows_an_example(quick_shell: Shell, path: tuple[str, ...]) -> None:
    page = quick_shell(*path, "--help")
    assert page.code == 0
    assert f"Example: desk {' '.join(path)}" in page.out


@pytest.mark.slow
def test_help_comes_about_as_soon_as_its_library() -> None:
    library = [command()[0], "-c", "import typer.main, typer.core"]
    took: dict[str, list[float]] = {"help": [], "library": []}
    for _ in range(5):
        for name, line in (("help", command("--help")), ("library", library)):
            began = time.perf_counter()
            subprocess.run(line, capture_output=True, check=True)
            took[name].append(time.perf_counter() - began)
    assert min(took["help"]) < 5 * min(took["library"]), took


def test_help_loads_no_room_that_a_command_may_need() -> None:
    heavy = "sqlalchemy|fastapi|pydantic|rich|cryptography|babel|uvicorn"
    check = "import sys, desk.cli.commands; print({name.split('.')[0] for name in sys.modules} & set(sys.argv[1].split('|')))"
    python = command()[0]
    assert subprocess.run([python, "-c", check, heavy], capture_output=True, text=True, check=True).stdout.strip() == "set()"
