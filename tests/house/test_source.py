"""What no file of the house may say. Where files may lie is in `test_layout`; who may import whom in `test_contracts`."""

import ast
import re
from pathlib import Path

import pytest

from tests.house import tree

PAGES = {".html", ".jinja", ".j2", ".css", ".js", ".mjs", ".svg"}
FROM_ELSEWHERE = r"""(?ix)
    (?: <script\b[^>]*\bsrc | <link\b[^>]*\bhref | <img\b[^>]*\bsrc | @import | \burl\( | \bfrom | \bimport\()
    [\s=("']* (?:https?:)? //"""
MONEY = re.compile(r"(^|_)(money|fund|payouts?|limits|ledger|recovery|postings?)(_|$)")
PROVES = re.compile(r"raises|warns|verify|check|expect")


def test_no_middleware_that_cuts_throughput_to_a_fifth() -> None:
    assert tree.lines_with(r"BaseHTTPMiddleware|@\w+\.middleware\(", tree.source("desk")) == []


def test_nothing_is_left_undone() -> None:
    assert tree.lines_with(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError", tree.source("desk", "alembic")) == []


def test_no_float_where_money_is_counted() -> None:
    files = [path for path in tree.source("desk") if MONEY.search(path.stem)]
    assert files
    assert tree.lines_with(r"\bfloat\b|\bround\(", files) == []


def test_pages_load_nothing_from_elsewhere() -> None:
    pages = [path for path in tree.files("desk") if path.suffix in PAGES]
    assert [tree.name(path) for path in pages if re.search(FROM_ELSEWHERE, path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('<script defer src="https://cdn.example/x.js">', True),
        ('<link rel=stylesheet href="//cdn.example/x.css">', True),
        ("@import url(https://fonts.example/x)", True),
        ('import x from "https://cdn.example/x.js"', True),
        ('<a href="https://www.12315.cn">12315</a>', False),
        ('<svg xmlns="http://www.w3.org/2000/svg">', False),
        ('<link rel="stylesheet" href="/static/desk.css">', False),
    ],
)
def test_the_pattern_for_things_from_elsewhere_tells_a_load_from_a_link(text: str, found: bool) -> None:
    assert bool(re.search(FROM_ELSEWHERE, text)) is found


def test_every_test_asserts_something() -> None:
    assert [place for path in tree.source("tests") for place in _asserting_nothing(path)] == []


def _asserting_nothing(path: Path) -> list[str]:
    """Tests without an assert of their own, without a `raises`, and without a call that checks on their behalf."""
    tests = [node for node in tree.functions(path) if node.name.startswith("test_")]
    return [f"{tree.name(path)}:{test.lineno} {test.name}" for test in tests if not any(map(_proves, ast.walk(test)))]


def _proves(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return isinstance(node, ast.Assert)
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return bool(PROVES.search(called))
