"""Small mistakes in a module's source, one at a time: an operator, a figure, a line of a table. Runs nothing.

Tables at the top of a module are changed too: where money goes is written in tables here, and not in functions.
"""

import ast
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

OTHERS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A module with one mistake, and where it is."""

    line: int
    what: str
    tree: ast.Module


def mutants(source: str) -> Iterator[Mutant]:
    """Every module that differs from this one in one place."""
    tree = ast.parse(source)
    for place, node in enumerate(ast.walk(tree)):
        for what, change in _changes(node):
            mistaken = deepcopy(tree)
            twin: Any = next(other for number, other in enumerate(ast.walk(mistaken)) if number == place)
            if place in _passed_over(tree):
                continue
            change(twin)
            yield Mutant(getattr(node, "lineno", 0), what, ast.fix_missing_locations(mistaken))


def _passed_over(tree: ast.Module) -> set[int]:
    """Places that say nothing at run time, or that only make things faster: docstrings, annotations, decorators."""
    numbers = {id(node): place for place, node in enumerate(ast.walk(tree))}
    over = set[int]()
    for node in ast.walk(tree):
        quiet = [getattr(node, "annotation", None), getattr(node, "returns", None), *getattr(node, "decorator_list", [])]
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            quiet.append(node)
        over |= {numbers[id(each)] for root in quiet if isinstance(root, ast.AST) for each in ast.walk(root)}
    return over


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[Any], None]]]:
    """What can be wrong with this node, and how to make it so."""
    yield from _operators(node)
    yield from _members(node)
    if isinstance(node, ast.Constant):
        yield from _constants(node)
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        yield "condition turned", lambda twin: setattr(twin, "test", ast.UnaryOp(ast.Not(), twin.test))
    elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield "nothing returned", lambda twin: setattr(twin, "value", ast.Constant(None))
    elif isinstance(node, ast.Raise):
        yield "another thing raised", lambda twin: setattr(twin, "exc", ast.Name("KeyboardInterrupt", ast.Load()))


def _operators(node: ast.AST) -> Iterator[tuple[str, Callable[[Any], None]]]:
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            yield f"{type(operator).__name__} turned", partial(_turn, place=place)
    elif isinstance(node, ast.BoolOp | ast.BinOp | ast.AugAssign) and type(node.op) in OTHERS:
        yield f"{type(node.op).__name__} turned", lambda twin: setattr(twin, "op", OTHERS[type(twin.op)]())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not dropped", _affirm
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "minus dropped", lambda twin: setattr(twin, "op", ast.UAdd())


def _members(node: ast.AST) -> Iterator[tuple[str, Callable[[Any], None]]]:
    if isinstance(node, ast.Dict):
        for place in range(len(node.keys)):
            yield f"line {place + 1} of the table lost", partial(_lose_line, place=place)
    elif isinstance(node, ast.Set | ast.List) or (isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load)):
        for place in range(len(node.elts)):
            yield f"member {place + 1} lost", partial(_lose_member, place=place)


def _constants(node: ast.Constant) -> Iterator[tuple[str, Callable[[Any], None]]]:
    value = node.value
    if isinstance(value, bool):
        yield f"{value} turned", lambda twin: setattr(twin, "value", not value)
    elif isinstance(value, int):
        yield f"{value} one more", lambda twin: setattr(twin, "value", value + 1)
    elif isinstance(value, str) and value:
        yield f"{value!r} misspelt", lambda twin: setattr(twin, "value", f"{value}x")


def _turn(twin: ast.Compare, place: int) -> None:
    other: Any = OTHERS[type(twin.ops[place])]
    twin.ops[place] = other()


def _affirm(twin: ast.UnaryOp) -> None:
    """`not x` becomes `+bool(x)`."""
    twin.op, twin.operand = ast.UAdd(), ast.Call(ast.Name("bool", ast.Load()), [twin.operand], [])


def _lose_line(twin: ast.Dict, place: int) -> None:
    del twin.keys[place], twin.values[place]


def _lose_member(twin: ast.Set | ast.List | ast.Tuple, place: int) -> None:
    del twin.elts[place]


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None
