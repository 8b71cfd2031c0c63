"""Boolean expressions: a small part of Python's, checked before it is parsed, and truth tables."""

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, choices, excerpt
from .states import check_finite

Bits = NDArray[np.uint8]

_LONGEST, _MOST_OPERATORS, _MOST_BRACKETS, _DEEPEST = 2000, 200, 32, 250
MOST_INPUTS: Final = 12
_ILLEGAL = re.compile(r"[^A-Za-z0-9_ &|~^(),]", re.ASCII)
_OPERATOR = re.compile(r"[&|~^(]|\b(?:not|and|or)\b", re.ASCII)
_RUN_TOGETHER = re.compile(r"\b[0-9]\w", re.ASCII)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}", re.ASCII)
_LANGUAGE = "and, or, not (or & | ~), ^ for exclusive or, brackets, 0 and 1, names, and xor(…), nand(…), majority(…) …"


def _xor(values: Bits) -> Bits:
    parity: Bits = values.sum(axis=0) % 2
    return parity


GATES: Final[dict[str, Any]] = {  # what a gate makes of its inputs, (n, …) of 0 and 1
    "not": lambda values: 1 - values[0],
    "and": lambda values: values.min(axis=0),
    "or": lambda values: values.max(axis=0),
    "nand": lambda values: 1 - values.min(axis=0),
    "nor": lambda values: 1 - values.max(axis=0),
    "majority": lambda values: 2 * values.sum(axis=0) > len(values),
    "inhibition": lambda values: values[0] * (1 - values[1:].max(axis=0)),
}
_CALLS: Final[dict[str, Any]] = {"xor": _xor} | {k: f for k, f in GATES.items() if k not in ("not", "and", "or")}


def input_rows(n: int) -> Bits:
    """All inputs (2^n, n) in the order of truth tables: row k has the binary digits of k, the first input leading."""
    return (np.arange(2**n)[:, None] >> np.arange(n - 1, -1, -1) & 1).astype(np.uint8)


def parse_formula(text: str) -> ast.expr:
    """Read a Boolean expression.

    Raises
    ------
    InputError
        With the reason, where the text is none.
    """
    if len(text) > _LONGEST:
        raise InputError(f"a Boolean expression has at most {_LONGEST} characters, this one {len(text)}")
    if illegal := _ILLEGAL.search(text):
        raise InputError(f"{excerpt(text)}: the character {illegal[0]!a} is not part of the language: {_LANGUAGE}")
    if run_together := _RUN_TOGETHER.search(text):
        raise InputError(f"{excerpt(text)}: {run_together[0]!a} begins neither a name nor 0 or 1")
    nested = deepest = 0
    for character in text:
        nested += (character == "(") - (character == ")")
        deepest = max(deepest, nested)
    if deepest > _MOST_BRACKETS or len(_OPERATOR.findall(text)) > _MOST_OPERATORS:
        raise InputError(
            f"a Boolean expression has at most {_MOST_BRACKETS} nested brackets and {_MOST_OPERATORS} operators"
        )
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError(f"{excerpt(text)} is no Boolean expression; write {_LANGUAGE}") from None
    _check(tree, text, 0)
    return tree


def _check(tree: ast.expr, text: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise InputError(f"{excerpt(text)} nests too deeply")
    match tree:
        case ast.BoolOp(values=operands):
            pass
        case ast.BinOp(left=left, op=ast.BitAnd() | ast.BitOr() | ast.BitXor(), right=right):
            operands = [left, right]
        case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=operand):
            operands = [operand]
        case ast.Call(func=ast.Name(id=name), args=operands, keywords=[]):
            if name not in _CALLS:
                raise InputError(f"{excerpt(text)}: there is no gate {excerpt(name)}; {choices(name, _CALLS)}")
            if not operands:
                raise InputError(f"{excerpt(text)}: {name} needs inputs")
        case ast.Name(id=name) if _NAME.fullmatch(name):
            operands = []
        case ast.Constant(value=0 | 1 as value) if type(value) is int:
            operands = []
        case _:
            raise InputError(f"{excerpt(text)} is no Boolean expression; write {_LANGUAGE}")
    for operand in operands:
        _check(operand, text, depth + 1)


def formula_inputs(tree: ast.expr) -> tuple[str, ...]:
    """The names in an expression, in the order in which they appear."""
    gates = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in gates]
    return tuple(dict.fromkeys(node.id for node in sorted(found, key=lambda node: (node.lineno, node.col_offset))))


def evaluate_formula(tree: ast.expr, values: Mapping[str, Bits]) -> Bits:
    """The value of an expression for arrays of 0 and 1."""
    match tree:
        case ast.Name(id=name):
            return values[name]
        case ast.Constant(value=int(value)):
            return np.full_like(next(iter(values.values()), np.zeros(1, np.uint8)), value)
        case ast.UnaryOp(operand=operand):
            return (1 - evaluate_formula(operand, values)).astype(np.uint8)
        case ast.BoolOp(op=operator, values=operands):
            name = "and" if isinstance(operator, ast.And) else "or"
        case ast.BinOp(left=left, op=symbol, right=right):
            operands = [left, right]
            name = {ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor"}[type(symbol)]
        case ast.Call(func=ast.Name(id=name), args=operands):
            pass
    function = GATES.get(name) or _CALLS[name]
    result: Bits = np.asarray(function(np.array([evaluate_formula(part, values) for part in operands]))).astype(
        np.uint8
    )
    return result


def truth_table(function: Any, inputs: Sequence[str] | None = None) -> tuple[tuple[str, ...], Bits]:
    """The names of the inputs and the values of a Boolean function.

    Parameters
    ----------
    function
        Values for all inputs, in the order of `input_rows`: ``"0110"``, or 2^n values 0 and 1; or an expression.
    inputs
        Names of the inputs, in order; of an expression, at least those that appear in it.

    Returns
    -------
    names
        Unless given: in an expression those that appear, in that order; else x1 … xn.
    table : ndarray (2^n,)

    Raises
    ------
    InputError
        Where it is neither, the length is no power of two, or there are more than 12 inputs.
    """
    if inputs is not None:
        inputs = check_names(inputs)
    if isinstance(function, str) and not re.fullmatch(r"[0-9 _]{2,}", function):
        return _table_of(function, inputs)
    if isinstance(function, str):
        digits = re.sub("[ _]", "", function)
        values: Any = np.frombuffer(digits.encode(), np.uint8) - ord("0")
    else:
        values = check_finite(function, "truth table")
    if values.ndim != 1:
        raise InputError(f"a truth table has 2^n values in a row, not the shape {values.shape}")
    size = values.size
    if size < 2 or size & (size - 1):
        raise InputError(
            f"a truth table has 2^n values, one for each input; {size} is no power of two from 2 on"
            if size
            else "a truth table has 2^n values, this one none"
        )
    if ((values != 0) & (values != 1)).any():
        wrong = int(np.flatnonzero((values != 0) & (values != 1))[0])
        raise InputError(f"a truth table has the values 0 and 1, not {values[wrong]:g} in row {wrong}")
    n = size.bit_length() - 1
    _check_number(n)
    names = tuple(f"x{k}" for k in range(1, n + 1)) if inputs is None else tuple(inputs)
    if len(names) != n:
        raise InputError(f"a truth table of {size} values has {n} inputs, not the {len(names)} of {excerpt(names)}")
    return names, values.astype(np.uint8)


def _table_of(text: str, inputs: Sequence[str] | None) -> tuple[tuple[str, ...], Bits]:
    tree = parse_formula(text)
    found = formula_inputs(tree)
    names = found if inputs is None else tuple(inputs)
    if missing := [name for name in found if name not in names]:
        raise InputError(f"{excerpt(text)}: {excerpt(missing[0])} is not among the inputs {excerpt(', '.join(names))}")
    if not names:
        raise InputError(f"{excerpt(text)} has no inputs; name some with inputs=…")
    _check_number(len(names))
    rows = input_rows(len(names))
    return names, evaluate_formula(tree, dict(zip(names, rows.T, strict=True)))


def _check_number(n: int) -> None:
    if n > MOST_INPUTS:
        raise InputError(f"a function of {n} inputs has a truth table of 2^{n} rows; at most {MOST_INPUTS} are taken")


def check_names(names: Any) -> tuple[str, ...]:
    """Names of units, each once."""
    if isinstance(names, str):
        names = (names,)
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise InputError(f"{excerpt(name)} is not a name: letters, digits and _ after a letter, at most 32")
    if len(set(names)) != len(names):
        raise InputError(f"a name is there twice: {excerpt(', '.join(names))}")
    return tuple(names)
