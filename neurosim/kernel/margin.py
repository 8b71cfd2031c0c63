"""How far a neuron is from its threshold: a number that is positive where the spike rule holds."""

import ast
from collections.abc import Mapping

from ..model import Model
from .writer import call


def margin_of(model: Model) -> ast.expr:
    """The spike rule as a continuous expression; NaN, which says nothing, where it compares by == or !=."""
    defines = {name: formula.tree for name, formula in model.defines.items()}
    return _margin(model.spike.rule.tree, defines)


def _margin(tree: ast.expr, defines: Mapping[str, ast.expr]) -> ast.expr:
    match tree:
        case ast.Compare(left=left, ops=[ast.Gt() | ast.GtE()], comparators=[right]):
            return ast.BinOp(left, ast.Sub(), right)
        case ast.Compare(left=left, ops=[ast.Lt() | ast.LtE()], comparators=[right]):
            return ast.BinOp(right, ast.Sub(), left)
        case ast.BoolOp(op=boolean, values=[first, *rest]):
            result = _margin(first, defines)
            for value in rest:
                result = call("min" if isinstance(boolean, ast.And) else "max", result, _margin(value, defines))
            return result
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ast.UnaryOp(ast.USub(), _margin(operand, defines))
        case ast.Name(id=name) if name in defines:
            return _margin(defines[name], defines)
    infinite = ast.Constant(float("inf"))
    return ast.BinOp(infinite, ast.Sub(), infinite)
