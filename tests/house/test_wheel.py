"""What an installed desk carries: everything it needs at run time, and nothing of the tests."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.house import tree

CARRIED = {".py", ".po", ".toml", ".jsonl", ".html", ".css", ".js", ".svg", ".mako"}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names inside a freshly built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        return set(archive.namelist())


def test_the_wheel_carries_every_file_of_the_package(wheel: set[str]) -> None:
    wanted = {tree.name(path) for path in tree.files("desk") if path.suffix in CARRIED or path.name == "py.typed"}
    assert wanted - wheel == set()


def test_the_wheel_carries_the_revisions(wheel: set[str]) -> None:
    wanted = {Path("desk/_migrations", path.relative_to(tree.ROOT / "alembic")).as_posix() for path in tree.files("alembic")}
    assert wanted
    assert wanted - wheel == set()


def test_the_wheel_carries_no_test_and_puts_nothing_beside_the_package(wheel: set[str]) -> None:
    assert {name.split("/")[0] for name in wheel if ".dist-info/" not in name} == {"desk"}
