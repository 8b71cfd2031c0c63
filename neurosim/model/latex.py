"""The equations of a model in LaTeX, typeset by SymPy with every term where the author wrote it."""

import ast
import functools
import re
from typing import Any

from ..expression import literal, parse
from ..units import UNITS
from .description import Model

_SMALL = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi chi psi omega"
_CAPITAL = "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
GREEK = frozenset(f"{_SMALL} {_CAPITAL}".split())
_CLOCKS = {"since_spike": r"\hat t", "t": "t"}
_FUNCTIONS = {"": "", "heaviside": r"\Theta", "gate": r"\operatorname{gate}", "exprelr": r"\operatorname{exprelr}"}
_RELATIONS = {"Lt": "<", "LtE": r"\le", "Gt": ">", "GtE": r"\ge", "Eq": "=", "NotEq": r"\ne"}


def equations(model: Model) -> str:
    """The equations of a model as an ``aligned`` block: states, defines, spike rule."""
    rows = [
        rf"\frac{{\mathrm{{d}}{symbol(model, name)}}}{{\mathrm{{d}}t}} &= {formula(model, state.rate.text)}"
        for name, state in model.states.items()
    ]
    rows += [f"{symbol(model, name)} &= {formula(model, entry.text)}" for name, entry in model.defines.items()]
    rows.append(_rule(model))
    rows += [
        rf"\text{{then }} & {symbol(model, name)} \leftarrow {formula(model, entry.text)}"
        for name, entry in model.spike.reset.items()
    ]
    if model.spike.refractory is not None:
        held = ", ".join(symbol(model, name) for name in model.spike.hold)
        text = rf"\text{{refractory for }} & {formula(model, model.spike.refractory.text)}"
        rows.append(text + (rf"\text{{ with }} {held} \text{{ held}}" if held else ""))
    body = " \\\\\n".join(rows)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def _rule(model: Model) -> str:
    spike, text = model.spike, formula(model, model.spike.rule.text)
    if spike.per is not None:
        return rf"\text{{spike every }} & {formula(model, spike.per.text)} \text{{ with probability }} {text}"
    return rf"\text{{{'spike if' if spike.threshold else 'spike at the rate'} }} & {text}"


def symbol(model: Model, name: str) -> str:
    """LaTeX of a name: as the file says, else the name with Greek letters and what follows _ as a subscript."""
    if name in model.parameters and model.parameters[name].symbol:
        return model.parameters[name].symbol
    if name in _CLOCKS:
        return _CLOCKS[name]
    head, _, tail = name.partition("_")
    base = f"\\{head}" if head in GREEK else head if len(head) == 1 else rf"\mathrm{{{head}}}"
    script = tail if len(tail) == 1 else rf"\mathrm{{{tail}}}".replace("_", r"\_")
    return f"{base}_{{{script}}}" if tail else base


def formula(model: Model, text: str) -> str:
    """LaTeX of an expression of a model."""
    return _latex(model, parse(text))


def _latex(model: Model, tree: ast.expr) -> str:
    """Truth values and cases are joined here; SymPy typesets the arithmetic."""
    match tree:
        case ast.Compare(left=left, ops=[relation], comparators=[right]):
            return f"{_latex(model, left)} {_RELATIONS[type(relation).__name__]} {_latex(model, right)}"
        case ast.BoolOp(op=operator, values=values):
            word = r" \;\text{and}\; " if isinstance(operator, ast.And) else r" \;\text{or}\; "
            either = ast.Or if isinstance(operator, ast.And) else ()
            return word.join(
                _latex(model, _bracketed(value, isinstance(value, ast.BoolOp) and isinstance(value.op, either)))
                for value in values
            )
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return rf"\text{{not }}\left({_latex(model, operand)}\right)"
        case ast.IfExp(test=test, body=body, orelse=orelse):
            cases = rf"{_latex(model, body)} & {_latex(model, test)} \\ {_latex(model, orelse)} & \text{{otherwise}}"
            return rf"\begin{{cases}} {cases} \end{{cases}}"
    import sympy

    names: dict[Any, str] = {}
    text = sympy.latex(
        _symbolic(model, tree, names), order="none", mul_symbol=r"\,", symbol_names=names, fold_short_frac=False
    )
    return re.sub(r"(^|[{(])\\left\(-1\\right\)\\,", r"\1-", str(text))


def _symbolic(model: Model, tree: ast.expr, names: dict[Any, str]) -> Any:
    """A SymPy expression that nothing has evaluated: no file can make SymPy compute.

    Exponents are typeset on their own, or SymPy would ask all kinds of questions about their sign.
    """
    import sympy

    of = functools.partial(_symbolic, model, names=names)
    value = literal(tree)
    if value is not None and value == int(value) and abs(value) < 1e6:
        return sympy.Integer(int(value))
    if value is not None and value > 0:
        return _named(_numeral(value), names)
    match tree:
        case ast.Name(id=name):
            own = name in model.parameters or name in model.units
            unit = name in UNITS and not own
            return _named(rf"\mathrm{{{name}}}" if unit else r"\infty" if name == "inf" else symbol(model, name), names)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _product([sympy.Integer(-1)], *_factors(_bracketed(operand, _negative(operand)), of))
        case ast.UnaryOp(operand=operand):
            return of(operand)
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return sympy.Add(*_terms(tree, of), evaluate=False)
        case ast.BinOp(op=ast.Mult() | ast.Div()):
            return _product([], *_factors(tree, of))
        case ast.BinOp(left=left, right=right):
            exponent = of(right) if literal(right) is not None else _named(_latex(model, right), names)
            return sympy.Pow(of(left), exponent, evaluate=False)
        case ast.Call(func=ast.Name(id="exp"), args=[argument]):
            return _named(f"e^{{{_latex(model, argument)}}}", names)
        case ast.Call(func=ast.Name(id=function), args=arguments):
            return _call(model, function, arguments, names)
    return _named(rf"\left({_latex(model, tree)}\right)", names)


def _numeral(value: float) -> str:
    mantissa, _, exponent = repr(value).removesuffix(".0").partition("e")
    power = rf"10^{{{int(exponent)}}}" if exponent else ""
    return power if mantissa == "1" and power else rf"{mantissa} \cdot {power}" if power else mantissa


def _bracketed(tree: ast.expr, condition: bool) -> ast.expr:
    """The tree in brackets that are printed, as the function without a name."""
    return ast.Call(ast.Name(""), [tree], []) if condition else tree


def _negative(tree: ast.expr) -> bool:
    """Whether what is printed starts with a minus."""
    while isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Mult | ast.Div):
        tree = tree.left
    return isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub)


def _call(model: Model, function: str, arguments: list[ast.expr], names: dict[Any, str]) -> Any:
    inside = ", ".join(_latex(model, argument) for argument in arguments)
    if function == "sqrt":
        return _named(rf"\sqrt{{{inside}}}", names)
    if function == "abs":
        return _named(rf"\left|{inside}\right|", names)
    name = _FUNCTIONS.get(function, "\\" + function)
    return _named(rf"{name}\left({inside}\right)", names)


def _named(latex: str, names: dict[Any, str]) -> Any:
    import sympy

    made = sympy.Symbol(f"x{len(names)}")
    names[made] = latex
    return made


def _terms(tree: ast.expr, of: Any) -> list[Any]:
    """The terms of a sum, in order."""
    import sympy

    match tree:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [*_terms(left, of), of(right)]
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            right = _bracketed(right, _negative(right))
            return [*_terms(left, of), _product([sympy.Integer(-1)], *_factors(right, of))]
    return [of(tree)]


def _factors(tree: ast.expr, of: Any) -> tuple[list[Any], list[Any]]:
    """The factors above and below the line."""
    match tree:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            above, below = _factors(left, of)
            more, less = _factors(right, of)
            return [*above, *more], [*below, *less]
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            above, below = _factors(left, of)
            more, less = _factors(right, of)
            return [*above, *less], [*below, *more]
    return [of(tree)], []


def _product(sign: list[Any], above: list[Any], below: list[Any]) -> Any:
    import sympy

    factors = [*sign, *(factor for factor in above if factor != 1)]
    if below:
        factors.append(sympy.Pow(sympy.Mul(*below, evaluate=False) if len(below) > 1 else below[0], -1, evaluate=False))
    return factors[0] if len(factors) == 1 else sympy.Mul(*(factors or [sympy.Integer(1)]), evaluate=False)
