"""Who may import whom. The contracts themselves stand in `pyproject.toml`."""

import subprocess
import sys

from tests.house import tree


def test_the_rooms_keep_their_order() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    linted = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout[-4_000:] + linted.stderr[-2_000:]
