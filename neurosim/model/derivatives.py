"""Exact derivatives of a model's expressions, by SymPy, in the language of model files.

Each expression is differentiated by itself with respect to the names in it; the chain through the defines is computed
with numbers. So no derivative grows beyond a few times its expression, and what is evaluated is the language's own.
"""

import ast
import functools
from collections.abc import Mapping
from typing import Any

from ..expression import evaluate, literal, names
from .description import Model
from .meaning import reach

_SERIES = 0.03  # below, the derivative of exprelr is a series: its error and that of the closed form are 1e-14 there

Partials = dict[str, ast.expr]
"""Derivatives of one expression with respect to the names in it; those that are 0 are left out."""


class Derivatives:
    """Rates of a model and their derivatives with respect to some of its names.

    Parameters
    ----------
    model
    variables
        States, inputs and parameters.
    """

    def __init__(self, model: Model, variables: tuple[str, ...]) -> None:
        trees = {name: formula.tree for name, formula in model.defines.items()}
        rates = {name: state.rate.tree for name, state in model.states.items()}
        needed = reach(set().union(*(names(tree) for tree in rates.values())), trees)
        self.variables = variables
        self.rates = rates
        self.defines = {name: tree for name, tree in trees.items() if name in needed}
        moving = {*variables, *self.defines}
        self._partials = {name: partials(tree, names(tree) & moving) for name, tree in self.defines.items()}
        self._of_rates = {name: partials(tree, names(tree) & moving) for name, tree in rates.items()}

    def at(self, values: Mapping[str, Any]) -> tuple[list[Any], list[list[Any]]]:
        """Rates, and their derivatives: a row for each rate, a column for each variable (0 where there is none)."""
        known = dict(values)
        slopes: dict[str, list[Any]] = {
            name: [float(name == other) for other in self.variables] for name in self.variables
        }
        for name, tree in self.defines.items():
            known[name] = evaluate(tree, known)
            slopes[name] = self._chain(self._partials[name], known, slopes)
        rates = [evaluate(tree, known) for tree in self.rates.values()]
        return rates, [self._chain(self._of_rates[name], known, slopes) for name in self.rates]

    def rates_at(self, values: Mapping[str, Any]) -> list[Any]:
        """Rates alone."""
        known = dict(values)
        for name, tree in self.defines.items():
            known[name] = evaluate(tree, known)
        return [evaluate(tree, known) for tree in self.rates.values()]

    def _chain(self, of: Partials, known: Mapping[str, Any], slopes: Mapping[str, list[Any]]) -> list[Any]:
        found: list[Any] = [0.0] * len(self.variables)
        for name, tree in of.items():
            inner = slopes[name]
            if all(slope is None or (isinstance(slope, float) and slope == 0) for slope in inner):
                continue
            outer = evaluate(tree, known)
            for k, slope in enumerate(inner):
                if not (isinstance(slope, float) and slope == 0):
                    found[k] = found[k] + outer * slope
        return found


def partials(tree: ast.expr, variables: set[str]) -> Partials:
    """Derivatives of a resolved tree with respect to `variables`, as resolved trees.

    At a corner of abs, min, max or of a case, the derivative is that of one side; that of heaviside is 0.
    """
    if not variables:
        return {}
    translation = _Translation()
    symbolic = translation.read(tree)
    found = {}
    for name in sorted(variables):
        derivative = symbolic.diff(translation.symbol(name))
        if derivative != 0:
            found[name] = translation.write(derivative)
    return found


class _Translation:
    """Between trees of the language and SymPy; what SymPy should not look into is a symbol."""

    def __init__(self) -> None:
        self._symbols: dict[str, Any] = {}
        self._meaning: dict[Any, ast.expr] = {}

    def symbol(self, name: str) -> Any:
        """The symbol of a name."""
        if name not in self._symbols:
            self._symbols[name] = self._opaque(ast.Name(name))
        return self._symbols[name]

    def _opaque(self, tree: ast.expr) -> Any:
        import sympy

        made = sympy.Symbol(f"x{len(self._meaning)}")
        self._meaning[made] = tree
        return made

    def read(self, tree: ast.expr) -> Any:
        """A tree as a SymPy expression."""
        import sympy

        value = literal(tree)
        if value is not None:
            whole = abs(value) < 1e6 and value == int(value)
            return (
                sympy.Integer(int(value)) if whole else sympy.Float(value) if abs(value) < 1e308 else self._opaque(tree)
            )
        match tree:
            case ast.Name(id=name):
                return self.symbol(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self.read(operand)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.read(operand)
            case ast.BinOp(left=left, op=operator, right=right):
                a, b = self.read(left), self.read(right)
                match operator:
                    case ast.Add():
                        return a + b
                    case ast.Sub():
                        return a - b
                    case ast.Mult():
                        return a * b
                    case ast.Div():
                        return a / b
                return a**b
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return functions()["choose"](self._opaque(test), self.read(body), self.read(orelse))
            case ast.Call(func=ast.Name(id="min" | "max" as name), args=[one, other]):
                order = ast.LtE() if name == "min" else ast.GtE()
                test = self._opaque(ast.Compare(one, [order], [other]))
                return functions()["choose"](test, self.read(one), self.read(other))
            case ast.Call(func=ast.Name(id=name), args=[argument]):
                return functions()[name](self.read(argument))
        raise AssertionError(ast.dump(tree))

    def write(self, expression: Any) -> ast.expr:
        """A SymPy expression as a tree."""
        import sympy

        if expression in self._meaning:
            return self._meaning[expression]
        if expression.is_Number:
            return ast.Constant(float(expression))
        parts = [self.write(part) for part in expression.args]
        if isinstance(expression, sympy.Add | sympy.Mul):
            operator: ast.operator = ast.Add() if isinstance(expression, sympy.Add) else ast.Mult()
            return functools.reduce(lambda a, b: ast.BinOp(a, operator, b), parts)
        if isinstance(expression, sympy.Pow):
            if expression.exp == -1:
                return ast.BinOp(ast.Constant(1.0), ast.Div(), parts[0])
            return ast.BinOp(parts[0], ast.Pow(), parts[1])
        name = type(expression).__name__
        if name == "choose":
            return ast.IfExp(*parts)
        if name == "small":
            return ast.Compare(ast.Call(ast.Name("abs"), parts, []), [ast.Lt()], [ast.Constant(_SERIES)])
        return ast.Call(ast.Name(name), parts, [])


@functools.cache
def functions() -> dict[str, Any]:
    """The functions of the language, and two of this module, as SymPy knows them."""
    import sympy

    class choose(sympy.Function):  # type: ignore[misc]  # noqa: N801
        nargs = 3

        def _eval_derivative(self, variable: Any) -> Any:
            test, one, other = self.args
            slopes = one.diff(variable), other.diff(variable)
            return slopes[0] if slopes[0] == slopes[1] else choose(test, *slopes)

    class small(sympy.Function):  # type: ignore[misc]  # noqa: N801
        nargs = 1

    def one_argument(name: str, slope: Any) -> Any:
        return type(name, (sympy.Function,), {"nargs": 1, "fdiff": lambda self, argindex=1: slope(self.args[0])})

    def of_exprelr(x: Any) -> Any:
        """f(x)(1 - f(-x))/x, since f(x)·exp(x) = f(-x); near 0 the series -1/2 + x/6 - x³/180 + x⁵/5040."""
        series = -sympy.Rational(1, 2) + x / 6 - x**3 / 180 + x**5 / 5040
        return choose(small(x), series, exprelr(x) * (1 - exprelr(-x)) / x)

    exprelr = one_argument("exprelr", of_exprelr)
    gate: Any = one_argument("gate", lambda x: 2 * gate(x) * gate(-x))
    heaviside = one_argument("heaviside", lambda x: sympy.Integer(0))
    made = {name: getattr(sympy, name) for name in ("exp", "log", "sqrt", "sinh", "cosh")}
    made["tanh"] = one_argument("tanh", lambda x: 4 * gate(x) * gate(-x))
    made["abs"] = one_argument("abs", lambda x: 2 * heaviside(x) - 1)
    return made | {"exprelr": exprelr, "gate": gate, "heaviside": heaviside, "choose": choose}
