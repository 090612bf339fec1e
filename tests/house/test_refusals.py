"""Every refusal has a code of its own. Status and wording of each code are tested where they live, in web and wording."""

import ast
import re
from collections import Counter

from desk.domain import errors
from desk.wording.refusals import PROBLEMS
from tests.house import tree


def every_refusal(of: type[errors.DeskError] = errors.DeskError) -> list[type[errors.DeskError]]:
    """All refusals, grandchildren included."""
    return [kind for child in of.__subclasses__() for kind in (child, *every_refusal(child))]


def test_every_refusal_has_a_code_of_its_own() -> None:
    codes = Counter(kind.code for kind in every_refusal())
    assert len(codes) > 1
    assert errors.DeskError.code not in codes
    assert [code for code, count in codes.items() if count > 1] == []


def test_codes_are_words_in_snake_case() -> None:
    assert [kind.code for kind in every_refusal() if not re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", kind.code)] == []


def test_every_problem_that_is_raised_has_its_words() -> None:
    calls = [node for path in tree.source("desk") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    raised = [node for node in calls if isinstance(node, ast.Call) and _called(node) in ("BadInput", "PydanticCustomError")]
    named = {text for call in raised for text in _texts(call.args[1] if _called(call) == "BadInput" else call.args[0])}
    assert named
    assert named - {*PROBLEMS} == set()


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _texts(node: ast.expr) -> set[str]:
    """The texts an argument can be: one, or either branch of a choice."""
    if isinstance(node, ast.IfExp):
        return _texts(node.body) | _texts(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()
