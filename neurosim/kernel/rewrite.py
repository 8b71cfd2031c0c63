"""Rewriting of resolved expressions for speed: constants computed once, exponentials shared."""

import ast
import math
from collections.abc import Mapping
from typing import NamedTuple

from ..expression import names

_LARGEST_POWER = 16
_LARGEST_SLOPE, _DEEPEST_SLOPE = 2000, 50
LARGEST_OFFSET = 100.0


class Shared(NamedTuple):
    """exp(slope·variable), of which other exponentials are powers."""

    name: str
    variable: str
    slope: float


class Affine(NamedTuple):
    """slope·variable + offset."""

    variable: str
    slope: float
    offset: float


def affine(tree: ast.expr) -> Affine | None:
    """Read a tree as slope·variable + offset with literal numbers, if it is that."""
    parts = _affine(tree)
    if parts is None or parts[0] is None or parts[1] == 0:
        return None
    return Affine(parts[0], parts[1], parts[2])


def _affine(tree: ast.expr) -> tuple[str | None, float, float] | None:
    match tree:
        case ast.Constant(value=float(value) | int(value)):
            return None, 0.0, float(value)
        case ast.Name(id=name):
            return name, 1.0, 0.0
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            found = _affine(operand)
            return found and (found[0], -found[1], -found[2])
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as operator, right=right):
            a, b = _affine(left), _affine(right)
            if a is None or b is None or (a[0] and b[0] and a[0] != b[0]):
                return None
            sign = 1.0 if isinstance(operator, ast.Add) else -1.0
            return a[0] or b[0], a[1] + sign * b[1], a[2] + sign * b[2]
        case ast.BinOp(left=left, op=ast.Mult(), right=ast.Constant(value=float(factor))):
            return _scaled(_affine(left), factor)
        case ast.BinOp(left=ast.Constant(value=float(factor)), op=ast.Mult(), right=right):
            return _scaled(_affine(right), factor)
        case ast.BinOp(left=left, op=ast.Div(), right=ast.Constant(value=float(divisor))) if divisor != 0:
            return _scaled(_affine(left), 1.0 / divisor)
    return None


def _scaled(found: tuple[str | None, float, float] | None, factor: float) -> tuple[str | None, float, float] | None:
    return found and (found[0], found[1] * factor, found[2] * factor)


def exponent_of(tree: ast.AST) -> ast.expr | None:
    """The argument, if the node is a call of exp or exprelr."""
    match tree:
        case ast.Call(func=ast.Name(id="exp" | "exprelr"), args=[argument]):
            return argument
    return None


def share_exponentials(trees: list[ast.expr]) -> dict[tuple[str, float], tuple[Shared, int]]:
    """Find exponentials that are small powers of a common one.

    Returns
    -------
    dict
        (variable, slope) of each exponential that can be had as a power → what it is a power of, and which.
    """
    found: dict[tuple[str, float], None] = {}
    for tree in trees:
        for node in ast.walk(tree):
            argument = exponent_of(node)
            form = None if argument is None else affine(argument)
            if form is not None and abs(form.offset) <= LARGEST_OFFSET and math.isfinite(form.slope):
                found[form.variable, form.slope] = None
    powers: dict[tuple[str, float], tuple[Shared, int]] = {}
    number = 0
    waiting = sorted(found, key=lambda key: (key[0], abs(key[1]), key[1]))
    while waiting:
        variable, slope = waiting[0]
        group = {key: _power(key, variable, slope) for key in waiting}
        members = {key: power for key, power in group.items() if power}
        waiting = [key for key in waiting if key not in members]
        if len(members) > 1:
            shared = Shared(f"e{number}", variable, slope)
            number += 1
            powers |= {key: (shared, power) for key, power in members.items()}
    return powers


def _power(key: tuple[str, float], variable: str, slope: float) -> int:
    ratio = key[1] / slope
    nearest = round(ratio) if abs(ratio) < 2 * _LARGEST_POWER else 0
    fits = key[0] == variable and 1 <= nearest <= _LARGEST_POWER and abs(ratio - nearest) < 1e-13 * nearest
    return nearest if fits else 0


class NotLinear(Exception):
    """An expression is not linear in the variable asked for."""


class Slopes:
    """Derivatives of trees with respect to a variable in which they are linear."""

    def __init__(self, variable: str, defines: Mapping[str, ast.expr]) -> None:
        self._variable = variable
        self._known: dict[str, ast.expr | NotLinear | None] = {}
        for name, tree in defines.items():  # each after those it needs
            try:
                self._known[name] = self.of(tree)
            except NotLinear as error:
                self._known[name] = error

    def of(self, tree: ast.expr) -> ast.expr | None:
        """The derivative of a tree; None if it does not depend on the variable.

        Raises
        ------
        NotLinear
            Where it is not linear, or the derivative grows beyond reason.
        """
        result = _slope(tree, self._variable, self._known)
        if result is not None and _is_large(result):
            raise NotLinear
        return result


def _is_large(tree: ast.AST) -> bool:
    nodes, level = 0, [tree]
    for _ in range(_DEEPEST_SLOPE):
        nodes += len(level)
        if not level or nodes > _LARGEST_SLOPE:
            break
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return bool(level)


def _slope(tree: ast.expr, variable: str, known: Mapping[str, ast.expr | NotLinear | None]) -> ast.expr | None:
    def of(part: ast.expr) -> ast.expr | None:
        return _slope(part, variable, known)

    match tree:
        case ast.Name(id=name) if name == variable:
            return ast.Constant(1.0)
        case ast.Name(id=name) if name in known:
            found = known[name]
            if isinstance(found, NotLinear):
                raise found
            return found
        case ast.Name() | ast.Constant():
            return None
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as unary, operand=operand):
            inner = of(operand)
            return inner and ast.UnaryOp(unary, inner)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as operator, right=right):
            a, b = of(left), of(right)
            if a is None or b is None:
                return a if b is None else b if isinstance(operator, ast.Add) else ast.UnaryOp(ast.USub(), b)
            return ast.BinOp(a, operator, b)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            a, b = of(left), of(right)
            if a is not None and b is not None:
                raise NotLinear
            return _times(left, b) if a is None else _times(right, a)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            if of(right) is not None:
                raise NotLinear
            a = of(left)
            return a and ast.BinOp(a, ast.Div(), right)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            if of(test) is not None:
                raise NotLinear
            a, b = of(body), of(orelse)
            zero = ast.Constant(0.0)
            return None if a is None and b is None else ast.IfExp(test, a or zero, b or zero)
    parts = [part for part in ast.iter_child_nodes(tree) if isinstance(part, ast.expr)]
    if any(of(part) is not None for part in parts[isinstance(tree, ast.Call) :]):
        raise NotLinear
    return None


def _times(factor: ast.expr, inner: ast.expr | None) -> ast.expr | None:
    if isinstance(inner, ast.Constant) and inner.value == 1.0:
        return factor
    return inner and ast.BinOp(factor, ast.Mult(), inner)


def depends(tree: ast.expr, varying: set[str]) -> bool:
    """Whether a tree contains one of the names."""
    return not varying.isdisjoint(names(tree))
