"""What the README promises a newcomer: each command of its tour runs as it stands there, and its pictures are there."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.processes import environment

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TOLD = {
    "desk claims import": "106 of 106 agree",
    "desk claims list": "huangshan",
    "desk packs show": "fast_limit",
    "desk packs diff": "respondent_answer",
    "desk replay": "Looked at 106",
    "desk simulate": "-3953.00",
    "desk verify": "hold",
}
"""What the answer to a command must hold."""


def commands() -> list[str]:
    """The lines of the tour's own folder, comments left out."""
    tour = README.partition("## The tour")[2].partition("\n## ")[0]
    block = re.search(r"```sh\n(.*?)```", tour, re.DOTALL)
    assert block, "the tour shows no commands"
    return [line.partition("   #")[0].strip() for line in block[1].splitlines()]


@pytest.mark.slow
def test_each_command_of_the_tour_runs_as_it_stands(tmp_path: Path) -> None:
    env = {
        **environment(tmp_path),
        "PATH": f"{ROOT}/.venv/bin:{os.environ['PATH']}",
        "TMPDIR": str(tmp_path),
        "LC_ALL": "C.UTF-8",
    }
    env.pop("DESK_DATA_DIR")
    mark = "== next =="
    script = "set -eu\n" + "".join(f"{line}\necho '{mark}'\n" for line in commands())
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    answers = dict(zip(commands(), done.stdout.split(mark), strict=False))
    assert len(answers) == len(commands())
    for command, told in TOLD.items():
        assert any(told in answer for line, answer in answers.items() if line.startswith(command)), (
            command,
            done.stdout[-3_000:],
        )


def test_the_pictures_of_the_readme_are_there_and_none_is_left_over() -> None:
    shown = set(re.findall(r"\]\((tests/tour/pictures/[a-z]+\.png)\)", README))
    kept = {str(file.relative_to(ROOT)) for file in (ROOT / "tests/tour/pictures").glob("*.png")}
    assert shown == kept


def test_what_the_readme_names_of_make_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for goal in set(re.findall(r"`make ([a-z]+)", README)) | set(re.findall(r"^make ([a-z]+)", README, re.MULTILINE)):
        assert re.search(rf"^{goal}:", makefile, re.MULTILINE), goal
    for variable in set(re.findall(r"`(?:make demo )?([A-Z]+)=", README)):
        assert re.search(rf"\$\((call (told|given),)?{variable}\b", makefile), variable


def test_only_what_is_written_after_make_demo_counts() -> None:
    def asked(*given: str) -> str:
        surroundings = {**os.environ, "LANGUAGE": "zh_CN:zh", "LAN": "eth0", "SPEED": "fast", "SPEAK": "loud"}
        done = subprocess.run(
            ["make", "-n", "--no-print-directory", "demo", *given],
            cwd=ROOT,
            env=surroundings,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip().splitlines()[-1].partition("desk demo")[2]

    assert asked().split() == ["--port", "8000"]
    assert asked("LAN=0", "SPEED=600").split() == ["--port", "8000", "--speed", "600"]
    assert asked("LAN=1", "SPEAK=zh", "PORT=8123").split() == ["--port", "8123", "--lang", "zh", "--lan"]
