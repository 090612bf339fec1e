"""What is installed is what `constraints.txt` pins, and everything that is needed is pinned."""

import tomllib
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house import tree

PROJECT = tomllib.loads((tree.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def asked_for() -> list[Requirement]:
    """What `pyproject.toml` names, for running and for development."""
    return [Requirement(text) for text in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"])]


def needed() -> set[str]:
    """The names of everything that follows from `asked_for` on this machine."""
    return {name for asked in asked_for() for name in _closure(asked, set())}


def pinned() -> dict[str, str]:
    """Name to exact version, from `constraints.txt`."""
    lines = (tree.ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pins}


def test_everything_needed_is_pinned() -> None:
    assert needed() - set(pinned()) == set()


def test_what_is_installed_is_what_is_pinned() -> None:
    installed = {name: metadata.version(name) for name in needed()}
    assert {name: version for name, version in installed.items() if pinned().get(name, version) != version} == {}


def test_every_dependency_has_a_lower_bound_and_the_pin_meets_it() -> None:
    assert [str(asked) for asked in asked_for() if not any(spec.operator == ">=" for spec in asked.specifier)] == []
    assert [str(asked) for asked in asked_for() if not asked.specifier.contains(pinned()[canonicalize_name(asked.name)])] == []


def test_no_pin_names_an_address() -> None:
    assert tree.lines_with(r"://|@|--hash", [tree.ROOT / "constraints.txt"]) == []


def _closure(asked: Requirement, seen: set[tuple[str, frozenset[str]]]) -> Iterator[str]:
    """The name of `asked` and of all that it needs here; `seen` ends circles."""
    name, extras = canonicalize_name(asked.name), frozenset(asked.extras)
    if (name, extras) in seen:
        return
    seen.add((name, extras))
    yield name
    for text in metadata.requires(name) or ():
        child = Requirement(text)
        if child.marker is None or any(child.marker.evaluate({"extra": extra}) for extra in extras or {""}):
            yield from _closure(child, seen)
