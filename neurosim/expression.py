"""The language of model files: a small part of Python's, checked before it is used.

An expression stays what Python's own parser makes of it, an `ast` tree of whitelisted nodes. A *raw* tree is as
written; a *resolved* one has its units and constants replaced by numbers of the coherent set and folded.
"""

import ast
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from .errors import ModelError, choices, excerpt
from .units import LARGEST, NUMBER, SMALLEST, Dimension, combine, scale

FUNCTIONS: Final[dict[str, int]] = {  # name: number of arguments
    **dict.fromkeys(("exp", "log", "sqrt", "tanh", "sinh", "cosh", "abs", "heaviside", "exprelr", "gate"), 1),
    **dict.fromkeys(("min", "max"), 2),
}
CONSTANTS: Final[dict[str, float]] = {"pi": math.pi, "inf": math.inf}
CLOCKS: Final = ("t", "since_spike")
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)

_LONGEST, _MOST_OPERATORS, _LARGEST_EXPONENT = 2000, 200, 64
_MOST_BRACKETS, _DEEPEST = 32, 100
_ILLEGAL = re.compile(r"[^A-Za-z0-9_ .+\-*/()<>=!,]", re.ASCII)
_OPERATOR = re.compile(r"[-+*/<>=!,(]|\b(?:not|and|or|if|else)\b", re.ASCII)
_NUMERAL = re.compile(r"(?<![\w.)])[0-9.](?:(?<=[eE])[+-]|[\w.])*", re.ASCII)
_NUMBER = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_NODES = (
    *(ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp, ast.Call, ast.Name, ast.Constant, ast.Load),
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.USub, ast.UAdd, ast.Not, ast.And, ast.Or),
    *(ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq),
)


class Truth:
    """The kind of a comparison, in place of a dimension."""


TRUTH: Final = Truth()
Kind = Dimension | Truth | None
"""What an expression is: a dimension, a truth value, or None for a bare 0 or inf, which fits any dimension."""
UNKNOWN: Final[Dimension] = (math.nan, math.nan, math.nan, math.nan)
"""Stands for a dimension that is not known yet; what is computed from it is not known either."""


def parse(text: str) -> ast.expr:
    """Read an expression into a raw tree.

    Raises
    ------
    ModelError
        With the reason, where the text is outside the language.
    """
    _scan(text)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ModelError(f"{excerpt(text)} is not an expression") from None
    level: list[ast.AST] = [tree]
    for _ in range(_DEEPEST):
        for node in level:
            _check_node(node)
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return tree
    raise ModelError(f"{excerpt(text)} nests more than {_DEEPEST} operations; use [define]")


def operators(text: str) -> int:
    """How many operators, calls and brackets a text has."""
    return len(_OPERATOR.findall(text))


def _scan(text: str) -> None:
    """Refuse, by looking at characters only, what no parser should be given."""
    if len(text) > _LONGEST:
        raise ModelError(f"an expression has at most {_LONGEST} characters, this one {len(text)}; use [define]")
    if "^" in text:
        raise ModelError(f"'^' is not a power; write ** in {excerpt(text)}")
    if illegal := _ILLEGAL.search(text):
        raise ModelError(f"the character {illegal[0]!a} is not part of the language: {excerpt(text)}")
    depth = deepest = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(depth, deepest)
    if deepest > _MOST_BRACKETS or operators(text) > _MOST_OPERATORS:
        raise ModelError(
            f"an expression has at most {_MOST_BRACKETS} nested brackets and {_MOST_OPERATORS} operators; use [define]"
        )
    for numeral in _NUMERAL.findall(text):
        if not _NUMBER.fullmatch(numeral) or not _in_range(numeral):
            raise ModelError(f"{excerpt(numeral)} is not a number that can be used")


def _in_range(numeral: str) -> bool:
    """Whether a number is 0 or of a size that leaves room to compute with it."""
    return SMALLEST <= float(numeral) <= LARGEST or not numeral.lower().partition("e")[0].strip("0.")


def _check_node(node: ast.AST) -> None:
    if not isinstance(node, _NODES):
        what = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).lower()
        raise ModelError(f"{what} is not part of the language")
    match node:
        case ast.Constant(value=value) if isinstance(value, bool) or not isinstance(value, int | float):
            raise ModelError(f"{excerpt(value)} is not a number")
        case ast.Name(id=name) if not NAME.fullmatch(name):
            raise ModelError(f"{excerpt(name)} is not a name: letters, digits and _ after a letter, at most 64")
        case ast.Compare(ops=[_, _, *_]):
            raise ModelError("a chained comparison is not part of the language; write a < b and b < c")
        case ast.BinOp(op=ast.Pow(), right=exponent):
            _check_exponent(literal(exponent))
        case ast.Call(func=function, args=arguments, keywords=keywords):
            if not isinstance(function, ast.Name) or function.id not in FUNCTIONS:
                name = ast.unparse(function)
                raise ModelError(f"{excerpt(name)} is not a function of the language; {choices(name, FUNCTIONS)}")
            if keywords or len(arguments) != FUNCTIONS[function.id]:
                raise ModelError(f"{function.id} takes {FUNCTIONS[function.id]} argument(s)")


def _check_exponent(value: float | None) -> None:
    if value is not None and abs(value) > _LARGEST_EXPONENT:
        raise ModelError(f"an exponent is at most {_LARGEST_EXPONENT}")


def literal(tree: ast.expr) -> float | None:
    """The value of a number or a signed number, else None."""
    match tree:
        case ast.Constant(value=int(value) | float(value)):
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value_of_operand = literal(operand)
            return None if value_of_operand is None else -value_of_operand
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return literal(operand)
    return None


def names(tree: ast.AST) -> set[str]:
    """All names in a tree but those of functions."""
    found: set[str] = set()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name):
            found.add(node.id)
        else:
            waiting.extend(node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node))
    return found


# Dimensions ------------------------------------------------------------------------------------------------------


def kind(tree: ast.expr, kinds: Mapping[str, Kind]) -> Kind:
    """Dimension of a raw tree, given those of its names.

    Raises
    ------
    ModelError
        Where dimensions do not fit, or a truth value stands for a number.
    """
    match tree:
        case ast.Constant(value=value):
            return None if value == 0 else NUMBER
        case ast.Name(id=name):
            return kinds[name]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _truth(operand, kinds)
        case ast.UnaryOp(operand=operand):
            return _number(operand, kinds)
        case ast.BoolOp(values=parts):
            for part in parts:
                _truth(part, kinds)
            return TRUTH
        case ast.Compare(left=left, comparators=[right]):
            _same(left, right, kinds, tree)
            return TRUTH
        case ast.IfExp(test=test, body=body, orelse=orelse):
            _truth(test, kinds)
            return _same(body, orelse, kinds, tree)
        case ast.Call(func=ast.Name(id="min" | "max"), args=[a, b]):
            return _same(a, b, kinds, tree)
        case ast.Call(func=ast.Name(id=function), args=[argument]):
            return _kind_of_call(function, argument, kinds)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            return _same(left, right, kinds, tree)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _kind_of_power(left, right, kinds)
        case ast.BinOp(left=left, op=operator, right=right):
            above, below = _number(left, kinds) or NUMBER, _number(right, kinds) or NUMBER
            return combine(above, below, 1 if isinstance(operator, ast.Mult) else -1)
    raise AssertionError(ast.dump(tree))


def unknown(found: Kind) -> bool:
    """Whether a kind is, or was computed from, `UNKNOWN`."""
    return isinstance(found, tuple) and math.isnan(found[0])


def _number(tree: ast.expr, kinds: Mapping[str, Kind]) -> Dimension | None:
    found = kind(tree, kinds)
    if isinstance(found, Truth):
        raise ModelError(f"{excerpt(ast.unparse(tree))} is true or false where a number is needed")
    return found


def _truth(tree: ast.expr, kinds: Mapping[str, Kind]) -> Truth:
    if not isinstance(kind(tree, kinds), Truth):
        raise ModelError(f"{excerpt(ast.unparse(tree))} is a number where a comparison is needed")
    return TRUTH


def _same(a: ast.expr, b: ast.expr, kinds: Mapping[str, Kind], whole: ast.expr) -> Dimension | None:
    first, second = _number(a, kinds), _number(b, kinds)
    if first is None or unknown(first):
        return first if second is None else second
    if second is not None and not unknown(second) and first != second:
        raise ModelError(f"the two sides of {excerpt(ast.unparse(whole))} have different dimensions")
    return first


def _kind_of_call(function: str, argument: ast.expr, kinds: Mapping[str, Kind]) -> Kind:
    found = _number(argument, kinds)
    if function == "abs":
        return found
    if function == "sqrt":
        return None if found is None else scale(found, 0.5)
    if function != "heaviside" and not _pure(found):
        raise ModelError(f"{function} needs a pure number, {excerpt(ast.unparse(argument))} has a unit")
    return NUMBER


def _kind_of_power(base: ast.expr, exponent: ast.expr, kinds: Mapping[str, Kind]) -> Kind:
    found, value = _number(base, kinds), literal(exponent)
    if not _pure(_number(exponent, kinds)):
        raise ModelError(f"the exponent {excerpt(ast.unparse(exponent))} has a unit")
    if found in (None, NUMBER):
        return NUMBER
    if value is None and unknown(found):
        return NUMBER
    if value is None:
        raise ModelError(f"the power of {excerpt(ast.unparse(base))}, which has a unit, must be a plain number")
    assert found is not None
    return scale(found, value)


def _pure(found: Dimension | None) -> bool:
    return found in (None, NUMBER) or unknown(found)


# Numbers ---------------------------------------------------------------------------------------------------------


def _exprelr(x: Any) -> Any:
    small = np.abs(x) < 1e-5
    denominator = np.expm1(np.where(small, 1.0, x))
    return np.where(small, 1 - x / 2 + x * x / 12, np.where(denominator == np.inf, 0.0, x / denominator))


def _gate(x: Any) -> Any:
    return np.where(np.isnan(x), 1.0, 1 / (1 + np.exp(-2 * x)))


_VALUES: Final[dict[str, Callable[..., Any]]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "abs": np.abs,
    "min": np.minimum,
    "max": np.maximum,
    "exprelr": _exprelr,
    "gate": _gate,
    "heaviside": lambda x: np.where(x >= 0, 1.0, 0.0),
}
_OPERATORS: Final[dict[type[ast.AST], Callable[..., Any]]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.true_divide,
    ast.Pow: np.power,
    ast.USub: np.negative,
    ast.UAdd: np.positive,
    ast.Not: np.logical_not,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.And: np.logical_and,
    ast.Or: np.logical_or,
}


def evaluate(tree: ast.expr, values: Mapping[str, Any]) -> Any:
    """Value of a resolved tree by NumPy, elementwise for arrays."""
    with np.errstate(all="ignore"):
        return _evaluate(tree, values)


def _evaluate(tree: ast.expr, values: Mapping[str, Any]) -> Any:
    match tree:
        case ast.Constant(value=value):
            return np.float64(value)  # type: ignore[arg-type]  # parse() lets only numbers through
        case ast.Name(id=name):
            return values[name]
        case ast.UnaryOp(op=operator, operand=operand):
            return _OPERATORS[type(operator)](_evaluate(operand, values))
        case (
            ast.BinOp(left=left, op=operator, right=right) | ast.Compare(left=left, ops=[operator], comparators=[right])
        ):
            return _OPERATORS[type(operator)](_evaluate(left, values), _evaluate(right, values))
        case ast.BoolOp(op=operator, values=[first, *rest]):
            result = _evaluate(first, values)
            for part in rest:
                result = _OPERATORS[type(operator)](result, _evaluate(part, values))
            return result
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return np.where(_evaluate(test, values), _evaluate(body, values), _evaluate(orelse, values))
        case ast.Call(func=ast.Name(id=function), args=arguments):
            return _VALUES[function](*(_evaluate(argument, values) for argument in arguments))
    raise AssertionError(ast.dump(tree))


def resolve(tree: ast.expr, numbers: Mapping[str, float]) -> ast.expr:
    """The tree with the names in `numbers` replaced by their values and every literal part folded to one number.

    Raises
    ------
    ModelError
        Where a literal part is not a number: overflow, 1/0, log(-1), inf - inf outside `gate`.
    """
    resolved = _resolve(tree, numbers)
    if any(isinstance(node, ast.Constant) and node.value != node.value for node in ast.walk(resolved)):
        raise ModelError(f"{excerpt(ast.unparse(tree))} contains what is not a number, such as inf - inf")
    return resolved


def _resolve(tree: ast.expr, numbers: Mapping[str, float]) -> ast.expr:
    if isinstance(tree, ast.Name):
        return ast.Constant(numbers[tree.id]) if tree.id in numbers else tree
    children = [child for child in ast.iter_child_nodes(tree) if isinstance(child, ast.expr)]
    if isinstance(tree, ast.Call):
        children = children[1:]
    resolved = [_resolve(child, numbers) for child in children]
    rebuilt = _rebuild(tree, resolved)
    comparison = isinstance(tree, ast.Compare | ast.BoolOp | ast.IfExp)
    if comparison or not all(isinstance(child, ast.Constant) for child in resolved):
        if isinstance(rebuilt, ast.BinOp) and isinstance(rebuilt.op, ast.Pow):
            _check_exponent(literal(rebuilt.right))
        return _without_one(rebuilt)
    value = float(evaluate(rebuilt, {}))
    operands = [child.value for child in resolved if isinstance(child, ast.Constant)]
    if not math.isfinite(value) and math.inf not in operands and -math.inf not in operands:
        raise ModelError(f"{excerpt(ast.unparse(tree))} is not a number that can be used: {value}")
    return ast.Constant(value)


def _rebuild(tree: ast.expr, children: list[ast.expr]) -> ast.expr:
    """The same node over other children, in the order of `ast.iter_child_nodes`."""
    match tree, children:
        case ast.BinOp(op=operator), [left, right]:
            return ast.BinOp(left, operator, right)
        case ast.UnaryOp(op=unary), [operand]:
            return ast.UnaryOp(unary, operand)
        case ast.Compare(ops=ops), [left, right]:
            return ast.Compare(left, ops, [right])
        case ast.BoolOp(op=boolean), values:
            return ast.BoolOp(boolean, values)
        case ast.IfExp(), [test, body, orelse]:
            return ast.IfExp(test, body, orelse)
        case ast.Call(func=function), arguments:
            return ast.Call(function, arguments, [])
    return tree


def _without_one(tree: ast.expr) -> ast.expr:
    """Drop a factor or divisor that is exactly 1, as units of the coherent set are."""
    match tree:
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div(), right=ast.Constant(value=1.0)):
            return left
        case ast.BinOp(left=ast.Constant(value=1.0), op=ast.Mult(), right=right):
            return right
    return tree
