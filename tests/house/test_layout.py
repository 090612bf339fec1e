"""Where things may lie: root, names, files that must not exist. What a file may say is in `test_source`."""

import re

from tests.house import tree

ROOT_FOLDERS = {"desk", "tests", "alembic", ".ci"}
ROOT_FILES = {
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "DECISIONS.md",
    "LICENSE",
    "Makefile",
    "OPERATING.md",
    "README.md",
    "constraints.txt",
    "pyproject.toml",
}
NAMES_THAT_SAY_NOTHING = {"utils", "helpers", "common", "base", "manager", "core"}
LOCK_FILES = {
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "Pipfile.lock",
    "pylock.toml",
}
# A revision in alembic/ is one long list by nature and is measured by nobody.
FILE_LINES, TABLE_LINES, FUNCTION_LINES = 300, 450, 70
TABLES = re.compile(r"(^|_)tables?(_|$)")


def test_the_root_holds_only_what_design_1_names() -> None:
    tops = {tree.name(path).split("/")[0] for path in tree.files() if "/" in tree.name(path)}
    loose = {tree.name(path) for path in tree.files() if "/" not in tree.name(path)}
    assert tops - ROOT_FOLDERS == set()
    assert loose - ROOT_FILES == set()


def test_nothing_hides_the_alembic_library() -> None:
    assert [tree.name(path) for path in tree.files("alembic") if path.name == "__init__.py"] == []


def test_every_name_says_what_it_holds() -> None:
    parts = {part for path in tree.files("desk", "tests") for part in path.relative_to(tree.ROOT).with_suffix("").parts}
    assert parts & NAMES_THAT_SAY_NOTHING == set()


def test_no_lock_file_and_nothing_copied_in_minified() -> None:
    assert [tree.name(path) for path in tree.files() if path.name in LOCK_FILES] == []
    assert [tree.name(path) for path in tree.files() if path.name.endswith((".min.js", ".min.css"))] == []


def test_files_are_short_enough_to_read() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in tree.source("desk")}
    limits = {path: TABLE_LINES if _is_table(path.stem, path.parent.name) else FILE_LINES for path in lengths}
    assert [f"{tree.name(path)} ({n})" for path, n in lengths.items() if n > limits[path]] == []


def test_functions_fit_on_a_page() -> None:
    found = {
        f"{tree.name(path)}:{node.lineno} {node.name}": node
        for path in tree.source("desk", "tests")
        for node in tree.functions(path)
    }
    lengths = {place: (node.end_lineno or node.lineno) - node.lineno + 1 for place, node in found.items()}
    assert {place: n for place, n in lengths.items() if n > FUNCTION_LINES} == {}


def _is_table(stem: str, folder: str) -> bool:
    return bool(TABLES.search(stem) or TABLES.search(folder))
