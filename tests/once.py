"""What is dear to make and only copied from: made once a run. Makes nothing itself."""

import fcntl
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import pytest
import typer.main
from httpx import create_ssl_context
from httpx._transports import default
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine

PAINTED = Path(__file__).resolve().parents[1] / ".pytest_cache" / "pages"


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The run's folder called `name`, filled by whichever worker asks first; the others wait for it."""
    base = factory.getbasetemp()
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = run / name
    with (run / f"{name}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not folder.exists():
            making = Path(tempfile.mkdtemp(dir=run))
            make(making)
            making.rename(folder)
    return folder


class Compiled(dict[tuple[Any, ...], Any]):
    """Statements as they were compiled, by the name of their dialect: SQLAlchemy tells them apart by the engine's own."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:  # noqa: ANN401 - what SQLAlchemy keeps in it
        """What a statement was compiled to on any engine of this kind."""
        return super().get(_by_name(key), default)

    def __setitem__(self, key: tuple[Any, ...], value: Any) -> None:  # noqa: ANN401 - as above
        super().__setitem__(_by_name(key), value)


def compile_once() -> None:
    """Let all engines share what statements were compiled to: each test opens engines of its own, and half its time was this."""
    shared = Compiled()
    cache = property(lambda _: shared, lambda _, __: None)
    setattr(Engine, "_compiled_cache", cache)  # noqa: B010 - the name is SQLAlchemy's own and its type another


def trust_once() -> None:
    """Read the machine's certificate authorities once: each client of httpx's read them anew, for a twentieth of a second."""
    setattr(default, "create_ssl_context", cache(create_ssl_context))  # noqa: B010 - no name of httpx's is ours to set


def build_commands_once() -> None:
    """Let `desk` be put together once a process, as it is for its users: each line typed put two hundred options together."""
    setattr(typer.main, "get_command", cache(typer.main.get_command))  # noqa: B010 - no name of typer's is ours to set


def paint_once() -> None:
    """Keep what Jinja made of a template, once `desk` was read: eighty of them took each process two seconds.

    By what sets Jinja up, for Jinja looks at the template alone.
    """
    if pages := sys.modules.get("desk.web.pages"):
        how = hashlib.sha256(Path(str(pages.__file__)).read_bytes() + jinja2.__version__.encode()).hexdigest()
        folder = PAINTED / how[:16]
        folder.mkdir(parents=True, exist_ok=True)
        pages._templates.bytecode_cache = FileSystemBytecodeCache(str(folder))


def _by_name(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return key[0].name, key[0].driver, *key[1:]
